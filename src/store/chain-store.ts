/**
 * The part of the store that proves the audit log: links of the chain and checkpoints. Promises: store.ts.
 */
import type { ChainedRow, ChainStart, Seal } from '../domain/audit-chain.ts';
import type { Seconds, Trail } from '../domain/types.ts';
import type { NewDelivery } from './oversight-store.ts';
import type { AuditRow } from './records.ts';

export interface Checkpoint extends ChainStart {
  readonly at: Seconds;
  readonly mark: string;
  /** The same as a JWS of the broker's. */
  readonly signed: string;
}

/** What links rows to a chain; computes and never waits. */
export interface Linking {
  readonly link: (before: ChainStart, rows: readonly ChainedRow[]) => Seal;
  /** What is to be told to webhooks of these rows; queued in the link's own commit. */
  readonly tell: (rows: readonly ChainedRow[]) => readonly NewDelivery[];
}

export interface ChainStore {
  /** Whether rows wait for a link. */
  hasUnsealed(): Promise<boolean>;
  /**
   * Links at most `limit` rows that no link holds yet, in the order of `seq`. Of several at once one succeeds and the
   * others throw. Undefined when nothing waited. Touches nothing that a writer waits for.
   */
  sealAudit(limit: number, linking: Linking): Promise<Seal | undefined>;
  /** Links after the one named, in order. */
  listSeals(after: number, limit: number): Promise<readonly Seal[]>;
  /** The newest link. */
  lastSeal(): Promise<Seal | undefined>;
  /** The rows of a link, in the order of `seq`. */
  listSealed(no: number): Promise<readonly AuditRow[]>;
  /** Rows of no link, in the order of `seq`, from after `afterSeq`. */
  listUnsealed(afterSeq: number, limit: number): Promise<readonly AuditRow[]>;
  /** Rows that say they are of a link that is not there yet, or past `from` where there is none: at most 100 ids. */
  listBeyond(from: number): Promise<readonly string[]>;
  /** The newest checkpoint: where the chain begins now. */
  findCheckpoint(): Promise<Checkpoint | undefined>;
  /** The newest link all of whose rows, and all rows of earlier links, are older than the moment. */
  lastSealBefore(moment: Seconds): Promise<Seal | undefined>;
  /** Keeps the checkpoint; only one further on than the newest. Audits `audit.pruned` in the same commit. */
  keepCheckpoint(checkpoint: Checkpoint, trail: Trail): Promise<boolean>;
  /** Removes at most `limit` rows of the links up to the newest checkpoint, and links that have no row left. Returns the rows removed. */
  removePruned(limit: number): Promise<number>;
}
