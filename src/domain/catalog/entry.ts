/**
 * One app of the catalogue: its name, and every destination it is known to send access to.
 *
 * Decides whether a redirect is one an entry lists. Entries of the shipped starter list only protect names from
 * being imitated; an app counts as reviewed only through an entry the operator wrote.
 */
import type { Destination, RegistrableDomain } from '../destination.ts';

/**
 * `loopback` · `scheme:cursor` · `https://host` (any path) · `https://host/path` (that path and query exactly) ·
 * `https://host/path/*` (anything below it).
 */
export type CatalogDestination = string;

export interface CatalogEntry {
  readonly id: string;
  readonly name: string;
  /** Other names the same app registers under. */
  readonly aliases: readonly string[];
  readonly destinations: readonly CatalogDestination[];
  /** Those of the destinations that hand access on to an app on the person's device. */
  readonly forwarders: readonly CatalogDestination[];
  /** Client ids (metadata document URLs or configured ids) that make a loopback or scheme destination count as reviewed. */
  readonly clientIds: readonly string[];
  /** True in the operator's own entries, false in the starter list. */
  readonly reviewed: boolean;
  /** The name is an everyday word: only the whole name is compared, not each word of it. */
  readonly commonWord: boolean;
  /** ISO date of the last check of the destinations. */
  readonly checkedOn: string;
  /** Where they were seen. */
  readonly source: string;
}

/** Whether a redirect is among the listed destinations. Hosts compare whole, never by suffix. */
export function isListed(
  listed: readonly CatalogDestination[],
  redirectUri: string,
  destination: Destination,
): boolean {
  return listed.some((one) => {
    if (one === 'loopback') return destination.kind === 'loopback';
    if (one.startsWith('scheme:')) return destination.kind === 'scheme' && one === `scheme:${destination.scheme}`;
    return destination.kind !== 'scheme' && destination.kind !== 'loopback' && matchesUrl(one, redirectUri);
  });
}

/** The owners' domains an entry's websites belong to, each once. */
export function knownSites(entry: CatalogEntry, registrableDomain: RegistrableDomain): readonly string[] {
  const hosts = entry.destinations.filter((one) => one.startsWith('https://')).map((one) => new URL(one).hostname);
  return [...new Set(hosts.map((host) => registrableDomain(host) ?? host))];
}

function matchesUrl(listed: string, redirectUri: string): boolean {
  const expected = new URL(listed);
  const actual = new URL(redirectUri);
  if (actual.origin !== expected.origin) return false;
  if (listed === expected.origin) return true;
  if (!expected.pathname.endsWith('/*'))
    return actual.pathname === expected.pathname && actual.search === expected.search;
  return actual.pathname.startsWith(expected.pathname.slice(0, -1));
}
