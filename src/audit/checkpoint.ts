/**
 * Checkpoints of the audit chain: where it stands now, signed for anybody to verify, and where it begins after pruning.
 *
 * Must never remove a row that a signed checkpoint does not account for.
 */
import { type ChainStart, checkpointText, type Seal } from '../domain/audit-chain.ts';
import type { Seconds, Trail } from '../domain/types.ts';
import type { Signer } from '../ports.ts';
import type { ChainStore } from '../store/store.ts';
import type { AuditKey } from './audit-key.ts';

const SLICE = 500;

/** The link as a JWS: `seal`, `total` and `head` of the chain of this issuer. */
export const signCheckpoint = (issuer: string, at: Seconds, { no, total, head }: ChainStart, signer: Signer) =>
  signer.sign({ iss: issuer, iat: at, seal: no, total, head }, 'audit-checkpoint+jwt');

interface Pruning {
  readonly store: ChainStore;
  readonly signer: Signer;
  readonly key: AuditKey;
  readonly issuer: string;
}

/** The link up to which everything is older than the moment; undefined when there is nothing to prune. */
export async function prunableSeal(store: ChainStore, before: Seconds): Promise<Seal | undefined> {
  const seal = await store.lastSealBefore(before);
  const checkpoint = await store.findCheckpoint();
  return seal === undefined || seal.no <= (checkpoint?.no ?? 0) ? undefined : seal;
}

/** Keeps a signed checkpoint at the link, then removes what is before it, in slices. Returns the rows removed. */
export async function pruneThrough({ store, signer, key, issuer }: Pruning, seal: Seal, trail: Trail): Promise<number> {
  const { no, total, marked, head } = seal;
  const signed = await signCheckpoint(issuer, trail.at, seal, signer);
  const mark = key.mark(checkpointText({ no, total, marked, head }, trail.at));
  await store.keepCheckpoint({ no, total, marked, head, at: trail.at, mark, signed }, trail);
  return removePruned(store);
}

/** What a pruning that broke off has left; nothing where there is none. */
export async function removePruned(store: ChainStore): Promise<number> {
  let removed = 0;
  for (let slice = SLICE; slice >= SLICE; removed += slice) slice = await store.removePruned(SLICE);
  return removed;
}
