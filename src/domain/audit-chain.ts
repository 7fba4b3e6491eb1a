/**
 * The chain over the audit log: what of a row it covers, how links follow one another, and what a broken one means
 * (ruling 14; ASVS 16.4).
 *
 * Plain SHA-256, so that whoever has the rows can compute it; what makes it ours is the mark on each link, under a key
 * that is not in the database in clear. Hash functions are passed in. Must never leave a member of a row uncovered.
 */
import type { Seconds } from './types.ts';

/** The members of an audit row that say something; where it stands (`seq`) is the chain's to cover. */
export interface Recorded {
  readonly id: string;
  readonly at: Seconds;
  readonly event: string;
  readonly actorKind: string;
  readonly actorId: string | undefined;
  readonly userId: string | undefined;
  readonly clientId: string | undefined;
  readonly resource: string | undefined;
  readonly reference: string;
  readonly details: Readonly<Record<string, unknown>>;
}

export interface ChainedRow extends Recorded {
  readonly seq: number;
  readonly mark: string | undefined;
}

/** One link: a slice of rows in the order of `seq`, and everything before it. */
export interface Seal {
  /** From 1 on, without gaps. */
  readonly no: number;
  readonly at: Seconds;
  readonly rows: number;
  /** Rows of all links up to this one. */
  readonly total: number;
  /** Of these, how many carry a writer's mark. */
  readonly marked: number;
  /** Ids of rows in this link that carry none that fits: nobody of ours wrote them. */
  readonly strangers: readonly string[];
  readonly head: string;
  readonly mark: string;
}

/** Where a chain begins: at nothing, or behind the links that were pruned. */
export interface ChainStart {
  readonly no: number;
  readonly total: number;
  readonly marked: number;
  readonly head: string;
}

export const CHAIN_START: ChainStart = { no: 0, total: 0, marked: 0, head: '0'.repeat(43) };

/** SHA-256 in base64url. */
export type Hash = (text: string) => string;

/** The bytes of a row, the same whatever database it went through: members in order, those of objects by name. */
export const canonicalRow = (row: Recorded): string =>
  JSON.stringify([
    1,
    row.id,
    row.at,
    row.event,
    row.actorKind,
    row.actorId ?? null,
    row.userId ?? null,
    row.clientId ?? null,
    row.resource ?? null,
    row.reference,
    ordered(row.details),
  ]);

function ordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => ordered(item) ?? null);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  // As pairs, because an object puts names that look like numbers first; in a wrapper, because a list is not an object.
  return {
    of: members.sort(([left], [right]) => (left < right ? -1 : 1)).map(([name, member]) => [name, ordered(member)]),
  };
}

/** The head after these rows. */
const headAfter = (head: string, rows: readonly ChainedRow[], hash: Hash): string =>
  rows.reduce((before, row) => hash(`${before}\n${row.seq}\n${canonicalRow(row)}`), head);

/** What the mark of a link covers. */
export const sealText = (seal: Omit<Seal, 'mark'>): string =>
  JSON.stringify(['seal', seal.no, seal.at, seal.rows, seal.total, seal.marked, seal.strangers, seal.head]);

/** What the mark of a checkpoint covers. */
export const checkpointText = ({ no, total, marked, head }: ChainStart, at: Seconds): string =>
  JSON.stringify(['checkpoint', no, at, total, marked, head]);

/**
 * The link that follows `before` and holds these rows. Rows without a mark are accepted only until the first marked
 * one: they are from before rows were marked.
 */
export function nextSeal(
  before: ChainStart,
  rows: readonly ChainedRow[],
  at: Seconds,
  ways: { readonly hash: Hash; readonly isMarked: (row: ChainedRow) => boolean },
): Omit<Seal, 'mark'> {
  let { marked } = before;
  const strangers: string[] = [];
  for (const row of rows) {
    if (ways.isMarked(row)) marked += 1;
    else if (row.mark !== undefined || marked > 0) strangers.push(row.id);
  }
  return {
    no: before.no + 1,
    at,
    rows: rows.length,
    total: before.total + rows.length,
    marked,
    strangers,
    head: headAfter(before.head, rows, ways.hash),
  };
}

export type FindingKind =
  | 'row_changed'
  | 'row_removed'
  | 'row_inserted'
  | 'rows_reordered'
  | 'seal_missing'
  | 'seal_forged'
  | 'checkpoint_forged'
  | 'checkpoint_differs';

export interface Finding {
  readonly kind: FindingKind;
  /** The link it was found in; undefined for the tail. */
  readonly seal: number | undefined;
  /** Rows it is about, where that can be told. */
  readonly rows: readonly string[];
}

/** What is wrong with a link whose rows are these, given that its own mark fits. */
export function judgeLink(
  before: ChainStart,
  seal: Seal,
  rows: readonly ChainedRow[],
  ways: { readonly hash: Hash; readonly isMarked: (row: ChainedRow) => boolean },
): readonly Finding[] {
  const findings: Finding[] = [];
  const say = (kind: FindingKind, ids: readonly string[] = []) => findings.push({ kind, seal: seal.no, rows: ids });
  if (seal.strangers.length > 0) say('row_inserted', seal.strangers);
  const holds = rows.length === seal.rows && headAfter(before.head, rows, ways.hash) === seal.head;
  if (holds) return findings;
  const changed = rows.filter((row) => row.mark !== undefined && !ways.isMarked(row)).map(({ id }) => id);
  if (changed.length > 0) say('row_changed', changed);
  if (rows.length < seal.rows) say('row_removed');
  if (rows.length > seal.rows) say('row_inserted');
  if (rows.length === seal.rows && changed.length === 0)
    say(rows.every(ways.isMarked) ? 'rows_reordered' : 'row_changed');
  return findings;
}
