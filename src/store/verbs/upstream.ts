/** The verbs about the upstream's tokens. Contract: UpstreamStore in ../store.ts. Lock order: ending.ts. */
import { keyIdOf } from '../../domain/sealed.ts';
import type { Sealed, Trail } from '../../domain/types.ts';
import type { Engine } from '../engine.ts';
import { abandon, all, first, type Unit, withoutNulls } from '../statement.ts';
import { findGrant } from '../statements/grants.ts';
import { queueRevocation } from '../statements/revocations.ts';
import { findLiveAccessToken } from '../statements/tokens.ts';
import * as upstream from '../statements/upstream.ts';
import type { Ended, Successor, TokenExchange, UpstreamStore } from '../store.ts';
import type { Recorder } from './audit.ts';
import { endGrant } from './ending.ts';
import { handOver } from './handing-over.ts';

export function upstreamVerbs(engine: Engine, record: Recorder): UpstreamStore {
  return { ...refreshing(engine, record), ...endingVerbs(engine, record) };
}

function refreshing(engine: Engine, record: Recorder) {
  return {
    findUpstreamGrant: async (grantId) => {
      const [found] = await engine.read(upstream.findUpstreamGrant, { grantId });
      if (found === undefined) return undefined;
      const { approvalId: _approval, leaseHolder: _holder, ...upstreamGrant } = withoutNulls(found.upstreamGrant);
      return upstreamGrant;
    },

    leaseRefresh: (lease, now) =>
      engine.unit(function* () {
        return (yield* first(upstream.leaseRefresh, { ...lease, now })) !== undefined;
      }),

    releaseRefresh: (id, holder, retryAt) =>
      engine.unit(function* () {
        return (yield* first(upstream.releaseRefresh, { id, holder, retryAt })) !== undefined;
      }),

    keepSuccessor: (successor, trail) => engine.unit(() => keep(record, successor, trail)),

    hasOtherUpstreamGrant: async (id, userId, name) =>
      (await engine.read(upstream.findOtherUpstreamGrant, { id, userId, upstream: name })).length > 0,

    recordExchange: (exchange, trail) => engine.unit(() => recordExchange(record, exchange, trail)),
  } satisfies Partial<UpstreamStore>;
}

function endingVerbs(engine: Engine, record: Recorder) {
  return {
    endWithUpstream: (grantId, { id, generation }, reason, trail) =>
      engine.unit(() =>
        endGrant(record, grantId, reason, trail, {
          settled: 'ended_there',
          *end(_grant, now) {
            const rows = yield* all(upstream.endUpstreamGeneration, { id, generation, now });
            return rows.length === 0 ? abandon() : rows;
          },
        }),
      ),

    refuseSealedTokens: async (id, tokensSealed, trail) =>
      (await engine.unit<boolean | undefined>(() => refuse(record, id, tokensSealed, trail))) === true,
  } satisfies Partial<UpstreamStore>;
}

function* keep(record: Recorder, successor: Successor, trail: Trail): Unit<'kept' | 'superseded' | 'ended'> {
  const { id, grantId, userId, generation, tokensSealed, scopes, accessExpiresAt } = successor;
  const keyId = keyIdOf(tokensSealed);
  const kept = yield* first(upstream.keepSuccessor, { id, generation, tokensSealed, keyId, scopes, accessExpiresAt });
  if (kept !== undefined) {
    const grant = yield* first(findGrant, { id: grantId });
    const details = { upstream: successor.upstream, grant: grantId, generation: generation + 1 };
    yield* record(
      'upstream.refreshed',
      { userId, clientId: grant?.clientId, resource: grant?.resource, details },
      trail,
    );
    return 'kept';
  }
  if ((yield* first(upstream.isUpstreamGrantLive, { id })) !== undefined) return 'superseded';
  const about = { id, revocationId: id, userId, upstream: successor.upstream, now: trail.at };
  yield* all(queueRevocation, { ...about, tokensSealed, keyId });
  return 'ended';
}

function* recordExchange(record: Recorder, exchange: TokenExchange, trail: Trail): Unit<boolean> {
  const { tokenHash, resource, upstreamGrantId, scopes, accessExpiresAt } = exchange;
  const token = yield* first(findLiveAccessToken, { tokenHash, now: trail.at });
  if (token === undefined || token.resource !== resource) return false;
  const served = yield* first(upstream.findUpstreamGrant, { grantId: token.grantId });
  if (served === undefined) return false;
  const kept = withoutNulls(served.upstreamGrant);
  if (kept.id !== upstreamGrantId || kept.endedAt !== undefined) return false;
  const details = { grant: token.grantId, upstream: kept.upstream, upstreamScopes: scopes, accessExpiresAt };
  const { userId, clientId } = token;
  yield* record('upstream_token.issued', { userId, clientId, resource, details }, trail);
  return true;
}

function* refuse(record: Recorder, id: string, tokensSealed: Sealed, trail: Trail): Unit<boolean> {
  const found = yield* first(upstream.findGrantOfUpstream, { id });
  if (found === undefined) return false;
  const end = { id, tokensSealed, now: trail.at };
  const ended = found.grantId === undefined ? undefined : yield* endUnopened(record, found.grantId, end, trail);
  if (ended === undefined) {
    const rows = yield* all(upstream.endUnopened, end);
    if (rows.length === 0) return false;
    yield* handOver(rows, id, trail.at, 'unreadable');
  }
  const details = { table: 'upstream_grants', row: id, revocation: ended?.revocation };
  yield* record('vault.row_refused', { userId: found.userId, details }, trail);
  return true;
}

/** Undefined when the grant itself was not live any more. */
const endUnopened = (
  record: Recorder,
  grantId: string,
  row: { id: string; tokensSealed: Sealed; now: number },
  trail: Trail,
): Unit<Ended | undefined> =>
  endGrant(record, grantId, 'vault_row_refused', trail, {
    settled: 'unreadable',
    *end() {
      const rows = yield* all(upstream.endUnopened, row);
      return rows.length === 0 ? abandon() : rows;
    },
  });
