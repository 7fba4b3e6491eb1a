/**
 * What the store's verbs take and give: records to write, rows read back, counts of what ended.
 *
 * Must never hold a secret in clear: hashes and sealed text only.
 */
import type { Recorded } from '../domain/audit-chain.ts';
import type { ClientFace, Journey, Sealed, Seconds, TokenHash } from '../domain/types.ts';

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
> & {
  /** Equal keys of one browser are one request: the later opening gets the earlier journey. Undefined: never merged. */
  readonly mergeKey?: TokenHash | undefined;
};

/** What opening a journey must also see to. */
export interface Opening {
  /** The most undecided journeys kept at once. */
  readonly caps?: { readonly perBrowser: number; readonly perClient: number; readonly total: number };
  /** The alarms the page will show; audited as `consent.warned`. */
  readonly warned?: readonly string[];
}

export interface ConsentRecord {
  readonly journeyId: string;
  readonly scopes: readonly string[];
  readonly upstreamStateHash: TokenHash;
  readonly cookieHash: TokenHash;
  readonly secretsSealed: Sealed;
  /** The page warned, and the person ticked that they understood. Kept in the audit row. */
  readonly understood?: boolean;
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
  /** Hash of the app's identity, for the person's own blocks. */
  readonly appKey?: TokenHash;
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

export interface UpstreamGrant extends Omit<NewUpstreamGrant, 'tokensSealed'> {
  readonly userId: string;
  /** Undefined once the grant has ended. */
  readonly tokensSealed: Sealed | undefined;
  /** The key the row was written under, whatever its sealed text says now. */
  readonly keyId: string | undefined;
  readonly createdAt: Seconds;
  readonly endedAt: Seconds | undefined;
  /** How many successors of the first tokens have been kept. */
  readonly generation: number;
  /** Until when somebody may be refreshing; undefined when nobody is. */
  readonly leaseExpiresAt: Seconds | undefined;
  /** When a refresh was begun whose answer is not known; the tokens may be spent at the upstream. */
  readonly attemptedAt: Seconds | undefined;
  /** Before this moment the upstream is not asked again. */
  readonly retryAt: Seconds | undefined;
}

export interface RefreshLease {
  readonly id: string;
  readonly holder: string;
  readonly generation: number;
  readonly until: Seconds;
}

/** What followed generation `generation` of the tokens. */
export interface Successor {
  readonly id: string;
  readonly grantId: string;
  readonly userId: string;
  readonly upstream: string;
  readonly generation: number;
  readonly tokensSealed: Sealed;
  readonly scopes: readonly string[];
  readonly accessExpiresAt: Seconds | undefined;
}

/** An upstream token handed to the MCP server a token of ours was sent to. */
export interface TokenExchange {
  readonly tokenHash: TokenHash;
  /** Key of the resource that asked. */
  readonly resource: string;
  readonly upstreamGrantId: string;
  /** Of the upstream's token. */
  readonly scopes: readonly string[];
  readonly accessExpiresAt: Seconds | undefined;
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

/** What a verb that ends access has ended, and under which id the whole of it is on record. */
export interface Ended extends EndedCounts {
  /** Names the report (`findRevocation`); undefined when nothing was ended. */
  readonly revocation: string | undefined;
}

/** A client that left the configuration, with what it still had. */
export interface Unconfigured {
  readonly id: string;
  readonly ended: Ended;
}

/**
 * How an upstream's part ended. `ended_there`: the upstream itself had ended it. `still_needed`: its revocation would
 * have taken other live access of the person along. `unreadable`: the sealed tokens do not open.
 */
export type RevocationOutcome = 'revoked' | 'not_supported' | 'still_needed' | 'ended_there' | 'gave_up' | 'unreadable';

export interface UpstreamCall {
  /** The upstream grant's. */
  readonly id: string;
  readonly upstream: string;
  /** Undefined while it is still to be done. */
  readonly outcome: RevocationOutcome | undefined;
  readonly attempts: number;
  /** Why the last try failed, in a word. */
  readonly problem: string | undefined;
  readonly doneAt: Seconds | undefined;
}

/** The proof of a revocation: who, why, what ended here, and what became of it at each upstream. */
export interface RevocationReport {
  readonly id: string;
  readonly at: Seconds;
  readonly reason: string;
  readonly actorKind: string;
  readonly actorId: string | undefined;
  /** Whose access it was; undefined when it was several people's. */
  readonly userId: string | undefined;
  readonly reference: string;
  readonly ended: EndedCounts;
  /** Live approvals that matched when it began, where that was counted. */
  readonly matched: number | undefined;
  /** Undefined while a counted one runs, or when it broke off; and for those that nobody counted. */
  readonly finishedAt: Seconds | undefined;
  /** When a counted one last ended anything, or began or finished. */
  readonly movedAt: Seconds | undefined;
  readonly upstreamCalls: readonly UpstreamCall[];
}

/** What an administrator went by: false leaves the row alone, and the verb answers `changed`. Asked inside the unit. */
export type Seen<Row> = (row: Row) => boolean;

/** A revocation at an upstream, claimed for one delivery. */
export interface UpstreamRevocation {
  readonly id: string;
  readonly revocationId: string;
  readonly userId: string;
  readonly upstream: string;
  readonly tokensSealed: Sealed | undefined;
  /** The key the row was written under. */
  readonly keyId: string | undefined;
  /** Deliveries begun, this one included. */
  readonly attempts: number;
}

export type SealedTable = 'upstream_grants' | 'upstream_revocations' | 'signing_keys' | 'journeys';

export interface SealedCount {
  readonly table: SealedTable;
  readonly keyId: string;
  readonly rows: number;
}

export interface SealedText {
  readonly id: string;
  /** The owner, where the sealed text is bound to one. */
  readonly userId: string | undefined;
  readonly sealed: Sealed;
  /** The key the row says it was written under, where it says so beside the text. */
  readonly keyId: string | undefined;
}

export interface AuditRow extends Recorded {
  /** Order of writing, as the database counted it: unique, increasing, with gaps. The cursor of a listing. */
  readonly seq: number;
  /** The writer's mark; undefined for rows from before there were marks. */
  readonly mark: string | undefined;
  /** The link of the chain that holds it; undefined until one does. */
  readonly seal: number | undefined;
}

export interface AuditFilter {
  readonly userId?: string;
  readonly clientId?: string;
  readonly event?: string;
  readonly reference?: string;
  readonly since?: Seconds;
  readonly before?: number;
  readonly limit: number;
}

/** A person's audit rows in brief: what happened, and how often each client renewed its access. */
export interface Activity {
  /** Newest first, renewals left out. */
  readonly rows: readonly AuditRow[];
  readonly renewals: readonly {
    readonly clientId: string | undefined;
    readonly count: number;
    readonly latest: Seconds;
  }[];
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
