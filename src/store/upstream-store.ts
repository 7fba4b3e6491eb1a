/**
 * The store's verbs about what is kept of upstreams: their tokens, the revocations they have still to hear of, and all
 * that is sealed. Part of Store in store.ts, whose promises hold here too.
 */
import type { Sealed, Seconds, Trail } from '../domain/types.ts';
import type {
  Ended,
  RefreshLease,
  RevocationOutcome,
  RevocationReport,
  SealedCount,
  SealedTable,
  SealedText,
  Successor,
  TokenExchange,
  UpstreamGrant,
  UpstreamRevocation,
} from './records.ts';

/** The upstream's tokens: refreshed by one instance at a time, ended for good, told to the upstream until it has heard. */
export interface UpstreamStore {
  /** The upstream's tokens kept for this grant of ours; without them once ended, until the sweep has removed the row. */
  findUpstreamGrant(grantId: string): Promise<UpstreamGrant | undefined>;
  /**
   * Claims the one refresh under way: live, at this generation, no unexpired lease. Records the attempt, so that whoever
   * comes after a crash knows that the tokens may be spent.
   */
  leaseRefresh(lease: RefreshLease, now: Seconds): Promise<boolean>;
  /** Gives the lease back without a successor; the attempt stays on record. */
  releaseRefresh(id: string, holder: string, retryAt: Seconds): Promise<boolean>;
  /**
   * Keeps what the upstream answered and frees the lease, if nobody has kept a successor of this generation before
   * (`superseded`), whoever holds the lease by now. When the grant has ended meanwhile (`ended`) the successor goes into
   * the outbox instead. Audits `upstream.refreshed`.
   */
  keepSuccessor(successor: Successor, trail: Trail): Promise<'kept' | 'superseded' | 'ended'>;
  /**
   * Ends the grant because the upstream has ended its part; nothing is left to be told there. Undefined when the tokens
   * have been renewed meanwhile or the grant was not live. Audits `grant.ended`.
   */
  endWithUpstream(
    grantId: string,
    upstream: { readonly id: string; readonly generation: number },
    reason: string,
    trail: Trail,
  ): Promise<Ended | undefined>;
  /**
   * Ends the one upstream grant whose sealed text is still this and did not open, with the grant it serves. Touches
   * nothing else. Audits `vault.row_refused`, and `grant.ended` if there was one.
   */
  refuseSealedTokens(id: string, tokensSealed: Sealed, trail: Trail): Promise<boolean>;
  /** Puts an exchange on record, if token and upstream grant are live and belong together. Audits `upstream_token.issued`. */
  recordExchange(exchange: TokenExchange, trail: Trail): Promise<boolean>;
  /** Whether this person has another live grant at the upstream. */
  hasOtherUpstreamGrant(id: string, userId: string, upstream: string): Promise<boolean>;
}

export interface RevocationStore {
  /** The report of a revocation, with what has become of it at the upstreams so far. */
  findRevocation(id: string): Promise<RevocationReport | undefined>;
  /** Ids of revocations to be told to an upstream now, the longest due first. */
  listDueRevocations(now: Seconds, limit: number): Promise<readonly string[]>;
  /** Claims one delivery: due, not done, no unexpired lease. Counts the attempt. */
  leaseRevocation(id: string, holder: string, until: Seconds, now: Seconds): Promise<UpstreamRevocation | undefined>;
  /** Ends the delivery for good and takes the tokens out, for the holder only. Audits `upstream.revocation_ended`. */
  finishRevocation(
    delivery: { readonly id: string; readonly holder: string; readonly upstream: string; readonly attempts: number },
    outcome: RevocationOutcome,
    problem: string | undefined,
    trail: Trail,
  ): Promise<boolean>;
  /** Puts the delivery off, for the holder only. */
  postponeRevocation(id: string, holder: string, dueAt: Seconds, problem: string): Promise<boolean>;
}

export interface VaultStore {
  /** How many rows are sealed under which key; journeys only while they still need their secrets. */
  countSealed(now: Seconds): Promise<readonly SealedCount[]>;
  /** The keys that seal any row, each once; costs the same however many rows there are. */
  listKeysInUse(now: Seconds): Promise<readonly string[]>;
  /** Sealed texts under any other key, in the order of ids from after `after`. */
  listSealedNotUnder(
    table: SealedTable,
    keyId: string,
    after: string,
    limit: number,
    now: Seconds,
  ): Promise<readonly SealedText[]>;
  /** Replaces a sealed text by the same one sealed anew, if it is still this one. */
  reseal(table: SealedTable, id: string, from: Sealed, to: Sealed): Promise<boolean>;
  /** Replaces what is kept under a name, if it is still this. */
  replaceKept(name: string, from: string, to: string): Promise<boolean>;
}
