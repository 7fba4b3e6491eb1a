/**
 * `GET /admin/sign-in/{upstream}` and its return: an administrator signs in to the console, by an upstream hop of its own.
 *
 * A journey of its own kind: it begins no session of the person and is finished by no other's return, and whoever has a
 * person's session is not an administrator for it. Who comes back has to be on the configured list, now. Must never exist
 * where the console has a listener of its own: the callback belongs to the public one.
 */
import type { Context } from 'hono';
import { refusePage } from '../browser/error-page.ts';
import { seeOwnPage } from '../browser/responder.ts';
import { spendOpening } from '../browser/source-limit.ts';
import { bindBrowser, personTrail, readVisitor, type Visitor } from '../browser/visitor.ts';
import { administratorOf } from '../domain/administrator.ts';
import type { Journey, User } from '../domain/types.ts';
import type { AppDeps, AppEnv } from '../ports.ts';
import { CONSOLE_ABSOLUTE } from '../security/console-session.ts';
import { hashSecret, newId, newSecret } from '../security/secrets.ts';
import { notSignedIn } from './not-completed.ts';
import { startSignIn } from './start-sign-in.ts';

export const adminSignIn =
  (deps: AppDeps) =>
  async (c: Context<AppEnv>): Promise<Response> => {
    const upstream = c.req.param('upstream') ?? '';
    const site = c.req.header('sec-fetch-site') ?? 'none';
    const offered = deps.config.admin.people.some((person) => person.upstream === upstream);
    if (!offered || !deps.connectors.has(upstream) || !['none', 'same-origin'].includes(site))
      return seeOwnPage(c, deps, '/admin');
    const visitor = await readVisitor(c, deps);
    const often = spendOpening(c, deps, visitor.session);
    if (often !== undefined) return often;
    const now = deps.now();
    const journey = {
      id: newId('jny'),
      kind: 'admin_sign_in',
      reference: c.get('event').reference,
      browserHash: bindBrowser(c, visitor),
      upstream,
      request: undefined,
      clientSnapshot: undefined,
      screen: 'skip',
      // Whoever administrates may choose the account for it.
      reasons: ['account_choice'],
      expectedUserId: undefined,
      createdAt: now,
      expiresAt: now + deps.config.journeyLifetime,
    } as const;
    await deps.store.openJourney(journey, personTrail(c, deps, undefined), {
      caps: deps.config.limits.pendingJourneys,
    });
    return startSignIn(deps)(c, journey);
  };

/** The upstream has said who came. */
export async function finishAdminSignIn(
  c: Context<AppEnv>,
  deps: AppDeps,
  visitor: Visitor,
  journey: Journey,
  person: User,
): Promise<Response> {
  const { admin } = deps.config;
  const administrator = admin.listen === undefined ? administratorOf(admin.people, person) : undefined;
  const trail = personTrail(c, deps, person.id);
  if (administrator === undefined) {
    await deps.store.failJourney(journey.id, 'not_an_administrator', trail);
    return refusePage(c, deps, undefined, {
      code: 'user_not_allowed',
      reason: 'not among admin.people',
      facts: { accountName: person.name },
    });
  }
  const cookie = newSecret();
  const before = visitor.binding.read(c, 'console');
  const session = {
    idHash: hashSecret(cookie),
    expiresAt: deps.now() + CONSOLE_ABSOLUTE,
    replaces: before === undefined ? undefined : hashSecret(before),
  };
  const done = await deps.store.completeAdminSignIn(journey.id, person.id, administrator, session, trail);
  if (done === undefined) return notSignedIn(c, deps, person);
  visitor.binding.write(c, 'console', cookie);
  return seeOwnPage(c, deps, '/admin');
}
