/**
 * Statements about the upstream's sealed tokens: kept, refreshed under a lease, ended.
 *
 * A successor is kept on the condition that nobody has kept one since (`generation`), so the holder of an expired
 * lease can neither overwrite a newer successor nor end what another holder has renewed.
 */
import { and, eq, isNull, lte, ne, or, sql } from 'drizzle-orm';
import type { Sealed, Seconds } from '../../domain/types.ts';
import type { Tables } from '../schema.ts';
import { given } from '../statement.ts';

interface NewUpstreamGrantRow {
  id: string;
  approvalId: string;
  userId: string;
  upstream: string;
  tokensSealed: Sealed;
  keyId: string;
  scopes: readonly string[];
  accessExpiresAt: Seconds | undefined;
  createdAt: Seconds;
}

export const insertUpstreamGrant = given<NewUpstreamGrantRow>()('upstream_grant_insert', (db, t, p) =>
  db.insert(t.upstreamGrants).values({
    id: p.id,
    approvalId: p.approvalId,
    userId: p.userId,
    upstream: p.upstream,
    tokensSealed: p.tokensSealed,
    keyId: p.keyId,
    scopes: p.scopes,
    accessExpiresAt: p.accessExpiresAt,
    createdAt: p.createdAt,
    generation: 0,
  }),
);

export const findUpstreamGrant = given<{ grantId: string }>()('upstream_grant_find', (db, t, p) =>
  db
    .select({ upstreamGrant: t.upstreamGrants })
    .from(t.grants)
    .innerJoin(t.upstreamGrants, eq(t.upstreamGrants.id, t.grants.upstreamGrantId))
    .where(eq(t.grants.id, p.grantId)),
);

export const findGrantOfUpstream = given<{ id: string }>()('upstream_grant_find_grant', (db, t, p) =>
  db
    .select({ grantId: t.grants.id, userId: t.upstreamGrants.userId })
    .from(t.upstreamGrants)
    .leftJoin(
      t.grants,
      and(eq(t.grants.upstreamGrantId, t.upstreamGrants.id), eq(t.grants.approvalId, t.upstreamGrants.approvalId)),
    )
    .where(eq(t.upstreamGrants.id, p.id)),
);

interface Leasing {
  id: string;
  holder: string;
  generation: number;
  now: Seconds;
  until: Seconds;
}

/** Claims the one refresh under way, and records that it is attempted before anything is sent. */
export const leaseRefresh = given<Leasing>()('upstream_grant_lease', (db, t, p) =>
  db
    .update(t.upstreamGrants)
    .set({ leaseHolder: p.holder, leaseExpiresAt: p.until, attemptedAt: p.now })
    .where(
      and(
        eq(t.upstreamGrants.id, p.id),
        eq(t.upstreamGrants.generation, p.generation),
        isNull(t.upstreamGrants.endedAt),
        or(isNull(t.upstreamGrants.leaseExpiresAt), lte(t.upstreamGrants.leaseExpiresAt, p.now)),
      ),
    )
    .returning({ id: t.upstreamGrants.id }),
);

/** Lets the lease go without a successor. The attempt stays on record: what the upstream did with it is not known. */
export const releaseRefresh = given<{ id: string; holder: string; retryAt: Seconds }>()(
  'upstream_grant_release',
  (db, t, p) =>
    db
      .update(t.upstreamGrants)
      .set({ leaseHolder: null, leaseExpiresAt: null, retryAt: p.retryAt })
      .where(and(eq(t.upstreamGrants.id, p.id), eq(t.upstreamGrants.leaseHolder, p.holder)))
      .returning({ id: t.upstreamGrants.id }),
);

interface Succeeding {
  id: string;
  generation: number;
  tokensSealed: Sealed;
  keyId: string;
  scopes: readonly string[];
  accessExpiresAt: Seconds | undefined;
}

export const keepSuccessor = given<Succeeding>()('upstream_grant_keep_successor', (db, t, p) =>
  db
    .update(t.upstreamGrants)
    .set({
      tokensSealed: p.tokensSealed,
      keyId: p.keyId,
      scopes: p.scopes,
      accessExpiresAt: p.accessExpiresAt,
      generation: sql`${t.upstreamGrants.generation} + 1`,
      leaseHolder: null,
      leaseExpiresAt: null,
      attemptedAt: null,
      retryAt: null,
    })
    .where(
      and(
        eq(t.upstreamGrants.id, p.id),
        eq(t.upstreamGrants.generation, p.generation),
        isNull(t.upstreamGrants.endedAt),
      ),
    )
    .returning({ id: t.upstreamGrants.id }),
);

export const isUpstreamGrantLive = given<{ id: string }>()('upstream_grant_is_live', (db, t, p) =>
  db
    .select({ id: t.upstreamGrants.id })
    .from(t.upstreamGrants)
    .where(and(eq(t.upstreamGrants.id, p.id), isNull(t.upstreamGrants.endedAt))),
);

/** What an end answers with: the sealed tokens as they are while the row's lock is held. */
const ended = (t: Tables) => ({
  id: t.upstreamGrants.id,
  userId: t.upstreamGrants.userId,
  upstream: t.upstreamGrants.upstream,
  tokensSealed: t.upstreamGrants.tokensSealed,
});

export const endUpstreamGrantOf = given<{ grantId: string; now: Seconds }>()('upstream_grant_end_of', (db, t, p) =>
  db
    .update(t.upstreamGrants)
    .set({ endedAt: p.now })
    .where(
      and(
        eq(
          t.upstreamGrants.id,
          db.select({ id: t.grants.upstreamGrantId }).from(t.grants).where(eq(t.grants.id, p.grantId)),
        ),
        isNull(t.upstreamGrants.endedAt),
      ),
    )
    .returning(ended(t)),
);

export const endUpstreamGrants = given<{ approvalId: string; now: Seconds }>()(
  'upstream_grant_end_under_approval',
  (db, t, p) =>
    db
      .update(t.upstreamGrants)
      .set({ endedAt: p.now })
      .where(and(eq(t.upstreamGrants.approvalId, p.approvalId), isNull(t.upstreamGrants.endedAt)))
      .returning(ended(t)),
);

export const endUpstreamGrant = given<{ id: string; now: Seconds }>()('upstream_grant_end', (db, t, p) =>
  db
    .update(t.upstreamGrants)
    .set({ endedAt: p.now })
    .where(and(eq(t.upstreamGrants.id, p.id), isNull(t.upstreamGrants.endedAt)))
    .returning(ended(t)),
);

/** Ends what nobody has renewed since. */
export const endUpstreamGeneration = given<{ id: string; generation: number; now: Seconds }>()(
  'upstream_grant_end_generation',
  (db, t, p) =>
    db
      .update(t.upstreamGrants)
      .set({ endedAt: p.now })
      .where(
        and(
          eq(t.upstreamGrants.id, p.id),
          eq(t.upstreamGrants.generation, p.generation),
          isNull(t.upstreamGrants.endedAt),
        ),
      )
      .returning(ended(t)),
);

/** Ends the row whose sealed text is still the one that did not open. */
export const endUnopened = given<{ id: string; tokensSealed: Sealed; now: Seconds }>()(
  'upstream_grant_end_unopened',
  (db, t, p) =>
    db
      .update(t.upstreamGrants)
      .set({ endedAt: p.now })
      .where(
        and(
          eq(t.upstreamGrants.id, p.id),
          eq(t.upstreamGrants.tokensSealed, p.tokensSealed),
          isNull(t.upstreamGrants.endedAt),
        ),
      )
      .returning(ended(t)),
);

export const wipeUpstreamGrant = given<{ id: string }>()('upstream_grant_wipe', (db, t, p) =>
  db
    .update(t.upstreamGrants)
    .set({ tokensSealed: null, keyId: null, leaseHolder: null, leaseExpiresAt: null })
    .where(eq(t.upstreamGrants.id, p.id)),
);

/** Whether the person has another live grant at this upstream. */
export const findOtherUpstreamGrant = given<{ userId: string; upstream: string; id: string }>()(
  'upstream_grant_find_other',
  (db, t, p) =>
    db
      .select({ id: t.upstreamGrants.id })
      .from(t.upstreamGrants)
      .where(
        and(
          eq(t.upstreamGrants.userId, p.userId),
          eq(t.upstreamGrants.upstream, p.upstream),
          isNull(t.upstreamGrants.endedAt),
          ne(t.upstreamGrants.id, p.id),
        ),
      )
      .limit(1),
);
