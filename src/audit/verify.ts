/**
 * Verifies the audit log against its chain: every link, every row, and what lies outside the links (ASVS 16.4).
 *
 * Reads in pages and changes nothing, so it runs beside a working broker. What nobody can tell from the database alone:
 * newest links and their rows removed together. A checkpoint kept elsewhere tells that, too.
 */
import {
  CHAIN_START,
  type ChainStart,
  checkpointText,
  type Finding,
  judgeLink,
  type Seal,
  sealText,
} from '../domain/audit-chain.ts';
import type { KeyRing } from '../security/vault.ts';
import type { ChainStore, Checkpoint } from '../store/store.ts';
import { type AuditKey, isMarkedRow, sha256 } from './audit-key.ts';

const PAGE = 100;
const TAIL_PAGE = 500;
const MOST_FINDINGS = 1000;

export interface Verification {
  readonly ok: boolean;
  /** Rows that links hold and that were verified. */
  readonly sealed: number;
  /** Rows written since the newest link. */
  readonly tail: number;
  /** When the oldest of those was written; undefined when there is none. */
  readonly tailSince: number | undefined;
  /** Rows pruned before the chain's present beginning. */
  readonly pruned: number;
  readonly lastSeal: number;
  readonly head: string;
  readonly findings: readonly Finding[];
}

interface Verifying {
  readonly store: ChainStore;
  readonly keys: KeyRing;
  readonly key: AuditKey;
}

/** `against`: a link that was noted elsewhere, which must be in this chain. */
export async function verifyAudit(deps: Verifying, against?: Pick<ChainStart, 'no' | 'head'>): Promise<Verification> {
  const findings: Finding[] = [];
  const checkpoint = await deps.store.findCheckpoint();
  if (checkpoint !== undefined && !isOurs(checkpoint, deps.key))
    findings.push({ kind: 'checkpoint_forged', seal: checkpoint.no, rows: [] });
  const from: ChainStart = checkpoint ?? CHAIN_START;
  // The end first: what is linked while this runs is not judged.
  const last = await deps.store.lastSeal();
  const end = await followLinks(deps, from, last?.no ?? from.no, against, findings);
  const beyond = await deps.store.listBeyond(from.no);
  if (beyond.length > 0) findings.push({ kind: 'row_inserted', seal: undefined, rows: beyond });
  if (against !== undefined && against.no > end.no)
    findings.push({ kind: 'checkpoint_differs', seal: against.no, rows: [] });
  const { tail, tailSince } = await walkTail(deps, end.marked > 0, findings);
  return {
    ok: findings.length === 0,
    sealed: end.total - from.total,
    tail,
    tailSince,
    pruned: from.total,
    lastSeal: end.no,
    head: end.head,
    findings: findings.slice(0, MOST_FINDINGS),
  };
}

const isOurs = (checkpoint: Checkpoint, key: AuditKey): boolean =>
  key.matches(checkpointText(checkpoint, checkpoint.at), checkpoint.mark);

async function followLinks(
  deps: Verifying,
  from: ChainStart,
  to: number,
  against: Pick<ChainStart, 'no' | 'head'> | undefined,
  findings: Finding[],
): Promise<ChainStart> {
  let before = from;
  if (against?.no === from.no && against.head !== from.head)
    findings.push({ kind: 'checkpoint_differs', seal: from.no, rows: [] });
  while (before.no < to) {
    const page = await deps.store.listSeals(before.no, PAGE);
    if (page.length === 0) break;
    for (const seal of page) {
      findings.push(...(await judge(deps, before, seal)));
      if (against?.no === seal.no && against.head !== seal.head)
        findings.push({ kind: 'checkpoint_differs', seal: seal.no, rows: [] });
      before = seal;
      if (seal.no >= to || findings.length >= MOST_FINDINGS) return before;
    }
  }
  return before;
}

async function judge({ store, keys, key }: Verifying, before: ChainStart, seal: Seal): Promise<readonly Finding[]> {
  if (seal.no !== before.no + 1) return [{ kind: 'seal_missing', seal: before.no + 1, rows: [] }];
  const rows = await store.listSealed(seal.no);
  const ways = { hash: sha256, isMarked: isMarkedRow(keys) };
  const forged: readonly Finding[] = key.matches(sealText(seal), seal.mark)
    ? []
    : [{ kind: 'seal_forged', seal: seal.no, rows: [] }];
  return [...forged, ...judgeLink(before, seal, rows, ways)];
}

/** Once rows are marked, one without a mark that fits was put there by somebody else. */
async function walkTail(
  { store, keys }: Verifying,
  marksExpected: boolean,
  findings: Finding[],
): Promise<Pick<Verification, 'tail' | 'tailSince'>> {
  const isMarked = isMarkedRow(keys);
  let [tail, after, expected] = [0, 0, marksExpected];
  let tailSince: number | undefined;
  for (;;) {
    const page = await store.listUnsealed(after, TAIL_PAGE);
    for (const row of page) {
      tailSince = Math.min(tailSince ?? row.at, row.at);
      if (isMarked(row)) expected = true;
      else if (row.mark !== undefined) findings.push({ kind: 'row_changed', seal: undefined, rows: [row.id] });
      else if (expected) findings.push({ kind: 'row_inserted', seal: undefined, rows: [row.id] });
    }
    tail += page.length;
    after = page.at(-1)?.seq ?? after;
    if (page.length < TAIL_PAGE) return { tail, tailSince };
  }
}
