/**
 * What the store's verbs take and give: records to write, rows read back, counts of what ended.
 *
 * Must never hold a secret in clear: hashes and sealed text only.
 */
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
