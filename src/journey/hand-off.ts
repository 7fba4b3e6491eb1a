/**
 * `GET /consent/{id}/go`: the same-origin page that carries a decided journey onwards (requirements E6; rulings 2, 3, 26).
 *
 * A 200 with `Refresh` and a link, so that `form-action 'self'` stands. After an allow it sets this journey's cookie
 * and goes upstream, unless the app has been blocked or has to wait since; after a deny it tells the client. The journey
 * cookie is never set earlier (B-10).
 */
import type { Context } from 'hono';
import { HandOffPage } from '../../views/hand-off-page.tsx';
import type { HandOffModel } from '../../views/models.ts';
import { identityOf } from '../browser/client-identity.ts';
import { refusePage } from '../browser/error-page.ts';
import { frameOf, textFor } from '../browser/frame.ts';
import { answerPage, ownPath } from '../browser/responder.ts';
import { personTrail, readVisitor, type Visitor } from '../browser/visitor.ts';
import { heldMetadata } from '../domain/client.ts';
import { clientAnswer } from '../domain/client-answer.ts';
import { trustRedirect } from '../domain/redirect-uri.ts';
import { upstreamScopes } from '../domain/scope.ts';
import type { AuthorizationRequest, ClientAnswer, ClientMetadata, ConsentedJourney, Journey } from '../domain/types.ts';
import type { AppDeps, AppEnv } from '../ports.ts';
import type { ConnectorFailure } from '../upstream/connector.ts';
import { alreadyAnswered } from './answered.ts';
import { findOwnJourney, REPEAT_WINDOW, whyNotOn } from './consent.ts';
import { openJourneySecrets } from './journey-secrets.ts';

export const handOffPage =
  (deps: AppDeps) =>
  async (c: Context<AppEnv>): Promise<Response> => {
    const visitor = await readVisitor(c, deps);
    const journey = await findOwnJourney(c, deps, visitor);
    if (journey instanceof Response) return journey;
    if (journey.decision === undefined)
      return refusePage(c, deps, visitor.session, {
        code: 'request_invalid',
        reason: 'not decided yet',
        links: { tryAgain: ownPath(deps, `/consent/${journey.id}`) },
      });
    const now = deps.now();
    const spent = journey.handedOffAt !== undefined && now - journey.handedOffAt > REPEAT_WINDOW;
    if (spent || journey.expiresAt <= now || journey.returnedAt !== undefined)
      return alreadyAnswered(c, deps, visitor, journey, 200);
    return journey.decision === 'deny'
      ? tellClient(c, deps, visitor, journey)
      : goUpstream(c, deps, visitor, journey as ConsentedJourney);
  };

/** Sends a consented journey's browser to the upstream, with the cookie that alone can finish it. */
async function goUpstream(
  c: Context<AppEnv>,
  deps: AppDeps,
  visitor: Visitor,
  journey: ConsentedJourney,
): Promise<Response> {
  const stopped = await whyNotOn(c, deps, visitor, journey);
  if (stopped !== undefined) return stopped;
  const connector = deps.connectors.get(journey.upstream);
  const secrets = openJourneySecrets(journey, deps.keys);
  if (connector === undefined || secrets === undefined) {
    return refusePage(c, deps, visitor.session, {
      code: 'request_expired',
      reason: 'its upstream or its keys are gone',
    });
  }
  const begun = await connector.begin(journey, secrets, scopesUpstream(journey, deps));
  if (!begun.ok)
    return upstreamFailed(
      c,
      deps,
      visitor,
      connector.displayName,
      begun.failure,
      ownPath(deps, `/consent/${journey.id}/go`),
    );

  await deps.store.markHandedOff(journey.id, personTrail(c, deps, journey.expectedUserId));
  visitor.binding.writeJourney(c, journey.id, secrets.cookie, Math.max(1, journey.expiresAt - deps.now()));
  deps.metrics.journey('handed_off');
  const model: HandOffModel = {
    frame: frameOf(c, deps, visitor.session),
    kind: 'to_upstream',
    url: begun.value.href,
    upstreamName: connector.displayName,
  };
  return answerPage(c, deps, HandOffPage(model, textFor(c, deps)), { continueTo: begun.value });
}

/** The third party's scopes for what this journey grants; none of our own for a sign-in. */
export function scopesUpstream(journey: Journey, deps: AppDeps): readonly string[] {
  const resource = journey.request === undefined ? undefined : deps.config.resources.get(journey.request.resource);
  return resource === undefined ? [] : upstreamScopes(journey.grantedScopes, resource);
}

/** The upstream cannot be reached or understood: the choice is kept, and the person may try again. */
export function upstreamFailed(
  c: Context<AppEnv>,
  deps: AppDeps,
  visitor: Visitor,
  upstreamName: string,
  failure: ConnectorFailure,
  tryAgain: string | undefined,
): Response {
  c.get('event').note({ reason: `${failure.kind}: ${failure.detail}` });
  deps.metrics.journey('failed', failure.kind);
  return refusePage(c, deps, visitor.session, {
    code: 'upstream_unavailable',
    reason: `${failure.kind}: ${failure.detail}`,
    facts: { upstreamName },
    links: tryAgain === undefined ? {} : { tryAgain },
  });
}

async function tellClient(c: Context<AppEnv>, deps: AppDeps, visitor: Visitor, journey: Journey): Promise<Response> {
  const { request, clientSnapshot: metadata } = journey;
  const client = request === undefined ? undefined : await deps.store.findClient(request.clientId);
  const redirect =
    request === undefined || client === undefined
      ? undefined
      : trustRedirect(request.redirectUri, heldMetadata(client, metadata), deps.config.issuer);
  if (request === undefined || metadata === undefined || redirect === undefined) {
    return refusePage(c, deps, visitor.session, {
      code: 'redirect_mismatch',
      reason: 'the registration changed meanwhile',
    });
  }
  const answer = clientAnswer(
    redirect,
    { error: 'access_denied', description: 'the person did not allow this' },
    request.clientState,
    deps.config.issuer,
  );
  await deps.store.markHandedOff(journey.id, personTrail(c, deps, journey.expectedUserId));
  const model = clientHandOff(c, deps, visitor, request, metadata, answer, 'denied');
  const page = HandOffPage(model, textFor(c, deps));
  return answerPage(c, deps, page, model.kind === 'denied_after_alarm' ? {} : { continueTo: answer });
}

/** The page that ends at the client; after an alarm it goes nowhere by itself. */
export function clientHandOff(
  c: Context<AppEnv>,
  deps: AppDeps,
  visitor: Visitor,
  request: AuthorizationRequest,
  metadata: ClientMetadata,
  answer: ClientAnswer,
  outcome: 'allowed' | 'denied',
): HandOffModel {
  const identity = identityOf(deps, { id: request.clientId, metadata }, request.redirectUri);
  c.get('event').note({ outcome });
  return {
    frame: frameOf(c, deps, visitor.session),
    kind: outcome === 'denied' && identity.tier === 'alarm' ? 'denied_after_alarm' : outcome,
    url: answer,
    destination: identity.destination,
    name: identity.name,
    tier: identity.tier,
    catalogName: identity.catalogName,
  };
}
