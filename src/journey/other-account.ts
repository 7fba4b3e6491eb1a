/**
 * The upstream signed in somebody else than the page had named: nothing of that journey completes (requirements B-13; ruling 9).
 *
 * The upstream tokens just received are dropped unseen. The other account may go on only through a consent page of
 * its own, which leads upstream once more. The two ways on count as one page, since a person takes one of them.
 */
import type { Context } from 'hono';
import { DifferentAccountPage } from '../../views/error-page.tsx';
import type { DifferentAccountModel } from '../../views/models.ts';
import { frameOf, textFor } from '../browser/frame.ts';
import { answerPage, ownPath } from '../browser/responder.ts';
import { personTrail, type Visitor } from '../browser/visitor.ts';
import type { Journey, User } from '../domain/types.ts';
import type { AppDeps, AppEnv } from '../ports.ts';
import { reopenBelow, spendReopening } from './reopen.ts';

export async function otherAccount(
  c: Context<AppEnv>,
  deps: AppDeps,
  visitor: Visitor,
  journey: Journey,
  expectedUserId: string,
  returned: User,
  upstreamName: string,
): Promise<Response> {
  await deps.store.failJourney(journey.id, 'account_changed', personTrail(c, deps, expectedUserId));
  deps.metrics.journey('failed', 'account_changed');
  const spent = spendReopening(c, deps, visitor, journey);
  if (spent !== undefined) return spent;
  const reopen = async (userId: string) =>
    ownPath(deps, await reopenBelow(c, deps, visitor, journey, 'account_changed', userId));
  const expected = await deps.store.findUser(expectedUserId);
  const model: DifferentAccountModel = {
    frame: frameOf(c, deps, visitor.session),
    upstreamName,
    expectedName: expected?.name ?? '',
    returnedName: returned.name,
    startAgainUrl: await reopen(expectedUserId),
    useReturnedUrl: await reopen(returned.id),
    reference: c.get('event').reference,
    at: deps.now(),
  };
  c.get('event').note({
    outcome: 'refused',
    error: 'account_changed',
    reason: 'the upstream signed in another account',
  });
  return answerPage(c, deps, DifferentAccountPage(model, textFor(c, deps)));
}
