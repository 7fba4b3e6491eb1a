/**
 * Which addresses in a configuration are on this machine, on a private network, or public.
 *
 * Judges names and literals only; what a public name resolves to is judged at connect time by the safe fetch.
 */
import ipaddr from 'ipaddr.js';

const LOOPBACK_HOSTS = new Set(['localhost', '127.0.0.1', '[::1]']);

/** Whether the host is one of the three names that may use plain http. */
export const isLoopback = (url: URL): boolean => LOOPBACK_HOSTS.has(url.hostname);

/** https, or http on loopback. */
export const hasSafeScheme = (url: URL): boolean =>
  url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url));

/** Whether the host is an address literal outside the public unicast ranges, or a name of this machine. */
export function isPrivateHost(url: URL): boolean {
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  if (host === 'localhost' || host.endsWith('.localhost')) return true;
  return ipaddr.isValid(host) && ipaddr.process(host).range() !== 'unicast';
}

/** Why the text cannot be a trusted proxy range; undefined when it can. */
export function proxyRangeProblem(text: string): { problem: string; fix: string } | undefined {
  if (!ipaddr.isValidCIDR(text)) {
    const literal = ipaddr.isValid(text);
    const suffix = literal && ipaddr.parse(text).kind() === 'ipv6' ? '/128' : '/32';
    return {
      problem: `"${text}" is not an address range`,
      fix: literal ? `write ${text}${suffix} for this one address` : 'write ranges such as 10.0.4.0/24 or fd00:4::/64',
    };
  }
  const [address, bits] = ipaddr.parseCIDR(text);
  if (bits >= (address.kind() === 'ipv4' ? 8 : 7)) return undefined;
  return {
    problem: `${text} would let ${bits === 0 ? 'anybody' : 'most of the internet'} choose the address they are counted under`,
    fix: 'name the addresses of your own proxies',
  };
}
