/**
 * Requests that go no further: a person's own block of an app, an administrator's rule against a site or a name, and an
 * app that waits for an administrator.
 *
 * A block is the person's choice and nobody else's; a rule is the administrators', with their reason. The app is told nothing.
 */
import type { Context } from 'hono';
import { refusePage } from '../browser/error-page.ts';
import { ownPath } from '../browser/responder.ts';
import type { Visitor } from '../browser/visitor.ts';
import type { RefusalRule } from '../domain/refusal-rule.ts';
import type { Journey } from '../domain/types.ts';
import type { Stop } from '../policy/visit.ts';
import type { AppDeps, AppEnv } from '../ports.ts';
import { showWaiting } from './waiting.ts';

export const refuseBlocked = (c: Context<AppEnv>, deps: AppDeps, visitor: Visitor): Response =>
  refusePage(c, deps, visitor.session, {
    code: 'app_blocked',
    reason: 'the person has blocked this app',
    links: { account: `${ownPath(deps, '/account')}#blocked` },
  });

/** The page of a journey that stops here, for whichever reason. */
export const showStop = (
  c: Context<AppEnv>,
  deps: AppDeps,
  visitor: Visitor,
  journey: Journey,
  stop: Stop,
): Response =>
  stop.decision === 'wait' ? showWaiting(c, deps, visitor, journey) : refuseRuled(c, deps, visitor, stop.by);

export const refuseRuled = (c: Context<AppEnv>, deps: AppDeps, visitor: Visitor, rule: RefusalRule): Response =>
  refusePage(c, deps, visitor.session, {
    code: 'client_blocked',
    reason: `refused by the rule ${rule.id} against this ${rule.kind}`,
    facts: { reason: rule.reason },
  });
