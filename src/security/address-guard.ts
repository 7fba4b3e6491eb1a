/**
 * Which network addresses an outbound call may reach (RFC 6890 special-use registries, OWASP SSRF).
 *
 * Decides the kind of an address, and answers name look-ups only when every answer is of an allowed kind.
 * Must never judge by string prefix, and never let one good answer excuse a bad one.
 */
import type { LookupAddress } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import ipaddr from 'ipaddr.js';

/** `forbidden`: reachable under no setting (link-local with cloud metadata, multicast, documentation, translation, tunnels …). */
export type AddressKind = 'public' | 'loopback' | 'private' | 'forbidden';

/** All addresses of a name. Injected in tests; the operating system's resolver otherwise. */
export type Resolve = (hostname: string) => Promise<readonly LookupAddress[]>;

/** An address was of a kind the policy does not allow. The message is for the log only. */
export class AddressRefused extends Error {
  readonly code = 'ADDRESS_REFUSED';
}

const GLOBAL_UNICAST_IPV6 = ipaddr.IPv6.parseCIDR('2000::/3');
const PRIVATE_RANGES: ReadonlySet<string> = new Set(['private', 'carrierGradeNat', 'uniqueLocal']);

/**
 * The kind of one IP address in textual form. An IPv4-mapped IPv6 address is judged by the IPv4 address inside;
 * NAT64, 6to4 and Teredo are forbidden whatever is inside, because a translator on the way decides where they end.
 */
export function judgeAddress(text: string): AddressKind {
  const version = isIP(text);
  if (version === 0 || text.includes('%')) return 'forbidden';
  // The URL parser spells IPv6 without dotted parts: ipaddr.js would take ::127.0.0.1 for ::ffff:127.0.0.1.
  const address = ipaddr.process(version === 4 ? text : new URL(`http://[${text}]`).hostname.slice(1, -1));
  const range = address.range();
  if (range === 'loopback') return 'loopback';
  if (PRIVATE_RANGES.has(range)) return 'private';
  if (range !== 'unicast') return 'forbidden';
  // IPv6 calls everything unassigned "unicast"; only 2000::/3 is global unicast (RFC 4291 2.4).
  return address.kind() === 'ipv4' || address.match(GLOBAL_UNICAST_IPV6) ? 'public' : 'forbidden';
}

/** The IP address a URL's hostname spells, without brackets; undefined when it is a name. */
export function literalAddress(hostname: string): string | undefined {
  const bare = hostname.startsWith('[') ? hostname.slice(1, -1) : hostname;
  return isIP(bare) === 0 ? undefined : bare;
}

/** Names that mean this machine everywhere (RFC 6761 6.3), whatever a resolver or a proxy would answer. */
export const isLocalhostName = (hostname: string): boolean => /(^|\.)localhost\.?$/i.test(hostname);

/** Throws AddressRefused unless the address is of an allowed kind. */
export function requireAllowed(address: string, allowed: ReadonlySet<AddressKind>): void {
  const kind = judgeAddress(address);
  if (!allowed.has(kind)) throw new AddressRefused(`${address} is ${kind}`);
}

/**
 * A look-up for `net.connect`: what it answers is what gets dialled, so there is no second resolution to rebind.
 * Resolves once per call and refuses the name when any of its addresses is not allowed, or when it has none.
 */
export function guardedLookup(resolve: Resolve, allowed: ReadonlySet<AddressKind>): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname)
      .then((answers) => {
        const [first] = answers;
        if (first === undefined) throw new AddressRefused(`${hostname} has no address`);
        for (const { address } of answers) requireAllowed(address, allowed);
        if (options.all === true) callback(null, [...answers]);
        else callback(null, first.address, first.family);
      })
      .catch((error: NodeJS.ErrnoException) => callback(error, '', 0));
  };
}
