/**
 * What a server tells this package about itself and its broker, once.
 *
 * Runs inside other people's servers: nothing here may read an environment, log, or know anything of the broker's inside.
 */

export interface VerifyOptions {
  /** The broker's issuer, as it writes it: `https://auth.example.com`. */
  readonly issuer: string;
  /** This server's resource identifier, as the broker is configured with it; what tokens name as their audience. */
  readonly resource: string;
  /**
   * Ask the broker about every token it has not answered about a moment ago: a revocation counts within `cacheMs`.
   * Without it tokens have to be signed (`access_tokens: jwt`) and are checked with the broker's key set: a revocation
   * counts when the token ends.
   */
  readonly introspection?: { readonly key: string; readonly credential: string };
  /** Scopes that include others, as in the broker's configuration: `{ 'notes:write': ['notes:read'] }`. */
  readonly implies?: Readonly<Record<string, readonly string[]>>;
  /** Scopes a caller without a token is told to begin with. */
  readonly defaultScopes?: readonly string[];
  /** How long an answer of the broker is believed, in milliseconds; 500 unless said otherwise, 0 asks every time. */
  readonly cacheMs?: number;
  /** Where the resource's metadata is, when it is not at the well-known address of `resource`. */
  readonly metadataUrl?: string;
  /** How to reach the broker; the global fetch unless said otherwise. */
  readonly fetch?: typeof fetch;
  /** Milliseconds since 1970; the system's unless said otherwise. */
  readonly now?: () => number;
}

export interface Caller {
  /** The person, as the broker names them. */
  readonly subject: string;
  readonly clientId: string;
  /** As granted, without what they imply. */
  readonly scopes: readonly string[];
  /** Epoch seconds. */
  readonly expiresAt: number;
}

/** `unavailable`: the broker could not be asked, and nobody is let in on a guess. */
export type Finding =
  | { readonly state: 'live'; readonly caller: Caller }
  | { readonly state: 'not_live' }
  | { readonly state: 'unavailable' };

/** Finds out about one token; never rejects. */
export type FindCaller = (token: string) => Promise<Finding>;
