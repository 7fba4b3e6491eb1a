/**
 * The budget of pages and words per person and client: how often one client may put a page before the same person, and
 * how often somebody may tell the operator about it (contract rulings 4 and 25).
 *
 * Who is not signed in is told by the browser, or by the source where a new browser costs nothing.
 */
import type { Context } from 'hono';
import { refusePage } from '../browser/error-page.ts';
import { sessionAt, type Visitor } from '../browser/visitor.ts';
import type { AppDeps, AppEnv, LimitVerdict } from '../ports.ts';

/**
 * Counts a page about this client, unless the budget is gone. A browser that has not been seen yet has had none; its
 * source has a limit of its own (../browser/source-limit.ts).
 */
export const takePage = (
  { limits }: Pick<AppDeps, 'limits'>,
  visitor: Visitor,
  upstream: string,
  clientId: string,
): LimitVerdict =>
  visitor.browserHash === undefined
    ? { ok: true }
    : limits.prompt(sessionAt(visitor, upstream)?.user.id ?? visitor.browserHash, clientId);

/** Spends a page about this client; the page that says so when the budget is gone. */
export const spendPage = (
  c: Context<AppEnv>,
  deps: AppDeps,
  visitor: Visitor,
  upstream: string,
  clientId: string,
): Response | undefined => refuseSpent(c, deps, visitor, takePage(deps, visitor, upstream, clientId));

/** The same for what a person says of a request, which is a row each time. */
export const spendWords = (
  c: Context<AppEnv>,
  deps: AppDeps,
  visitor: Visitor,
  clientId: string,
): Response | undefined => {
  const who = visitor.session?.user.id ?? c.get('event').source;
  return refuseSpent(c, deps, visitor, deps.limits.prompt(who, clientId));
};

function refuseSpent(
  c: Context<AppEnv>,
  deps: AppDeps,
  { session }: Visitor,
  budget: LimitVerdict,
): Response | undefined {
  if (budget.ok) return undefined;
  return refusePage(c, deps, session, {
    code: 'prompt_limit',
    reason: 'pages about this client',
    retryAfter: budget.retryAfter,
    facts: { retryAfterSeconds: budget.retryAfter },
  });
}
