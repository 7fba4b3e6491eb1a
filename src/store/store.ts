/**
 * The store's verbs: every arrow of a journey is one of these, atomic, with its audit row in the same commit.
 *
 * Promises: "returns the row if and only if this call made the change"; `undefined` means that somebody else
 * did, or that the row was not in the state the verb starts from. Every single-use thing is claimed by one
 * conditional write. Nothing is answered before the commit. Time is an argument, in epoch seconds.
 * Must never decide policy, mint randomness, read a clock, or see a secret in clear.
 */
import type {
  AccessToken,
  Approval,
  Client,
  Code,
  ConsentedJourney,
  Grant,
  Journey,
  RefreshToken,
  Seconds,
  Session,
  TokenHash,
  Trail,
  User,
} from '../domain/types.ts';
import type { AdminKeyStore, Page, RegistryStore } from './admin-store.ts';
import type { BlockStore } from './block-store.ts';
import type { ChainStore } from './chain-store.ts';
import type { DocumentStore } from './document-store.ts';
import type { FrontStore } from './front-store.ts';
import type { HouseStore } from './house-store.ts';
import type { OversightStore } from './oversight-store.ts';
import type {
  Completion,
  ConsentRecord,
  Ended,
  GraceReplay,
  NewJourney,
  NewSession,
  Opening,
  Redemption,
  Rotation,
  Seen,
  StateClaim,
  Unconfigured,
} from './records.ts';
import type { MachineTokenStore, RegistrationStore } from './registration-store.ts';
import type { SigningKeyStore } from './signing-key-store.ts';
import type { RevocationStore, UpstreamStore, VaultStore } from './upstream-store.ts';
import type { RestoreStore, WatchStore } from './watch-store.ts';

export type * from './admin-store.ts';
export type * from './chain-store.ts';
export type * from './document-store.ts';
export type * from './front-store.ts';
export type * from './house-store.ts';
export type * from './oversight-store.ts';
export type * from './records.ts';
export type * from './registration-store.ts';
export type * from './upstream-store.ts';
export type * from './watch-store.ts';

export interface ClientStore extends RegistrationStore {
  /**
   * Makes the configured clients exactly these: inserts, updates, and removes configured ones no longer listed. Idempotent.
   * One that is removed is blocked with the first commit, then everything it has ends, in slices, then its row goes; broken
   * off, the next call goes on. One that comes back finds nothing of before alive. An administrator's block stays, also on one
   * whose id is the address of a document when it is removed. Returns what was ended. Throws, taking nothing of the list, when
   * an id belongs to a registered client. Audits `client.configured` and `client.unconfigured` per client changed.
   */
  syncConfiguredClients(clients: readonly Client[], trail: Trail): Promise<readonly Unconfigured[]>;
  findClient(id: string): Promise<Client | undefined>;
  /** Whether anybody's live approval of this client exists. */
  isClientApproved(clientId: string, now: Seconds): Promise<boolean>;
  /** A page of clients, newest first. */
  listClients(state: 'active' | 'blocked' | undefined, page: Page): Promise<readonly Client[]>;
  /**
   * Blocks the client for good until `unblockClient`, then ends everything it has, in slices. From the first commit on
   * nothing of it works. Idempotent: one that is blocked keeps its reason, unless it is one of ours (own-block.ts), and what
   * is left of its access ends. Undefined when there is none. Audits `client.blocked`, and `approval.revoked` per approval.
   */
  blockClient(
    id: string,
    reason: string,
    trail: Trail,
    seen?: Seen<Client>,
  ): Promise<{ client: Client; ended: Ended } | 'changed' | undefined>;
  /**
   * Lets the client ask again; nothing it had before comes back. Returns the row as it is then, blocked still where the block
   * is one of ours: such a client is on its way out. Audits `client.unblocked`.
   */
  unblockClient(id: string, reason: string, trail: Trail, seen?: Seen<Client>): Promise<Client | 'changed' | undefined>;
  /**
   * Blocks, ends everything, then removes a registered client. Undefined when there is none, it is a configured one or a
   * document's (which stay blocked), or somebody unblocked it meanwhile. Audits `client.deleted` besides what blocking audits.
   */
  deleteClient(id: string, reason: string, trail: Trail, seen?: Seen<Client>): Promise<Ended | 'changed' | undefined>;
}

export interface JourneyStore {
  /**
   * Opens the journey, or returns the browser's undecided, unexpired one with the same merge key. Keeps to the caps by
   * removing undecided journeys, oldest first: the browser's own, the client's own, and in all those of the client that
   * holds the most, or simply the oldest where no client holds so many. The caps of the client and in all may be passed by up to one per cent between two looks.
   * Audits `consent.warned` when it opened one and the page warns.
   */
  openJourney(journey: NewJourney, trail: Trail, opening?: Opening): Promise<Journey>;
  /** Moves the end of an undecided, unexpired journey that ends before `endingBefore`; once in its life. The journey, if this call did. */
  extendJourney(id: string, endingBefore: Seconds, expiresAt: Seconds, now: Seconds): Promise<Journey | undefined>;
  /** Notes the person's report, once per journey; decides nothing. Audits `request.reported` with the words. */
  reportRequest(journeyId: string, words: string, trail: Trail): Promise<Journey | undefined>;
  findJourney(id: string): Promise<Journey | undefined>;
  findJourneyByState(upstreamStateHash: TokenHash): Promise<Journey | undefined>;
  /**
   * Claims the decision as allow: undecided, unexpired. Stores the upstream state with it, so no state exists before.
   * Audits `consent.allowed` (`sign_in.started` for a sign-in journey).
   */
  recordConsent(record: ConsentRecord, trail: Trail): Promise<ConsentedJourney | undefined>;
  /** Claims the decision as deny: undecided, unexpired. Also finishes the journey. Audits `consent.denied`. */
  refuseConsent(journeyId: string, trail: Trail): Promise<Journey | undefined>;
  /** Sets handedOffAt if it is not set. Returns the row as it is afterwards; undefined only when there is none. Idempotent. */
  markHandedOff(journeyId: string, trail: Trail): Promise<Journey | undefined>;
  /**
   * Claims the callback: allowed, unexpired, not returned. Exactly one caller ever gets a claim; it is gone afterwards
   * whether `bound` or not. `cookieHash` undefined means that no cookie came. Unbound claims also finish the journey.
   */
  claimUpstreamState(
    upstreamStateHash: TokenHash,
    cookieHash: TokenHash | undefined,
    trail: Trail,
  ): Promise<StateClaim | undefined>;
  /** Finishes a returned journey without success, with an outcome word. Audits `journey.failed` with the outcome. */
  failJourney(journeyId: string, outcome: string, trail: Trail): Promise<Journey | undefined>;
  /**
   * Finishes a returned authorization journey: approval written or widened, session begun, upstream tokens kept, code stored.
   * An existing live approval for (person, client, resource) keeps its id and grantedAt. When its face is unchanged
   * and it is unexpired it is widened, but never so that a redirect gets scopes that were allowed for another one only:
   * new scopes at a known redirect keep this redirect alone, a new redirect brings its own scopes alone. Otherwise it
   * takes exactly the new scopes, redirect and face.
   * Undefined when the journey was not waiting or names another person, the person is disabled, the client is blocked or
   * gone, the person blocked the app, or took this client's approval back after deciding this journey.
   * Audits `approval.granted` (or `approval.renewed`), `code.issued` and `session.started`.
   */
  completeJourney(completion: Completion, trail: Trail): Promise<{ journey: Journey; approval: Approval } | undefined>;
  /** Finishes a returned sign-in journey and begins the session. Undefined as above. Audits `session.started`. */
  completeSignIn(journeyId: string, userId: string, session: NewSession, trail: Trail): Promise<Journey | undefined>;
}

export interface PeopleStore extends BlockStore {
  /** Finds or makes the person of (upstream, subject); refreshes the display name. Idempotent under races. */
  identifyPerson(person: { id: string; upstream: string; subject: string; name: string }, now: Seconds): Promise<User>;
  findUser(id: string): Promise<User | undefined>;
  /** A page of people, newest first. */
  listUsers(
    filter: { state?: 'active' | 'disabled' | undefined; upstream?: string | undefined; subject?: string | undefined },
    page: Page,
  ): Promise<readonly User[]>;
  /** Ends every session of the person; their approvals stay. Returns how many. Audits `session.ended` once. */
  signOutUser(userId: string, trail: Trail): Promise<number>;
  /**
   * Disables the person, then ends their sessions and all their approvals, in slices. From the first commit on nothing of
   * theirs works. Idempotent as blockClient. Undefined when there is none. Audits `user.disabled`.
   */
  disableUser(
    id: string,
    reason: string,
    trail: Trail,
    seen?: Seen<User>,
  ): Promise<{ user: User; sessions: number; ended: Ended } | 'changed' | undefined>;
  /** Lets the person sign in again; nothing they had before comes back. Audits `user.enabled`. */
  enableUser(id: string, reason: string, trail: Trail, seen?: Seen<User>): Promise<User | 'changed' | undefined>;
  /** The live session: not ended, within its absolute end, seen since `idleSince`, person not disabled. Touches lastSeenAt at most once a minute. */
  findSession(idHash: TokenHash, now: Seconds, idleSince: Seconds): Promise<Session | undefined>;
  /** Ends the session. Audits `session.ended`. */
  endSession(idHash: TokenHash, trail: Trail): Promise<boolean>;
  /** The live approval, expired ones included; where there is none, the one that was revoked last. */
  findApproval(userId: string, clientId: string, resource: string): Promise<Approval | undefined>;
  getApproval(id: string): Promise<Approval | undefined>;
  /** The person's live approvals with their clients and the scopes their live grants hold, newest first. */
  listApprovals(
    userId: string,
    now: Seconds,
  ): Promise<readonly { approval: Approval; client: Client | undefined; grantedScopes: readonly string[] }[]>;
  /**
   * Revokes these approvals of this person (all live ones when `approvalIds` is undefined) and everything under them: grants, refresh
   * families, access tokens, unredeemed codes, journeys under way of the same person and client, sealed upstream tokens
   * (which go into the outbox in the same commit). Tombstones, never deletes. Counts only what this call ended and keeps
   * a report of it. Audits `approval.revoked` once per approval.
   */
  revokeApprovals(
    userId: string,
    approvalIds: readonly string[] | undefined,
    reason: string,
    trail: Trail,
  ): Promise<Ended>;
}

export interface TokenStore {
  findCode(codeHash: TokenHash): Promise<Code | undefined>;
  /**
   * Claims the code: unused, unrevoked, unexpired, approval live, person enabled, client unblocked. Makes the grant and its tokens.
   * Audits `code.redeemed`.
   */
  redeemCode(redemption: Redemption, trail: Trail): Promise<Grant | undefined>;
  /** A replayed code kills what it made (ruling 10). Audits `code.replayed`. Idempotent. */
  punishReplayedCode(codeHash: TokenHash, trail: Trail): Promise<Ended>;
  findRefreshToken(tokenHash: TokenHash): Promise<RefreshToken | undefined>;
  /** Claims the rotation: current generation, unexpired, grant live, client unblocked. Audits `refresh.rotated`. */
  rotateRefresh(rotation: Rotation, trail: Trail): Promise<Grant | undefined>;
  /** Adds an access token for a predecessor inside the grace window whose successor is unused. Audits `refresh.replayed_in_grace`. */
  replayInGrace(replay: GraceReplay, trail: Trail): Promise<Grant | undefined>;
  /** Ends a grant: refresh family, access tokens, and the upstream's tokens, which go into the outbox. Audits `grant.ended` with the reason (`reuse`, `revoked_by_client` …). */
  endGrant(grantId: string, reason: string, trail: Trail): Promise<Ended | undefined>;
  /** Ends one access token. Audits `access_token.revoked`. */
  revokeAccessToken(tokenHash: TokenHash, trail: Trail): Promise<boolean>;
  /** The token if it is live now: unexpired, unrevoked, grant live, approval live, person enabled, client unblocked. */
  findAccessToken(tokenHash: TokenHash, now: Seconds): Promise<AccessToken | undefined>;
  /**
   * When the last access token issued under this approval ends, revoked ones included; undefined when there is none left.
   * Nothing is issued under an approval that has ended, so from then on the answer is final.
   */
  lastAccessEnd(approvalId: string): Promise<Seconds | undefined>;
}

export interface Store
  extends ClientStore,
    DocumentStore,
    JourneyStore,
    PeopleStore,
    TokenStore,
    MachineTokenStore,
    UpstreamStore,
    RevocationStore,
    RegistryStore,
    AdminKeyStore,
    VaultStore,
    ChainStore,
    OversightStore,
    FrontStore,
    SigningKeyStore,
    HouseStore,
    RestoreStore,
    WatchStore {
  readonly engine: 'sqlite' | 'postgres';
  /** How many migrations the database has and this version knows; more applied than known after a rollback. */
  migrationState(): { readonly applied: number; readonly available: number };
}

/**
 * The database is away, full, or too busy; the caller answers 503 with Retry-After. Nothing was changed, save that a
 * connection lost during a commit leaves unknown whether that commit happened.
 */
export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable';
}
