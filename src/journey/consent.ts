/**
 * `GET|POST /consent/{id}`: shows a journey's page to the browser it belongs to, and takes the decision once.
 *
 * The decision needs this browser's cookie, the page's ticket and our own origin; the first decision wins, the same
 * one again within a minute gets the same answer (contract rulings 1 to 3 and 23). Must never take anything but the
 * ticket, the decision, optional scopes and the alarm's tick from the form: the rest is stored.
 */
import type { Context } from 'hono';
import { ConsentPage } from '../../views/consent-page.tsx';
import type { ConsentModel } from '../../views/models.ts';
import { refusePage } from '../browser/error-page.ts';
import { frameOf, textFor } from '../browser/frame.ts';
import { languageLinks, wishLanguages } from '../browser/language.ts';
import { answerPage, ownPath, seeOwnPage } from '../browser/responder.ts';
import { personTrail, readVisitor, type Visitor } from '../browser/visitor.ts';
import type { RawParameters } from '../domain/authorization-request.ts';
import { chosenScopes } from '../domain/scope.ts';
import type { Journey, TokenHash } from '../domain/types.ts';
import { ownBlock, stopsNow } from '../policy/visit.ts';
import type { AppDeps, AppEnv } from '../ports.ts';
import { isSameHash } from '../security/browser-binding.ts';
import { one, readForm, repeatedParameter } from '../security/parameters.ts';
import { alreadyAnswered } from './answered.ts';
import { refuseBlocked, showStop } from './blocked.ts';
import { type ConsentScene, consentModel, keptScopes } from './consent-model.ts';
import { consentTicket, isConsentTicket, saidKept, ticketBound } from './consent-ticket.ts';
import { consentRecord } from './journey-secrets.ts';
import { sceneOf } from './scene.ts';

/** The same decision again, and the hand-off again, within this many seconds get the same answer. */
export const REPEAT_WINDOW = 60;
/** Seconds left of a request that count as nearly over; a fifth of its life where that is shorter. */
const NEARLY_OVER = 120;

/** The consent page of a journey, in whatever state its scene is. */
export function showConsent(
  c: Context<AppEnv>,
  deps: AppDeps,
  visitor: Visitor,
  scene: ConsentScene,
  browserHash: TokenHash,
  problem?: ConsentModel['problem'],
): Response {
  const own = ownPath(deps, `/consent/${scene.journey.id}`);
  const frame = {
    ...frameOf(c, deps, visitor.session),
    reportUrl: `${own}/report`,
    languages: languageLinks(c, deps, own),
  };
  const model = consentModel(scene, frame, problem, deps);
  const ticket = consentTicket(visitor.binding, ticketBound(scene.journey.id, browserHash), keptScopes(model));
  return answerPage(c, deps, ConsentPage({ ...model, form: { action: own, ticket } }, textFor(c, deps)), {
    hasForm: true,
    status: problem === undefined ? 200 : 422,
  });
}

export const consentPage =
  (deps: AppDeps) =>
  async (c: Context<AppEnv>): Promise<Response> => {
    const visitor = await readVisitor(c, deps);
    const found = await findOwnJourney(c, deps, visitor);
    if (found instanceof Response) return found;
    if (found.decision !== undefined) return alreadyAnswered(c, deps, visitor, found, 200);
    const scene = await sceneOf(deps, found);
    if (scene === undefined) return expired(c, deps, visitor, 'the client or resource is gone');
    const stopped = await whyNot(c, deps, visitor, found, scene);
    if (stopped !== undefined) return stopped;
    return showConsent(c, deps, visitor, { ...scene, journey: await inTime(deps, found) }, found.browserHash);
  };

export const consentDecision =
  (deps: AppDeps) =>
  async (c: Context<AppEnv>): Promise<Response> => {
    const visitor = await readVisitor(c, deps);
    const reading = await readForm(c);
    if (!reading.ok)
      return refusePage(c, deps, visitor.session, { code: 'request_invalid', reason: reading.detail, status: 403 });
    const form = reading.parameters;
    const repeated = repeatedParameter(form, ['scope']);
    if (!visitor.binding.isOwnPost(c) || repeated !== undefined)
      return staleForm(c, deps, visitor, repeated === undefined ? 'posted from elsewhere' : `${repeated} came twice`);
    const journey = await findOwnJourney(c, deps, visitor, one(form, 'ticket'));
    if (journey instanceof Response) return journey;
    if (!isConsentTicket(visitor.binding, ticketBound(journey.id, journey.browserHash), one(form, 'ticket')))
      return staleForm(c, deps, visitor, 'wrong ticket');
    const decision = one(form, 'decision');
    if (decision !== 'allow' && decision !== 'deny')
      return refusePage(c, deps, visitor.session, {
        code: 'request_invalid',
        reason: 'decision is neither allow nor deny',
      });

    if (journey.decision !== undefined) return repeatDecision(c, deps, visitor, journey, decision);
    const scene = await sceneOf(deps, journey);
    if (scene === undefined) return expired(c, deps, visitor, 'the client or resource is gone');
    return decision === 'deny' ? deny(c, deps, visitor, journey) : allow(c, deps, visitor, journey, scene, form);
  };

async function allow(
  c: Context<AppEnv>,
  deps: AppDeps,
  visitor: Visitor,
  journey: Journey,
  scene: ConsentScene,
  form: RawParameters,
): Promise<Response> {
  const stopped = await whyNot(c, deps, visitor, journey, scene);
  if (stopped !== undefined) return stopped;
  const model = consentModel(scene, frameOf(c, deps, visitor.session), undefined, deps);
  const { identity, alarmBlocks } = model;
  if (identity.tier === 'alarm' && alarmBlocks) return staleForm(c, deps, visitor, 'look-alikes are blocked here');
  if (identity.tier === 'alarm' && one(form, 'understood') === undefined)
    return showConsent(c, deps, visitor, scene, journey.browserHash, 'understood_missing');
  const kept = keptScopes(model);
  if (!saidKept(visitor.binding, ticketBound(journey.id, journey.browserHash), kept, one(form, 'ticket')))
    return staleForm(c, deps, visitor, 'what is allowed already has changed');
  const scopes = chosenScopes(scene.request.scopes, [...(form.get('scope') ?? []), ...kept], scene.resource);
  if (scopes.length === 0) return deny(c, deps, visitor, journey);

  const consented = await deps.store.recordConsent(
    { ...consentRecord(journey.id, scopes, deps.keys), understood: identity.tier === 'alarm' },
    personTrail(c, deps, journey.expectedUserId),
  );
  if (consented === undefined) return lostDecision(c, deps, visitor, journey.id, 'allow');
  c.get('event').note({ outcome: 'allowed' });
  deps.metrics.journey('allowed');
  return seeOwnPage(c, deps, `/consent/${journey.id}/go`);
}

async function deny(c: Context<AppEnv>, deps: AppDeps, visitor: Visitor, journey: Journey): Promise<Response> {
  const refused = await deps.store.refuseConsent(journey.id, personTrail(c, deps, journey.expectedUserId));
  if (refused === undefined) return lostDecision(c, deps, visitor, journey.id, 'deny');
  c.get('event').note({ outcome: 'denied' });
  deps.metrics.journey('denied');
  return seeOwnPage(c, deps, `/consent/${journey.id}/go`);
}

/** Another submit was first, or the request ran out in between. */
async function lostDecision(
  c: Context<AppEnv>,
  deps: AppDeps,
  visitor: Visitor,
  journeyId: string,
  decision: 'allow' | 'deny',
): Promise<Response> {
  const now = await deps.store.findJourney(journeyId);
  if (now?.decision === undefined) return expired(c, deps, visitor, 'ran out before the decision');
  return repeatDecision(c, deps, visitor, now, decision);
}

function repeatDecision(
  c: Context<AppEnv>,
  deps: AppDeps,
  visitor: Visitor,
  journey: Journey,
  decision: 'allow' | 'deny',
): Response {
  const same = journey.decision === decision && deps.now() - (journey.decidedAt ?? 0) <= REPEAT_WINDOW;
  return same ? seeOwnPage(c, deps, `/consent/${journey.id}/go`) : alreadyAnswered(c, deps, visitor, journey, 409);
}

/**
 * The journey named in the path, if it is this browser's and not expired; otherwise the page that says why not.
 * A right ticket without the cookie means a browser that lost it, and gets its own words.
 */
export async function findOwnJourney(
  c: Context<AppEnv>,
  deps: AppDeps,
  visitor: Visitor,
  ticket?: string,
): Promise<Journey | Response> {
  const journey = await deps.store.findJourney(c.req.param('id') ?? '');
  if (journey === undefined) return expired(c, deps, visitor, 'no such journey');
  wishLanguages(c, journey.uiLocales);
  c.get('event').note({
    journey: journey.id,
    ...(journey.request === undefined
      ? {}
      : { client_id: journey.request.clientId, resource: journey.request.resource }),
  });
  if (!isSameHash(visitor.browserHash, journey.browserHash)) {
    const lost =
      visitor.browserHash === undefined &&
      isConsentTicket(visitor.binding, ticketBound(journey.id, journey.browserHash), ticket);
    return lost
      ? refusePage(c, deps, visitor.session, {
          code: 'cookie_missing',
          reason: 'the browser kept no cookie',
          facts: { cookieHost: new URL(deps.config.issuer).host },
          links: startAgain(deps, journey),
        })
      : refusePage(c, deps, visitor.session, { code: 'browser_mismatch', reason: 'another browser began this' });
  }
  if (journey.decision === undefined && journey.expiresAt <= deps.now()) return expired(c, deps, visitor, 'ran out');
  return journey;
}

/** The same request once more, for a browser that lost its cookie and has proved by its ticket that it had the page. */
function startAgain(deps: AppDeps, { request }: Journey): { readonly tryAgain?: string } {
  const resource = request === undefined ? undefined : deps.config.resources.get(request.resource);
  if (request === undefined || resource === undefined) return {};
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: request.clientId,
    redirect_uri: request.redirectUri,
    scope: request.scopes.join(' '),
    resource: resource.url,
    code_challenge: request.codeChallenge,
    code_challenge_method: 'S256',
    ...(request.clientState === undefined ? {} : { state: request.clientState }),
  });
  return { tryAgain: ownPath(deps, `/authorize?${query}`) };
}

/** A page that is shown with little time left gets its whole time again, once. */
async function inTime(deps: AppDeps, journey: Journey): Promise<Journey> {
  const { journeyLifetime } = deps.config;
  const now = deps.now();
  const endingBefore = now + Math.min(NEARLY_OVER, Math.floor(journeyLifetime / 5));
  if (journey.expiresAt >= endingBefore) return journey;
  return (await deps.store.extendJourney(journey.id, endingBefore, now + journeyLifetime, now)) ?? journey;
}

/** Why a journey that was allowed must not go on: what it rested on is gone, or what whyNot says. */
export async function whyNotOn(c: Context<AppEnv>, deps: AppDeps, visitor: Visitor, journey: Journey) {
  if (journey.request === undefined) return undefined;
  const scene = await sceneOf(deps, journey);
  return scene === undefined
    ? expired(c, deps, visitor, 'the client or resource is gone')
    : whyNot(c, deps, visitor, journey, scene);
}

/** What must not be allowed now: by the person's own block, by a rule, or until an administrator has accepted the app. */
async function whyNot(
  c: Context<AppEnv>,
  deps: AppDeps,
  visitor: Visitor,
  journey: Journey,
  { person, request, metadata, client }: ConsentScene,
): Promise<Response | undefined> {
  const userId = person?.id ?? visitor.session?.user.id;
  const view = { id: request.clientId, metadata };
  if (userId !== undefined && (await ownBlock(deps, userId, view, request))) return refuseBlocked(c, deps, visitor);
  if (client === undefined) return expired(c, deps, visitor, 'the client is gone');
  const stop = await stopsNow(
    deps,
    client,
    { redirectUri: request.redirectUri, shown: metadata },
    journey.expectedUserId,
  );
  return stop && showStop(c, deps, visitor, journey, stop);
}

const expired = (c: Context<AppEnv>, deps: AppDeps, visitor: Visitor, reason: string): Response =>
  refusePage(c, deps, visitor.session, {
    code: 'request_expired',
    reason,
    facts: { openMinutes: Math.round(deps.config.journeyLifetime / 60) },
  });

/** A form that cannot be taken, and the way to the page it should have come from. */
export function staleForm(c: Context<AppEnv>, deps: AppDeps, visitor: Visitor, reason: string): Response {
  const tryAgain = ownPath(deps, `/consent/${encodeURIComponent(c.req.param('id') ?? '')}`);
  return refusePage(c, deps, visitor.session, { code: 'form_stale', reason, links: { tryAgain } });
}
