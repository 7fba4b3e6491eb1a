/**
 * A new journey with an old one's request: for another try, or for the account that came back instead.
 *
 * Asks again from the beginning: nothing of the old journey's consent, state or tokens is carried over (ruling 9).
 */
import type { Context } from 'hono';
import { ownPath } from '../browser/responder.ts';
import { bindBrowser, type Visitor } from '../browser/visitor.ts';
import type { ConsentReason, Journey } from '../domain/types.ts';
import type { AppDeps, AppEnv } from '../ports.ts';
import { newId } from '../security/secrets.ts';
import { openJourney } from './open.ts';

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

/** The same as an address for a page's link. */
export const reopen = async (...asked: Parameters<typeof reopenBelow>): Promise<string> =>
  ownPath(asked[1], await reopenBelow(...asked));
