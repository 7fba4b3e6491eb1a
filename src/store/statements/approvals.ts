/** Statements about approvals, the rows of the registry. At most one per person, client and resource is unrevoked. */
import { and, desc, eq, exists, gt, isNull, max, sql } from 'drizzle-orm';
import type { Approval, ClientFace, Seconds } from '../../domain/types.ts';
import type { Tables } from '../schema.ts';
import { type Db, given } from '../statement.ts';

/** The latest use of any grant under the approval; a rotation touches its grant and never the approval (lock order). */
export const latestUse = (db: Db, t: Tables) => {
  const uses = db
    .select({ latest: max(t.grants.lastUsedAt) })
    .from(t.grants)
    .where(eq(t.grants.approvalId, t.approvals.id));
  return sql<number | null>`${uses}`.mapWith(Number);
};

type NewApproval = Omit<Approval, 'lastUsedAt' | 'revokedAt' | 'revokedReason'>;

/**
 * Makes the approval, or finds the unrevoked one and locks its row: whoever else completes or revokes at the same
 * moment waits here, so what is read from the answer stays true until the commit.
 */
export const insertOrLockApproval = given<NewApproval>()('approval_insert_or_lock', (db, t, p) =>
  db
    .insert(t.approvals)
    .values({
      id: p.id,
      userId: p.userId,
      clientId: p.clientId,
      resource: p.resource,
      upstream: p.upstream,
      redirectUris: p.redirectUris,
      scopes: p.scopes,
      face: p.face,
      grantedAt: p.grantedAt,
      expiresAt: p.expiresAt,
    })
    .onConflictDoUpdate({
      target: [t.approvals.userId, t.approvals.clientId, t.approvals.resource],
      targetWhere: isNull(t.approvals.revokedAt),
      set: { upstream: p.upstream },
    })
    .returning(),
);

interface Renewal {
  id: string;
  redirectUris: readonly string[];
  scopes: readonly string[];
  face: ClientFace;
  expiresAt: Seconds;
}

export const renewApproval = given<Renewal>()('approval_renew', (db, t, p) =>
  db
    .update(t.approvals)
    .set({ redirectUris: p.redirectUris, scopes: p.scopes, face: p.face, expiresAt: p.expiresAt })
    .where(eq(t.approvals.id, p.id))
    .returning(),
);

/**
 * Whether this person took the approval back after the moment; ties within a second count as before it. The revocation sees
 * to it that they are: predateConsents.
 */
export const revokedSince = given<{ userId: string; clientId: string; resource: string; since: Seconds }>()(
  'approval_revoked_since',
  (db, t, p) =>
    db
      .select({ id: t.approvals.id })
      .from(t.approvals)
      .where(
        and(
          eq(t.approvals.clientId, p.clientId),
          eq(t.approvals.userId, p.userId),
          eq(t.approvals.resource, p.resource),
          gt(t.approvals.revokedAt, p.since),
        ),
      )
      .limit(1),
);

/** Claims the use of a live approval: what follows in the unit happens before any revocation of it, or not at all. */
export const useApproval = given<{ id: string; now: Seconds }>()('approval_use', (db, t, p) =>
  db
    .update(t.approvals)
    .set({ lastUsedAt: p.now })
    .where(
      and(
        eq(t.approvals.id, p.id),
        isNull(t.approvals.revokedAt),
        gt(t.approvals.expiresAt, p.now),
        exists(
          db
            .select({ one: sql`1` })
            .from(t.users)
            .where(and(eq(t.users.id, t.approvals.userId), isNull(t.users.disabledAt))),
        ),
        exists(
          db
            .select({ one: sql`1` })
            .from(t.clients)
            .where(and(eq(t.clients.id, t.approvals.clientId), isNull(t.clients.blockedAt))),
        ),
      ),
    )
    .returning({ id: t.approvals.id }),
);

export const revokeApproval = given<{ id: string; userId: string; now: Seconds; reason: string }>()(
  'approval_revoke',
  (db, t, p) =>
    db
      .update(t.approvals)
      .set({ revokedAt: p.now, revokedReason: p.reason })
      .where(and(eq(t.approvals.id, p.id), eq(t.approvals.userId, p.userId), isNull(t.approvals.revokedAt)))
      .returning({ id: t.approvals.id, clientId: t.approvals.clientId, resource: t.approvals.resource }),
);

/** The live one, or else the one that was revoked last. */
export const findApproval = given<{ userId: string; clientId: string; resource: string }>()(
  'approval_find',
  (db, t, p) =>
    db
      .select({ approval: t.approvals, latestUse: latestUse(db, t) })
      .from(t.approvals)
      .where(
        and(
          eq(t.approvals.userId, p.userId),
          eq(t.approvals.clientId, p.clientId),
          eq(t.approvals.resource, p.resource),
        ),
      )
      .orderBy(sql`case when ${t.approvals.revokedAt} is null then 0 else 1 end`, desc(t.approvals.revokedAt))
      .limit(1),
);

export const getApproval = given<{ id: string }>()('approval_get', (db, t, p) =>
  db
    .select({ approval: t.approvals, latestUse: latestUse(db, t) })
    .from(t.approvals)
    .where(eq(t.approvals.id, p.id)),
);

/** Unrevoked approvals of a person that expire after the moment (0: whatever their expiry), newest first. */
export const listApprovals = given<{ userId: string; expiringAfter: Seconds }>()('approval_list', (db, t, p) =>
  db
    .select({ approval: t.approvals, latestUse: latestUse(db, t), client: t.clients })
    .from(t.approvals)
    .leftJoin(t.clients, eq(t.clients.id, t.approvals.clientId))
    .where(
      and(eq(t.approvals.userId, p.userId), isNull(t.approvals.revokedAt), gt(t.approvals.expiresAt, p.expiringAfter)),
    )
    .orderBy(desc(t.approvals.grantedAt), desc(t.approvals.id)),
);

/** The scopes of every live grant under a person's unrevoked approvals; at most `grantCap` grants to an approval. */
export const listLiveGrantScopes = given<{ userId: string; now: Seconds }>()('approval_list_live_grants', (db, t, p) =>
  db
    .select({ approvalId: t.grants.approvalId, scopes: t.grants.scopes })
    .from(t.approvals)
    .innerJoin(t.grants, eq(t.grants.approvalId, t.approvals.id))
    .where(
      and(
        eq(t.approvals.userId, p.userId),
        isNull(t.approvals.revokedAt),
        isNull(t.grants.endedAt),
        gt(t.grants.expiresAt, p.now),
      ),
    ),
);
