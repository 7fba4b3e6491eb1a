/**
 * The verbs of a good end: what a finished journey leaves behind commits together or not at all.
 *
 * Lock order: journey → person → client → approval → the rest (see ending.ts).
 */
import { isDeepStrictEqual } from 'node:util';
import { notAllowedYet } from '../../domain/consent.ts';
import { namesOf } from '../../domain/refusal-rule.ts';
import { keyIdOf } from '../../domain/sealed.ts';
import type { Approval, AuthorizationRequest, Journey, Trail } from '../../domain/types.ts';
import type { Engine } from '../engine.ts';
import { abandon, all, first, type Unit } from '../statement.ts';
import * as approvals from '../statements/approvals.ts';
import * as blocks from '../statements/blocks.ts';
import { touchClient } from '../statements/clients.ts';
import { insertCode } from '../statements/grants.ts';
import { claimCompletion, claimSignIn } from '../statements/journeys.ts';
import { claimRequester } from '../statements/oversight.ts';
import { endSession, insertSession } from '../statements/people.ts';
import { insertUpstreamGrant } from '../statements/upstream.ts';
import type { Completion, JourneyStore, NewSession } from '../store.ts';
import { aboutJourney, type Recorder } from './audit.ts';
import { endExpired } from './ending.ts';
import { journeyOf } from './rows.ts';
import { mayBeGiven } from './standing.ts';

/** How stale a client's `lastUsedAt` may be, in seconds. */
const CLIENT_TOUCH = 3600;
const COMPLETED = 'completed';

export function completionVerbs(
  engine: Engine,
  record: Recorder,
): Pick<JourneyStore, 'completeJourney' | 'completeSignIn'> {
  return {
    completeJourney: (completion, trail) => engine.unit(() => complete(record, completion, trail)),

    completeSignIn: (journeyId, userId, session, trail) =>
      engine.unit(function* () {
        const row = yield* first(claimSignIn, {
          id: journeyId,
          kind: 'sign_in',
          userId,
          now: trail.at,
          outcome: COMPLETED,
        });
        if (row === undefined) return undefined;
        const journey = journeyOf(row);
        yield* beginSession(record, journey, userId, session, trail);
        return journey;
      }),
  };
}

function* complete(
  record: Recorder,
  completion: Completion,
  trail: Trail,
): Unit<{ journey: Journey; approval: Approval } | undefined> {
  const { userId } = completion;
  const row = yield* first(claimCompletion, { id: completion.journeyId, userId, now: trail.at, outcome: COMPLETED });
  if (row === undefined) return undefined;
  const journey = journeyOf(row);
  const { request, decidedAt } = journey;
  if (request === undefined || decidedAt === undefined) return abandon();

  const { appKey } = completion;
  yield* all(blocks.lockPerson, { userId });
  if (appKey !== undefined && (yield* first(blocks.findBlock, { userId, clientId: request.clientId, appKey })))
    return abandon();
  // Of several people the first to finish is the requester; for everybody else the client is not usable yet.
  const { clientId, resource, redirectUri } = request;
  yield* all(claimRequester, { id: clientId, userId });
  // Written before it is held, and a removal of the unused waits for that: it is seen, or it lets this one be.
  yield* all(touchClient, { id: clientId, now: trail.at, before: trail.at - CLIENT_TOUCH });
  if (!(yield* mayBeGiven({ clientId, userId, redirectUri, shown: journey.clientSnapshot }))) return abandon();
  const { approval, renewed } = yield* approve(record, journey, request, completion, trail);
  // Asked after the approval's row is locked: a revocation has been committed and is seen, or it comes after us.
  // What nobody looked at rests on an approval read a moment before, so there even the same second counts as after it.
  const since = journey.screen === 'skip' ? decidedAt - 1 : decidedAt;
  if ((yield* first(approvals.revokedSince, { userId, clientId, resource, since })) !== undefined) return abandon();
  yield* issueCode(journey, request, approval, completion, trail);
  yield* beginSession(record, journey, userId, completion.session, trail);
  yield* all(blocks.keepDestination, { destination: completion.approval.face.destination, now: trail.at });

  const about = { ...aboutJourney(journey, { approval: approval.id, scopes: approval.scopes }), userId };
  yield* record(renewed ? 'approval.renewed' : 'approval.granted', about, trail);
  const { scopes } = completion.approval;
  const withheld = journey.grantedScopes.filter((scope) => !scopes.includes(scope));
  const code = { approval: approval.id, scopes, ...(withheld.length > 0 && { withheld }) };
  yield* record('code.issued', { ...aboutJourney(journey, code), userId }, trail);
  return { journey, approval };
}

/**
 * Makes, widens or, when its time ran out, begins anew the approval. Its row is locked from here to the commit, so two
 * completions widen one after the other.
 */
function* approve(
  record: Recorder,
  journey: Journey,
  request: AuthorizationRequest,
  { userId, approval: wanted }: Completion,
  trail: Trail,
): Unit<{ approval: Approval; renewed: boolean }> {
  const { clientId, resource } = request;
  const { id, scopes, face, expiresAt } = wanted;
  const redirectUris = [wanted.redirectUri];
  const now = trail.at;
  const found = yield* first(approvals.insertOrLockApproval, {
    id,
    userId,
    clientId,
    resource,
    upstream: journey.upstream,
    redirectUris,
    scopes,
    face,
    grantedAt: now,
    expiresAt,
  });
  if (found === undefined) throw new Error('an approval was neither made nor found');
  const made = found.id === id;
  const over = found.expiresAt <= now;
  // What nobody looked at rests on an approval that was there, and still answers all of it.
  const silent = journey.screen === 'skip';
  if (silent && (made || over || notAllowedYet(found, { ...request, scopes }, face).length > 0)) return abandon();
  if (made) return { approval: found, renewed: false };
  if (over) yield* endExpired(record, found, trail);
  const same = !over && isDeepStrictEqual(found.face, JSON.parse(JSON.stringify(face)));
  const terms = same ? widened(found, wanted) : { redirectUris, scopes };
  const renewed = yield* first(approvals.renewApproval, { id: found.id, ...terms, face, expiresAt });
  return { approval: renewed ?? found, renewed: true };
}

type Terms = Pick<Approval, 'redirectUris' | 'scopes'>;

/**
 * Every redirect of an approval was once allowed together with every one of its scopes. So new scopes keep only the
 * redirect they were allowed for, and a new redirect does not take over scopes that were allowed for another.
 */
function widened(found: Approval, { redirectUri, scopes }: Completion['approval']): Terms {
  const adds = scopes.some((scope) => !found.scopes.includes(scope));
  const lacks = found.scopes.some((scope) => !scopes.includes(scope));
  const known = found.redirectUris.includes(redirectUri);
  return {
    redirectUris: adds || (lacks && !known) ? [redirectUri] : union(found.redirectUris, [redirectUri]),
    scopes: known ? union(found.scopes, scopes) : scopes,
  };
}

const union = (kept: readonly string[], added: readonly string[]): readonly string[] => [
  ...new Set([...kept, ...added]),
];

function* issueCode(
  journey: Journey,
  request: AuthorizationRequest,
  approval: Approval,
  { userId, approval: granted, upstreamGrant, code }: Completion,
  trail: Trail,
): Unit<void> {
  const { id, upstream, tokensSealed, scopes, accessExpiresAt } = upstreamGrant;
  const createdAt = trail.at;
  const approvalId = approval.id;
  yield* all(insertUpstreamGrant, {
    id,
    approvalId,
    userId,
    upstream,
    tokensSealed,
    keyId: keyIdOf(tokensSealed),
    scopes,
    accessExpiresAt,
    createdAt,
  });
  yield* all(insertCode, {
    codeHash: code.codeHash,
    approvalId,
    userId,
    clientId: request.clientId,
    redirectUri: request.redirectUri,
    resource: request.resource,
    scopes: granted.scopes,
    codeChallenge: request.codeChallenge,
    upstreamGrantId: id,
    createdAt,
    expiresAt: code.expiresAt,
    reference: journey.reference,
    clientSnapshot: journey.clientSnapshot?.fingerprint === undefined ? undefined : journey.clientSnapshot,
    destination: granted.face.destination,
    clientNames: journey.clientSnapshot === undefined ? [] : namesOf(journey.clientSnapshot),
  });
}

/** A new sign-in is a new session; the browser's earlier one ends with it (ASVS 7.2.4). */
function* beginSession(
  record: Recorder,
  journey: Journey,
  userId: string,
  session: NewSession,
  trail: Trail,
): Unit<void> {
  const now = trail.at;
  const ended = session.replaces && (yield* first(endSession, { idHash: session.replaces, now }));
  if (ended) yield* record('session.ended', { userId: ended.userId, details: { reason: 'replaced' } }, trail);
  yield* all(insertSession, { idHash: session.idHash, userId, now, expiresAt: session.expiresAt });
  yield* record('session.started', { userId, details: { journey: journey.id } }, trail);
}
