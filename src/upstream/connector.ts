/**
 * The port to a third-party authorization server: what a journey asks of it, and the three ways it can fail.
 *
 * Must never start without a ConsentedJourney, follow a redirect, retry a code exchange, or send anything an MCP
 * client chose (RFC 9700 4.4, 4.5; RFC 9207; OpenID Connect Core 3.1). What is kept is refreshed and revoked here too
 * (RFC 6749 6, RFC 7009).
 */
import type { ConsentedJourney, JourneySecrets, Seconds } from '../domain/types.ts';

/**
 * `refused`: it said no. `unreachable`: it did not answer in time or answered 429/5xx. `nonsense`: its answer cannot be
 * believed. `foreign`: what reached the callback is no answer of this upstream to this journey; nothing was sent to it.
 */
export type ConnectorFailure =
  | { readonly kind: 'refused'; readonly error: string; readonly detail: string }
  | { readonly kind: 'unreachable'; readonly detail: string; readonly retryAfter: number | undefined }
  | { readonly kind: 'nonsense' | 'foreign'; readonly detail: string };

export type ConnectorResult<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly failure: ConnectorFailure };

/** The third party's tokens for one person. Sealed before it is stored; never sent to any MCP client. */
export interface UpstreamTokens {
  readonly accessToken: string;
  readonly refreshToken: string | undefined;
  readonly tokenType: string;
  readonly accessExpiresAt: Seconds | undefined;
  /** As the upstream granted them; what was asked when it does not say. */
  readonly scopes: readonly string[];
}

export interface UpstreamArrival {
  /** Immutable subject at this upstream (`sub`, numeric id); never an e-mail address. */
  readonly subject: string;
  /** For display only. */
  readonly name: string;
  readonly tokens: UpstreamTokens;
}

export interface Connector {
  /** Key in the configuration; the last path segment of the callback. */
  readonly name: string;
  /** What people call it: "GitHub". */
  readonly displayName: string;
  /** The upstream address to send the browser to. The same journey, secrets and scopes always give the same address. */
  begin(
    journey: ConsentedJourney,
    secrets: JourneySecrets,
    upstreamScopes: readonly string[],
  ): Promise<ConnectorResult<URL>>;
  /**
   * Checks the callback's parameters (state, iss, error) before anything is sent, exchanges the code once, and learns who came.
   * `now` is epoch seconds.
   */
  complete(
    parameters: URLSearchParams,
    secrets: JourneySecrets,
    upstreamScopes: readonly string[],
    now: Seconds,
  ): Promise<ConnectorResult<UpstreamArrival>>;
  /**
   * The tokens that follow `tokens` (RFC 6749 6): what the upstream left out is carried over from `tokens`, the refresh
   * token above all, so the answer replaces them whole. One call, never repeated. `refused` with `invalid_grant` means
   * that access ended there, whatever word the upstream has for it; any other refusal leaves the grant alive.
   * `upstreamScopes` is what the grant needs: sent only where the upstream wants it. `now` is epoch seconds.
   */
  refresh(
    tokens: UpstreamTokens,
    upstreamScopes: readonly string[],
    now: Seconds,
  ): Promise<ConnectorResult<UpstreamTokens>>;
  /**
   * Ends `tokens` at the upstream. Safe to repeat: tokens that are dead there already count as `revoked`.
   * `not_supported`: the upstream has no way to end them, and nothing was sent.
   */
  revoke(tokens: UpstreamTokens): Promise<ConnectorResult<'revoked' | 'not_supported'>>;
  /** False where `revoke` can only answer `not_supported`; an OpenID provider may still turn out to have no way. */
  readonly canRevoke: boolean;
  /** `person`: ending one grant there ends all that this person gave us there, so end the last one only. */
  readonly revocationReach: 'grant' | 'person';
}
