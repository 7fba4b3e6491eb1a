/**
 * Statements of a restore: what a copy of the database says is alive ends, whenever it began.
 *
 * Slices of at most `limit` rows; each can be run again. Grants end and their tokens with them, for a token is good only
 * under a live grant; the sweep tells the upstream. An approval stays and has expired, so its person is asked again.
 */
import { and, gt, inArray, isNull } from 'drizzle-orm';
import type { Seconds } from '../../domain/types.ts';
import { given } from '../statement.ts';

interface Slice {
  now: Seconds;
  limit: number;
}

export const endAllGrants = given<Slice>()('restore_grants', (db, t, p) =>
  db
    .update(t.grants)
    .set({ endedAt: p.now, endReason: 'restored', expiresAt: p.now })
    .where(
      inArray(
        t.grants.id,
        db
          .select({ id: t.grants.id })
          .from(t.grants)
          .where(and(gt(t.grants.expiresAt, p.now), isNull(t.grants.endedAt)))
          .limit(p.limit),
      ),
    )
    .returning({ id: t.grants.id }),
);

/** What clients have for themselves. */
export const endAllMachineTokens = given<Slice>()('restore_machine_tokens', (db, t, p) =>
  db
    .update(t.machineTokens)
    .set({ revokedAt: p.now })
    .where(
      inArray(
        t.machineTokens.tokenHash,
        db
          .select({ id: t.machineTokens.tokenHash })
          .from(t.machineTokens)
          .where(and(gt(t.machineTokens.expiresAt, p.now), isNull(t.machineTokens.revokedAt)))
          .limit(p.limit),
      ),
    )
    .returning({ id: t.machineTokens.tokenHash }),
);

export const endAllCodes = given<Slice>()('restore_codes', (db, t, p) =>
  db
    .update(t.codes)
    .set({ revokedAt: p.now, expiresAt: p.now })
    .where(
      inArray(
        t.codes.codeHash,
        db
          .select({ id: t.codes.codeHash })
          .from(t.codes)
          .where(and(gt(t.codes.expiresAt, p.now), isNull(t.codes.grantId), isNull(t.codes.revokedAt)))
          .limit(p.limit),
      ),
    )
    .returning({ id: t.codes.codeHash }),
);

export const endAllJourneys = given<Slice>()('restore_journeys', (db, t, p) =>
  db
    .update(t.journeys)
    .set({ finishedAt: p.now, outcome: 'restored', expiresAt: p.now })
    .where(
      inArray(
        t.journeys.id,
        db.select({ id: t.journeys.id }).from(t.journeys).where(gt(t.journeys.expiresAt, p.now)).limit(p.limit),
      ),
    )
    .returning({ id: t.journeys.id }),
);

export const endAllSessions = given<Slice>()('restore_sessions', (db, t, p) =>
  db
    .update(t.sessions)
    .set({ endedAt: p.now, expiresAt: p.now })
    .where(
      inArray(
        t.sessions.idHash,
        db.select({ id: t.sessions.idHash }).from(t.sessions).where(gt(t.sessions.expiresAt, p.now)).limit(p.limit),
      ),
    )
    .returning({ id: t.sessions.idHash }),
);

export const expireAllApprovals = given<Slice>()('restore_approvals', (db, t, p) =>
  db
    .update(t.approvals)
    .set({ expiresAt: p.now })
    .where(
      inArray(
        t.approvals.id,
        db
          .select({ id: t.approvals.id })
          .from(t.approvals)
          .where(and(gt(t.approvals.expiresAt, p.now), isNull(t.approvals.revokedAt)))
          .limit(p.limit),
      ),
    )
    .returning({ id: t.approvals.id }),
);

/** Keys in the database only; those of the configuration are the operator's to change. */
export const revokeAllAdminKeys = given<{ now: Seconds }>()('restore_admin_keys', (db, t, p) =>
  db
    .update(t.adminKeys)
    .set({ revokedAt: p.now })
    .where(isNull(t.adminKeys.revokedAt))
    .returning({ id: t.adminKeys.id }),
);

/** The next start makes another one; what was signed before can still be checked until it ends. */
export const retireSigningKeys = given<{ now: Seconds }>()('restore_signing_keys', (db, t, p) =>
  db
    .update(t.signingKeys)
    .set({ retiredAt: p.now })
    .where(isNull(t.signingKeys.retiredAt))
    .returning({ id: t.signingKeys.kid }),
);

/** Ways into the administration that were open. */
export const endAllConsoleSessions = given<{ now: Seconds }>()('restore_console_sessions', (db, t, p) =>
  db
    .update(t.consoleSessions)
    .set({ endedAt: p.now, expiresAt: p.now })
    .where(and(gt(t.consoleSessions.expiresAt, p.now), isNull(t.consoleSessions.endedAt)))
    .returning({ id: t.consoleSessions.idHash }),
);

export const spendAllConsoleLinks = given<{ now: Seconds }>()('restore_console_links', (db, t, p) =>
  db
    .update(t.consoleLinks)
    .set({ expiresAt: p.now })
    .where(gt(t.consoleLinks.expiresAt, p.now))
    .returning({ id: t.consoleLinks.id }),
);
