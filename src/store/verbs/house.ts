/** The verbs about the house: keepsakes, signing keys, the audit log, the sweep. Contract: HouseStore in ../store.ts. */
import type { Seconds } from '../../domain/types.ts';
import type { Engine } from '../engine.ts';
import { all, first, type Statement, type Unit } from '../statement.ts';
import { countClients } from '../statements/clients.ts';
import { sweepConsoleLinks, sweepConsoleSessions } from '../statements/console.ts';
import { removeIdleDocuments, removeSpentAssertions, removeUnusedDocuments } from '../statements/documents.ts';
import * as house from '../statements/house.ts';
import { sweepMachineTokens } from '../statements/machine-tokens.ts';
import * as oversight from '../statements/oversight.ts';
import { countUsers } from '../statements/people.ts';
import { sweepIdle, sweepUnapproved } from '../statements/registrations.ts';
import { sweepCalls } from '../statements/repeatable.ts';
import { sweepRevocations, sweepUpstreamRevocations } from '../statements/revocations.ts';
import * as sweeping from '../statements/sweep.ts';
import { endUpstreamGrant } from '../statements/upstream.ts';
import { sweepDeliveries } from '../statements/webhooks.ts';
import type { HouseStore } from '../store.ts';
import type { Recorder } from './audit.ts';
import { handOver } from './handing-over.ts';

/** How long an ended upstream grant is kept, so that whoever had it in hand learns that it ended; in seconds. */
const UPSTREAM_KEPT = 3600;
/** How long a document's client is kept that nobody has allowed, and after its last use; in seconds. */
const UNUSED_DOCUMENT_KEPT = 86_400;
const IDLE_DOCUMENT_KEPT = 90 * 86_400;
/** Longer than any token that a retired key can have signed lives, in seconds. */
const SIGNING_KEY_KEPT = 2 * 86_400;
/** How long the report of a revocation is kept, in seconds. */
const REPORT_KEPT = 400 * 86_400;
/** How long it is kept that a webhook was delivered, in seconds. */
const DELIVERY_KEPT = 7 * 86_400;
/** Steps of flows, and clients nobody has decided on, where the caller says nothing. */
const KEPT = { trace: 7 * 86_400, waiting: 30 * 86_400 };
/** How long a session of an older MCP revision is kept after its last use, in seconds; a client without it begins anew. */
const MCP_SESSION_KEPT = 7 * 86_400;

export function houseVerbs(engine: Engine, record: Recorder): HouseStore {
  return { ...keepingVerbs(engine), ...auditVerbs(engine, record), ...runningVerbs(engine, record) };
}

function keepingVerbs(engine: Engine) {
  return {
    keepFirst: (name, value) =>
      engine.unit(function* () {
        yield* all(house.keepFirst, { name, value });
        const kept = yield* first(house.findKeepsake, { name });
        if (kept === undefined) throw new Error(`nothing is kept under ${name}`);
        return kept.value;
      }),
  } satisfies Partial<HouseStore>;
}

function auditVerbs(engine: Engine, record: Recorder) {
  return {
    listAudit: async ({ before = Number.MAX_SAFE_INTEGER, since = 0, limit, ...filter }) => {
      const statement = house.auditListFor(filter);
      if (statement === undefined) throw new Error('no statement lists the audit log by these filters');
      return engine.read(statement, { ...filter, before, since, limit });
    },

    listActivity: async (userId, since, limit) => ({
      rows: await engine.read(house.listActivity, { userId, since, limit }),
      renewals: await engine.read(house.countRenewals, { userId, since }),
    }),

    recordEvent: (event, about, trail) => engine.unit(() => record(event, about, trail)),
  } satisfies Partial<HouseStore>;
}

function runningVerbs(engine: Engine, record: Recorder) {
  /** Each kind in a commit of its own, so that no request waits for the whole sweep. */
  const slice = async (work: () => Unit<number>): Promise<number> => engine.unit(work);

  return {
    sweep: async (now, limit, clients, kept = KEPT) => {
      let removed = 0;
      for (const statement of EXPIRING) removed += await slice(() => count(statement, now, limit));
      removed += await slice(() => sweepGrants(now, limit));
      removed += await slice(() => sweepCodes(now, limit));
      removed += await slice(() => count(sweeping.sweepSigningKeys, now - SIGNING_KEY_KEPT, limit));
      removed += await slice(() => count(sweeping.sweepUpstreamGrants, now - UPSTREAM_KEPT, limit));
      removed += await slice(() => count(sweepUpstreamRevocations, now - REPORT_KEPT, limit));
      removed += await slice(() => count(sweeping.sweepMcpSessions, now - MCP_SESSION_KEPT, limit));
      removed += await slice(() => count(sweepRevocations, now - REPORT_KEPT, limit));
      removed += await slice(() => count(oversight.sweepSteps, now - kept.trace, limit));
      removed += await slice(() => count(oversight.sweepAdmissionRequests, now - REPORT_KEPT, limit));
      removed += await slice(() => count(sweepCalls, now, limit));
      removed += await slice(() => count(sweepDeliveries, now - DELIVERY_KEPT, limit));
      removed += await slice(() => sweepWaiting(record, now, now - kept.waiting, limit));
      removed += await slice(() => count(removeUnusedDocuments, now - UNUSED_DOCUMENT_KEPT, limit));
      removed += await slice(() => removeIdle(now, limit));
      if (clients === undefined) return removed;
      removed += await slice(() => sweepClients(record, sweepUnapproved, now - clients.unapproved, now, limit));
      removed += await slice(() => sweepClients(record, sweepIdle, now - clients.idle, now, limit));
      return removed;
    },

    takeLease: (name, holder, until, now) =>
      engine.unit(function* () {
        return (yield* first(house.takeLease, { name, holder, until, now })) !== undefined;
      }),

    dropLease: (name, holder) =>
      engine.unit(function* () {
        yield* all(house.dropLease, { name, holder });
      }),

    countPeople: async () => {
      const [clients] = await engine.read(countClients, {});
      const [users] = await engine.read(countUsers, {});
      return { clients: clients ?? { all: 0, blocked: 0 }, users: users ?? { all: 0, disabled: 0 } };
    },

    ping: async () => {
      await engine.read(house.ping, {});
    },

    close: () => engine.close(),
  } satisfies Partial<HouseStore>;
}

function* sweepWaiting(record: Recorder, now: Seconds, before: Seconds, limit: number): Unit<number> {
  const gone = yield* all(oversight.sweepWaiting, { before, limit });
  const trail = { at: now, reference: record.newId('req'), actor: { kind: 'system', id: undefined } } as const;
  for (const { id } of gone) yield* record('client.expired', { clientId: id }, trail);
  return gone.length;
}

/** Tokens before grants: a grant goes only when nothing is left under it. */
const EXPIRING = [
  sweeping.sweepJourneys,
  sweeping.sweepSessions,
  sweepConsoleSessions,
  sweepConsoleLinks,
  sweeping.sweepAccessTokens,
  sweeping.sweepRefreshTokens,
  sweepMachineTokens,
  removeSpentAssertions,
];

function* removeIdle(now: Seconds, limit: number): Unit<number> {
  return (yield* all(removeIdleDocuments, { before: now - IDLE_DOCUMENT_KEPT, now, limit })).length;
}

function* count(
  statement: Statement<{ before: Seconds; limit: number }, unknown>,
  before: Seconds,
  limit: number,
): Unit<number> {
  return (yield* all(statement, { before, limit })).length;
}

function* sweepClients(
  record: Recorder,
  statement: typeof sweepIdle,
  before: Seconds,
  now: Seconds,
  limit: number,
): Unit<number> {
  const gone = yield* all(statement, { before, now, limit });
  if (gone.length > 0) {
    const trail = { at: now, reference: record.newId('req'), actor: { kind: 'system', id: undefined } } as const;
    yield* record('client.expired', { details: { clients: gone.length } }, trail);
  }
  return gone.length;
}

function* sweepGrants(before: Seconds, limit: number): Unit<number> {
  const gone = yield* all(sweeping.sweepGrants, { before, limit });
  let removed = gone.length;
  for (const { codeHash, upstreamGrantId } of gone) {
    removed += (yield* all(sweeping.removeCode, { codeHash })).length;
    removed += yield* removeUpstreamGrant(upstreamGrantId, before);
  }
  return removed;
}

function* sweepCodes(before: Seconds, limit: number): Unit<number> {
  const gone = yield* all(sweeping.sweepCodes, { before, limit });
  let removed = gone.length;
  for (const { upstreamGrantId } of gone) removed += yield* removeUpstreamGrant(upstreamGrantId, before);
  return removed;
}

/** What ran out here is still good at the upstream, so its tokens are put into the outbox before the row goes. */
function* removeUpstreamGrant(id: string, now: Seconds): Unit<number> {
  yield* handOver(yield* all(endUpstreamGrant, { id, now }), id, now);
  return (yield* all(sweeping.removeUpstreamGrant, { id })).length;
}
