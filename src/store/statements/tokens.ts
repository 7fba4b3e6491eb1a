/** Statements about refresh tokens and access tokens; both are found by the hash of the token alone. */
import { and, eq, gt, gte, inArray, isNull, max } from 'drizzle-orm';
import type { Seconds, TokenHash } from '../../domain/types.ts';
import { given } from '../statement.ts';

interface NewRefreshToken {
  tokenHash: TokenHash;
  grantId: string;
  predecessorHash: TokenHash | undefined;
  createdAt: Seconds;
  expiresAt: Seconds;
}

export const insertRefreshToken = given<NewRefreshToken>()('refresh_insert', (db, t, p) =>
  db.insert(t.refreshTokens).values({
    tokenHash: p.tokenHash,
    grantId: p.grantId,
    predecessorHash: p.predecessorHash,
    createdAt: p.createdAt,
    expiresAt: p.expiresAt,
  }),
);

export const findRefreshToken = given<{ tokenHash: TokenHash }>()('refresh_find', (db, t, p) =>
  db
    .select({ token: t.refreshTokens, grant: t.grants })
    .from(t.refreshTokens)
    .innerJoin(t.grants, eq(t.grants.id, t.refreshTokens.grantId))
    .where(eq(t.refreshTokens.tokenHash, p.tokenHash)),
);

interface Rotating {
  tokenHash: TokenHash;
  successorHash: TokenHash;
  successorSealed: string;
  now: Seconds;
}

export const claimRotation = given<Rotating>()('refresh_claim_rotation', (db, t, p) =>
  db
    .update(t.refreshTokens)
    .set({ rotatedAt: p.now, successorHash: p.successorHash, successorSealed: p.successorSealed })
    .where(
      and(
        eq(t.refreshTokens.tokenHash, p.tokenHash),
        isNull(t.refreshTokens.rotatedAt),
        isNull(t.refreshTokens.revokedAt),
        gt(t.refreshTokens.expiresAt, p.now),
      ),
    )
    .returning({ predecessorHash: t.refreshTokens.predecessorHash }),
);

/** The successor has been used: the grace window of this token closes and the sealed successor is wiped. */
export const closeGrace = given<{ tokenHash: TokenHash; now: Seconds }>()('refresh_close_grace', (db, t, p) =>
  db
    .update(t.refreshTokens)
    .set({ successorUsedAt: p.now, successorSealed: null })
    .where(eq(t.refreshTokens.tokenHash, p.tokenHash)),
);

export const findInGrace = given<{ tokenHash: TokenHash; rotatedSince: Seconds }>()(
  'refresh_find_in_grace',
  (db, t, p) =>
    db
      .select({ tokenHash: t.refreshTokens.tokenHash })
      .from(t.refreshTokens)
      .where(
        and(
          eq(t.refreshTokens.tokenHash, p.tokenHash),
          gte(t.refreshTokens.rotatedAt, p.rotatedSince),
          isNull(t.refreshTokens.successorUsedAt),
          isNull(t.refreshTokens.revokedAt),
        ),
      ),
);

/** Revokes the whole family and forgets its sealed successor; the current generation is the row without `rotatedAt`. */
export const revokeFamily = given<{ grantId: string; now: Seconds }>()('refresh_revoke_family', (db, t, p) =>
  db
    .update(t.refreshTokens)
    .set({ revokedAt: p.now, successorSealed: null })
    .where(
      and(
        eq(t.refreshTokens.grantId, p.grantId),
        isNull(t.refreshTokens.revokedAt),
        gt(t.refreshTokens.expiresAt, p.now),
      ),
    )
    .returning({ rotatedAt: t.refreshTokens.rotatedAt }),
);

export const revokeFamilies = given<{ approvalId: string; now: Seconds }>()(
  'refresh_revoke_under_approval',
  (db, t, p) =>
    db
      .update(t.refreshTokens)
      .set({ revokedAt: p.now, successorSealed: null })
      .where(
        and(
          inArray(
            t.refreshTokens.grantId,
            db.select({ id: t.grants.id }).from(t.grants).where(eq(t.grants.approvalId, p.approvalId)),
          ),
          isNull(t.refreshTokens.revokedAt),
          gt(t.refreshTokens.expiresAt, p.now),
        ),
      )
      .returning({ rotatedAt: t.refreshTokens.rotatedAt }),
);

interface NewAccessToken {
  tokenHash: TokenHash;
  grantId: string;
  scopes: readonly string[];
  issuedAt: Seconds;
  expiresAt: Seconds;
}

export const insertAccessToken = given<NewAccessToken>()('access_insert', (db, t, p) =>
  db.insert(t.accessTokens).values({
    tokenHash: p.tokenHash,
    grantId: p.grantId,
    scopes: p.scopes,
    issuedAt: p.issuedAt,
    expiresAt: p.expiresAt,
  }),
);

/** One lookup says it all: the token, its grant, its approval, the person and the client are all live. */
export const findLiveAccessToken = given<{ tokenHash: TokenHash; now: Seconds }>()('access_find_live', (db, t, p) =>
  db
    .select({
      tokenHash: t.accessTokens.tokenHash,
      grantId: t.accessTokens.grantId,
      userId: t.grants.userId,
      clientId: t.grants.clientId,
      resource: t.grants.resource,
      scopes: t.accessTokens.scopes,
      issuedAt: t.accessTokens.issuedAt,
      expiresAt: t.accessTokens.expiresAt,
      grantExpiresAt: t.grants.expiresAt,
      approvalExpiresAt: t.approvals.expiresAt,
    })
    .from(t.accessTokens)
    .innerJoin(t.grants, eq(t.grants.id, t.accessTokens.grantId))
    .innerJoin(t.approvals, eq(t.approvals.id, t.grants.approvalId))
    .innerJoin(t.users, eq(t.users.id, t.grants.userId))
    .innerJoin(t.clients, eq(t.clients.id, t.grants.clientId))
    .where(
      and(
        eq(t.accessTokens.tokenHash, p.tokenHash),
        isNull(t.accessTokens.revokedAt),
        gt(t.accessTokens.expiresAt, p.now),
        isNull(t.grants.endedAt),
        gt(t.grants.expiresAt, p.now),
        isNull(t.approvals.revokedAt),
        gt(t.approvals.expiresAt, p.now),
        isNull(t.users.disabledAt),
        isNull(t.clients.blockedAt),
      ),
    ),
);

/** Revoked ones count: a server that checks signed tokens by itself has not heard of it. */
export const lastAccessEnd = given<{ approvalId: string }>()('access_last_end', (db, t, p) =>
  db
    .select({ expiresAt: max(t.accessTokens.expiresAt) })
    .from(t.accessTokens)
    .innerJoin(t.grants, eq(t.grants.id, t.accessTokens.grantId))
    .where(eq(t.grants.approvalId, p.approvalId)),
);

export const revokeAccessToken = given<{ tokenHash: TokenHash; now: Seconds }>()('access_revoke', (db, t, p) =>
  db
    .update(t.accessTokens)
    .set({ revokedAt: p.now })
    .where(
      and(
        eq(t.accessTokens.tokenHash, p.tokenHash),
        isNull(t.accessTokens.revokedAt),
        gt(t.accessTokens.expiresAt, p.now),
      ),
    )
    .returning({ grantId: t.accessTokens.grantId }),
);

export const revokeAccessTokensOfGrant = given<{ grantId: string; now: Seconds }>()(
  'access_revoke_of_grant',
  (db, t, p) =>
    db
      .update(t.accessTokens)
      .set({ revokedAt: p.now })
      .where(
        and(
          eq(t.accessTokens.grantId, p.grantId),
          isNull(t.accessTokens.revokedAt),
          gt(t.accessTokens.expiresAt, p.now),
        ),
      )
      .returning({ grantId: t.accessTokens.grantId }),
);

export const revokeAccessTokens = given<{ approvalId: string; now: Seconds }>()(
  'access_revoke_under_approval',
  (db, t, p) =>
    db
      .update(t.accessTokens)
      .set({ revokedAt: p.now })
      .where(
        and(
          inArray(
            t.accessTokens.grantId,
            db.select({ id: t.grants.id }).from(t.grants).where(eq(t.grants.approvalId, p.approvalId)),
          ),
          isNull(t.accessTokens.revokedAt),
          gt(t.accessTokens.expiresAt, p.now),
        ),
      )
      .returning({ grantId: t.accessTokens.grantId }),
);
