/** Statements about the admin console's sessions and links. Decides nothing; the verbs give them their meaning. */
import { and, eq, gt, gte, inArray, isNull, lt, lte, or } from 'drizzle-orm';
import type { AdminRole } from '../../domain/admin-key.ts';
import type { ConsoleLink } from '../../domain/administrator.ts';
import type { Seconds, TokenHash } from '../../domain/types.ts';
import { given } from '../statement.ts';

export const insertLink = given<ConsoleLink & { tokenHash: TokenHash }>()('console_link_insert', (db, t, p) =>
  db.insert(t.consoleLinks).values({
    id: p.id,
    tokenHash: p.tokenHash,
    role: p.role,
    resources: p.resources,
    createdAt: p.createdAt,
    expiresAt: p.expiresAt,
  }),
);

export const findLink = given<{ tokenHash: TokenHash; now: Seconds }>()('console_link_find', (db, t, p) =>
  db
    .select()
    .from(t.consoleLinks)
    .where(
      and(
        eq(t.consoleLinks.tokenHash, p.tokenHash),
        isNull(t.consoleLinks.claimedAt),
        gt(t.consoleLinks.expiresAt, p.now),
      ),
    ),
);

export const claimLink = given<{ tokenHash: TokenHash; now: Seconds }>()('console_link_claim', (db, t, p) =>
  db
    .update(t.consoleLinks)
    .set({ claimedAt: p.now })
    .where(
      and(
        eq(t.consoleLinks.tokenHash, p.tokenHash),
        isNull(t.consoleLinks.claimedAt),
        gt(t.consoleLinks.expiresAt, p.now),
      ),
    )
    .returning(),
);

interface Beginning {
  idHash: TokenHash;
  userId: string | null;
  linkId: string | null;
  role: AdminRole;
  resources: readonly string[] | null;
  now: Seconds;
  expiresAt: Seconds;
}

export const insertConsoleSession = given<Beginning>()('console_session_insert', (db, t, p) =>
  db.insert(t.consoleSessions).values({
    idHash: p.idHash,
    userId: p.userId,
    linkId: p.linkId,
    role: p.role,
    resources: p.resources,
    createdAt: p.now,
    lastSeenAt: p.now,
    expiresAt: p.expiresAt,
  }),
);

/** With its person, where it has one; a disabled person's is not found. */
export const findConsoleSession = given<{ idHash: TokenHash; now: Seconds; idleSince: Seconds }>()(
  'console_session_find',
  (db, t, p) =>
    db
      .select({ session: t.consoleSessions, user: t.users })
      .from(t.consoleSessions)
      .leftJoin(t.users, eq(t.users.id, t.consoleSessions.userId))
      .where(
        and(
          eq(t.consoleSessions.idHash, p.idHash),
          isNull(t.consoleSessions.endedAt),
          gt(t.consoleSessions.expiresAt, p.now),
          gte(t.consoleSessions.lastSeenAt, p.idleSince),
          or(isNull(t.consoleSessions.userId), isNull(t.users.disabledAt)),
        ),
      ),
);

export const touchConsoleSession = given<{ idHash: TokenHash; now: Seconds }>()('console_session_touch', (db, t, p) =>
  db
    .update(t.consoleSessions)
    .set({ lastSeenAt: p.now })
    .where(
      and(
        eq(t.consoleSessions.idHash, p.idHash),
        isNull(t.consoleSessions.endedAt),
        lt(t.consoleSessions.lastSeenAt, p.now),
      ),
    ),
);

export const endConsoleSession = given<{ idHash: TokenHash; now: Seconds }>()('console_session_end', (db, t, p) =>
  db
    .update(t.consoleSessions)
    .set({ endedAt: p.now })
    .where(
      and(
        eq(t.consoleSessions.idHash, p.idHash),
        isNull(t.consoleSessions.endedAt),
        gt(t.consoleSessions.expiresAt, p.now),
      ),
    )
    .returning({ userId: t.consoleSessions.userId, linkId: t.consoleSessions.linkId }),
);

export const endConsoleSessionsOfUser = given<{ userId: string; now: Seconds }>()(
  'console_session_end_of_user',
  (db, t, p) =>
    db
      .update(t.consoleSessions)
      .set({ endedAt: p.now })
      .where(
        and(
          eq(t.consoleSessions.userId, p.userId),
          isNull(t.consoleSessions.endedAt),
          gt(t.consoleSessions.expiresAt, p.now),
        ),
      )
      .returning({ idHash: t.consoleSessions.idHash }),
);

interface Slice {
  before: Seconds;
  limit: number;
}

export const sweepConsoleSessions = given<Slice>()('sweep_console_sessions', (db, t, p) =>
  db
    .delete(t.consoleSessions)
    .where(
      inArray(
        t.consoleSessions.idHash,
        db
          .select({ id: t.consoleSessions.idHash })
          .from(t.consoleSessions)
          .where(lte(t.consoleSessions.expiresAt, p.before))
          .limit(p.limit),
      ),
    )
    .returning({ id: t.consoleSessions.idHash }),
);

export const sweepConsoleLinks = given<Slice>()('sweep_console_links', (db, t, p) =>
  db
    .delete(t.consoleLinks)
    .where(
      inArray(
        t.consoleLinks.id,
        db
          .select({ id: t.consoleLinks.id })
          .from(t.consoleLinks)
          .where(lte(t.consoleLinks.expiresAt, p.before))
          .limit(p.limit),
      ),
    )
    .returning({ id: t.consoleLinks.id }),
);
