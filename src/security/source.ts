/**
 * Who a request is counted under: the peer's address, or the one a trusted proxy vouches for.
 *
 * The rightmost address that is not one of our own proxies; IPv6 by /64, because one household has that many; IPv4
 * written as IPv6 is IPv4. Must never believe a forwarded header from a peer outside `trusted_proxies`
 * (CVE-2026-40575): it is ignored, and the operator is warned once.
 */
import ipaddr from 'ipaddr.js';

type Address = ipaddr.IPv4 | ipaddr.IPv6;
const PEERS_REMEMBERED = 1000;

type Headers = { get(name: string): string | null | undefined };

/** The rate-limit source of a request; never throws, `unknown` when the peer has no address (a test, a closed socket). */
export type SourceOf = (peer: string | undefined, headers: Headers) => string;

/** Whether a peer is one of our own proxies. Nobody is when there are none; the last answers are remembered. */
export function createTrustedPeer(trustedProxies: readonly string[]): (peer: string | undefined) => boolean {
  const trusted = within(trustedProxies);
  const known = new Map<string, boolean>();
  return (peer) => {
    if (peer === undefined || trustedProxies.length === 0) return false;
    const remembered = known.get(peer);
    if (remembered !== undefined) return remembered;
    const own = parseAddress(peer);
    const verdict = own !== undefined && trusted(own);
    if (known.size >= PEERS_REMEMBERED) known.clear();
    known.set(peer, verdict);
    return verdict;
  };
}

function within(trustedProxies: readonly string[]): (address: Address) => boolean {
  const ranges = trustedProxies.map((range) => ipaddr.parseCIDR(range));
  return (address) =>
    ranges.some(([network, bits]) => network.kind() === address.kind() && address.match(network, bits));
}

/** `onForged` hears of the first forwarded header that came from an untrusted peer. */
export function createSourceOf(trustedProxies: readonly string[], onForged: (peer: string) => void): SourceOf {
  const trusted = within(trustedProxies);
  let warned = false;

  return (peer, headers) => {
    const own = parseAddress(peer);
    if (own === undefined) return 'unknown';
    const claims = forwardedAddresses(headers);
    if (claims.length === 0) return sourceName(own);
    if (!trusted(own)) {
      if (!warned) onForged(sourceName(own));
      warned = true;
      return sourceName(own);
    }

    let nearest = own;
    for (const claim of claims.reverse()) {
      const address = parseAddress(claim);
      if (address === undefined) break;
      nearest = address;
      if (!trusted(address)) break;
    }
    return sourceName(nearest);
  };
}

function parseAddress(text: string | undefined): Address | undefined {
  const bare = text?.replace(/%.*$/, '');
  return bare !== undefined && ipaddr.isValid(bare) ? ipaddr.process(bare) : undefined;
}

const sourceName = (address: Address): string =>
  address.kind() === 'ipv4'
    ? address.toString()
    : `${(address as ipaddr.IPv6).parts
        .slice(0, 4)
        .map((part) => part.toString(16))
        .join(':')}::/64`;

/** The hops named by X-Forwarded-For, else by Forwarded (RFC 7239 4), client first; ports and brackets removed. */
function forwardedAddresses(headers: Headers): string[] {
  const list = headers.get('x-forwarded-for');
  const standard = headers.get('forwarded');
  if (!list && !standard) return [];
  const hops = list
    ? list.split(',')
    : (standard ?? '').split(',').map((element) => /(?:^|;)\s*for=([^;]+)/i.exec(element)?.[1] ?? '');
  return hops
    .map((hop) => hop.trim().replaceAll('"', ''))
    .map((hop) => /^\[([^\]]+)\](?::\d+)?$/.exec(hop)?.[1] ?? hop.replace(/^(\d+\.\d+\.\d+\.\d+):\d+$/, '$1'));
}
