/** Statements about the outbox of webhooks. */
import { and, asc, eq, inArray, isNotNull, isNull, lte, or, sql } from 'drizzle-orm';
import type { Seconds } from '../../domain/types.ts';
import type { NewDelivery } from '../oversight-store.ts';
import { given } from '../statement.ts';

export const queueDelivery = given<NewDelivery>()('webhook_queue', (db, t, p) =>
  db
    .insert(t.webhookDeliveries)
    .values({
      id: p.id,
      endpoint: p.endpoint,
      event: p.event,
      body: p.body,
      queuedAt: p.queuedAt,
      dueAt: p.queuedAt,
      attempts: 0,
    })
    .onConflictDoNothing(),
);

export const listDueEndpoints = given<{ now: Seconds }>()('webhook_list_endpoints', (db, t, p) =>
  db
    .selectDistinct({ endpoint: t.webhookDeliveries.endpoint })
    .from(t.webhookDeliveries)
    .where(and(isNull(t.webhookDeliveries.doneAt), lte(t.webhookDeliveries.dueAt, p.now))),
);

export const listDueDeliveries = given<{ endpoint: string; now: Seconds; limit: number }>()(
  'webhook_list_due',
  (db, t, p) =>
    db
      .select({ id: t.webhookDeliveries.id })
      .from(t.webhookDeliveries)
      .where(
        and(
          isNull(t.webhookDeliveries.doneAt),
          lte(t.webhookDeliveries.dueAt, p.now),
          eq(t.webhookDeliveries.endpoint, p.endpoint),
        ),
      )
      .orderBy(asc(t.webhookDeliveries.dueAt))
      .limit(p.limit),
);

export const leaseDelivery = given<{ id: string; holder: string; until: Seconds; now: Seconds }>()(
  'webhook_lease',
  (db, t, p) =>
    db
      .update(t.webhookDeliveries)
      .set({ leaseHolder: p.holder, leaseExpiresAt: p.until, attempts: sql`${t.webhookDeliveries.attempts} + 1` })
      .where(
        and(
          eq(t.webhookDeliveries.id, p.id),
          isNull(t.webhookDeliveries.doneAt),
          lte(t.webhookDeliveries.dueAt, p.now),
          or(isNull(t.webhookDeliveries.leaseExpiresAt), lte(t.webhookDeliveries.leaseExpiresAt, p.now)),
        ),
      )
      .returning({
        id: t.webhookDeliveries.id,
        endpoint: t.webhookDeliveries.endpoint,
        event: t.webhookDeliveries.event,
        body: t.webhookDeliveries.body,
        attempts: t.webhookDeliveries.attempts,
      }),
);

interface Finishing {
  id: string;
  holder: string;
  outcome: 'delivered' | 'gave_up';
  problem: string | undefined;
  now: Seconds;
}

export const finishDelivery = given<Finishing>()('webhook_finish', (db, t, p) =>
  db
    .update(t.webhookDeliveries)
    .set({ outcome: p.outcome, problem: p.problem, doneAt: p.now, body: null, leaseHolder: null, leaseExpiresAt: null })
    .where(and(eq(t.webhookDeliveries.id, p.id), eq(t.webhookDeliveries.leaseHolder, p.holder)))
    .returning({ id: t.webhookDeliveries.id }),
);

export const postponeDelivery = given<{ id: string; holder: string; dueAt: Seconds; problem: string }>()(
  'webhook_postpone',
  (db, t, p) =>
    db
      .update(t.webhookDeliveries)
      .set({ leaseHolder: null, leaseExpiresAt: null, dueAt: p.dueAt, problem: p.problem })
      .where(and(eq(t.webhookDeliveries.id, p.id), eq(t.webhookDeliveries.leaseHolder, p.holder)))
      .returning({ id: t.webhookDeliveries.id }),
);

export const sweepDeliveries = given<{ before: Seconds; limit: number }>()('sweep_webhook_deliveries', (db, t, p) =>
  db
    .delete(t.webhookDeliveries)
    .where(
      inArray(
        t.webhookDeliveries.id,
        db
          .select({ id: t.webhookDeliveries.id })
          .from(t.webhookDeliveries)
          .where(and(isNotNull(t.webhookDeliveries.doneAt), lte(t.webhookDeliveries.doneAt, p.before)))
          .limit(p.limit),
      ),
    )
    .returning({ id: t.webhookDeliveries.id }),
);
