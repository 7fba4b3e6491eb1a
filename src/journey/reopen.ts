/**
 * A new journey with an old one's request: for another try, or for the account that came back instead.
 *
 * Asks again from the beginning: nothing of the old journey's consent, state or tokens is carried over (ruling 9). It
 * costs the source and the client what any page costs them, so that going round in a circle is no cheaper than asking.
 */
import type { Context } from 'hono';
import { ownPath } from '../browser/responder.ts';
import { spendOpening } from '../browser/source-limit.ts';
import { bindBrowser, type Visitor } from '../browser/visitor.ts';
import type { ConsentReason, Journey } from '../domain/types.ts';
import type { AppDeps, AppEnv } from '../ports.ts';
import { newId } from '../security/secrets.ts';
import { openJourney } from './open.ts';
import { spendPage, takePage } from './prompt-budget.ts';

/** Spends what a new journey with this one's request costs; the page that says so when it is too much. */
export const spendReopening = (
  c: Context<AppEnv>,
  deps: AppDeps,
  visitor: Visitor,
  { request, upstream }: Journey,
): Response | undefined =>
  request === undefined
    ? undefined
    : (spendOpening(c, deps, visitor.session) ?? spendPage(c, deps, visitor, upstream, request.clientId));

/** Opens the new journey and returns the path of its page; for a sign-in, where it starts. Below the issuer's own path. */
export async function reopenBelow(
  c: Context<AppEnv>,
  deps: AppDeps,
  visitor: Visitor,
  journey: Journey,
  reason: ConsentReason,
  expectedUserId: string | undefined,
): Promise<string> {
  const upstream = encodeURIComponent(journey.upstream);
  if (journey.kind === 'sign_in') return `/account/sign-in/${upstream}`;
  if (journey.kind === 'admin_sign_in') return `/admin/sign-in/${upstream}`;
  const now = deps.now();
  const id = newId('jny');
  await openJourney(
    c,
    deps,
    {
      id,
      kind: journey.kind,
      reference: c.get('event').reference,
      browserHash: bindBrowser(c, visitor),
      upstream: journey.upstream,
      request: journey.request,
      uiLocales: journey.uiLocales,
      clientSnapshot: journey.clientSnapshot,
      screen: 'ask',
      reasons: [reason],
      expectedUserId,
      createdAt: now,
      expiresAt: now + deps.config.journeyLifetime,
    },
    expectedUserId,
  );
  return `/consent/${id}`;
}

/**
 * The same as an address for a page's link, paid for; undefined, and nothing is opened, when it is too much: the page
 * then tells what happened without that link.
 */
export async function reopen(...asked: Parameters<typeof reopenBelow>): Promise<string | undefined> {
  const [c, deps, visitor, { request, upstream }] = asked;
  const paid =
    request === undefined ||
    (deps.limits.take('authorizations', c.get('event').source).ok &&
      takePage(deps, visitor, upstream, request.clientId).ok);
  return paid ? ownPath(deps, await reopenBelow(...asked)) : undefined;
}
