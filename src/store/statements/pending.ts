/** Statements about undecided journeys: the same request twice, and the caps that a flood runs into. */
import { and, asc, desc, eq, inArray, isNull, lte, max, sql } from 'drizzle-orm';
import type { Seconds, TokenHash } from '../../domain/types.ts';
import { given } from '../statement.ts';
import { pending } from './journeys.ts';

export const findPending = given<{ browserHash: TokenHash; mergeKey: TokenHash }>()('pending_find', (db, t, p) =>
  db
    .select()
    .from(t.journeys)
    .where(and(eq(t.journeys.browserHash, p.browserHash), eq(t.journeys.mergeKey, p.mergeKey), pending(t))),
);

/** Makes room for a new journey of the same request. */
export const removeExpiredPending = given<{ browserHash: TokenHash; mergeKey: TokenHash; now: Seconds }>()(
  'pending_remove_expired',
  (db, t, p) =>
    db
      .delete(t.journeys)
      .where(
        and(
          eq(t.journeys.browserHash, p.browserHash),
          eq(t.journeys.mergeKey, p.mergeKey),
          pending(t),
          lte(t.journeys.expiresAt, p.now),
        ),
      )
      .returning({ id: t.journeys.id }),
);

export const trimBrowser = given<{ browserHash: TokenHash; keep: number }>()('pending_trim_browser', (db, t, p) =>
  db
    .delete(t.journeys)
    .where(
      inArray(
        t.journeys.id,
        db
          .select({ id: t.journeys.id })
          .from(t.journeys)
          .where(and(eq(t.journeys.browserHash, p.browserHash), pending(t)))
          .orderBy(desc(t.journeys.createdAt), desc(t.journeys.id))
          .limit(TRIMMED)
          .offset(p.keep),
      ),
    )
    .returning({ id: t.journeys.id }),
);

export const trimClient = given<{ clientId: string; keep: number }>()('pending_trim_client', (db, t, p) =>
  db
    .delete(t.journeys)
    .where(
      inArray(
        t.journeys.id,
        db
          .select({ id: t.journeys.id })
          .from(t.journeys)
          .where(and(eq(t.journeys.clientId, p.clientId), isNull(t.journeys.decision)))
          .orderBy(desc(t.journeys.createdAt), desc(t.journeys.id))
          .limit(TRIMMED)
          .offset(p.keep),
      ),
    )
    .returning({ id: t.journeys.id }),
);

/** How many undecided journeys there are, beyond which nothing needs to be known. */
export const countPending = given<object>()('pending_count', (db, t) =>
  db
    .select({ count: sql<number>`count(*)`.mapWith(Number) })
    .from(t.journeys)
    .where(and(isNull(t.journeys.decision), sql`${t.journeys.clientId} is not null`)),
);

/** The client with the most undecided journeys; of equals, the one that has not opened any for longest. */
export const largestClient = given<object>()('pending_largest_client', (db, t) =>
  db
    .select({ clientId: t.journeys.clientId, count: sql<number>`count(*)`.mapWith(Number) })
    .from(t.journeys)
    .where(and(isNull(t.journeys.decision), sql`${t.journeys.clientId} is not null`))
    .groupBy(t.journeys.clientId)
    .orderBy(sql`count(*) desc`, asc(max(t.journeys.createdAt)))
    .limit(1),
);

/** Removed at once at most; the next opening removes more. */
const TRIMMED = 1000;
