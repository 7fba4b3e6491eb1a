/**
 * `GET /account/sign-in/{upstream}`: the person asks to be signed in to our own account page.
 *
 * A journey without a client: no approval, no code, no token comes of it. Only our own pages and a typed address
 * start one; from elsewhere the choice is shown first. A source starts no more of them than it may ask for anything.
 */
import type { Context } from 'hono';
import { seeOwnPage } from '../browser/responder.ts';
import { spendOpening } from '../browser/source-limit.ts';
import { bindBrowser, personTrail, readVisitor } from '../browser/visitor.ts';
import type { AppDeps, AppEnv } from '../ports.ts';
import { newId } from '../security/secrets.ts';
import type { NewJourney } from '../store/store.ts';

export type StartSignIn = (c: Context<AppEnv>, journey: NewJourney) => Promise<Response>;

/** `start` records the person's wish as the journey's consent and leads upstream. */
export const signIn =
  (deps: AppDeps, start: StartSignIn) =>
  async (c: Context<AppEnv>): Promise<Response> => {
    const visitor = await readVisitor(c, deps);
    const upstream = c.req.param('upstream') ?? '';
    const site = c.req.header('sec-fetch-site') ?? 'none';
    if (!deps.connectors.has(upstream) || !['none', 'same-origin'].includes(site))
      return seeOwnPage(c, deps, '/account');
    const often = spendOpening(c, deps, visitor.session);
    if (often !== undefined) return often;
    const now = deps.now();
    const journey: NewJourney = {
      id: newId('jny'),
      kind: 'sign_in',
      reference: c.get('event').reference,
      browserHash: bindBrowser(c, visitor),
      upstream,
      request: undefined,
      clientSnapshot: undefined,
      screen: 'skip',
      reasons: [],
      expectedUserId: undefined,
      createdAt: now,
      expiresAt: now + deps.config.journeyLifetime,
    };
    await deps.store.openJourney(journey, personTrail(c, deps, undefined), {
      caps: deps.config.limits.pendingJourneys,
    });
    return start(c, journey);
  };
