/**
 * JSON answers of the back-channel endpoints: OAuth errors with their status and headers (RFC 6749 5.1, 5.2; RFC 7009; RFC 7662).
 *
 * Every answer is `no-store`. Must never say why a token or code was not accepted beyond the RFC's word for it.
 */
import type { Context } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import type { AppDeps, AppEnv } from '../ports.ts';

export type TokenErrorCode =
  | 'invalid_request'
  | 'invalid_client'
  | 'invalid_grant'
  | 'unauthorized_client'
  | 'unsupported_grant_type'
  | 'invalid_scope'
  | 'invalid_target'
  | 'interaction_required'
  | 'temporarily_unavailable'
  | 'server_error'
  | 'slow_down';

export interface TokenError {
  readonly error: TokenErrorCode;
  readonly description: string;
  readonly status?: 400 | 401 | 413 | 429 | 503;
  /** The operator's explanation; logged, never answered. */
  readonly reason?: string;
  /** Set when the caller tried HTTP Basic (RFC 6749 5.2). */
  readonly basicTried?: boolean;
  readonly retryAfter?: number;
}

export function answerJson(c: Context<AppEnv>, body: object, status: ContentfulStatusCode = 200): Response {
  c.header('Cache-Control', 'no-store');
  c.header('Pragma', 'no-cache');
  return c.json(body, status);
}

export function answerTokenError(
  c: Context<AppEnv>,
  deps: Pick<AppDeps, 'metrics'>,
  endpoint: string,
  failure: TokenError,
): Response {
  const status = failure.status ?? (failure.error === 'invalid_client' ? 401 : 400);
  c.get('event').note({ outcome: 'refused', error: failure.error, reason: failure.reason ?? failure.description });
  deps.metrics.refused(endpoint, failure.error);
  if (status === 401) c.header('WWW-Authenticate', 'Basic realm="consent-broker", charset="UTF-8"');
  if (failure.retryAfter !== undefined) c.header('Retry-After', String(failure.retryAfter));
  return answerJson(c, { error: failure.error, error_description: failure.description }, status);
}
