/** Statements about flow steps, clients that wait for an administrator, and refusal rules. */
import { and, asc, desc, eq, inArray, isNotNull, isNull, lte, or, sql } from 'drizzle-orm';
import type { RefusalRule } from '../../domain/refusal-rule.ts';
import type { Seconds } from '../../domain/types.ts';
import type { AdmissionRequest, FlowStep } from '../oversight-store.ts';
import { given, held } from '../statement.ts';
import { neverUsed } from './client-life.ts';

export const insertStep = given<FlowStep>()('flow_step_insert', (db, t, p) =>
  db.insert(t.flowSteps).values({
    at: p.at,
    reference: p.reference,
    flow: p.flow,
    journey: p.journey,
    endpoint: p.endpoint,
    status: p.status,
    outcome: p.outcome,
    error: p.error,
    reason: p.reason,
    clientId: p.clientId,
    resource: p.resource,
    userId: p.userId,
    upstream: p.upstream,
  }),
);

export const listStepsOf = given<{ reference: string; limit: number }>()('flow_step_list_reference', (db, t, p) =>
  db
    .select()
    .from(t.flowSteps)
    .where(or(eq(t.flowSteps.reference, p.reference), eq(t.flowSteps.flow, p.reference)))
    .orderBy(asc(t.flowSteps.seq))
    .limit(p.limit),
);

export const listStepsOfJourney = given<{ journey: string; limit: number }>()('flow_step_list_journey', (db, t, p) =>
  db.select().from(t.flowSteps).where(eq(t.flowSteps.journey, p.journey)).orderBy(asc(t.flowSteps.seq)).limit(p.limit),
);

export const sweepSteps = given<{ before: Seconds; limit: number }>()('sweep_flow_steps', (db, t, p) =>
  db
    .delete(t.flowSteps)
    .where(
      inArray(
        t.flowSteps.seq,
        db.select({ seq: t.flowSteps.seq }).from(t.flowSteps).where(lte(t.flowSteps.at, p.before)).limit(p.limit),
      ),
    )
    .returning({ seq: t.flowSteps.seq }),
);

export const listWaiting = given<{ afterAt: Seconds; afterId: string; limit: number }>()(
  'client_list_waiting',
  (db, t, p) =>
    db
      .select()
      .from(t.clients)
      .where(
        and(
          isNotNull(t.clients.quarantinedAt),
          isNull(t.clients.blockedAt),
          sql`(${t.clients.quarantinedAt}, ${t.clients.id}) > (${p.afterAt}, ${p.afterId})`,
        ),
      )
      .orderBy(asc(t.clients.quarantinedAt), asc(t.clients.id))
      .limit(p.limit),
);

export const admitClient = given<{ id: string }>()('client_admit', (db, t, p) =>
  db
    .update(t.clients)
    .set({ quarantinedAt: null, usableBy: null })
    .where(and(eq(t.clients.id, p.id), isNotNull(t.clients.quarantinedAt)))
    .returning(),
);

/** The first person to finish with a client that only its requester may use becomes the requester. */
export const claimRequester = given<{ id: string; userId: string }>()('client_claim_requester', (db, t, p) =>
  db
    .update(t.clients)
    .set({ requesterId: p.userId })
    .where(and(eq(t.clients.id, p.id), eq(t.clients.usableBy, 'requester'), isNull(t.clients.requesterId)))
    .returning({ id: t.clients.id }),
);

/** The client, if this person may use it, held so until the unit ends. */
export const holdUsableClient = given<{ id: string; userId: string }>()('client_hold_usable', (db, t, p) =>
  held(
    db
      .select()
      .from(t.clients)
      .where(
        and(
          eq(t.clients.id, p.id),
          isNull(t.clients.blockedAt),
          or(
            isNull(t.clients.quarantinedAt),
            and(eq(t.clients.usableBy, 'requester'), eq(t.clients.requesterId, p.userId)),
          ),
        ),
      ),
  ),
);

/** Nobody has decided in time: it goes, and may register again. What people approved, or is decided meanwhile, stays. */
export const sweepWaiting = given<{ before: Seconds; limit: number }>()('sweep_waiting_clients', (db, t, p) =>
  db
    .delete(t.clients)
    .where(
      and(
        inArray(
          t.clients.id,
          db
            .select({ id: t.clients.id })
            .from(t.clients)
            .where(
              and(
                isNotNull(t.clients.quarantinedAt),
                eq(t.clients.usableBy, 'nobody'),
                neverUsed(t),
                lte(t.clients.quarantinedAt, p.before),
              ),
            )
            .limit(p.limit),
        ),
        isNotNull(t.clients.quarantinedAt),
        isNull(t.clients.blockedAt),
      ),
    )
    .returning({ id: t.clients.id }),
);

export const sweepAdmissionRequests = given<{ before: Seconds; limit: number }>()(
  'sweep_admission_requests',
  (db, t, p) =>
    db
      .delete(t.admissionRequests)
      .where(
        inArray(
          t.admissionRequests.journeyId,
          db
            .select({ id: t.admissionRequests.journeyId })
            .from(t.admissionRequests)
            .where(lte(t.admissionRequests.at, p.before))
            .limit(p.limit),
        ),
      )
      .returning({ id: t.admissionRequests.journeyId }),
);

export const insertAdmissionRequest = given<AdmissionRequest>()('admission_request_insert', (db, t, p) =>
  db
    .insert(t.admissionRequests)
    .values({
      journeyId: p.journeyId,
      clientId: p.clientId,
      userId: p.userId,
      reference: p.reference,
      words: p.words,
      at: p.at,
    })
    .onConflictDoNothing()
    .returning({ id: t.admissionRequests.journeyId }),
);

export const listAdmissionRequests = given<{ clientId: string; limit: number }>()(
  'admission_request_list',
  (db, t, p) =>
    db
      .select()
      .from(t.admissionRequests)
      .where(eq(t.admissionRequests.clientId, p.clientId))
      .orderBy(desc(t.admissionRequests.at), t.admissionRequests.journeyId)
      .limit(p.limit),
);

/** The keepsake that stands for all rules: whoever adds one writes it, whoever goes by them holds it. */
const RULES = 'refusal_rules';

export const putRulesMark = given<object>()('refusal_rule_put_mark', (db, t) =>
  db.insert(t.keepsakes).values({ name: RULES, value: '' }).onConflictDoNothing(),
);

export const lockRules = given<object>()('refusal_rule_lock', (db, t) =>
  db.update(t.keepsakes).set({ value: '' }).where(eq(t.keepsakes.name, RULES)),
);

export const holdRules = given<object>()('refusal_rule_hold', (db, t) =>
  held(db.select({ name: t.keepsakes.name }).from(t.keepsakes).where(eq(t.keepsakes.name, RULES))),
);

export const listRules = given<object>()('refusal_rule_list', (db, t) =>
  db.select().from(t.refusalRules).orderBy(desc(t.refusalRules.createdAt), t.refusalRules.id),
);

export const insertRule = given<RefusalRule>()('refusal_rule_insert', (db, t, p) =>
  db
    .insert(t.refusalRules)
    .values({
      id: p.id,
      kind: p.kind,
      pattern: p.pattern,
      reason: p.reason,
      createdAt: p.createdAt,
      createdBy: p.createdBy,
    })
    .onConflictDoNothing()
    .returning(),
);

export const findRule = given<{ kind: RefusalRule['kind']; pattern: string }>()('refusal_rule_find', (db, t, p) =>
  db
    .select()
    .from(t.refusalRules)
    .where(and(eq(t.refusalRules.kind, p.kind), eq(t.refusalRules.pattern, p.pattern))),
);

export const deleteRule = given<{ id: string }>()('refusal_rule_delete', (db, t, p) =>
  db.delete(t.refusalRules).where(eq(t.refusalRules.id, p.id)).returning(),
);
