/**
 * Statements of the sweep: each removes at most `limit` rows of one kind, oldest first where an index says so.
 *
 * Children go before parents, and a parent goes only when it has no child left, so no removal cascades.
 */
import { and, eq, inArray, isNotNull, isNull, lte, notExists, sql } from 'drizzle-orm';
import type { Seconds } from '../../domain/types.ts';
import { given } from '../statement.ts';

interface Slice {
  before: Seconds;
  limit: number;
}

export const sweepJourneys = given<Slice>()('sweep_journeys', (db, t, p) =>
  db
    .delete(t.journeys)
    .where(
      inArray(
        t.journeys.id,
        db.select({ id: t.journeys.id }).from(t.journeys).where(lte(t.journeys.expiresAt, p.before)).limit(p.limit),
      ),
    )
    .returning({ id: t.journeys.id }),
);

/** There are never many, and a private key that signs nothing any more is better gone. */
export const sweepSigningKeys = given<Slice>()('sweep_signing_keys', (db, t, p) =>
  db
    .delete(t.signingKeys)
    .where(
      inArray(
        t.signingKeys.kid,
        db
          .select({ kid: t.signingKeys.kid })
          .from(t.signingKeys)
          .where(lte(t.signingKeys.retiredAt, p.before))
          .limit(p.limit),
      ),
    )
    .returning({ kid: t.signingKeys.kid }),
);

export const sweepSessions = given<Slice>()('sweep_sessions', (db, t, p) =>
  db
    .delete(t.sessions)
    .where(
      inArray(
        t.sessions.idHash,
        db.select({ id: t.sessions.idHash }).from(t.sessions).where(lte(t.sessions.expiresAt, p.before)).limit(p.limit),
      ),
    )
    .returning({ id: t.sessions.idHash }),
);

/** `before` is a time of last use here. */
export const sweepMcpSessions = given<Slice>()('sweep_mcp_sessions', (db, t, p) =>
  db
    .delete(t.mcpSessions)
    .where(
      inArray(
        t.mcpSessions.idHash,
        db
          .select({ id: t.mcpSessions.idHash })
          .from(t.mcpSessions)
          .where(lte(t.mcpSessions.lastSeenAt, p.before))
          .limit(p.limit),
      ),
    )
    .returning({ id: t.mcpSessions.idHash }),
);

export const sweepAccessTokens = given<Slice>()('sweep_access_tokens', (db, t, p) =>
  db
    .delete(t.accessTokens)
    .where(
      inArray(
        t.accessTokens.tokenHash,
        db
          .select({ id: t.accessTokens.tokenHash })
          .from(t.accessTokens)
          .where(lte(t.accessTokens.expiresAt, p.before))
          .limit(p.limit),
      ),
    )
    .returning({ id: t.accessTokens.tokenHash }),
);

export const sweepRefreshTokens = given<Slice>()('sweep_refresh_tokens', (db, t, p) =>
  db
    .delete(t.refreshTokens)
    .where(
      inArray(
        t.refreshTokens.tokenHash,
        db
          .select({ id: t.refreshTokens.tokenHash })
          .from(t.refreshTokens)
          .where(lte(t.refreshTokens.expiresAt, p.before))
          .limit(p.limit),
      ),
    )
    .returning({ id: t.refreshTokens.tokenHash }),
);

/** Grants past their absolute end with no token left; their codes and upstream tokens follow in the same unit. */
export const sweepGrants = given<Slice>()('sweep_grants', (db, t, p) =>
  db
    .delete(t.grants)
    .where(
      inArray(
        t.grants.id,
        db
          .select({ id: t.grants.id })
          .from(t.grants)
          .where(
            and(
              lte(t.grants.expiresAt, p.before),
              notExists(
                db.select({ one: sql`1` }).from(t.refreshTokens).where(eq(t.refreshTokens.grantId, t.grants.id)),
              ),
              notExists(db.select({ one: sql`1` }).from(t.accessTokens).where(eq(t.accessTokens.grantId, t.grants.id))),
            ),
          )
          .limit(p.limit),
      ),
    )
    .returning({ codeHash: t.grants.codeHash, upstreamGrantId: t.grants.upstreamGrantId }),
);

export const sweepCodes = given<Slice>()('sweep_codes', (db, t, p) =>
  db
    .delete(t.codes)
    .where(
      inArray(
        t.codes.codeHash,
        db
          .select({ id: t.codes.codeHash })
          .from(t.codes)
          .where(and(isNull(t.codes.grantId), lte(t.codes.expiresAt, p.before)))
          .limit(p.limit),
      ),
    )
    .returning({ upstreamGrantId: t.codes.upstreamGrantId }),
);

export const removeCode = given<{ codeHash: string }>()('sweep_code_of_grant', (db, t, p) =>
  db.delete(t.codes).where(eq(t.codes.codeHash, p.codeHash)).returning({ id: t.codes.codeHash }),
);

export const removeUpstreamGrant = given<{ id: string }>()('sweep_upstream_grant_of', (db, t, p) =>
  db.delete(t.upstreamGrants).where(eq(t.upstreamGrants.id, p.id)).returning({ id: t.upstreamGrants.id }),
);

export const sweepUpstreamGrants = given<Slice>()('sweep_upstream_grants', (db, t, p) =>
  db
    .delete(t.upstreamGrants)
    .where(
      inArray(
        t.upstreamGrants.id,
        db
          .select({ id: t.upstreamGrants.id })
          .from(t.upstreamGrants)
          .where(and(isNotNull(t.upstreamGrants.endedAt), lte(t.upstreamGrants.endedAt, p.before)))
          .limit(p.limit),
      ),
    )
    .returning({ id: t.upstreamGrants.id }),
);
