/**
 * What every endpoint is handed: the ports of the broker, as types alone.
 *
 * Endpoints never open, read or mint these themselves; src/broker.ts composes them and src/app.ts passes them on.
 * Must never hold code that runs.
 */
import type { Config } from './config/config.ts';
import type { PublicJwk } from './domain/client-keys.ts';
import type { AccessToken, Client, ClientKeys, Seconds, TokenHash, Trail } from './domain/types.ts';
import type { ServerLine } from './front/dial.ts';
import type { PreparedDocument } from './security/prepared-document.ts';
import type { KeyRing } from './security/vault.ts';
import type { FlowStep, Store } from './store/store.ts';
import type { Connector } from './upstream/connector.ts';

/** Fields an endpoint may add to its request's one log line; nothing else is ever logged. */
export interface EventFields {
  readonly client_id?: string;
  readonly resource?: string;
  readonly user?: string;
  readonly upstream?: string;
  readonly journey?: string;
  readonly grant_type?: string;
  readonly outcome?: string;
  readonly error?: string;
  /** Why, in words for the operator; never from a secret, never a raw body. */
  readonly reason?: string;
  /** The reference of the request that opened the flow this one belongs to. */
  readonly flow?: string;
}

export interface RequestEvent {
  /** `req_…`: shown on pages, found in the log. Never taken from the client. */
  readonly reference: string;
  /** The caller's rate-limit source: an IPv4 address or an IPv6 /64. */
  readonly source: string;
  note(fields: EventFields): void;
}

export type LimitName =
  | 'authorizations'
  | 'tokens'
  | 'admin_failures'
  | 'documents'
  | 'document_hosts'
  | 'registration_updates';
/** `afterMs`: let in, after so long a wait. `retryAfter` in seconds. */
export type LimitVerdict =
  | { readonly ok: true; readonly afterMs?: number }
  | { readonly ok: false; readonly retryAfter: number };

export interface Limits {
  /** Takes one token from the bucket of a source; of a client for `registration_updates`, of a host for `document_hosts`. */
  take(name: LimitName, source: string): LimitVerdict;
  /** Counts one registration. `hosted` names the known hosted app it is for; asked only when the answer depends on it. */
  registration(source: string, hosted: () => Promise<string | undefined>): Promise<LimitVerdict>;
  /** Counts one consent page for a (person or browser) and client. */
  prompt(who: string, clientId: string): LimitVerdict;
}

export interface Log {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** The memory of flows; takes what a request came to and never makes it wait. */
export interface Trace {
  step(step: FlowStep): void;
}

export type JourneyStep =
  | 'asked'
  | 'skipped'
  | 'allowed'
  | 'denied'
  | 'handed_off'
  | 'returned'
  | 'completed'
  | 'failed';

export interface Metrics {
  /** One answered request; `route` is the pattern, never the path as sent. */
  request(method: string, route: string, status: number, seconds: number): void;
  /** The same for one method, route and status, found once for what is answered very often. */
  requests(method: string, route: string, status: number): (seconds: number) => void;
  journey(step: JourneyStep, outcome?: string): void;
  tokensIssued(grantType: string): void;
  refused(endpoint: string, error: string): void;
  revoked(reason: string): void;
  /** One call of a tool through the built-in front, by resource key and how it ended. */
  toolCalled(resource: string, outcome: string): void;
  /** A tool first seen, changed, held back or with hidden characters, by resource key. */
  toolSeen(resource: string, what: string): void;
}

/** A live access token, with what has been prepared to be said about it. */
export interface KnownToken {
  readonly access: AccessToken;
  /** Answers that depend on nothing but the token; each endpoint keeps its own here. Gone when anything changes. */
  readonly prepared: { introspection?: PreparedIntrospection; verification?: PreparedVerification };
}

/** What `/introspect` says about a token. */
export interface PreparedIntrospection {
  readonly body: string;
  /** The answer's headers, as Node takes them. */
  readonly flat: readonly string[];
}

/** What `/verify` says about a token, and until when it may. */
export interface PreparedVerification {
  readonly headers: Readonly<Record<string, string>>;
  /** The same, as Node takes them. */
  readonly flat: readonly string[];
  readonly goodUntil: Seconds;
}

/**
 * Live access tokens, remembered for at most `verification_cache.bound`, and no longer than nothing has ended anywhere
 * as far as this instance can know (Store.mark).
 */
export interface KnownTokens {
  /** The token if it is live: at once when it is remembered, else a promise. Rejects as the store does. */
  find(hash: TokenHash, now: Seconds): KnownToken | Promise<KnownToken | undefined>;
}

/** `at+jwt`: an access token (RFC 9068). `broker-assertion+jwt`: who is calling, for the server behind a proxy. */
export type SignedType = 'at+jwt' | 'broker-assertion+jwt' | Attested;

/** What the broker signs that is no token: a receipt of an approval, a place in the audit chain. */
export type Attested = 'consent-receipt+jwt' | 'audit-checkpoint+jwt';

/** Signs and publishes (RFC 9068, RFC 7517). */
export interface Signer {
  /** A compact JWS over these claims; its type says what it may be taken for, and nothing else. */
  sign(claims: Readonly<Record<string, unknown>>, type: SignedType): Promise<string>;
  /** The public key set as it is now. */
  readonly jwks: PreparedDocument;
  /** Looks for keys that somebody else made or retired. Rejects as the store does, and when one does not open. */
  refresh(): Promise<void>;
}

/** Who a client id is. `nobody.detail` may be shown; what only the log may know has been logged. */
export type Resolution =
  | { readonly found: 'client'; readonly client: Client }
  | { readonly found: 'nobody'; readonly detail: string }
  | { readonly found: 'busy'; readonly retryAfter: number };

/** What clients say of themselves elsewhere: their metadata documents and their keys. */
export interface ClientDirectory {
  /**
   * The client of this id. An id that is a URL is answered from its document, fetched when what is kept is not fresh
   * and the rest of the request is good: `flaw` says why it is not.
   */
  resolve(
    clientId: string,
    asked: { source: string; reference: string; flaw: string | undefined },
  ): Promise<Resolution>;
  /** The client's keys for an assertion that names this one: read again when it is missing, within the budgets of the source and the host. None when there are none to be had. */
  findKeys(client: Client, keys: ClientKeys, asked: { named: unknown; source: string }): Promise<readonly PublicJwk[]>;
  /**
   * Why this client, known by its metadata document, gets nothing any more although it is on record: the settings leave
   * its host out. Undefined for all others. Audits `client.document_excluded` once per client and start.
   */
  exclusion(clientId: string, trail: Trail): Promise<string | undefined>;
}

export interface AppDeps {
  readonly config: Config;
  readonly store: Store;
  readonly knownTokens: KnownTokens;
  readonly keys: KeyRing;
  readonly connectors: ReadonlyMap<string, Connector>;
  /** The way to each MCP server behind the built-in front, by resource key. */
  readonly serverLines: ReadonlyMap<string, ServerLine>;
  readonly signer: Signer;
  readonly limits: Limits;
  readonly clients: ClientDirectory;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly trace: Trace;
  readonly now: () => Seconds;
  /** Whether new work is taken; false once shutdown has begun. */
  readonly ready: () => boolean;
}

/** The Hono environment: what middleware leaves for endpoints. */
export interface AppEnv {
  Variables: {
    event: RequestEvent;
    /** `ui_locales` of the request a page belongs to. */
    uiLocales: string | undefined;
  };
}
