/** The verbs of registration and its management (RFC 7591, RFC 7592). Contract: RegistrationStore in ../registration-store.ts. */
import { DEREGISTERED } from '../../domain/own-block.ts';
import type { Trail } from '../../domain/types.ts';
import type { Engine } from '../engine.ts';
import type { NewClient, RegistrationStore } from '../registration-store.ts';
import { all, first, type Unit } from '../statement.ts';
import * as registrations from '../statements/registrations.ts';
import type { Recorder } from './audit.ts';
import { endAllOf } from './ending-clients.ts';

/** Counting costs more than inserting, so a large cap is looked at once in so many registrations. */
const MOST_BETWEEN_LOOKS = 32;

export function registrationVerbs(engine: Engine, record: Recorder): RegistrationStore {
  let made = 0;
  const isTime = (cap: number): boolean =>
    made % Math.max(1, Math.min(MOST_BETWEEN_LOOKS, Math.floor(cap / 100))) === 0;

  return {
    insertClient: async (client, trail) => {
      made += 1;
      const looks = client.unapprovedCap !== undefined && isTime(client.unapprovedCap);
      return engine.unit(() => insert(record, client, looks, trail));
    },

    updateClient: (id, { metadata, secretHash, heldHash, nextHash, standing = {} }, trail) =>
      engine.unit(function* () {
        const { quarantinedAt, usableBy } = standing;
        const change = { id, metadata, secretHash, held: heldHash, next: nextHash, quarantinedAt, usableBy };
        const client = yield* first(registrations.updateRegistration, change);
        const details = { waits: quarantinedAt !== undefined };
        if (client !== undefined) yield* record('client.updated', { clientId: id, details }, trail);
        return client;
      }),

    closeRegistration: async (id, heldHash, trail) => {
      const leaving = { id, held: heldHash, reason: DEREGISTERED };
      const about = { clientId: id, details: { reason: DEREGISTERED } };
      const begun = await engine.unit(function* () {
        const closed = yield* first(registrations.closeRegistration, { ...leaving, now: trail.at });
        if (closed === undefined) return yield* first(registrations.holdLeaving, leaving);
        yield* record('client.blocked', about, trail);
        return closed;
      });
      if (begun === undefined) return undefined;
      const ended = await endAllOf(engine, record, { clientId: id, reason: DEREGISTERED, isLeaving: true }, trail);
      await engine.unit(function* () {
        const gone = yield* first(registrations.deleteLeaving, leaving);
        if (gone !== undefined) yield* record('client.deleted', about, trail);
      });
      return ended;
    },
  };
}

function* insert(record: Recorder, client: NewClient, looks: boolean, trail: Trail): Unit<void> {
  yield* all(registrations.insertClient, rowOf(client));
  yield* record('client.registered', { clientId: client.id }, trail);
  let evicted = yield* removeTwins(client, trail);
  if (looks) evicted += yield* keepToCap(client, trail);
  if (evicted > 0) yield* record('client.evicted', { details: { clients: evicted } }, trail);
}

function* removeTwins({ twinMark, twins }: NewClient, { at: now }: Trail): Unit<number> {
  if (twinMark === undefined || twins === undefined) return 0;
  const before = now - twins.youngest;
  return (yield* all(registrations.evictTwins, { twinMark, now, before, keep: twins.kept })).length;
}

function* keepToCap({ unapprovedCap }: NewClient, { at: now }: Trail): Unit<number> {
  if (unapprovedCap === undefined) return 0;
  const tooMany = ((yield* first(registrations.countUnapproved, {}))?.count ?? 0) - unapprovedCap;
  return tooMany <= 0 ? 0 : (yield* all(registrations.evictUnapproved, { now, most: tooMany })).length;
}

const rowOf = ({ managementHash, sourceMark, twinMark, quarantinedAt, usableBy, ...client }: NewClient) => ({
  ...client,
  quarantinedAt,
  usableBy,
  managementHash,
  sourceMark,
  twinMark,
});
