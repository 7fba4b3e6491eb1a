/**
 * An administrator's rules against sites and names: what they match, whatever registers under it (requirement B-18).
 *
 * A site is a host with everything under it, compared label by label. A name is a pattern of letters with `*` and `?`,
 * compared without regard to case and width. Must never build a regular expression from a pattern.
 */
import { describeDestination, destinationWord } from './destination.ts';
import { cleanDisplayName } from './display-name.ts';
import type { ClientMetadata } from './types.ts';

export type RefusalRuleKind = 'site' | 'name';

export interface RefusalRule {
  readonly id: string;
  readonly kind: RefusalRuleKind;
  /** A host in lower case, `loopback`, `scheme:<name>`, or a pattern of names. */
  readonly pattern: string;
  readonly reason: string;
  readonly createdAt: number;
  readonly createdBy: string | undefined;
}

/** What is known of whoever asks. */
export interface RuledClient {
  readonly id: string;
  /** Every name it goes by. */
  readonly names: readonly string[];
  /** Where access would go. */
  readonly redirectUri: string;
}

/** The first rule that refuses this client at this redirect. */
export const findRefusalRule = <R extends Pick<RefusalRule, 'kind' | 'pattern'>>(
  rules: readonly R[],
  client: RuledClient,
): R | undefined => {
  const places = placesOf(client);
  const names = client.names.flatMap(readingsOf);
  return rules.find(({ kind, pattern }) =>
    kind === 'site'
      ? places.some((place) => isUnder(place, pattern))
      : names.some((name) => matchesName(pattern, name)),
  );
};

/** Every name a client goes by: the rules hold for the translated ones, too. */
export const namesOf = ({ name, localized }: Pick<ClientMetadata, 'name' | 'localized'>): readonly string[] => [
  name ?? '',
  ...Object.entries(localized).flatMap(([member, value]) => (member.startsWith('client_name#') ? [value] : [])),
];

/** Where it sends access, and the host of an id that is an address. */
function placesOf({ id, redirectUri }: RuledClient): readonly string[] {
  const destination = describeDestination(redirectUri, () => undefined);
  const word = destination === undefined ? [] : [destinationWord(destination)];
  return [...word, ...hostOf(redirectUri), ...hostOf(id)];
}

const hostOf = (address: string): readonly string[] => {
  const host = /^https?:\/\/(?:[^/?#@\\]*@)?(\[[0-9a-f:.]+\]|[^/?#@\\\s:]+)/i.exec(address)?.[1];
  return host === undefined ? [] : [host.toLowerCase().replace(/\.$/, '')];
};

const isUnder = (place: string, site: string): boolean => place === site || place.endsWith(`.${site}`);

/** As sent, and as a person would see it: what cleaning hides must not hide from a rule, nor the other way round. */
function readingsOf(name: string): readonly string[] {
  return [...new Set([folded(name), folded(cleanDisplayName(name).name)])].filter((one) => one !== '');
}

const LONGEST = 2000;
const folded = (text: string): string => text.slice(0, LONGEST).normalize('NFKC').toLowerCase().trim();

/** `*` is any text, `?` one character. Linear in practice: a star is only ever taken back to its last place. */
function matchesName(pattern: string, name: string): boolean {
  const [wanted, given] = [[...folded(pattern)], [...folded(name)]];
  let [at, place] = [0, 0];
  let [star, kept] = [-1, 0];
  while (place < given.length) {
    if (wanted[at] === '*') {
      star = at;
      kept = place;
      at += 1;
    } else if (wanted[at] === '?' || wanted[at] === given[place]) {
      at += 1;
      place += 1;
    } else if (star >= 0) {
      at = star + 1;
      kept += 1;
      place = kept;
    } else return false;
  }
  while (wanted[at] === '*') at += 1;
  return at === wanted.length;
}
