/**
 * What every endpoint is handed: the ports of the broker, as types alone.
 *
 * Endpoints never open, read or mint these themselves; src/broker.ts composes them and src/app.ts passes them on.
 * Must never hold code that runs.
 */
import type { Config } from './config/config.ts';
import type { Seconds } from './domain/types.ts';
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

export type LimitName = 'registrations' | 'authorizations' | 'tokens' | 'admin_failures';
export type LimitVerdict = { readonly ok: true } | { readonly ok: false; readonly retryAfter: number };

export interface Limits {
  /** Takes one token from the source's bucket. `retryAfter` in seconds. */
  take(name: LimitName, source: string): LimitVerdict;
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
  journey(step: JourneyStep, outcome?: string): void;
  tokensIssued(grantType: string): void;
  refused(endpoint: string, error: string): void;
  revoked(reason: string): void;
}

/** What the broker signs besides tokens. */
export type Attested = 'consent-receipt+jwt' | 'audit-checkpoint+jwt';

/** Signs and publishes (RFC 9068, RFC 7517). */
export interface Signer {
  /** A compact JWS with header `typ: at+jwt` over these claims. */
  sign(claims: Readonly<Record<string, unknown>>): Promise<string>;
  /** A compact JWS that is no token: its `typ` says what it proves, and no resource accepts it. */
  attest(typ: Attested, claims: Readonly<Record<string, unknown>>): Promise<string>;
  /** The public key set, serialised once. */
  readonly jwks: string;
}

export interface AppDeps {
  readonly config: Config;
  readonly store: Store;
  readonly keys: KeyRing;
  readonly connectors: ReadonlyMap<string, Connector>;
  readonly signer: Signer;
  readonly limits: Limits;
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
