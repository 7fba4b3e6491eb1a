/**
 * Tables of what administrators watch over: steps of flows, requests for admission, refusal rules, webhook deliveries.
 * Conventions: ../schema.ts.
 */
import { isNull } from 'drizzle-orm';
import type { RefusalRuleKind } from '../../domain/refusal-rule.ts';
import type { Kit } from '../kit.ts';

export function oversightTables(k: Kit) {
  /** What each request of a flow came to, redacted, for some days. */
  const flowSteps = k.table(
    'flow_steps',
    {
      seq: k.sequence('seq'),
      at: k.time('at').notNull(),
      reference: k.text('reference').notNull(),
      /** The reference of the request that opened the flow, where that is known. */
      flow: k.text('flow'),
      journey: k.text('journey'),
      endpoint: k.text('endpoint').notNull(),
      status: k.count('status').notNull(),
      outcome: k.text('outcome'),
      error: k.text('error'),
      reason: k.text('reason'),
      clientId: k.text('client_id'),
      resource: k.text('resource'),
      userId: k.text('user_id'),
      upstream: k.text('upstream'),
    },
    (t) => [
      k.index('flow_steps_reference').on(t.reference),
      k.index('flow_steps_journey').on(t.journey),
      k.index('flow_steps_flow').on(t.flow),
      k.index('flow_steps_time').on(t.at),
    ],
  );

  /** What people said to an administrator about a client that waits. */
  const admissionRequests = k.table(
    'admission_requests',
    {
      journeyId: k.text('journey_id').primaryKey(),
      clientId: k.text('client_id').notNull(),
      userId: k.text('user_id'),
      reference: k.text('reference').notNull(),
      words: k.text('words').notNull(),
      at: k.time('at').notNull(),
    },
    (t) => [k.index('admission_requests_client').on(t.clientId, t.at)],
  );

  /** Sites and names that are refused whatever registers. */
  const refusalRules = k.table(
    'refusal_rules',
    {
      id: k.text('id').primaryKey(),
      kind: k.text('kind').$type<RefusalRuleKind>().notNull(),
      pattern: k.text('pattern').notNull(),
      reason: k.text('reason').notNull(),
      createdAt: k.time('created_at').notNull(),
      createdBy: k.text('created_by'),
    },
    (t) => [k.uniqueIndex('refusal_rules_pattern').on(t.kind, t.pattern)],
  );

  /** The outbox of webhooks. */
  const webhookDeliveries = k.table(
    'webhook_deliveries',
    {
      id: k.text('id').primaryKey(),
      endpoint: k.text('endpoint').notNull(),
      event: k.text('event').notNull(),
      body: k.text('body'),
      queuedAt: k.time('queued_at').notNull(),
      dueAt: k.time('due_at').notNull(),
      attempts: k.count('attempts').notNull(),
      leaseHolder: k.text('lease_holder'),
      leaseExpiresAt: k.time('lease_expires_at'),
      problem: k.text('problem'),
      outcome: k.text('outcome').$type<'delivered' | 'gave_up'>(),
      doneAt: k.time('done_at'),
    },
    (t) => [k.index('webhook_deliveries_due').on(t.dueAt).where(isNull(t.doneAt))],
  );

  return { flowSteps, admissionRequests, refusalRules, webhookDeliveries };
}
