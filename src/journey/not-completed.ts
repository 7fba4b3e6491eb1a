/**
 * What a person is told whose journey came back and could not be completed: an administrator stops it, they or the client
 * may not, or what it rests on was taken back or ran out on the way.
 *
 * Must never say more of a person or client than that, nor lead anywhere but to our own page.
 */
import type { Context } from 'hono';
import { refusePage } from '../browser/error-page.ts';
import { personTrail, type Visitor } from '../browser/visitor.ts';
import { isUsable } from '../domain/client.ts';
import type { Journey, User } from '../domain/types.ts';
import { stopsNow } from '../policy/visit.ts';
import type { AppDeps, AppEnv } from '../ports.ts';
import { showStop } from './blocked.ts';

export async function notCompleted(
  c: Context<AppEnv>,
  deps: AppDeps,
  visitor: Visitor,
  journey: Journey,
  person: User,
): Promise<Response> {
  const stopped = await stoppedAt(c, deps, visitor, journey, person);
  if (stopped !== undefined) return stopped;
  await deps.store.failJourney(journey.id, 'not_permitted', personTrail(c, deps, person.id));
  const { clientId = '', resource = '' } = journey.request ?? {};
  const client = await deps.store.findClient(clientId);
  if (client !== undefined && isUsable(client) && (await mayComeIn(deps, person))) return takenBack(c, deps);
  return refusePage(c, deps, undefined, {
    code: 'user_not_allowed',
    reason: 'the person is disabled or the client is gone',
    facts: { accountName: person.name, resourceName: deps.config.resources.get(resource)?.name },
  });
}

/** The same for a sign-in, to the account page or to the console. */
export async function notSignedIn(c: Context<AppEnv>, deps: AppDeps, person: User): Promise<Response> {
  if (await mayComeIn(deps, person)) return takenBack(c, deps);
  return refusePage(c, deps, undefined, {
    code: 'user_not_allowed',
    reason: 'the person is disabled',
    facts: { accountName: person.name },
  });
}

const mayComeIn = async ({ store }: AppDeps, { id }: User): Promise<boolean> => {
  const known = await store.findUser(id);
  return known !== undefined && known.disabledAt === undefined;
};

/** Nothing stands against person or client: what was allowed was taken back, or ran out, on the way. */
const takenBack = (c: Context<AppEnv>, deps: AppDeps): Response =>
  refusePage(c, deps, undefined, { code: 'request_expired', reason: 'what it rests on ended meanwhile' });

/** The end of a journey that an administrator stops; undefined when none does. */
export async function stoppedAt(
  c: Context<AppEnv>,
  deps: AppDeps,
  visitor: Visitor,
  journey: Journey,
  person: User,
): Promise<Response | undefined> {
  const { request, clientSnapshot: shown } = journey;
  const client = request && (await deps.store.findClient(request.clientId));
  const { redirectUri } = request ?? {};
  if (client === undefined || redirectUri === undefined) return undefined;
  const stop = await stopsNow(deps, client, { redirectUri, shown }, person.id);
  if (stop === undefined) return undefined;
  const outcome = stop.decision === 'wait' ? 'quarantined' : 'refused_by_rule';
  await deps.store.failJourney(journey.id, outcome, personTrail(c, deps, person.id));
  return showStop(c, deps, visitor, journey, stop);
}
