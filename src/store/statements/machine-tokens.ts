/** Statements about tokens that clients have for themselves: found by hash, live only with their client. */
import { and, eq, gt, inArray, isNull, lte } from 'drizzle-orm';
import type { Seconds, TokenHash } from '../../domain/types.ts';
import { given } from '../statement.ts';

interface NewMachineToken {
  tokenHash: TokenHash;
  clientId: string;
  resource: string;
  scopes: readonly string[];
  issuedAt: Seconds;
  expiresAt: Seconds;
}

export const insertMachineToken = given<NewMachineToken>()('machine_insert', (db, t, p) =>
  db.insert(t.machineTokens).values({
    tokenHash: p.tokenHash,
    clientId: p.clientId,
    resource: p.resource,
    scopes: p.scopes,
    issuedAt: p.issuedAt,
    expiresAt: p.expiresAt,
  }),
);

/** A client that left the configuration has no row any more, and its tokens end with it. */
export const findLiveMachineToken = given<{ tokenHash: TokenHash; now: Seconds }>()('machine_find_live', (db, t, p) =>
  db
    .select({
      tokenHash: t.machineTokens.tokenHash,
      clientId: t.machineTokens.clientId,
      resource: t.machineTokens.resource,
      scopes: t.machineTokens.scopes,
      issuedAt: t.machineTokens.issuedAt,
      expiresAt: t.machineTokens.expiresAt,
    })
    .from(t.machineTokens)
    .innerJoin(t.clients, eq(t.clients.id, t.machineTokens.clientId))
    .where(
      and(
        eq(t.machineTokens.tokenHash, p.tokenHash),
        isNull(t.machineTokens.revokedAt),
        gt(t.machineTokens.expiresAt, p.now),
        eq(t.clients.kind, 'configured'),
        isNull(t.clients.blockedAt),
      ),
    ),
);

export const revokeMachineToken = given<{ tokenHash: TokenHash; clientId: string; now: Seconds }>()(
  'machine_revoke',
  (db, t, p) =>
    db
      .update(t.machineTokens)
      .set({ revokedAt: p.now })
      .where(
        and(
          eq(t.machineTokens.tokenHash, p.tokenHash),
          eq(t.machineTokens.clientId, p.clientId),
          isNull(t.machineTokens.revokedAt),
          gt(t.machineTokens.expiresAt, p.now),
        ),
      )
      .returning({ resource: t.machineTokens.resource }),
);

export const revokeMachineTokensOf = given<{ clientId: string; now: Seconds }>()('machine_revoke_of', (db, t, p) =>
  db
    .update(t.machineTokens)
    .set({ revokedAt: p.now })
    .where(
      and(
        eq(t.machineTokens.clientId, p.clientId),
        isNull(t.machineTokens.revokedAt),
        gt(t.machineTokens.expiresAt, p.now),
      ),
    )
    .returning({ resource: t.machineTokens.resource }),
);

export const sweepMachineTokens = given<{ before: Seconds; limit: number }>()('sweep_machine_tokens', (db, t, p) =>
  db
    .delete(t.machineTokens)
    .where(
      inArray(
        t.machineTokens.tokenHash,
        db
          .select({ id: t.machineTokens.tokenHash })
          .from(t.machineTokens)
          .where(lte(t.machineTokens.expiresAt, p.before))
          .limit(p.limit),
      ),
    )
    .returning({ id: t.machineTokens.tokenHash }),
);
