/**
 * The verbs about codes, grants and tokens. Contract: TokenStore in ../store.ts.
 *
 * Lock order: ending.ts. Claims that come after a first write abandon the unit when they lose, so a loser leaves no
 * trace, not even a time of last use.
 */
import type { Grant, TokenHash, Trail } from '../../domain/types.ts';
import type { Engine } from '../engine.ts';
import { abandon, all, first, type Unit } from '../statement.ts';
import { useApproval } from '../statements/approvals.ts';
import * as grants from '../statements/grants.ts';
import * as tokens from '../statements/tokens.ts';
import type { Ended, GraceReplay, NewTokens, Redemption, Rotation, TokenStore } from '../store.ts';
import type { About, Recorder } from './audit.ts';
import { endGrant, NOTHING_ENDED } from './ending.ts';
import { putReport } from './handing-over.ts';
import { grantOf, refreshTokenOf } from './rows.ts';
import { mayBeGiven } from './standing.ts';

export function tokenVerbs(engine: Engine, record: Recorder): TokenStore {
  return { ...codeVerbs(engine, record), ...refreshVerbs(engine, record), ...accessVerbs(engine, record) };
}

function codeVerbs(engine: Engine, record: Recorder) {
  return {
    findCode: async (codeHash) => (await engine.read(grants.findCode, { codeHash }))[0],
    redeemCode: (redemption, trail) => engine.unit(() => redeem(record, redemption, trail)),
    punishReplayedCode: (codeHash, trail) => engine.unit(() => punishReplay(record, codeHash, trail)),
  } satisfies Partial<TokenStore>;
}

function refreshVerbs(engine: Engine, record: Recorder) {
  return {
    findRefreshToken: async (tokenHash) => {
      const [found] = await engine.read(tokens.findRefreshToken, { tokenHash });
      return found && refreshTokenOf(found);
    },
    rotateRefresh: (rotation, trail) => engine.unit(() => rotate(record, rotation, trail)),
    replayInGrace: (replay, trail) => engine.unit(() => replayGrace(record, replay, trail)),
    endGrant: (grantId, reason, trail) => engine.unit(() => endGrant(record, grantId, reason, trail)),
  } satisfies Partial<TokenStore>;
}

function accessVerbs(engine: Engine, record: Recorder) {
  return {
    revokeAccessToken: (tokenHash, trail) =>
      engine.unit(function* () {
        const token = yield* first(tokens.revokeAccessToken, { tokenHash, now: trail.at });
        if (token === undefined) return false;
        const grant = yield* first(grants.findGrant, { id: token.grantId });
        if (grant === undefined) return true;
        const revocation = record.newId('rvk');
        yield* putReport(revocation, grant.userId, 'access_token_revoked', ONE_ACCESS_TOKEN, trail);
        yield* record('access_token.revoked', aboutGrant(grant, { revocation }), trail);
        return true;
      }),
    findAccessToken: async (tokenHash, now) => {
      const [found] = await engine.read(tokens.findLiveAccessToken, { tokenHash, now });
      if (found === undefined) return undefined;
      const { grantExpiresAt, approvalExpiresAt, ...token } = found;
      return { ...token, liveUntil: Math.min(token.expiresAt, grantExpiresAt, approvalExpiresAt) };
    },
    lastAccessEnd: async (approvalId) => {
      const [found] = await engine.read(tokens.lastAccessEnd, { approvalId });
      return found?.expiresAt ?? undefined;
    },
  } satisfies Partial<TokenStore>;
}

/** Nothing but the token ended: its grant and what it is for live on. */
const ONE_ACCESS_TOKEN = { ...NOTHING_ENDED, accessTokens: 1 };

const aboutGrant = (
  { id, userId, clientId, resource }: Grant,
  details: Readonly<Record<string, unknown>> = {},
): About => ({
  userId,
  clientId,
  resource,
  details: { grant: id, ...details },
});

function* redeem(record: Recorder, redemption: Redemption, trail: Trail): Unit<Grant | undefined> {
  const { codeHash, grantId, refresh } = redemption;
  const now = trail.at;
  // A plain look only tells whose approval to lock first; the claim below decides.
  const seen = yield* first(grants.findCode, { codeHash });
  if (seen === undefined || seen.usedAt !== undefined) return undefined;
  if (!(yield* mayBeGiven({ ...seen, shown: seen.clientSnapshot }))) return abandon();
  if ((yield* first(useApproval, { id: seen.approvalId, now })) === undefined) return abandon();
  const code = yield* first(grants.claimCode, { codeHash, grantId, now });
  if (code === undefined) return abandon();

  yield* makeRoom(record, code.approvalId, redemption.grantCap, trail);
  const { approvalId, userId, clientId, resource, scopes, upstreamGrantId } = code;
  const row = yield* first(grants.insertGrant, {
    id: grantId,
    approvalId,
    userId,
    clientId,
    resource,
    scopes,
    codeHash,
    upstreamGrantId,
    createdAt: now,
    expiresAt: redemption.grantExpiresAt,
  });
  if (row === undefined) throw new Error('a grant was not made');
  if (refresh !== undefined) {
    yield* all(tokens.insertRefreshToken, { ...refresh, grantId, predecessorHash: undefined, createdAt: now });
  }
  yield* addAccessToken(grantId, redemption, trail);
  yield* record('code.redeemed', aboutGrant(row), trail);
  return grantOf(row);
}

/** Ends the longest unused live grants, so that with the coming one there are at most `cap` (ruling on coexisting grants). */
function* makeRoom(record: Recorder, approvalId: string, cap: number, trail: Trail): Unit<void> {
  const kept = Math.max(cap - 1, 0);
  const beyond = yield* all(grants.listGrantsBeyond, { approvalId, now: trail.at, kept });
  for (const { id } of [...beyond].sort((left, right) => (left.id < right.id ? -1 : 1)))
    yield* endGrant(record, id, 'cap', trail);
}

function* addAccessToken(
  grantId: string,
  { accessHash, accessScopes, accessExpiresAt }: NewTokens,
  trail: Trail,
): Unit<void> {
  yield* all(tokens.insertAccessToken, {
    tokenHash: accessHash,
    grantId,
    scopes: accessScopes,
    issuedAt: trail.at,
    expiresAt: accessExpiresAt,
  });
}

const NOTHING: Ended = { ...NOTHING_ENDED, revocation: undefined };

/** RFC 6749 4.1.2: a code used twice revokes what its first use made. Only the call that ends something is on record. */
function* punishReplay(record: Recorder, codeHash: TokenHash, trail: Trail): Unit<Ended> {
  const code = yield* first(grants.findCode, { codeHash });
  if (code?.grantId === undefined) return NOTHING;
  const ended = yield* endGrant(record, code.grantId, 'code_replayed', trail);
  if (ended === undefined) return NOTHING;
  const { userId, clientId, resource, grantId } = code;
  yield* record('code.replayed', { userId, clientId, resource, details: { grant: grantId, ended } }, trail);
  return ended;
}

function* rotate(record: Recorder, rotation: Rotation, trail: Trail): Unit<Grant | undefined> {
  const { tokenHash, successorHash, successorSealed } = rotation;
  const now = trail.at;
  const grant = yield* first(grants.useGrantOfToken, { tokenHash, now });
  if (grant === undefined) return undefined;
  const spent = yield* first(tokens.claimRotation, { tokenHash, successorHash, successorSealed, now });
  if (spent === undefined) return abandon();

  if (spent.predecessorHash !== undefined) yield* all(tokens.closeGrace, { tokenHash: spent.predecessorHash, now });
  yield* all(tokens.insertRefreshToken, {
    tokenHash: successorHash,
    grantId: grant.id,
    predecessorHash: tokenHash,
    createdAt: now,
    expiresAt: rotation.successorExpiresAt,
  });
  yield* addAccessToken(grant.id, rotation, trail);
  yield* record('refresh.rotated', aboutGrant(grant), trail);
  return grantOf(grant);
}

/** The grant's row is locked first, so the successor cannot be used between the look and the commit. */
function* replayGrace(record: Recorder, replay: GraceReplay, trail: Trail): Unit<Grant | undefined> {
  const { tokenHash, rotatedSince } = replay;
  const grant = yield* first(grants.useGrantOfToken, { tokenHash, now: trail.at });
  if (grant === undefined) return undefined;
  if ((yield* first(tokens.findInGrace, { tokenHash, rotatedSince })) === undefined) return abandon();
  yield* addAccessToken(grant.id, replay, trail);
  yield* record('refresh.replayed_in_grace', aboutGrant(grant), trail);
  return grantOf(grant);
}
