/**
 * How often one source may have a request or a sign-in opened, and the page that says it was too often (requirement E11).
 *
 * One bucket for every page that opens a journey, so that none is a way around another. Must be asked before anything is
 * written.
 */
import type { Context } from 'hono';
import type { Session } from '../domain/types.ts';
import type { AppDeps, AppEnv } from '../ports.ts';
import { refusePage } from './error-page.ts';

/** Spends one opening of this source; the page that says so when none is left. */
export function spendOpening(c: Context<AppEnv>, deps: AppDeps, session: Session | undefined): Response | undefined {
  const limit = deps.limits.take('authorizations', c.get('event').source);
  return limit.ok ? undefined : tooMany(c, deps, session, 'authorizations from this source', limit.retryAfter);
}

/** The page of a source that has to wait; `reason` is for the log. */
export const tooMany = (
  c: Context<AppEnv>,
  deps: AppDeps,
  session: Session | undefined,
  reason: string,
  retryAfter: number,
): Response =>
  refusePage(c, deps, session, {
    code: 'rate_limited',
    reason,
    retryAfter,
    facts: { retryAfterSeconds: retryAfter },
  });
