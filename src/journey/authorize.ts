/**
 * `GET|POST /authorize`: checks who asks for what, decides whether to ask the person, and opens the journey.
 *
 * The first answer to a browser is our own page or a refusal, never the upstream (requirements B-02, B-03). Nothing
 * is written before every check has passed, and nothing for HEAD or a prefetch.
 */
import type { Context } from 'hono';
import { refusePage } from '../browser/error-page.ts';
import { wishLanguages } from '../browser/language.ts';
import { seeOwnPage } from '../browser/responder.ts';
import { spendOpening, tooMany } from '../browser/source-limit.ts';
import { bindBrowser, personTrail, readVisitor, sessionAt, type Visitor } from '../browser/visitor.ts';
import {
  type Addressee,
  type CheckedRequest,
  flawOf,
  judgeAddressee,
  judgeRequest,
  type RawParameters,
  requestedClientId,
} from '../domain/authorization-request.ts';
import { judgeVisit } from '../policy/visit.ts';
import type { AppDeps, AppEnv } from '../ports.ts';
import { one, readForm, readQuery } from '../security/parameters.ts';
import { newId } from '../security/secrets.ts';
import type { NewJourney } from '../store/store.ts';
import { refuseBlocked, refuseRuled } from './blocked.ts';
import { showConsent } from './consent.ts';
import { consentRecord } from './journey-secrets.ts';
import { mergeKeyOf, openJourney } from './open.ts';
import { spendPage } from './prompt-budget.ts';
import { refuseAddressee, refuseRequest } from './refuse.ts';
import { usedBefore } from './scene.ts';
import { showWaiting } from './waiting.ts';

export const authorizeEndpoint =
  (deps: AppDeps) =>
  async (c: Context<AppEnv>): Promise<Response> => {
    const visitor = await readVisitor(c, deps);
    const { session } = visitor;
    const often = spendOpening(c, deps, session);
    if (often !== undefined) return often;
    const reading = c.req.method === 'POST' ? await readForm(c) : readQuery(c);
    if (!reading.ok)
      return refusePage(c, deps, session, {
        code: 'request_invalid',
        reason: reading.detail,
        status: reading.status,
        technical: { oauthError: 'invalid_request', description: reading.detail },
      });

    wishLanguages(c, one(reading.parameters, 'ui_locales'));
    if (arrivedWithoutCookies(c, visitor)) return seeOwnPage(c, deps, `/authorize?${queryOf(reading.parameters)}`);

    const clientId = requestedClientId(reading.parameters);
    if (!clientId.ok) return refuseAddressee(c, deps, session, clientId.failure);
    const resources = [...deps.config.resources.values()];
    const { source, reference } = c.get('event');
    const flaw = flawOf(reading.parameters, resources);
    const resolution = await deps.clients.resolve(clientId.value, { source, reference, flaw });
    if (resolution.found === 'busy') return tooMany(c, deps, session, 'metadata documents', resolution.retryAfter);
    if (resolution.found === 'nobody')
      return refuseAddressee(c, deps, session, { kind: 'client_unknown', detail: resolution.detail });
    const addressee = judgeAddressee(reading.parameters, resolution.client, deps.config.issuer);
    if (!addressee.ok) return refuseAddressee(c, deps, session, addressee.failure);
    c.get('event').note({ client_id: addressee.value.client.id });
    const checked = judgeRequest(reading.parameters, addressee.value, resources);
    if (!checked.ok) return refuseRequest(c, deps, session, addressee.value, checked.failure);
    c.get('event').note({ resource: checked.value.resource.key });

    return askOrSkip(c, deps, visitor, addressee.value, checked.value);
  };

/**
 * A form of another site: SameSite=Lax cookies stayed behind, so this browser looks like a new one, and giving it a
 * cookie would cut it off from what it has under way. A navigation of its own brings the cookies along.
 */
const arrivedWithoutCookies = (c: Context<AppEnv>, visitor: Visitor): boolean =>
  c.req.method === 'POST' && c.req.header('sec-fetch-site') === 'cross-site' && visitor.browserHash === undefined;

const queryOf = (parameters: RawParameters): URLSearchParams =>
  new URLSearchParams(
    [...parameters].flatMap(([name, values]) => values.map((value): [string, string] => [name, value])),
  );

async function askOrSkip(
  c: Context<AppEnv>,
  deps: AppDeps,
  visitor: Visitor,
  addressee: Addressee,
  checked: CheckedRequest,
): Promise<Response> {
  const { client } = addressee;
  const { request, resource } = checked;
  const session = sessionAt(visitor, resource.upstream);
  const person = session && { id: session.user.id, signedInAt: session.createdAt };
  const visit = await judgeVisit(deps, addressee, checked, person, c.req.header('sec-fetch-site'));
  if (visit.decision === 'refuse') return refuseRuled(c, deps, visitor, visit.by);
  if (visit.decision === 'own_block') return refuseBlocked(c, deps, visitor);
  if (visit.decision === 'wait') {
    const spent = spendPage(c, deps, visitor, resource.upstream, client.id);
    if (spent !== undefined) return spent;
    const asked = newJourney(c, deps, visitor, addressee, checked, 'ask', ['first_time']);
    const opened = await openJourney(c, deps, { ...asked, mergeKey: mergeKeyOf(asked) }, session?.user.id);
    return showWaiting(c, deps, visitor, opened);
  }
  const { verdict, approval } = visit;
  if (verdict.screen === 'refuse')
    return refuseRequest(c, deps, visitor.session, addressee, {
      error: verdict.error,
      description: 'this needs the person at the page',
    });

  const spent = verdict.screen === 'skip' ? undefined : spendPage(c, deps, visitor, resource.upstream, client.id);
  if (spent !== undefined) return spent;
  const wanted = newJourney(c, deps, visitor, addressee, checked, verdict.screen, verdict.reasons);
  const mergeKey = verdict.screen === 'skip' ? undefined : mergeKeyOf(wanted);
  const journey = await openJourney(c, deps, { ...wanted, mergeKey }, session?.user.id);
  c.get('event').note({ journey: journey.id, outcome: verdict.screen });

  if (verdict.screen === 'skip' && approval !== undefined) {
    const trail = personTrail(c, deps, session?.user.id);
    await deps.store.recordConsent(consentRecord(journey.id, request.scopes, deps.keys), trail);
    deps.metrics.journey('skipped');
    return seeOwnPage(c, deps, `/consent/${journey.id}/go`);
  }
  deps.metrics.journey('asked', verdict.screen);
  const known = await usedBefore(deps, { id: client.id, metadata: client.metadata }, request);
  const scene = {
    journey,
    request,
    metadata: client.metadata,
    client,
    resource,
    person: session?.user,
    approval,
    ...known,
  };
  return showConsent(c, deps, visitor, scene, journey.browserHash);
}

function newJourney(
  c: Context<AppEnv>,
  deps: AppDeps,
  visitor: Visitor,
  addressee: Addressee,
  checked: CheckedRequest,
  screen: NewJourney['screen'],
  reasons: NewJourney['reasons'],
): NewJourney {
  const now = deps.now();
  return {
    id: newId('jny'),
    kind: 'authorization',
    reference: c.get('event').reference,
    browserHash: bindBrowser(c, visitor),
    upstream: checked.resource.upstream,
    request: checked.request,
    uiLocales: c.get('uiLocales')?.slice(0, 200),
    clientSnapshot: addressee.client.metadata,
    screen,
    reasons,
    expectedUserId: sessionAt(visitor, checked.resource.upstream)?.user.id,
    createdAt: now,
    expiresAt: now + deps.config.journeyLifetime,
  };
}
