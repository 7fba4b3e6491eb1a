/** The verbs about revocations: their reports, and the outbox of those an upstream has still to hear. Contract: RevocationStore in ../store.ts. */
import type { Trail } from '../../domain/types.ts';
import type { Engine } from '../engine.ts';
import { first } from '../statement.ts';
import * as revocations from '../statements/revocations.ts';
import type { RevocationStore } from '../store.ts';
import type { Recorder } from './audit.ts';

export function revocationVerbs(engine: Engine, record: Recorder): RevocationStore {
  return {
    findRevocation: async (id) => {
      const [report] = await engine.read(revocations.findRevocation, { id });
      if (report === undefined) return undefined;
      return { ...report, upstreamCalls: await engine.read(revocations.listUpstreamCalls, { revocationId: id }) };
    },

    listDueRevocations: async (now, limit) =>
      (await engine.read(revocations.listDueRevocations, { now, limit })).map(({ id }) => id),

    leaseRevocation: (id, holder, until, now) =>
      engine.unit(() => first(revocations.leaseRevocation, { id, holder, until, now })),

    finishRevocation: ({ id, holder, upstream, attempts }, outcome, problem, trail) =>
      engine.unit(function* () {
        const finished = yield* first(revocations.finishRevocation, { id, holder, outcome, problem, now: trail.at });
        if (finished === undefined) return false;
        const { userId, revocationId } = finished;
        const details = { upstream, outcome, problem, attempts, revocation: revocationId };
        yield* record('upstream.revocation_ended', { userId, details }, trail);
        if (outcome === 'unreadable') yield* refused(record, userId, id, trail);
        return true;
      }),

    postponeRevocation: (id, holder, dueAt, problem) =>
      engine.unit(function* () {
        return (yield* first(revocations.postponeRevocation, { id, holder, dueAt, problem })) !== undefined;
      }),
  };
}

const refused = (record: Recorder, userId: string, row: string, trail: Trail) =>
  record('vault.row_refused', { userId, details: { table: 'upstream_revocations', row } }, trail);
