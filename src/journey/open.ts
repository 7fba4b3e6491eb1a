/**
 * Opening a journey: the same request once per browser, under the caps, with a warning on record where the page warns.
 *
 * Must never open for a prefetch or HEAD; the routes' rules see to that.
 */
import type { Context } from 'hono';
import { identityOf } from '../browser/client-identity.ts';
import { personTrail } from '../browser/visitor.ts';
import type { Journey } from '../domain/types.ts';
import type { AppDeps, AppEnv } from '../ports.ts';
import { hashSecret } from '../security/secrets.ts';
import type { NewJourney } from '../store/store.ts';

/** The journey that is open now: this one, or the undecided one this browser has for the very same page already. */
export async function openJourney(
  c: Context<AppEnv>,
  deps: AppDeps,
  journey: NewJourney,
  userId: string | undefined,
): Promise<Journey> {
  const { request, clientSnapshot: metadata } = journey;
  const identity =
    request === undefined || metadata === undefined
      ? undefined
      : identityOf(deps, { id: request.clientId, metadata }, request.redirectUri);
  return deps.store.openJourney(journey, personTrail(c, deps, userId), {
    caps: deps.config.limits.pendingJourneys,
    warned: identity?.tier === 'alarm' ? identity.alarms.map((alarm) => alarm.kind) : [],
  });
}

/** Equal for openings whose pages would say the same to the same person. */
export const mergeKeyOf = (journey: NewJourney) =>
  hashSecret(
    JSON.stringify([
      journey.request,
      journey.clientSnapshot,
      journey.screen,
      journey.reasons,
      journey.expectedUserId ?? null,
      journey.uiLocales ?? null,
    ]),
  );
