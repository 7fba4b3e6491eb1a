/** The verbs about clients (RFC 7591, RFC 7592, the operator's list). Contract: ClientStore in ../store.ts. */
import { isOwnBlock } from '../../domain/own-block.ts';
import type { Client, Trail } from '../../domain/types.ts';
import type { Engine } from '../engine.ts';
import { all, first } from '../statement.ts';
import * as clients from '../statements/clients.ts';
import { revokeMachineTokensOf } from '../statements/machine-tokens.ts';
import type { ClientStore, Seen } from '../store.ts';
import type { Recorder } from './audit.ts';
import { syncConfigured } from './configured-clients.ts';
import { endAllOf } from './ending-clients.ts';
import { registrationVerbs } from './registrations.ts';

const EVER = Number.MAX_SAFE_INTEGER;
const anyhow = (): boolean => true;

export function clientVerbs(engine: Engine, record: Recorder): ClientStore {
  return {
    ...registrationVerbs(engine, record),

    syncConfiguredClients: (wanted, trail) => syncConfigured(engine, record, wanted, trail),

    findClient: async (id) => (await engine.read(clients.findClient, { id }))[0],

    isClientApproved: async (clientId, now) =>
      (await engine.read(clients.anyLiveApproval, { clientId, now })).length > 0,

    ...rulingVerbs(engine, record),
  };
}

function rulingVerbs(engine: Engine, record: Recorder) {
  /** The row first: whoever makes something for the client afterwards sees the block and makes nothing. */
  const block = (id: string, reason: string, trail: Trail, seen: Seen<Client> = anyhow) => {
    if (isOwnBlock(reason)) throw new Error(`no administrator's block is called ${reason}`);
    return engine.unit(function* () {
      const before = yield* first(clients.lockClient, { id });
      if (before === undefined) return undefined;
      if (!seen(before)) return 'changed' as const;
      const client = yield* first(clients.blockClient, { id, now: trail.at, reason });
      if (client === undefined) return before;
      yield* all(revokeMachineTokensOf, { clientId: id, now: trail.at });
      yield* record('client.blocked', { clientId: id, details: { reason } }, trail);
      return client;
    });
  };
  const endAll = (clientId: string, reason: string, trail: Trail, isLeaving = false) =>
    endAllOf(engine, record, { clientId, reason, isLeaving }, trail);

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
      if (before?.blockedAt === undefined || isOwnBlock(before.blockedReason)) return before;
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
      const ended = await endAll(id, reason, trail, true);
      const deleted = await engine.unit(function* () {
        const gone = yield* first(clients.deleteBlockedClient, { id });
        if (gone !== undefined) yield* record('client.deleted', { clientId: id, details: { reason } }, trail);
        return gone;
      });
      return deleted && ended;
    },
  } satisfies Partial<ClientStore>;
}
