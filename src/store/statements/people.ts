/** Statements about people and their browser sessions. Decides nothing; the verbs give them their meaning. */
import { and, eq, gt, gte, isNull, lt, sql } from 'drizzle-orm';
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
