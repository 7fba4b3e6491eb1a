/** Statements about people and their browser sessions. Decides nothing; the verbs give them their meaning. */
import { and, desc, eq, gt, gte, isNotNull, isNull, lt, sql } from 'drizzle-orm';
import type { Seconds, TokenHash } from '../../domain/types.ts';
import { given } from '../statement.ts';

interface Person {
  id: string;
  upstream: string;
  subject: string;
  name: string;
  now: Seconds;
}

/** One statement, so that simultaneous first visits of one person make one row and all get it. */
export const putUser = given<Person>()('user_put', (db, t, p) =>
  db
    .insert(t.users)
    .values({ id: p.id, upstream: p.upstream, subject: p.subject, name: p.name, createdAt: p.now })
    .onConflictDoUpdate({ target: [t.users.upstream, t.users.subject], set: { name: sql`excluded.name` } })
    .returning(),
);

export const findUser = given<{ id: string }>()('user_find', (db, t, p) =>
  db.select().from(t.users).where(eq(t.users.id, p.id)),
);

export const insertSession = given<{ idHash: TokenHash; userId: string; now: Seconds; expiresAt: Seconds }>()(
  'session_insert',
  (db, t, p) =>
    db
      .insert(t.sessions)
      .values({ idHash: p.idHash, userId: p.userId, createdAt: p.now, lastSeenAt: p.now, expiresAt: p.expiresAt }),
);

export const findSession = given<{ idHash: TokenHash; now: Seconds; idleSince: Seconds }>()(
  'session_find',
  (db, t, p) =>
    db
      .select({ session: t.sessions, user: t.users })
      .from(t.sessions)
      .innerJoin(t.users, eq(t.users.id, t.sessions.userId))
      .where(
        and(
          eq(t.sessions.idHash, p.idHash),
          isNull(t.sessions.endedAt),
          gt(t.sessions.expiresAt, p.now),
          gte(t.sessions.lastSeenAt, p.idleSince),
          isNull(t.users.disabledAt),
        ),
      ),
);

export const touchSession = given<{ idHash: TokenHash; now: Seconds }>()('session_touch', (db, t, p) =>
  db
    .update(t.sessions)
    .set({ lastSeenAt: p.now })
    .where(and(eq(t.sessions.idHash, p.idHash), isNull(t.sessions.endedAt), lt(t.sessions.lastSeenAt, p.now))),
);

export const endSession = given<{ idHash: TokenHash; now: Seconds }>()('session_end', (db, t, p) =>
  db
    .update(t.sessions)
    .set({ endedAt: p.now })
    .where(and(eq(t.sessions.idHash, p.idHash), isNull(t.sessions.endedAt), gt(t.sessions.expiresAt, p.now)))
    .returning({ userId: t.sessions.userId }),
);

interface UserPage {
  upstream: string | null;
  subject: string | null;
  beforeAt: Seconds;
  beforeId: string;
  limit: number;
}

const USER_STATES = ['any', 'active', 'disabled'] as const;

/** Pages, newest first; one statement per state. */
export const userPages = USER_STATES.map((state) =>
  given<UserPage>()(`user_page_${state}`, (db, t, p) =>
    db
      .select()
      .from(t.users)
      .where(
        and(
          state === 'any' ? undefined : state === 'active' ? isNull(t.users.disabledAt) : isNotNull(t.users.disabledAt),
          sql`coalesce(${p.upstream}, ${t.users.upstream}) = ${t.users.upstream}`,
          sql`coalesce(${p.subject}, ${t.users.subject}) = ${t.users.subject}`,
          sql`(${t.users.createdAt}, ${t.users.id}) < (${p.beforeAt}, ${p.beforeId})`,
        ),
      )
      .orderBy(desc(t.users.createdAt), desc(t.users.id))
      .limit(p.limit),
  ),
);

export const userPageFor = (state: 'active' | 'disabled' | undefined): (typeof userPages)[number] | undefined =>
  userPages[USER_STATES.indexOf(state ?? 'any')];

export const disableUser = given<{ id: string; now: Seconds }>()('user_disable', (db, t, p) =>
  db
    .update(t.users)
    .set({ disabledAt: p.now })
    .where(and(eq(t.users.id, p.id), isNull(t.users.disabledAt)))
    .returning(),
);

/** Nothing of before comes to life with it. */
export const enableUser = given<{ id: string; now: Seconds }>()('user_enable', (db, t, p) =>
  db
    .update(t.users)
    .set({ disabledAt: null, decidesFrom: p.now })
    .where(and(eq(t.users.id, p.id), isNotNull(t.users.disabledAt)))
    .returning(),
);

export const decideAnew = given<{ id: string; now: Seconds }>()('user_decide_anew', (db, t, p) =>
  db.update(t.users).set({ decidesFrom: p.now }).where(eq(t.users.id, p.id)),
);

export const endSessionsOfUser = given<{ userId: string; now: Seconds }>()('session_end_of_user', (db, t, p) =>
  db
    .update(t.sessions)
    .set({ endedAt: p.now })
    .where(and(eq(t.sessions.userId, p.userId), isNull(t.sessions.endedAt), gt(t.sessions.expiresAt, p.now)))
    .returning({ userId: t.sessions.userId }),
);

export const countUsers = given<object>()('user_count', (db, t) =>
  db
    .select({
      all: sql<number>`count(*)`.mapWith(Number),
      disabled: sql<number>`count(${t.users.disabledAt})`.mapWith(Number),
    })
    .from(t.users),
);
