/**
 * Where a listing goes on: the place of the last row, marked under the key ring.
 *
 * The mark covers the listing and its filters, so a cursor that was made up, changed, or taken from another query is
 * refused. Must never hold anything that the page before did not show.
 */
import type { KeyRing } from '../security/vault.ts';
import { Refused } from './problem.ts';

type Place = readonly (string | number)[];
/** The listing's name and filters, without limit and cursor. */
export type Query = Readonly<Record<string, unknown>>;

const PURPOSE = 'admin_cursor';

const marked = (list: string, query: Query, place: string): string => {
  const filters = Object.entries(query)
    .filter(([name, value]) => value !== undefined && name !== 'limit' && name !== 'cursor')
    .sort(([left], [right]) => (left < right ? -1 : 1));
  return JSON.stringify([list, filters, place]);
};

export function writeCursor(keys: KeyRing, list: string, query: Query, place: Place): string {
  const text = Buffer.from(JSON.stringify(place)).toString('base64url');
  return `${text}.${keys.fingerprint(PURPOSE, marked(list, query, text))}`;
}

/** The place; undefined without a cursor. Throws Refused (400) for one that is not ours, or not of this query. */
export function readCursor(keys: KeyRing, list: string, query: Query, cursor: string | undefined): Place | undefined {
  if (cursor === undefined) return undefined;
  const [text = '', mark = '', ...rest] = cursor.split('.');
  if (rest.length > 0 || !keys.matches(PURPOSE, marked(list, query, text), mark))
    throw new Refused(400, 'invalid_cursor', 'This cursor is not of this query; start without one.');
  return JSON.parse(Buffer.from(text, 'base64url').toString('utf8')) as Place;
}
