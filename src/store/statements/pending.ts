/** Statements about undecided journeys: the same request twice, and the caps that a flood runs into. */
import { and, desc, eq, gt, inArray, isNotNull, isNull, lte, sql } from 'drizzle-orm';
import type { Seconds, TokenHash } from '../../domain/types.ts';
import type { Tables } from '../schema.ts';
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

export const trimBrowser = given<{ browserHash: TokenHash; keep: number; opened: string }>()(
  'pending_trim_browser',
  (db, t, p) =>
    db
      .delete(t.journeys)
      .where(
        inArray(
          t.journeys.id,
          db
            .select({ id: t.journeys.id })
            .from(t.journeys)
            .where(and(eq(t.journeys.browserHash, p.browserHash), pending(t)))
            .orderBy(desc(t.journeys.createdAt), desc(justOpened(t, p)), desc(t.journeys.id))
            .limit(TRIMMED)
            .offset(p.keep),
        ),
      )
      .returning({ id: t.journeys.id }),
);

export const trimClient = given<{ clientId: string; keep: number; opened: string }>()(
  'pending_trim_client',
  (db, t, p) =>
    db
      .delete(t.journeys)
      .where(
        inArray(
          t.journeys.id,
          db
            .select({ id: t.journeys.id })
            .from(t.journeys)
            .where(and(eq(t.journeys.clientId, p.clientId), isNull(t.journeys.decision)))
            .orderBy(desc(t.journeys.createdAt), desc(justOpened(t, p)), desc(t.journeys.id))
            .limit(TRIMMED)
            .offset(p.keep),
        ),
      )
      .returning({ id: t.journeys.id }),
);

/** How many live undecided journeys of clients there are. */
export const countPending = given<{ now: Seconds }>()('pending_count', (db, t, p) =>
  db
    .select({ count: sql<number>`count(*)`.mapWith(Number) })
    .from(t.journeys)
    .where(live(t, p)),
);

/** The client with the most of them. */
export const largestClient = given<{ now: Seconds }>()('pending_largest_client', (db, t, p) =>
  db
    .select({ clientId: t.journeys.clientId, count: sql<number>`count(*)`.mapWith(Number) })
    .from(t.journeys)
    .where(live(t, p))
    .groupBy(t.journeys.clientId)
    .orderBy(sql`count(*) desc`)
    .limit(1),
);

export const trimOldest = given<{ now: Seconds; most: number; opened: string }>()('pending_trim_oldest', (db, t, p) =>
  db
    .delete(t.journeys)
    .where(
      inArray(
        t.journeys.id,
        db
          .select({ id: t.journeys.id })
          .from(t.journeys)
          .where(live(t, p))
          .orderBy(t.journeys.createdAt, justOpened(t, p), t.journeys.id)
          .limit(p.most),
      ),
    )
    .returning({ id: t.journeys.id }),
);

const live = (t: Tables, p: { readonly now: ReturnType<typeof sql.placeholder> }) =>
  and(isNull(t.journeys.decision), isNotNull(t.journeys.clientId), gt(t.journeys.expiresAt, p.now));

/** Among those of one second the one that makes the room counts as the newest: nobody is shown a page that is gone already. */
const justOpened = (t: Tables, p: { readonly opened: ReturnType<typeof sql.placeholder> }) =>
  sql`${t.journeys.id} = ${p.opened}`;

/** Removed at once at most; the next opening removes more. */
const TRIMMED = 1000;
