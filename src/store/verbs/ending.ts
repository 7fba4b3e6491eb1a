/**
 * How access ends: what dies with an approval and with a grant.
 *
 * Lock order on Postgres, kept by every verb: journey → person → client → approval → grant → tokens,
 * codes and the upstream's tokens.
 * Who makes something under an approval or a grant first touches that row on the condition that it is live; who ends
 * one writes that row first and only then looks for what is under it. So at `read committed` either the maker sees
 * the end and makes nothing, or the ender's later statements see what was made. Within a level: in order of ids.
 * Must never delete: ended rows tell what happened until the sweep removes them.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Approval, Seconds, Trail } from '../../domain/types.ts';
import { all, first, type Unit } from '../statement.ts';
import * as approvals from '../statements/approvals.ts';
import * as grants from '../statements/grants.ts';
import { endPersonsJourneys, predateConsents } from '../statements/journeys.ts';
import * as tokens from '../statements/tokens.ts';
import * as upstream from '../statements/upstream.ts';
import type { Ended, EndedCounts, RevocationOutcome } from '../store.ts';
import type { Recorder } from './audit.ts';
import { type EndedUpstreamGrant, handOver, putReport } from './handing-over.ts';

export const NOTHING_ENDED: EndedCounts = {
  approvals: 0,
  grants: 0,
  refreshTokens: 0,
  accessTokens: 0,
  codes: 0,
  journeys: 0,
  upstreamGrants: 0,
};

export const sum = (left: EndedCounts, right: EndedCounts): EndedCounts => ({
  approvals: left.approvals + right.approvals,
  grants: left.grants + right.grants,
  refreshTokens: left.refreshTokens + right.refreshTokens,
  accessTokens: left.accessTokens + right.accessTokens,
  codes: left.codes + right.codes,
  journeys: left.journeys + right.journeys,
  upstreamGrants: left.upstreamGrants + right.upstreamGrants,
});

/** A family has one current refresh token; earlier generations were spent already and are not counted. */
const currentOnes = (family: readonly { rotatedAt: Seconds | undefined }[]): number =>
  family.filter((token) => token.rotatedAt === undefined).length;

/** How a grant's upstream part is ended, and what is noted of it when nothing is left to be told to the upstream. */
export interface UpstreamEnd {
  readonly end: (grantId: string, now: Seconds) => Unit<readonly EndedUpstreamGrant[]>;
  readonly settled: RevocationOutcome | undefined;
}

const BY_US: UpstreamEnd = {
  end: (grantId, now) => all(upstream.endUpstreamGrantOf, { grantId, now }),
  settled: undefined,
};

/** Ends a grant with its family, access tokens and upstream tokens. `undefined` when it was not live. */
export function* endGrant(
  record: Recorder,
  id: string,
  reason: string,
  trail: Trail,
  { end, settled }: UpstreamEnd = BY_US,
): Unit<Ended | undefined> {
  const now = trail.at;
  const grant = yield* first(grants.endGrant, { id, now, reason });
  if (grant === undefined) return undefined;
  const family = yield* all(tokens.revokeFamily, { grantId: id, now });
  const access = yield* all(tokens.revokeAccessTokensOfGrant, { grantId: id, now });
  const upstreamGrants = yield* end(id, now);
  const counts = {
    ...NOTHING_ENDED,
    grants: 1,
    refreshTokens: currentOnes(family),
    accessTokens: access.length,
    upstreamGrants: upstreamGrants.length,
  };
  const revocation = record.newId('rvk');
  yield* handOver(upstreamGrants, revocation, now, settled);
  const { userId, clientId, resource } = grant;
  yield* putReport(revocation, userId, reason, counts, trail);
  const details = { grant: id, reason, ended: counts, revocation };
  yield* record('grant.ended', { userId, clientId, resource, details }, trail);
  return { ...counts, revocation };
}

/** Revokes approvals of one person and everything under them; see PeopleStore.revokeApprovals. */
export function* revokeApprovals(
  record: Recorder,
  userId: string,
  approvalIds: readonly string[] | undefined,
  reason: string,
  trail: Trail,
): Unit<Ended> {
  // Named approvals may have expired already and still be taken back; "all" means all that are live.
  const expiringAfter = approvalIds === undefined ? trail.at : 0;
  const named = new Set(approvalIds);
  const meant = (yield* all(approvals.listApprovals, { userId, expiringAfter }))
    .map(({ approval }) => approval)
    .filter(({ id }) => approvalIds === undefined || named.has(id));
  const revocation = record.newId('rvk');
  const ended = yield* revokeMeant(record, meant, revocation, reason, trail);
  if (ended.approvals + ended.journeys === 0) return { ...ended, revocation: undefined };
  yield* putReport(revocation, userId, reason, ended, trail);
  return { ...ended, revocation };
}

/** An approval to be ended. */
export interface Meant {
  readonly id: string;
  readonly userId: string;
  readonly clientId: string;
}

/** Ends these approvals with everything under them, whoever ends them: journeys first, each level in order of ids. */
export function* revokeMeant(
  record: Recorder,
  meant: readonly Meant[],
  revocation: string,
  reason: string,
  trail: Trail,
): Unit<EndedCounts> {
  let ended = NOTHING_ENDED;
  const pairs = new Map(
    meant.map(({ userId, clientId }) => [JSON.stringify([userId, clientId]), { userId, clientId }]),
  );
  for (const [, pair] of [...pairs].sort(byFirst)) {
    const stopped = yield* all(endPersonsJourneys, { ...pair, now: trail.at, outcome: 'revoked' });
    yield* all(predateConsents, { clientId: pair.clientId, since: trail.at, to: trail.at - 1 });
    ended = sum(ended, { ...NOTHING_ENDED, journeys: stopped.length });
  }
  for (const { id, userId } of [...meant].sort((left, right) => (left.id < right.id ? -1 : 1)))
    ended = sum(ended, yield* revokeOne(record, { userId, id, revocation }, reason, trail));
  return ended;
}

const byFirst = ([left]: readonly [string, unknown], [right]: readonly [string, unknown]): number =>
  left < right ? -1 : 1;

function* revokeOne(
  record: Recorder,
  { userId, id, revocation }: { userId: string; id: string; revocation: string },
  reason: string,
  trail: Trail,
): Unit<EndedCounts> {
  const approval = yield* first(approvals.revokeApproval, { id, userId, now: trail.at, reason });
  if (approval === undefined) return NOTHING_ENDED;
  const counts = { ...(yield* endUnder(id, revocation, 'approval_revoked', trail.at)), approvals: 1 };
  const { clientId, resource } = approval;
  yield* record(
    'approval.revoked',
    { userId, clientId, resource, details: { approval: id, reason, ended: counts, revocation } },
    trail,
  );
  return counts;
}

/** Ends what was given under an approval whose time ran out, before it is renewed: no new consent brings it back. */
export function* endExpired(
  record: Recorder,
  { id, userId, clientId, resource }: Pick<Approval, 'id' | 'userId' | 'clientId' | 'resource'>,
  trail: Trail,
): Unit<void> {
  const revocation = record.newId('rvk');
  const reason = 'approval_expired';
  const ended = yield* endUnder(id, revocation, reason, trail.at);
  if (isDeepStrictEqual(ended, NOTHING_ENDED)) return;
  yield* putReport(revocation, userId, reason, ended, trail);
  yield* record(
    'grant.ended',
    { userId, clientId, resource, details: { approval: id, reason, ended, revocation } },
    trail,
  );
}

/** Ends everything under an approval, whose row the caller has written first. */
function* endUnder(approvalId: string, revocation: string, reason: string, now: Seconds): Unit<EndedCounts> {
  const under = { approvalId, now };
  const endedGrants = yield* all(grants.endGrants, { ...under, reason });
  const families = yield* all(tokens.revokeFamilies, under);
  const access = yield* all(tokens.revokeAccessTokens, under);
  const codes = yield* all(grants.revokeCodes, under);
  const upstreamGrants = yield* all(upstream.endUpstreamGrants, under);
  yield* handOver(upstreamGrants, revocation, now);
  return {
    approvals: 0,
    grants: endedGrants.length,
    refreshTokens: currentOnes(families),
    accessTokens: access.length,
    codes: codes.length,
    journeys: 0,
    upstreamGrants: upstreamGrants.length,
  };
}
