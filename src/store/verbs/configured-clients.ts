/**
 * How the configured clients become exactly those of the configuration. Contract: ClientStore in ../store.ts.
 *
 * One that is taken out is blocked by us first, in the commit that takes the new list; then all it has ends; then its row
 * goes. A start that finds our block goes on there: to the end where the client is not listed, or, where it is listed again,
 * by ending what is left before the block is lifted. So nothing given before comes to life with the id. An administrator's
 * block is never lifted here, and where anybody can come under the id again without us it outlives the configuration.
 */
import { isDeepStrictEqual } from 'node:util';
import { looksLikeDocumentUrl, withdrawnDocument } from '../../domain/metadata-document.ts';
import { UNCONFIGURED } from '../../domain/own-block.ts';
import type { Client, Seconds, Trail } from '../../domain/types.ts';
import type { Engine } from '../engine.ts';
import { all, first, type Unit } from '../statement.ts';
import * as clients from '../statements/clients.ts';
import { revokeMachineTokensOf } from '../statements/machine-tokens.ts';
import type { Unconfigured } from '../store.ts';
import type { Recorder } from './audit.ts';
import { endAllOf, hasApprovalsLeftBehind, hasJourneysLeftBehind } from './ending-clients.ts';

/** See ClientStore.syncConfiguredClients. */
export async function syncConfigured(
  engine: Engine,
  record: Recorder,
  wanted: readonly Client[],
  trail: Trail,
): Promise<readonly Unconfigured[]> {
  const done: Unconfigured[] = [];
  const end = async (id: string): Promise<void> => {
    const ended = await endAllOf(engine, record, { clientId: id, reason: UNCONFIGURED, isLeaving: true }, trail);
    if (ended.revocation !== undefined) done.push({ id, ended });
  };

  for (const { id } of wanted)
    if ((await hasApprovalsLeftBehind(engine, id, trail.at)) || (await hasJourneysLeftBehind(engine, id, trail.at)))
      await end(id);
  for (let isSettled = false; !isSettled; ) {
    const { leaving, returning } = await engine.unit(() => takeList(record, wanted, trail));
    for (const id of leaving) {
      await end(id);
      await engine.unit(() => letGo(record, id, trail));
    }
    isSettled = true;
    for (const { client, blockedAt } of returning) {
      await end(client.id);
      // Somebody else has decided on it meanwhile: what the list says is looked at again.
      if (!(await engine.unit(() => takeBack(record, client, blockedAt, trail)))) isSettled = false;
    }
  }
  return done;
}

interface Returning {
  readonly client: Client;
  /** Since when our block holds that has to be lifted. */
  readonly blockedAt: Seconds;
}

interface Taken {
  /** On their way out, be it since an earlier start. */
  readonly leaving: readonly string[];
  readonly returning: readonly Returning[];
}

/** In the order of ids, so that instances that start together wait for one another instead of deadlocking. */
function* takeList(record: Recorder, wanted: readonly Client[], trail: Trail): Unit<Taken> {
  const kept = new Map((yield* all(clients.listConfiguredClients, {})).map((client) => [client.id, client]));
  const listed = new Map(wanted.map((client) => [client.id, client]));
  const leaving: string[] = [];
  const returning: Returning[] = [];
  for (const id of [...new Set([...kept.keys(), ...listed.keys()])].sort()) {
    const before = kept.get(id);
    const client = listed.get(id);
    if (client === undefined) {
      leaving.push(id);
      yield* beginToEnd(record, id, trail);
    } else if (before?.blockedAt !== undefined && before.blockedReason === UNCONFIGURED) {
      returning.push({ client, blockedAt: before.blockedAt });
    } else if (before === undefined || !sameConfiguration(before, client)) {
      yield* put(record, client, trail);
    }
  }
  return { leaving, returning };
}

function* put(record: Recorder, client: Client, trail: Trail): Unit<void> {
  const kept = yield* first(clients.putConfiguredClient, client);
  if (kept === undefined) throw new Error(`the configured client id ${client.id} belongs to a registered client`);
  yield* record('client.configured', { clientId: client.id }, trail);
}

function* beginToEnd(record: Recorder, id: string, trail: Trail): Unit<void> {
  const blocked = yield* first(clients.blockConfiguredClient, { id, now: trail.at, reason: UNCONFIGURED });
  if (blocked === undefined) return;
  yield* all(revokeMachineTokensOf, { clientId: id, now: trail.at });
  yield* record('client.unconfigured', { clientId: id }, trail);
}

/** Our block tells that `client.unconfigured` is on record; under an administrator's it is written when the client goes. */
function* letGo(record: Recorder, id: string, trail: Trail): Unit<void> {
  const client = yield* first(clients.lockClient, { id });
  if (client?.kind !== 'configured' || client.blockedAt === undefined) return;
  const isOurs = client.blockedReason === UNCONFIGURED;
  if (!isOurs && looksLikeDocumentUrl(id))
    yield* first(clients.leaveBlockedDocument, { id, document: withdrawnDocument(trail.at) });
  else yield* first(clients.deleteConfiguredClient, { id });
  if (!isOurs) yield* record('client.unconfigured', { clientId: id }, trail);
}

/** False when the block is another one by now, or the row is gone. */
function* takeBack(record: Recorder, client: Client, blockedAt: Seconds, trail: Trail): Unit<boolean> {
  const lift = { id: client.id, blockedAt, reason: UNCONFIGURED };
  if ((yield* first(clients.liftConfiguredBlock, lift)) === undefined) return false;
  yield* put(record, client, trail);
  return true;
}

/** Compares as stored: JSON has no `undefined`. */
const sameConfiguration = (kept: Client, wanted: Client): boolean =>
  kept.secretHash === wanted.secretHash &&
  isDeepStrictEqual(kept.metadata, JSON.parse(JSON.stringify(wanted.metadata)));
