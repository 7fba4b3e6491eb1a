/**
 * The store's verbs about a person's own blocks, and about what anybody here has allowed before. Promises: store.ts.
 */
import type { Block, TokenHash, Trail } from '../domain/types.ts';
import type { EndedCounts } from './records.ts';

export interface BlockStore {
  /** The person's block of this client or of this app. */
  findBlock(userId: string, clientId: string, appKey: TokenHash): Promise<Block | undefined>;
  /** Newest first, at most 200. */
  listBlocks(userId: string): Promise<readonly Block[]>;
  /**
   * Blocks an app for this person, ends these approvals and all of this client as revokeApprovals does, and stops the
   * person's journeys of this client. Idempotent: an app blocked already keeps its block. Audits `app.blocked` when new, and each approval.
   */
  blockApp(block: Block, approvalIds: readonly string[], trail: Trail): Promise<EndedCounts>;
  /** Removes a block of this person. Audits `app.unblocked`. Returns it if this call removed it. */
  unblockApp(userId: string, blockId: string, trail: Trail): Promise<Block | undefined>;
  /** Whether anybody ever allowed an app at this destination (see ClientFace.destination). */
  isDestinationKnown(destination: string): Promise<boolean>;
}
