/** Statements about codes and grants. */
import { and, desc, eq, exists, gt, isNull, sql } from 'drizzle-orm';
import type { Code, Grant, Seconds, TokenHash } from '../../domain/types.ts';
import type { Tables } from '../schema.ts';
import { type Db, given } from '../statement.ts';

type NewCode = Omit<Code, 'usedAt' | 'revokedAt' | 'grantId'> & {
  /** Where it is sent, as ClientFace.destination. */
  destination: string;
  clientNames: readonly string[];
};

export const insertCode = given<NewCode>()('code_insert', (db, t, p) =>
  db.insert(t.codes).values({
    codeHash: p.codeHash,
    approvalId: p.approvalId,
    userId: p.userId,
    clientId: p.clientId,
    redirectUri: p.redirectUri,
    resource: p.resource,
    scopes: p.scopes,
    codeChallenge: p.codeChallenge,
    upstreamGrantId: p.upstreamGrantId,
    createdAt: p.createdAt,
    expiresAt: p.expiresAt,
    reference: p.reference,
    clientSnapshot: p.clientSnapshot,
    destination: p.destination,
    clientNames: p.clientNames,
  }),
);

export const findCode = given<{ codeHash: TokenHash }>()('code_find', (db, t, p) =>
  db.select().from(t.codes).where(eq(t.codes.codeHash, p.codeHash)),
);

export const claimCode = given<{ codeHash: TokenHash; grantId: string; now: Seconds }>()('code_claim', (db, t, p) =>
  db
    .update(t.codes)
    .set({ usedAt: p.now, grantId: p.grantId })
    .where(
      and(
        eq(t.codes.codeHash, p.codeHash),
        isNull(t.codes.usedAt),
        isNull(t.codes.revokedAt),
        gt(t.codes.expiresAt, p.now),
      ),
    )
    .returning(),
);

export const revokeCodes = given<{ approvalId: string; now: Seconds }>()('code_revoke_under_approval', (db, t, p) =>
  db
    .update(t.codes)
    .set({ revokedAt: p.now })
    .where(
      and(
        eq(t.codes.approvalId, p.approvalId),
        isNull(t.codes.usedAt),
        isNull(t.codes.revokedAt),
        gt(t.codes.expiresAt, p.now),
      ),
    )
    .returning({ codeHash: t.codes.codeHash }),
);

type NewGrant = Omit<Grant, 'endedAt' | 'endReason' | 'lastUsedAt'> & { codeHash: TokenHash; upstreamGrantId: string };

export const insertGrant = given<NewGrant>()('grant_insert', (db, t, p) =>
  db
    .insert(t.grants)
    .values({
      id: p.id,
      approvalId: p.approvalId,
      userId: p.userId,
      clientId: p.clientId,
      resource: p.resource,
      scopes: p.scopes,
      codeHash: p.codeHash,
      upstreamGrantId: p.upstreamGrantId,
      createdAt: p.createdAt,
      lastUsedAt: p.createdAt,
      expiresAt: p.expiresAt,
    })
    .returning(),
);

export const findGrant = given<{ id: string }>()('grant_find', (db, t, p) =>
  db.select().from(t.grants).where(eq(t.grants.id, p.id)),
);

/** The live grants of an approval beyond the `kept` most recently used; at most 500 at a time. */
export const listGrantsBeyond = given<{ approvalId: string; now: Seconds; kept: number }>()(
  'grant_list_beyond',
  (db, t, p) =>
    db
      .select({ id: t.grants.id })
      .from(t.grants)
      .where(and(eq(t.grants.approvalId, p.approvalId), isNull(t.grants.endedAt), gt(t.grants.expiresAt, p.now)))
      .orderBy(desc(t.grants.lastUsedAt), desc(t.grants.createdAt), desc(t.grants.id))
      .limit(500)
      .offset(p.kept),
);

/** Claims the use of the live grant of a refresh token: what follows happens before any end of it, or not at all. */
export const useGrantOfToken = given<{ tokenHash: TokenHash; now: Seconds }>()('grant_use', (db, t, p) =>
  db
    .update(t.grants)
    .set({ lastUsedAt: p.now })
    .where(
      and(
        eq(
          t.grants.id,
          db
            .select({ id: t.refreshTokens.grantId })
            .from(t.refreshTokens)
            .where(eq(t.refreshTokens.tokenHash, p.tokenHash)),
        ),
        isNull(t.grants.endedAt),
        gt(t.grants.expiresAt, p.now),
        underLiveApproval(db, t, p.now),
      ),
    )
    .returning(),
);

const underLiveApproval = (db: Db, t: Tables, now: ReturnType<typeof sql.placeholder>) =>
  exists(
    db
      .select({ one: sql`1` })
      .from(t.approvals)
      .innerJoin(t.users, eq(t.users.id, t.approvals.userId))
      .innerJoin(t.clients, eq(t.clients.id, t.approvals.clientId))
      .where(
        and(
          eq(t.approvals.id, t.grants.approvalId),
          isNull(t.approvals.revokedAt),
          gt(t.approvals.expiresAt, now),
          isNull(t.users.disabledAt),
          isNull(t.clients.blockedAt),
        ),
      ),
  );

export const endGrant = given<{ id: string; now: Seconds; reason: string }>()('grant_end', (db, t, p) =>
  db
    .update(t.grants)
    .set({ endedAt: p.now, endReason: p.reason })
    .where(and(eq(t.grants.id, p.id), isNull(t.grants.endedAt), gt(t.grants.expiresAt, p.now)))
    .returning(),
);

export const endGrants = given<{ approvalId: string; now: Seconds; reason: string }>()(
  'grant_end_under_approval',
  (db, t, p) =>
    db
      .update(t.grants)
      .set({ endedAt: p.now, endReason: p.reason })
      .where(and(eq(t.grants.approvalId, p.approvalId), isNull(t.grants.endedAt), gt(t.grants.expiresAt, p.now)))
      .returning({ id: t.grants.id }),
);
