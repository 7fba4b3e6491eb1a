/**
 * The budget of pages and words per person and client: how often one client may put a page before the same person, and
 * how often somebody may tell the operator about it (contract rulings 4 and 25).
 *
 * Who is not signed in is told by the browser, or by the source where a new browser costs nothing.
 */
import type { Context } from 'hono';
import { refusePage } from '../browser/error-page.ts';
import type { Visitor } from '../browser/visitor.ts';
import type { AppDeps, AppEnv } from '../ports.ts';

/** Spends one; the page that says so when the budget is gone. */
export function spendPrompt(
  c: Context<AppEnv>,
  deps: AppDeps,
  { session }: Visitor,
  who: string,
  clientId: string,
): Response | undefined {
  const budget = deps.limits.prompt(who, clientId);
  if (budget.ok) return undefined;
  return refusePage(c, deps, session, {
    code: 'prompt_limit',
    reason: 'pages about this client',
    retryAfter: budget.retryAfter,
    facts: { retryAfterSeconds: budget.retryAfter },
  });
}

/** The same for what a person says of a request, which is a row each time. */
export const spendWords = (
  c: Context<AppEnv>,
  deps: AppDeps,
  visitor: Visitor,
  clientId: string,
): Response | undefined => spendPrompt(c, deps, visitor, visitor.session?.user.id ?? c.get('event').source, clientId);
