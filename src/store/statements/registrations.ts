/**
 * Statements about registrations: made, changed and ended by their holder, and leaving when nobody used them.
 *
 * A client is unapproved while `last_used_at` is empty: the first approval writes it in its own commit, so on Postgres a
 * removal that waited for that row looks at it again and lets it be, as it does with one that was blocked meanwhile.
 * Configured and blocked clients never leave here.
 */
import { and, desc, eq, gt, inArray, isNotNull, isNull, lte, notInArray, sql } from 'drizzle-orm';
import type { UsableBy } from '../../domain/quarantine.ts';
import type { Client, ClientMetadata, Seconds, TokenHash } from '../../domain/types.ts';
import type { Tables } from '../schema.ts';
import { type Db, given } from '../statement.ts';
import { neverUsed, nothingLives } from './client-life.ts';

interface NewRegistration extends Client {
  managementHash: TokenHash | undefined;
  sourceMark: string | undefined;
  twinMark: string | undefined;
  quarantinedAt: Seconds | undefined;
  usableBy: UsableBy | undefined;
}

export const insertClient = given<NewRegistration>()('registration_insert', (db, t, p) =>
  db.insert(t.clients).values({
    id: p.id,
    kind: p.kind,
    metadata: p.metadata,
    secretHash: p.secretHash,
    createdAt: p.createdAt,
    lastUsedAt: p.lastUsedAt,
    blockedAt: p.blockedAt,
    blockedReason: p.blockedReason,
    managementHash: p.managementHash,
    sourceMark: p.sourceMark,
    twinMark: p.twinMark,
    quarantinedAt: p.quarantinedAt,
    usableBy: p.usableBy,
  }),
);

interface Update {
  id: string;
  metadata: ClientMetadata;
  secretHash: TokenHash | undefined;
  held: TokenHash | undefined;
  next: TokenHash | undefined;
  quarantinedAt: Seconds | undefined;
  usableBy: UsableBy | undefined;
}

/**
 * By whoever holds the current token, which is replaced by the next: of two at once one succeeds. Never one that waits:
 * what an administrator is looking at stays as it is.
 */
export const updateRegistration = given<Update>()('registration_update', (db, t, p) =>
  db
    .update(t.clients)
    .set({
      metadata: p.metadata,
      secretHash: p.secretHash,
      managementHash: p.next,
      quarantinedAt: p.quarantinedAt,
      usableBy: p.usableBy,
    })
    .where(
      and(
        eq(t.clients.id, p.id),
        eq(t.clients.kind, 'registered'),
        eq(t.clients.managementHash, p.held),
        isNull(t.clients.blockedAt),
        isNull(t.clients.quarantinedAt),
      ),
    )
    .returning(),
);

interface Leaving {
  id: string;
  held: TokenHash;
  now: Seconds;
  reason: string;
}

/** Begins to end the registration for whoever holds its token: nothing is made for it from here on. */
export const closeRegistration = given<Leaving>()('registration_close', (db, t, p) =>
  db
    .update(t.clients)
    .set({ blockedAt: p.now, blockedReason: p.reason })
    .where(
      and(
        eq(t.clients.id, p.id),
        eq(t.clients.kind, 'registered'),
        eq(t.clients.managementHash, p.held),
        isNull(t.clients.blockedAt),
      ),
    )
    .returning({ id: t.clients.id }),
);

/** The registration that its holder has begun to end, held against every other change until this unit ends. */
export const holdLeaving = given<Omit<Leaving, 'now'>>()('registration_hold_leaving', (db, t, p) =>
  db
    .update(t.clients)
    .set({ managementHash: sql`${t.clients.managementHash}` })
    .where(
      and(
        eq(t.clients.id, p.id),
        eq(t.clients.kind, 'registered'),
        eq(t.clients.managementHash, p.held),
        isNotNull(t.clients.blockedAt),
        eq(t.clients.blockedReason, p.reason),
      ),
    )
    .returning({ id: t.clients.id }),
);

/** Its last step. What an administrator has blocked meanwhile stays. */
export const deleteLeaving = given<Omit<Leaving, 'now'>>()('registration_delete_leaving', (db, t, p) =>
  db
    .delete(t.clients)
    .where(
      and(
        eq(t.clients.id, p.id),
        eq(t.clients.kind, 'registered'),
        eq(t.clients.managementHash, p.held),
        isNotNull(t.clients.blockedAt),
        eq(t.clients.blockedReason, p.reason),
      ),
    )
    .returning({ id: t.clients.id }),
);

const unapproved = (t: Tables) => and(neverUsed(t), eq(t.clients.kind, 'registered'));

/** Clients that somebody is just deciding on, or that are on the way to the upstream and back; asked once per statement. */
const underWay = (db: Db, t: Tables, now: ReturnType<typeof sql.placeholder>) =>
  db
    .select({ clientId: sql<string>`${t.journeys.clientId}` })
    .from(t.journeys)
    .where(and(isNotNull(t.journeys.clientId), isNull(t.journeys.finishedAt), gt(t.journeys.expiresAt, now)));

export const countUnapproved = given<object>()('registration_count_unapproved', (db, t) =>
  db
    .select({ count: sql<number>`count(*)`.mapWith(Number) })
    .from(t.clients)
    .where(unapproved(t)),
);

/**
 * Removes `most` unapproved clients: those of the sources that have the most of them, the oldest of each first, and what
 * is under way last.
 */
export const evictUnapproved = given<{ now: Seconds; most: number }>()('registration_evict', (db, t, p) => {
  const ranked = db
    .select({
      id: t.clients.id,
      createdAt: t.clients.createdAt,
      place: sql<number>`row_number() over (
        partition by ${t.clients.sourceMark}
        order by case when ${inArray(t.clients.id, underWay(db, t, p.now))} then 0 else 1 end, ${desc(t.clients.createdAt)}, ${desc(t.clients.id)}
      )`.as('place'),
    })
    .from(t.clients)
    .where(unapproved(t))
    .as('ranked');
  const leaving = db
    .select({ id: ranked.id })
    .from(ranked)
    .orderBy(desc(ranked.place), ranked.createdAt, ranked.id)
    .limit(p.most);
  return db
    .delete(t.clients)
    .where(and(inArray(t.clients.id, leaving), neverUsed(t)))
    .returning({ id: t.clients.id });
});

interface Twins {
  twinMark: string;
  before: Seconds;
  now: Seconds;
  keep: number;
}

/** What registered the same from the same place before and never came: all but the newest few. */
export const evictTwins = given<Twins>()('registration_evict_twins', (db, t, p) =>
  db
    .delete(t.clients)
    .where(
      and(
        inArray(
          t.clients.id,
          db
            .select({ id: t.clients.id })
            .from(t.clients)
            .where(and(eq(t.clients.twinMark, p.twinMark), isNull(t.clients.lastUsedAt)))
            .orderBy(desc(t.clients.createdAt), desc(t.clients.id))
            .limit(SLICE)
            .offset(p.keep),
        ),
        unapproved(t),
        lte(t.clients.createdAt, p.before),
        notInArray(t.clients.id, underWay(db, t, p.now)),
      ),
    )
    .returning({ id: t.clients.id }),
);

interface Slice {
  before: Seconds;
  now: Seconds;
  limit: number;
}

export const sweepUnapproved = given<Slice>()('registration_sweep_unapproved', (db, t, p) =>
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
                unapproved(t),
                isNull(t.clients.quarantinedAt),
                lte(t.clients.createdAt, p.before),
                notInArray(t.clients.id, underWay(db, t, p.now)),
              ),
            )
            .limit(p.limit),
        ),
        neverUsed(t),
      ),
    )
    .returning({ id: t.clients.id }),
);

/** Approved once, and with nothing that lives or is under way. */
export const sweepIdle = given<Slice>()('registration_sweep_idle', (db, t, p) =>
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
                isNotNull(t.clients.lastUsedAt),
                lte(t.clients.lastUsedAt, p.before),
                eq(t.clients.kind, 'registered'),
                isNull(t.clients.blockedAt),
                nothingLives(db, t, p.now),
                notInArray(t.clients.id, underWay(db, t, p.now)),
              ),
            )
            .limit(p.limit),
        ),
        lte(t.clients.lastUsedAt, p.before),
        isNull(t.clients.blockedAt),
      ),
    )
    .returning({ id: t.clients.id }),
);

/** Removed at once at most; the next registration removes more. */
const SLICE = 100;
