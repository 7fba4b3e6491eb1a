/** Statements about calls that may be sent again. Decides nothing; the verbs give them their meaning. */
import { and, eq, inArray, isNull, lte, or, sql } from 'drizzle-orm';
import type { Seconds, TokenHash } from '../../domain/types.ts';
import { given } from '../statement.ts';

interface Beginning {
  id: TokenHash;
  request: TokenHash;
  now: Seconds;
  leaseUntil: Seconds;
  expiresAt: Seconds;
}

/** Comes back for whoever begins it: nobody has, its time is over, or who had begun the same one is gone without an answer. */
export const beginCall = given<Beginning>()('repeatable_begin', (db, t, p) =>
  db
    .insert(t.repeatableCalls)
    .values({ id: p.id, request: p.request, leaseExpiresAt: p.leaseUntil, expiresAt: p.expiresAt })
    .onConflictDoUpdate({
      target: t.repeatableCalls.id,
      set: { request: p.request, leaseExpiresAt: p.leaseUntil, expiresAt: p.expiresAt, status: null, answer: null },
      setWhere:
        or(
          lte(t.repeatableCalls.expiresAt, p.now),
          and(
            eq(t.repeatableCalls.request, p.request),
            isNull(t.repeatableCalls.answer),
            lte(t.repeatableCalls.leaseExpiresAt, p.now),
          ),
        ) ?? sql`false`,
    })
    .returning({ id: t.repeatableCalls.id }),
);

export const findCall = given<{ id: TokenHash }>()('repeatable_find', (db, t, p) =>
  db.select().from(t.repeatableCalls).where(eq(t.repeatableCalls.id, p.id)),
);

export const keepAnswer = given<{ id: TokenHash; status: number; answer: string }>()('repeatable_keep', (db, t, p) =>
  db.update(t.repeatableCalls).set({ status: p.status, answer: p.answer }).where(eq(t.repeatableCalls.id, p.id)),
);

export const dropCall = given<{ id: TokenHash }>()('repeatable_drop', (db, t, p) =>
  db.delete(t.repeatableCalls).where(and(eq(t.repeatableCalls.id, p.id), isNull(t.repeatableCalls.answer))),
);

export const sweepCalls = given<{ before: Seconds; limit: number }>()('sweep_repeatable_calls', (db, t, p) =>
  db
    .delete(t.repeatableCalls)
    .where(
      inArray(
        t.repeatableCalls.id,
        db
          .select({ id: t.repeatableCalls.id })
          .from(t.repeatableCalls)
          .where(lte(t.repeatableCalls.expiresAt, p.before))
          .limit(p.limit),
      ),
    )
    .returning({ id: t.repeatableCalls.id }),
);
