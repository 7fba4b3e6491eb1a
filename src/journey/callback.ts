/**
 * `GET /callback/{upstream}`: the upstream sent the browser back; who came decides whose approval this becomes.
 *
 * The state is claimed first, once, and only this journey's cookie makes the claim count (requirements B-11 to B-13,
 * C-01, C-02; RFC 9700 4.4, 4.7). The returning subject must be the person the page named. The redirect is matched
 * again before a code exists. Must never answer a client before all of that has held.
 */
import type { Context } from 'hono';
import { HandOffPage } from '../../views/hand-off-page.tsx';
import { appKeyOf, identityOf } from '../browser/client-identity.ts';
import { refusePage } from '../browser/error-page.ts';
import { textFor } from '../browser/frame.ts';
import { wishLanguages } from '../browser/language.ts';
import { answerPage, seeClient, seeOwnPage } from '../browser/responder.ts';
import { personTrail, readVisitor, sessionAt, type Visitor } from '../browser/visitor.ts';
import type { RawParameters } from '../domain/authorization-request.ts';
import { faceOf, heldMetadata, isUsable } from '../domain/client.ts';
import { clientAnswer } from '../domain/client-answer.ts';
import { redirectKind, rememberedRedirect, trustRedirect } from '../domain/redirect-uri.ts';
import { grantableScopes } from '../domain/scope.ts';
import { sealedRow } from '../domain/sealed.ts';
import type { Journey, User } from '../domain/types.ts';
import { ownBlock } from '../policy/visit.ts';
import type { AppDeps, AppEnv } from '../ports.ts';
import { one, readQuery, repeatedParameter } from '../security/parameters.ts';
import { hashSecret, newId, newSecret } from '../security/secrets.ts';
import type { NewSession } from '../store/store.ts';
import type { UpstreamArrival } from '../upstream/connector.ts';
import { finishAdminSignIn } from './admin-sign-in.ts';
import { refuseBlocked } from './blocked.ts';
import { clientHandOff, scopesUpstream, upstreamFailed } from './hand-off.ts';
import { openJourneySecrets } from './journey-secrets.ts';
import { notCompleted, notSignedIn, stoppedAt } from './not-completed.ts';
import { otherAccount } from './other-account.ts';
import { reopen } from './reopen.ts';
import { upstreamRefused } from './upstream-refused.ts';

export const callbackEndpoint =
  (deps: AppDeps) =>
  async (c: Context<AppEnv>): Promise<Response> => {
    const visitor = await readVisitor(c, deps);
    const reading = readQuery(c);
    const invalid = (reason: string) =>
      refusePage(c, deps, visitor.session, { code: 'request_invalid', reason, status: 400 });
    if (!reading.ok) return invalid(reading.detail);
    const repeated = repeatedParameter(reading.parameters);
    if (repeated !== undefined) return invalid('a parameter came more than once');
    const state = one(reading.parameters, 'state');
    if (state === undefined) return invalid('no state');

    const journey = await claim(c, deps, visitor, state);
    if (journey instanceof Response) return journey;
    const upstream = c.req.param('upstream');
    if (journey.upstream !== upstream) {
      await deps.store.failJourney(journey.id, 'wrong_callback', personTrail(c, deps, undefined));
      return invalid('this state belongs to another upstream');
    }
    return arrive(c, deps, visitor, journey, reading.parameters);
  };

/** Claims the state; only the journey in this browser's cookie comes through. */
async function claim(c: Context<AppEnv>, deps: AppDeps, visitor: Visitor, state: string): Promise<Journey | Response> {
  const stateHash = hashSecret(state);
  const known = await deps.store.findJourneyByState(stateHash);
  if (known === undefined)
    return refusePage(c, deps, visitor.session, { code: 'request_expired', reason: 'unknown state', status: 400 });
  wishLanguages(c, known.uiLocales);
  c.get('event').note({ journey: known.id, upstream: known.upstream });
  const cookie = visitor.binding.readJourney(c, known.id);
  const claimed = await deps.store.claimUpstreamState(
    stateHash,
    cookie === undefined ? undefined : hashSecret(cookie),
    personTrail(c, deps, known.expectedUserId),
  );
  if (claimed === undefined) {
    const answered = known.returnedAt !== undefined;
    return refusePage(c, deps, visitor.session, {
      code: answered ? 'request_decided' : 'request_expired',
      reason: answered ? 'state used before' : 'state ran out',
      status: 400,
    });
  }
  if (!claimed.bound)
    return refusePage(c, deps, visitor.session, {
      code: 'browser_mismatch',
      reason: 'the callback came to another browser',
    });
  visitor.binding.clearJourney(c, known.id);
  deps.metrics.journey('returned');
  return claimed.journey;
}

async function arrive(
  c: Context<AppEnv>,
  deps: AppDeps,
  visitor: Visitor,
  journey: Journey,
  parameters: RawParameters,
): Promise<Response> {
  const connector = deps.connectors.get(journey.upstream);
  const secrets = openJourneySecrets(journey, deps.keys);
  if (connector === undefined || secrets === undefined) {
    await deps.store.failJourney(journey.id, 'unopened', personTrail(c, deps, journey.expectedUserId));
    return refusePage(c, deps, visitor.session, {
      code: 'request_expired',
      reason: 'its upstream or its keys are gone',
    });
  }
  const flat = new URLSearchParams(
    [...parameters].map(([name, values]) => [name, values[0] ?? ''] as [string, string]),
  );
  const completed = await connector.complete(flat, secrets, scopesUpstream(journey, deps), deps.now());
  if (!completed.ok) {
    await deps.store.failJourney(
      journey.id,
      `upstream_${completed.failure.kind}`,
      personTrail(c, deps, journey.expectedUserId),
    );
    if (completed.failure.kind === 'foreign')
      return refusePage(c, deps, visitor.session, { code: 'request_invalid', reason: completed.failure.detail });
    if (completed.failure.kind === 'refused')
      return upstreamRefused(c, deps, visitor, journey, connector.displayName, completed.failure);
    const again = await reopen(c, deps, visitor, journey, 'asked_again', journey.expectedUserId);
    return upstreamFailed(c, deps, visitor, connector.displayName, completed.failure, again);
  }

  const arrival = completed.value;
  const person = await deps.store.identifyPerson(
    { id: newId('usr'), upstream: journey.upstream, subject: arrival.subject, name: arrival.name },
    deps.now(),
  );
  c.get('event').note({ user: person.id });
  const anybody = journey.kind !== 'authorization' || journey.reasons.includes('account_choice');
  const signedIn = anybody ? undefined : sessionAt(visitor, journey.upstream);
  const expected = journey.expectedUserId ?? signedIn?.user.id;
  if (expected !== undefined && expected !== person.id)
    return otherAccount(c, deps, visitor, journey, expected, person, connector.displayName);
  if (journey.kind === 'admin_sign_in') return finishAdminSignIn(c, deps, visitor, journey, person);
  return journey.kind === 'sign_in'
    ? finishSignIn(c, deps, visitor, journey, person)
    : finish(c, deps, visitor, journey, person, arrival);
}

async function finish(
  c: Context<AppEnv>,
  deps: AppDeps,
  visitor: Visitor,
  journey: Journey,
  person: User,
  arrival: UpstreamArrival,
): Promise<Response> {
  const trail = personTrail(c, deps, person.id);
  const { request, clientSnapshot } = journey;
  const client = request === undefined ? undefined : await deps.store.findClient(request.clientId);
  const redirect =
    request === undefined || client === undefined || !isUsable(client)
      ? undefined
      : trustRedirect(request.redirectUri, heldMetadata(client, clientSnapshot), deps.config.issuer);
  if (request === undefined || clientSnapshot === undefined || redirect === undefined) {
    await deps.store.failJourney(journey.id, 'client_changed', trail);
    return refusePage(c, deps, visitor.session, {
      code: 'redirect_mismatch',
      reason: 'the registration changed meanwhile',
    });
  }

  const scopes = scopesLeft(journey, arrival, deps);
  if (scopes.length === 0) {
    await deps.store.failJourney(journey.id, 'upstream_refused', trail);
    const { displayName } = deps.connectors.get(journey.upstream) ?? { displayName: journey.upstream };
    const failure = {
      kind: 'refused',
      error: 'access_denied',
      detail: 'none of the scopes needed was granted',
    } as const;
    return upstreamRefused(c, deps, visitor, journey, displayName, failure);
  }
  const view = { id: request.clientId, metadata: clientSnapshot };
  if ((await ownBlock(deps, person.id, view, request)) !== undefined) {
    await deps.store.failJourney(journey.id, 'blocked_by_person', trail);
    return refuseBlocked(c, deps, visitor);
  }

  const stopped = await stoppedAt(c, deps, visitor, journey, person);
  if (stopped !== undefined) return stopped;

  const code = newSecret();
  const sessionCookie = newSecret();
  const upstreamGrantId = newId('upg');
  const completed = await deps.store.completeJourney(
    {
      journeyId: journey.id,
      userId: person.id,
      session: newSession(sessionCookie, deps, visitor),
      approval: {
        id: newId('apr'),
        redirectUri: rememberedRedirect(redirect),
        scopes,
        face: faceOf(clientSnapshot, redirect),
        expiresAt: trail.at + deps.config.consent.lifetime,
      },
      upstreamGrant: {
        id: upstreamGrantId,
        upstream: journey.upstream,
        tokensSealed: deps.keys.seal(
          JSON.stringify(arrival.tokens),
          sealedRow.upstreamGrant(upstreamGrantId, person.id),
        ),
        scopes: arrival.tokens.scopes,
        accessExpiresAt: arrival.tokens.accessExpiresAt,
      },
      code: { codeHash: hashSecret(code), expiresAt: trail.at + deps.config.tokens.code },
      appKey: appKeyOf(identityOf(deps, view, redirect)),
    },
    trail,
  );
  if (completed === undefined) return notCompleted(c, deps, visitor, journey, person);

  visitor.binding.write(c, 'session', sessionCookie);
  c.get('event').note({ outcome: 'completed' });
  deps.metrics.journey('completed');
  const answer = clientAnswer(redirect, { code }, request.clientState, deps.config.issuer);
  if (redirectKind(redirect) !== 'scheme') return seeClient(c, answer);
  const model = clientHandOff(c, deps, visitor, request, clientSnapshot, answer, 'allowed');
  return answerPage(c, deps, HandOffPage(model, textFor(c, deps)), { continueTo: answer });
}

/** What the upstream gave decides what the approval, the code and the tokens carry (C-14). */
function scopesLeft(journey: Journey, arrival: UpstreamArrival, deps: AppDeps): readonly string[] {
  const resource = deps.config.resources.get(journey.request?.resource ?? '');
  const hierarchy = deps.config.upstreams.get(journey.upstream)?.facts.scopeHierarchy ?? {};
  if (resource === undefined) return [];
  return grantableScopes(journey.grantedScopes, arrival.tokens.scopes, resource, hierarchy);
}

async function finishSignIn(
  c: Context<AppEnv>,
  deps: AppDeps,
  visitor: Visitor,
  journey: Journey,
  person: User,
): Promise<Response> {
  const cookie = newSecret();
  const done = await deps.store.completeSignIn(
    journey.id,
    person.id,
    newSession(cookie, deps, visitor),
    personTrail(c, deps, person.id),
  );
  if (done === undefined) return notSignedIn(c, deps, person);
  visitor.binding.write(c, 'session', cookie);
  return seeOwnPage(c, deps, '/account');
}

const newSession = (cookie: string, deps: AppDeps, visitor: Visitor): NewSession => ({
  idHash: hashSecret(cookie),
  expiresAt: deps.now() + deps.config.sessions.absolute,
  replaces: visitor.session?.idHash,
});
