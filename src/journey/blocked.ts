/**
 * Requests that go no further: a person's own block of an app, and an administrator's rule against a site or a name.
 *
 * A block is the person's choice and nobody else's; a rule is the administrators', with their reason. The app is told nothing.
 */
import type { Context } from 'hono';
import { refusePage } from '../browser/error-page.ts';
import { ownPath } from '../browser/responder.ts';
import type { Visitor } from '../browser/visitor.ts';
import type { RefusalRule } from '../domain/refusal-rule.ts';
import type { AppDeps, AppEnv } from '../ports.ts';

export const refuseBlocked = (c: Context<AppEnv>, deps: AppDeps, visitor: Visitor): Response =>
  refusePage(c, deps, visitor.session, {
    code: 'app_blocked',
    reason: 'the person has blocked this app',
    links: { account: `${ownPath(deps, '/account')}#blocked` },
  });

export const refuseRuled = (c: Context<AppEnv>, deps: AppDeps, visitor: Visitor, rule: RefusalRule): Response =>
  refusePage(c, deps, visitor.session, {
    code: 'client_blocked',
    reason: `refused by the rule ${rule.id} against this ${rule.kind}`,
    facts: { reason: rule.reason },
  });
