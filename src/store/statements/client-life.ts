/**
 * What keeps a client's row: which clients nobody has used, and which have nothing left that lives. One spelling for all
 * that remove clients. Must never call one unused or idle that is blocked: a block outlives everything.
 */
import { and, eq, gt, isNull, notExists, sql } from 'drizzle-orm';
import type { Tables } from '../schema.ts';
import type { Db } from '../statement.ts';

/** Nobody ever allowed it anything (the first approval writes `last_used_at` in its own commit), and it is not blocked. */
export const neverUsed = (t: Tables) => and(isNull(t.clients.lastUsedAt), isNull(t.clients.blockedAt));

/** No approval and no grant of this client is live at `now`. */
export const nothingLives = (db: Db, t: Tables, now: ReturnType<typeof sql.placeholder>) =>
  and(
    notExists(
      db
        .select({ one: sql`1` })
        .from(t.approvals)
        .where(
          and(eq(t.approvals.clientId, t.clients.id), isNull(t.approvals.revokedAt), gt(t.approvals.expiresAt, now)),
        ),
    ),
    notExists(
      db
        .select({ one: sql`1` })
        .from(t.grants)
        .where(and(eq(t.grants.clientId, t.clients.id), isNull(t.grants.endedAt), gt(t.grants.expiresAt, now))),
    ),
  );
