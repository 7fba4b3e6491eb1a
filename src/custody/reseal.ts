/**
 * Seals anew, under the first key, what is sealed under an older one: table by table, in slices, beside running instances.
 *
 * Each row is one conditional write on its old sealed text, so nobody's change is undone and a second run, after a crash
 * or at the same time, only finds less to do. Must never touch a row it cannot open, save to refuse it where it is
 * known to have been tampered with.
 */
import { keyIdOf, sealedRow } from '../domain/sealed.ts';
import type { Seconds, Trail } from '../domain/types.ts';
import type { KeyRing } from '../security/vault.ts';
import type { SealedTable, SealedText, Store } from '../store/store.ts';

export const SEALED_TABLES: readonly SealedTable[] = [
  'upstream_grants',
  'upstream_revocations',
  'signing_keys',
  'journeys',
];
const SLICE = 200;
const AT_ONCE = 20;

export interface ResealProgress {
  readonly table: SealedTable;
  /** Sealed anew by this run. */
  readonly resealed: number;
  /** Changed by somebody else between the look and the write; found again by the next run if still needed. */
  readonly changed: number;
  /** Does not open although its key is in the ring. */
  readonly refused: number;
  /** Sealed under a key that is not in the ring. */
  readonly missing: number;
}

interface Resealing {
  readonly store: Store;
  readonly keys: KeyRing;
  readonly now: () => Seconds;
  readonly trail: (at: Seconds) => Trail;
}

type RowOutcome = Exclude<keyof ResealProgress, 'table'>;

/** Runs through all tables once; `report` hears of every slice. */
export async function resealAll(
  deps: Resealing,
  report: (progress: ResealProgress) => void,
): Promise<readonly ResealProgress[]> {
  const done: ResealProgress[] = [];
  for (const table of SEALED_TABLES) done.push(await resealTable(table, deps, report));
  return done;
}

async function resealTable(
  table: SealedTable,
  deps: Resealing,
  report: (progress: ResealProgress) => void,
): Promise<ResealProgress> {
  const counts: Record<RowOutcome, number> = { resealed: 0, changed: 0, refused: 0, missing: 0 };
  for (let after = ''; ; ) {
    const slice = await deps.store.listSealedNotUnder(table, deps.keys.currentKeyId, after, SLICE, deps.now());
    const last = slice.at(-1);
    if (last === undefined) return { table, ...counts };
    after = last.id;
    for (let start = 0; start < slice.length; start += AT_ONCE) {
      const some = slice.slice(start, start + AT_ONCE);
      for (const outcome of await Promise.all(some.map((row) => resealRow(table, row, deps)))) counts[outcome] += 1;
    }
    report({ table, ...counts });
  }
}

async function resealRow(table: SealedTable, row: SealedText, deps: Resealing): Promise<RowOutcome> {
  const name = nameOf(table, row);
  const plain = deps.keys.open(row.sealed, name);
  if (plain === undefined) return refuse(table, row, deps);
  const sealed = deps.keys.seal(plain, name);
  return (await deps.store.reseal(table, row.id, row.sealed, sealed)) ? 'resealed' : 'changed';
}

/** Only an upstream grant is ended here: a signing key is the operator's to decide on, the rest ends by itself. */
async function refuse(table: SealedTable, row: SealedText, deps: Resealing): Promise<RowOutcome> {
  if (!deps.keys.keyIds.includes(row.keyId ?? keyIdOf(row.sealed))) return 'missing';
  if (table === 'upstream_grants') await deps.store.refuseSealedTokens(row.id, row.sealed, deps.trail(deps.now()));
  return 'refused';
}

const nameOf = (table: SealedTable, { id, userId = '' }: SealedText): string =>
  ({
    upstream_grants: () => sealedRow.upstreamGrant(id, userId),
    upstream_revocations: () => sealedRow.upstreamGrant(id, userId),
    signing_keys: () => sealedRow.signingKey(id),
    journeys: () => sealedRow.journey(id),
  })[table]();
