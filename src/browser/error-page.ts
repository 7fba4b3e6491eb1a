/**
 * Error pages: one heading, one next step, a reference found in the log (requirements B; ASVS 16.5).
 *
 * Must never show an internal detail, an upstream's body, or a link a client chose.
 */
import type { Context } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { ErrorPage } from '../../views/error-page.tsx';
import type { ErrorCode, ErrorModel } from '../../views/models.ts';
import type { Session } from '../domain/types.ts';
import type { AppDeps, AppEnv } from '../ports.ts';
import { frameOf, textFor } from './frame.ts';
import { answerPage, ownPath } from './responder.ts';

const STATUS: Readonly<Record<ErrorCode, ContentfulStatusCode>> = {
  request_expired: 410,
  request_decided: 409,
  browser_mismatch: 403,
  cookie_missing: 400,
  form_stale: 403,
  client_unknown: 400,
  redirect_mismatch: 400,
  client_blocked: 403,
  app_blocked: 403,
  user_not_allowed: 403,
  upstream_denied: 200,
  upstream_unavailable: 502,
  request_invalid: 400,
  client_unapproved: 400,
  rate_limited: 429,
  prompt_limit: 429,
  not_found: 404,
  internal: 500,
};

export interface Refusal {
  readonly code: ErrorCode;
  /** For the log. */
  readonly reason: string;
  readonly status?: ContentfulStatusCode;
  readonly facts?: ErrorModel['facts'];
  readonly links?: ErrorModel['links'];
  readonly technical?: ErrorModel['technical'];
  readonly nothingShared?: boolean;
  readonly retryAfter?: number;
}

/** An error page with its reference. */
export function refusePage(
  c: Context<AppEnv>,
  deps: AppDeps,
  session: Session | undefined,
  refusal: Refusal,
): Response {
  const event = c.get('event');
  event.note({ outcome: 'refused', error: refusal.code, reason: refusal.reason });
  deps.metrics.refused('page', refusal.code);
  const model: ErrorModel = {
    frame: frameOf(c, deps, session),
    code: refusal.code,
    reference: event.reference,
    at: deps.now(),
    nothingShared: refusal.nothingShared ?? true,
    facts: refusal.facts ?? {},
    links: { account: ownPath(deps, '/account'), ...refusal.links },
    technical: refusal.technical ?? {},
  };
  const page = ErrorPage(model, textFor(c, deps));
  return answerPage(c, deps, page, {
    status: refusal.status ?? STATUS[refusal.code],
    ...(refusal.retryAfter === undefined ? {} : { retryAfter: refusal.retryAfter }),
  });
}
