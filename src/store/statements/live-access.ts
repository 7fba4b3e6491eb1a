/**
 * Statements about live access: the codes and grants under an approval that still give something, and where each was
 * handed to.
 *
 * An approval says what was allowed last; what was given before it went elsewhere lives on beside it. A code stays as long
 * as its grant, so where access went is asked of the codes. Decides nothing.
 */
import { and, between, desc, eq, exists, gt, isNotNull, isNull, ne, or, type SQL, sql } from 'drizzle-orm';
import type { Seconds } from '../../domain/types.ts';
import type { Tables } from '../schema.ts';
import { type Db, given } from '../statement.ts';

type Now = ReturnType<typeof sql.placeholder> & SQL;

/**
 * Of a code, its grant and its approval, joined: the code can be redeemed or its grant lives. Under an approval that was
 * revoked: did so until then.
 */
const isLive = (t: Tables, now: Now): SQL | undefined => {
  const at = sql`coalesce(${t.approvals.revokedAt}, ${now})`;
  const unlessWithIt = (ended: typeof t.codes.revokedAt | typeof t.grants.endedAt) =>
    or(isNull(ended), sql`${ended} >= ${t.approvals.revokedAt}`);
  return or(
    and(isNull(t.codes.usedAt), unlessWithIt(t.codes.revokedAt), sql`${t.codes.expiresAt} > ${at}`),
    and(isNotNull(t.grants.id), unlessWithIt(t.grants.endedAt), sql`${t.grants.expiresAt} > ${at}`),
  );
};

/** Inside a query of approvals: live access under the row that was sent where it is asked for; `codes_approval` finds it. */
export const liveAccessSent = (db: Db, t: Tables, now: Now, isAt: (destination: SQL) => SQL) =>
  exists(
    db
      .select({ one: sql`1` })
      .from(t.codes)
      .leftJoin(t.grants, eq(t.grants.id, t.codes.grantId))
      .where(and(eq(t.codes.approvalId, t.approvals.id), isAt(sql`${t.codes.destination}`), isLive(t, now))),
  );

/** Other destinations than the one it was allowed for last. */
export const listOtherDestinations = given<{ approvalId: string; now: Seconds }>()(
  'live_access_other_destinations',
  (db, t, p) =>
    db
      .selectDistinct({ destination: t.codes.destination })
      .from(t.codes)
      .innerJoin(t.approvals, eq(t.approvals.id, t.codes.approvalId))
      .leftJoin(t.grants, eq(t.grants.id, t.codes.grantId))
      .where(
        and(
          eq(t.codes.approvalId, p.approvalId),
          isLive(t, p.now),
          ne(t.codes.destination, sql`(${t.approvals.face} ->> 'destination')`),
        ),
      )
      .orderBy(t.codes.destination),
);

interface LivePage {
  now: Seconds;
  beforeAt: Seconds;
  beforeId: string;
  limit: number;
}

/** Live approvals before a position, newest first, each with its client as that is now. */
export const listLiveApprovals = given<LivePage>()('live_access_approvals', (db, t, p) =>
  db
    .select({
      id: t.approvals.id,
      userId: t.approvals.userId,
      clientId: t.approvals.clientId,
      redirectUris: t.approvals.redirectUris,
      face: t.approvals.face,
      grantedAt: t.approvals.grantedAt,
      metadata: t.clients.metadata,
    })
    .from(t.approvals)
    .leftJoin(t.clients, eq(t.clients.id, t.approvals.clientId))
    .where(
      and(
        isNull(t.approvals.revokedAt),
        gt(t.approvals.expiresAt, p.now),
        sql`(${t.approvals.grantedAt}, ${t.approvals.id}) < (${p.beforeAt}, ${p.beforeId})`,
      ),
    )
    .orderBy(desc(t.approvals.grantedAt), desc(t.approvals.id))
    .limit(p.limit),
);

interface Stretch {
  now: Seconds;
  fromAt: Seconds;
  fromId: string;
  toAt: Seconds;
  toId: string;
}

/** What is live under the live approvals of a stretch of the registry, its ends included: each pair of redirect and names once. */
export const listLiveAccess = given<Stretch>()('live_access_of_stretch', (db, t, p) =>
  db
    .selectDistinct({
      approvalId: t.codes.approvalId,
      redirectUri: t.codes.redirectUri,
      clientNames: t.codes.clientNames,
    })
    .from(t.approvals)
    .innerJoin(t.codes, eq(t.codes.approvalId, t.approvals.id))
    .leftJoin(t.grants, eq(t.grants.id, t.codes.grantId))
    .where(
      and(
        isNull(t.approvals.revokedAt),
        gt(t.approvals.expiresAt, p.now),
        // Follows from the two below, in which Postgres does not see that they bound a short stretch.
        between(t.approvals.grantedAt, p.fromAt, p.toAt),
        sql`(${t.approvals.grantedAt}, ${t.approvals.id}) >= (${p.fromAt}, ${p.fromId})`,
        sql`(${t.approvals.grantedAt}, ${t.approvals.id}) <= (${p.toAt}, ${p.toId})`,
        isLive(t, p.now),
      ),
    ),
);
