/**
 * The verbs about flow steps, clients that wait, refusal rules and webhooks. Contract: OversightStore in ../oversight-store.ts.
 */
import type { Trail } from '../../domain/types.ts';
import type { Engine } from '../engine.ts';
import type {
  FlowStep,
  OversightStore,
  QuarantineStore,
  RuleStore,
  TraceStore,
  WebhookStore,
} from '../oversight-store.ts';
import { all, first, type Unit } from '../statement.ts';
import { lockClient } from '../statements/clients.ts';
import * as oversight from '../statements/oversight.ts';
import * as webhooks from '../statements/webhooks.ts';
import type { Recorder } from './audit.ts';

export function oversightVerbs(engine: Engine, record: Recorder): OversightStore {
  return {
    ...traceVerbs(engine, record),
    ...quarantineVerbs(engine, record),
    ...ruleVerbs(engine, record),
    ...webhookVerbs(engine, record),
  };
}

function traceVerbs(engine: Engine, record: Recorder): TraceStore {
  return {
    keepSteps: (steps, refusals) =>
      engine.unit(function* () {
        for (const step of steps) yield* all(oversight.insertStep, step);
        for (const refusal of refusals) yield* recordRefusal(record, refusal);
      }),

    listFlow: async (reference, limit) => {
      const own = await engine.read(oversight.listStepsOf, { reference, limit });
      const opening = own.find(({ flow }) => flow !== undefined && flow !== reference)?.flow;
      const around =
        opening === undefined ? own : await engine.read(oversight.listStepsOf, { reference: opening, limit });
      const journey = [...own, ...around].find((step) => step.journey !== undefined)?.journey;
      const ofJourney =
        journey === undefined ? [] : await engine.read(oversight.listStepsOfJourney, { journey, limit });
      const flows = new Set(ofJourney.map(({ reference: each }) => each));
      const later = [];
      for (const each of flows) later.push(...(await engine.read(oversight.listStepsOf, { reference: each, limit })));
      const known = new Map([...own, ...around, ...ofJourney, ...later].map((step) => [step.seq, step]));
      return [...known.values()].sort((left, right) => left.seq - right.seq).slice(0, limit);
    },
  };
}

function* recordRefusal(record: Recorder, step: FlowStep): Unit<void> {
  const { endpoint, error, reason, journey, userId, clientId, resource } = step;
  const actor =
    userId === undefined ? ({ kind: 'client', id: clientId } as const) : ({ kind: 'person', id: userId } as const);
  const details = { endpoint, error, reason, ...(journey !== undefined && { journey }) };
  const trail: Trail = { at: step.at, reference: step.reference, actor };
  yield* record('request.refused', { userId, clientId, resource, details }, trail);
}

function quarantineVerbs(engine: Engine, record: Recorder): QuarantineStore {
  return {
    listWaiting: ({ before, limit }) =>
      engine.read(oversight.listWaiting, { afterAt: before?.at ?? -1, afterId: before?.id ?? '', limit }),

    listAdmissionRequests: (clientId, limit) => engine.read(oversight.listAdmissionRequests, { clientId, limit }),

    requestAdmission: (request, trail) =>
      engine.unit(function* () {
        if ((yield* first(oversight.insertAdmissionRequest, request)) === undefined) return false;
        const { clientId, userId, words, journeyId } = request;
        yield* record('admission.requested', { clientId, userId, details: { journey: journeyId, words } }, trail);
        return true;
      }),

    admitClient: (id, reason, trail, seen = () => true) =>
      engine.unit(function* () {
        const before = yield* first(lockClient, { id });
        if (before !== undefined && !seen(before)) return 'changed' as const;
        const client = yield* first(oversight.admitClient, { id });
        if (client !== undefined) yield* record('client.admitted', { clientId: id, details: { reason } }, trail);
        return client;
      }),
  };
}

function ruleVerbs(engine: Engine, record: Recorder): RuleStore {
  return {
    listRefusalRules: () => engine.read(oversight.listRules, {}),

    addRefusalRule: (rule, trail, seen = () => true) =>
      engine.unit(function* () {
        yield* lockRules();
        if (!seen(yield* all(oversight.listRules, {}))) return 'changed' as const;
        const added = yield* first(oversight.insertRule, rule);
        if (added === undefined) {
          const kept = yield* first(oversight.findRule, rule);
          if (kept === undefined) throw new Error('a rule was neither added nor found');
          return kept;
        }
        const { id, kind, pattern, reason } = added;
        yield* record(`${kind}.blocked`, { details: { rule: id, pattern, reason } }, trail);
        return added;
      }),

    removeRefusalRule: (id, reason, trail, seen = () => true) =>
      engine.unit(function* () {
        yield* lockRules();
        if (!seen(yield* all(oversight.listRules, {}))) return 'changed' as const;
        const removed = yield* first(oversight.deleteRule, { id });
        if (removed === undefined) return undefined;
        const { kind, pattern } = removed;
        yield* record(`${kind}.unblocked`, { details: { rule: id, pattern, reason } }, trail);
        return removed;
      }),
  };
}

/** Whoever changes the rules goes after whoever gives something by them, and after one another. */
function* lockRules(): Unit<void> {
  yield* all(oversight.putRulesMark, {});
  yield* all(oversight.lockRules, {});
}

function webhookVerbs(engine: Engine, record: Recorder): WebhookStore {
  return {
    listDueEndpoints: async (now) =>
      (await engine.read(webhooks.listDueEndpoints, { now })).map(({ endpoint }) => endpoint),

    listDueDeliveries: async (endpoint, now, limit) =>
      (await engine.read(webhooks.listDueDeliveries, { endpoint, now, limit })).map(({ id }) => id),

    leaseDelivery: (id, holder, until, now) =>
      engine.unit(() => first(webhooks.leaseDelivery, { id, holder, until, now })),

    finishDelivery: ({ id, holder, endpoint, event, attempts }, outcome, problem, trail) =>
      engine.unit(function* () {
        const done = yield* first(webhooks.finishDelivery, { id, holder, outcome, problem, now: trail.at });
        if (done === undefined) return false;
        const details = { delivery: id, endpoint, event, attempts, problem };
        if (outcome === 'gave_up') yield* record('webhook.gave_up', { details }, trail);
        return true;
      }),

    postponeDelivery: (id, holder, dueAt, problem) =>
      engine.unit(function* () {
        return (yield* first(webhooks.postponeDelivery, { id, holder, dueAt, problem })) !== undefined;
      }),
  };
}
