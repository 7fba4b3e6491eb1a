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
  ClientFace,
  ClientMetadata,
  Code,
  ConsentedJourney,
  Grant,
  Journey,
  RefreshToken,
  Sealed,
  Seconds,
  Session,
  TokenHash,
  Trail,
  User,
} from '../domain/types.ts';

export type NewJourney = Omit<
  Journey,
  | 'decision'
  | 'decidedAt'
  | 'grantedScopes'
  | 'secretsSealed'
  | 'cookieHash'
  | 'handedOffAt'
  | 'returnedAt'
  | 'finishedAt'
  | 'outcome'
>;

export interface ConsentRecord {
  readonly journeyId: string;
  readonly scopes: readonly string[];
  readonly upstreamStateHash: TokenHash;
  readonly cookieHash: TokenHash;
  readonly secretsSealed: Sealed;
}

export interface StateClaim {
  readonly journey: Journey;
  /** Whether the presented cookie was this journey's. `false` has been audited as `journey.browser_mismatch`. */
  readonly bound: boolean;
}

/** Everything a finished authorization journey leaves behind; all of it commits together or not at all. */
export interface Completion {
  readonly journeyId: string;
  readonly userId: string;
  readonly session: NewSession;
  readonly approval: {
    readonly id: string;
    readonly redirectUri: string;
    readonly scopes: readonly string[];
    readonly face: ClientFace;
    readonly expiresAt: Seconds;
  };
  readonly upstreamGrant: NewUpstreamGrant;
  readonly code: { readonly codeHash: TokenHash; readonly expiresAt: Seconds };
}

export interface NewSession {
  readonly idHash: TokenHash;
  /** Absolute end. */
  readonly expiresAt: Seconds;
  /** The browser's earlier session, which ends with this one's beginning (ASVS 7.2.4). */
  readonly replaces: TokenHash | undefined;
}

/** The upstream's tokens for one journey's grant, sealed with AAD `upstream_grant:<id>:<userId>`. */
export interface NewUpstreamGrant {
  readonly id: string;
  readonly upstream: string;
  readonly tokensSealed: Sealed;
  readonly scopes: readonly string[];
  readonly accessExpiresAt: Seconds | undefined;
}

export interface UpstreamGrant extends NewUpstreamGrant {
  readonly userId: string;
  readonly createdAt: Seconds;
  readonly endedAt: Seconds | undefined;
}

export interface NewTokens {
  readonly accessHash: TokenHash;
  readonly accessExpiresAt: Seconds;
  readonly accessScopes: readonly string[];
}

export interface Redemption extends NewTokens {
  readonly codeHash: TokenHash;
  readonly grantId: string;
  /** Absolute end of the family, or of the access token where there is no refresh token. */
  readonly grantExpiresAt: Seconds;
  readonly refresh: { readonly tokenHash: TokenHash; readonly expiresAt: Seconds } | undefined;
  /** Live grants kept per (person, client, resource); the longest unused beyond it end (ruling 6). */
  readonly grantCap: number;
}

export interface Rotation extends NewTokens {
  readonly tokenHash: TokenHash;
  readonly successorHash: TokenHash;
  readonly successorSealed: string;
  readonly successorExpiresAt: Seconds;
}

export interface GraceReplay extends NewTokens {
  readonly tokenHash: TokenHash;
  /** The predecessor must have been rotated at or after this moment. */
  readonly rotatedSince: Seconds;
}

export interface EndedCounts {
  readonly approvals: number;
  readonly grants: number;
  readonly refreshTokens: number;
  readonly accessTokens: number;
  readonly codes: number;
  readonly journeys: number;
  readonly upstreamGrants: number;
}

export interface AuditRow {
  readonly id: string;
  /** Order of writing, as the database counted it: unique, increasing, with gaps. The cursor of a listing. */
  readonly seq: number;
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

export interface AuditFilter {
  readonly userId?: string;
  readonly clientId?: string;
  readonly event?: string;
  readonly reference?: string;
  readonly before?: number;
  readonly limit: number;
}

export interface SigningKeyRow {
  readonly kid: string;
  readonly alg: string;
  readonly publicJwk: Readonly<Record<string, unknown>>;
  /** Private JWK, sealed with AAD `signing_key:<kid>`. */
  readonly privateSealed: Sealed;
  readonly createdAt: Seconds;
  readonly retiredAt: Seconds | undefined;
}

export interface ClientStore {
  /** Inserts; an id that exists throws. Audits `client.registered`. */
  insertClient(client: Client, trail: Trail): Promise<void>;
  /**
   * Makes the configured clients exactly these: inserts, updates, and removes configured ones no longer listed. Idempotent.
   * Throws, changing nothing, when an id belongs to a registered client. Audits `client.configured` and
   * `client.unconfigured` per client changed.
   */
  syncConfiguredClients(clients: readonly Client[], trail: Trail): Promise<void>;
  findClient(id: string): Promise<Client | undefined>;
  /** Replaces the metadata (RFC 7592 update) unless blocked. Returns the client if this call changed it. Audits `client.updated`. */
  updateClient(id: string, metadata: ClientMetadata, trail: Trail): Promise<Client | undefined>;
  /** Whether anybody's live approval of this client exists. */
  isClientApproved(clientId: string, now: Seconds): Promise<boolean>;
}

export interface JourneyStore {
  openJourney(journey: NewJourney, trail: Trail): Promise<void>;
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
   * An existing live approval for (person, client, resource) keeps its id and grantedAt, gains the redirect and, when its face is
   * unchanged and it is unexpired, the union of scopes; otherwise it takes exactly the new scopes, redirect and face.
   * Undefined when the journey was not waiting or names another person, the person is disabled, the client is blocked or
   * gone, or the person took this client's approval back after deciding this journey.
   * Audits `approval.granted` (or `approval.renewed`), `code.issued` and `session.started`.
   */
  completeJourney(completion: Completion, trail: Trail): Promise<{ journey: Journey; approval: Approval } | undefined>;
  /** Finishes a returned sign-in journey and begins the session. Undefined as above. Audits `session.started`. */
  completeSignIn(journeyId: string, userId: string, session: NewSession, trail: Trail): Promise<Journey | undefined>;
}

export interface PeopleStore {
  /** Finds or makes the person of (upstream, subject); refreshes the display name. Idempotent under races. */
  identifyPerson(person: { id: string; upstream: string; subject: string; name: string }, now: Seconds): Promise<User>;
  findUser(id: string): Promise<User | undefined>;
  /** The live session: not ended, within its absolute end, seen since `idleSince`, person not disabled. Touches lastSeenAt at most once a minute. */
  findSession(idHash: TokenHash, now: Seconds, idleSince: Seconds): Promise<Session | undefined>;
  /** Ends the session. Audits `session.ended`. */
  endSession(idHash: TokenHash, trail: Trail): Promise<boolean>;
  findApproval(userId: string, clientId: string, resource: string): Promise<Approval | undefined>;
  getApproval(id: string): Promise<Approval | undefined>;
  /** The person's live approvals with their clients, newest first. */
  listApprovals(userId: string, now: Seconds): Promise<readonly { approval: Approval; client: Client | undefined }[]>;
  /**
   * Revokes these approvals of this person (all live ones when `approvalIds` is undefined) and everything under them: grants, refresh
   * families, access tokens, unredeemed codes, journeys under way of the same person and client, sealed upstream tokens.
   * Tombstones, never deletes. Counts only what this call ended. Audits `approval.revoked` once per approval.
   */
  revokeApprovals(
    userId: string,
    approvalIds: readonly string[] | undefined,
    reason: string,
    trail: Trail,
  ): Promise<EndedCounts>;
}

export interface TokenStore {
  findCode(codeHash: TokenHash): Promise<Code | undefined>;
  /**
   * Claims the code: unused, unrevoked, unexpired, approval live, person enabled, client unblocked. Makes the grant and its tokens.
   * Audits `code.redeemed`.
   */
  redeemCode(redemption: Redemption, trail: Trail): Promise<Grant | undefined>;
  /** A replayed code kills what it made (ruling 10). Audits `code.replayed`. Idempotent. */
  punishReplayedCode(codeHash: TokenHash, trail: Trail): Promise<EndedCounts>;
  findRefreshToken(tokenHash: TokenHash): Promise<RefreshToken | undefined>;
  /** Claims the rotation: current generation, unexpired, grant live, client unblocked. Audits `refresh.rotated`. */
  rotateRefresh(rotation: Rotation, trail: Trail): Promise<Grant | undefined>;
  /** Adds an access token for a predecessor inside the grace window whose successor is unused. Audits `refresh.replayed_in_grace`. */
  replayInGrace(replay: GraceReplay, trail: Trail): Promise<Grant | undefined>;
  /** Ends a grant: refresh family and access tokens. Audits `grant.ended` with the reason (`reuse`, `revoked_by_client` …). */
  endGrant(grantId: string, reason: string, trail: Trail): Promise<EndedCounts | undefined>;
  /** Ends one access token. Audits `access_token.revoked`. */
  revokeAccessToken(tokenHash: TokenHash, trail: Trail): Promise<boolean>;
  /** The token if it is live now: unexpired, unrevoked, grant live, approval live, person enabled, client unblocked. */
  findAccessToken(tokenHash: TokenHash, now: Seconds): Promise<AccessToken | undefined>;
  /** The upstream's tokens kept for this grant of ours, ended ones included until the sweep has removed them. */
  findUpstreamGrant(grantId: string): Promise<UpstreamGrant | undefined>;
}

export interface HouseStore {
  /** Keeps the first row written under a name and returns the row that is kept. Used for the vault's key check. Atomic. */
  keepFirst(name: string, value: string): Promise<string>;
  listSigningKeys(): Promise<readonly SigningKeyRow[]>;
  /** Inserts unless a live key of this algorithm exists; returns the live one. Atomic. */
  keepSigningKey(key: SigningKeyRow): Promise<SigningKeyRow>;
  /** Newest first; `before` is the `seq` of the last row of the page before. Filters by event or reference alone scan. */
  listAudit(filter: AuditFilter): Promise<readonly AuditRow[]>;
  /** An audit row with no other effect (a warning shown, a refused try). */
  recordEvent(event: string, about: { userId?: string; clientId?: string; resource?: string; details?: Record<string, unknown> }, trail: Trail): Promise<void>;
  /**
   * Removes what is past keeping, at most `limit` of each kind: expired journeys, sessions, tokens and unredeemed codes;
   * grants past their absolute end, with their code; upstream tokens an hour after their end. Returns the rows removed.
   */
  sweep(now: Seconds, limit: number): Promise<number>;
  /** Rejects when the database cannot answer. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

export interface Store extends ClientStore, JourneyStore, PeopleStore, TokenStore, HouseStore {
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
