/**
 * `GET /consent/{id}/another`: the same request without the person the page named, for somebody with another account.
 *
 * Opens a page of its own that names nobody; whoever the upstream signs in next is whom it is about. The upstream is
 * asked to let the person choose only where the operator configured how (`account_choice`). Such a page counts as one
 * that the client put before the person.
 */
import type { Context } from 'hono';
import { seeOwnPage } from '../browser/responder.ts';
import { readVisitor } from '../browser/visitor.ts';
import type { AppDeps, AppEnv } from '../ports.ts';
import { alreadyAnswered } from './answered.ts';
import { findOwnJourney } from './consent.ts';
import { reopenBelow, spendReopening } from './reopen.ts';

export const anotherAccount =
  (deps: AppDeps) =>
  async (c: Context<AppEnv>): Promise<Response> => {
    const visitor = await readVisitor(c, deps);
    const journey = await findOwnJourney(c, deps, visitor);
    if (journey instanceof Response) return journey;
    if (journey.decision !== undefined) return alreadyAnswered(c, deps, visitor, journey, 200);
    if (journey.reasons.includes('account_choice')) return seeOwnPage(c, deps, `/consent/${journey.id}`);
    const spent = spendReopening(c, deps, visitor, journey);
    if (spent !== undefined) return spent;
    return seeOwnPage(c, deps, await reopenBelow(c, deps, visitor, journey, 'account_choice', undefined));
  };
