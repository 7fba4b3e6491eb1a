/**
 * A sign-in journey begins: the person's own wish is its consent, and the hand-off page leads upstream.
 */
import type { Context } from 'hono';
import { seeOwnPage } from '../browser/responder.ts';
import { personTrail } from '../browser/visitor.ts';
import type { AppDeps, AppEnv } from '../ports.ts';
import type { NewJourney } from '../store/store.ts';
import { consentRecord } from './journey-secrets.ts';

export const startSignIn =
  (deps: AppDeps) =>
  async (c: Context<AppEnv>, journey: NewJourney): Promise<Response> => {
    await deps.store.recordConsent(consentRecord(journey.id, [], deps.keys), personTrail(c, deps, undefined));
    return seeOwnPage(c, deps, `/consent/${journey.id}/go`);
  };
