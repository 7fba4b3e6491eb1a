/** The verbs about clients (RFC 7591, RFC 7592, the operator's list). Contract: ClientStore in ../store.ts. */
import { isDeepStrictEqual } from 'node:util';
import { looksLikeDocumentUrl, withdrawnDocument } from '../../domain/metadata-document.ts';
import type { Client, Trail } from '../../domain/types.ts';
import type { Engine } from '../engine.ts';
import { all, first, type Unit } from '../statement.ts';
import * as clients from '../statements/clients.ts';
import { endClientsJourneys } from '../statements/journeys.ts';
import { revokeMachineTokensOf } from '../statements/machine-tokens.ts';
import type { ClientStore, Ended, EndedCounts, Seen } from '../store.ts';
import type { Recorder } from './audit.ts';
import { NOTHING_ENDED } from './ending.ts';
import { putReport } from './handing-over.ts';
import { registrationVerbs } from './registrations.ts';
import { revokeMatching } from './registry.ts';

/** Journeys stopped in one commit. */
const SLICE = 100;
const EVER = Number.MAX_SAFE_INTEGER;
const anyhow = (): boolean => true;

export function clientVerbs(engine: Engine, record: Recorder): ClientStore {
  return {
    ...registrationVerbs(engine, record),

    syncConfiguredClients: (wanted, trail) => engine.unit(() => syncConfigured(record, wanted, trail)),

    findClient: async (id) => (await engine.read(clients.findClient, { id }))[0],

    isClientApproved: async (clientId, now) =>
      (await engine.read(clients.anyLiveApproval, { clientId, now })).length > 0,

    ...rulingVerbs(engine, record),
  };
}

function rulingVerbs(engine: Engine, record: Recorder) {
  /** The row first: whoever makes something for the client afterwards sees the block and makes nothing. */
  const block = (id: string, reason: string, trail: Trail, seen: Seen<Client> = anyhow) =>
    engine.unit(function* () {
      const before = yield* first(clients.lockClient, { id });
      if (before === undefined) return undefined;
      if (!seen(before)) return 'changed' as const;
      const client = yield* first(clients.blockClient, { id, now: trail.at, reason });
      if (client === undefined) return before;
      yield* all(revokeMachineTokensOf, { clientId: id, now: trail.at });
      yield* record('client.blocked', { clientId: id, details: { reason } }, trail);
      return client;
    });
  /** Of a client that is blocked. Journeys first: of a person nobody knows yet there is no approval to find them by. */
  const endAll = async (clientId: string, reason: string, trail: Trail): Promise<Ended> => {
    const revocation = record.newId('rvk');
    const stopped = await stopJourneys(engine, { clientId, revocation, reason }, trail);
    return revokeMatching(engine, record, { clientId }, reason, trail, revocation, stopped);
  };

  return {
    listClients: async (state, { before, limit }) => {
      const statement = clients.clientPageFor(state);
      if (statement === undefined) throw new Error('no statement lists clients in this state');
      return engine.read(statement, { beforeAt: before?.at ?? EVER, beforeId: before?.id ?? '', limit });
    },

    blockClient: async (id, reason, trail, seen) => {
      const client = await block(id, reason, trail, seen);
      if (client === undefined || client === 'changed') return client;
      return { client, ended: await endAll(id, reason, trail) };
    },

    unblockClient: async (id, reason, trail, seen = anyhow) => {
      const before = (await engine.read(clients.findClient, { id }))[0];
      if (before !== undefined && !seen(before)) return 'changed';
      if (before === undefined || before.blockedAt === undefined) return before;
      // What was being made in the very moment of the block must not come to life with its end.
      await endAll(id, 'client_blocked', trail);
      return engine.unit(function* () {
        const now = yield* first(clients.lockClient, { id });
        if (now !== undefined && !seen(now)) return 'changed' as const;
        const client = yield* first(clients.unblockClient, { id });
        if (client === undefined) return now;
        yield* record('client.unblocked', { clientId: id, details: { reason } }, trail);
        return client;
      });
    },

    deleteClient: async (id, reason, trail, seen) => {
      const client = await block(id, reason, trail, seen);
      if (client === 'changed') return client;
      if (client === undefined || client.kind !== 'registered') return undefined;
      const ended = await endAll(id, reason, trail);
      const deleted = await engine.unit(function* () {
        const gone = yield* first(clients.deleteBlockedClient, { id });
        if (gone !== undefined) yield* record('client.deleted', { clientId: id, details: { reason } }, trail);
        return gone;
      });
      return deleted && ended;
    },
  } satisfies Partial<ClientStore>;
}

/** Stops all that is under way for a client that is blocked, in slices, each with its report; none completes meanwhile. */
async function stopJourneys(
  engine: Engine,
  { clientId, revocation, reason }: { clientId: string; revocation: string; reason: string },
  trail: Trail,
): Promise<EndedCounts> {
  for (let ended = NOTHING_ENDED; ; ) {
    const before = ended;
    const stopped = await engine.unit(function* () {
      const slice = yield* all(endClientsJourneys, { clientId, now: trail.at, outcome: 'blocked', limit: SLICE });
      if (slice.length === 0) return 0;
      yield* putReport(revocation, undefined, reason, { ...before, journeys: before.journeys + slice.length }, trail);
      return slice.length;
    });
    ended = { ...before, journeys: before.journeys + stopped };
    if (stopped < SLICE) return ended;
  }
}

/** In the order of ids, so that instances that start together wait for one another instead of deadlocking. */
function* syncConfigured(record: Recorder, wanted: readonly Client[], trail: Trail): Unit<void> {
  const kept = new Map((yield* all(clients.listConfiguredClients, {})).map((client) => [client.id, client]));
  for (const client of [...wanted].sort((left, right) => (left.id < right.id ? -1 : 1))) {
    const before = kept.get(client.id);
    kept.delete(client.id);
    if (before !== undefined && sameConfiguration(before, client)) continue;
    const put = yield* first(clients.putConfiguredClient, client);
    if (put === undefined) throw new Error(`the configured client id ${client.id} belongs to a registered client`);
    yield* record('client.configured', { clientId: client.id }, trail);
  }
  for (const id of kept.keys()) {
    // Where anybody can come under the id again without us, a block of it has to outlive the configuration.
    const left =
      looksLikeDocumentUrl(id) &&
      (yield* first(clients.leaveBlockedDocument, { id, document: withdrawnDocument(trail.at) })) !== undefined;
    const removed = left ? { id } : yield* first(clients.deleteConfiguredClient, { id });
    if (removed === undefined) continue;
    yield* all(revokeMachineTokensOf, { clientId: id, now: trail.at });
    yield* record('client.unconfigured', { clientId: id }, trail);
  }
}

/** Compares as stored: JSON has no `undefined`. */
const sameConfiguration = (kept: Client, wanted: Client): boolean =>
  kept.secretHash === wanted.secretHash &&
  isDeepStrictEqual(kept.metadata, JSON.parse(JSON.stringify(wanted.metadata)));
