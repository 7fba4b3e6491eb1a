/**
 * Statements about sealed text, table by table: counted by key, listed by key, sealed anew.
 *
 * Every re-sealing is one conditional write on the old sealed text, so it cannot undo anybody's change.
 */
import { and, asc, count, eq, gt, isNotNull, isNull, ne, sql } from 'drizzle-orm';
import type { Sealed, Seconds } from '../../domain/types.ts';
import { given } from '../statement.ts';

interface Listing {
  keyId: string;
  after: string;
  limit: number;
}
interface Resealing {
  id: string;
  from: Sealed;
  to: Sealed;
  keyId: string;
}

/** The key's name inside a sealed text, for the tables that have no column for it. */
const namedIn = (column: unknown) => sql<string>`substr(${column}, 4, 8)`;

export const countUpstreamGrantKeys = given<object>()('vault_count_upstream_grants', (db, t) =>
  db
    .select({ keyId: t.upstreamGrants.keyId, rows: count() })
    .from(t.upstreamGrants)
    .where(isNotNull(t.upstreamGrants.keyId))
    .groupBy(t.upstreamGrants.keyId),
);

export const countUpstreamRevocationKeys = given<object>()('vault_count_upstream_revocations', (db, t) =>
  db
    .select({ keyId: t.upstreamRevocations.keyId, rows: count() })
    .from(t.upstreamRevocations)
    .where(isNotNull(t.upstreamRevocations.keyId))
    .groupBy(t.upstreamRevocations.keyId),
);

/** The next key after this one that seals any row: a look into the index for each key, however many rows there are. */
export const nextUpstreamGrantKey = given<{ after: string }>()('vault_next_upstream_grant_key', (db, t, p) =>
  db
    .select({ keyId: t.upstreamGrants.keyId })
    .from(t.upstreamGrants)
    .where(and(isNotNull(t.upstreamGrants.keyId), gt(t.upstreamGrants.keyId, p.after)))
    .orderBy(asc(t.upstreamGrants.keyId))
    .limit(1),
);

export const nextUpstreamRevocationKey = given<{ after: string }>()('vault_next_upstream_revocation_key', (db, t, p) =>
  db
    .select({ keyId: t.upstreamRevocations.keyId })
    .from(t.upstreamRevocations)
    .where(and(isNotNull(t.upstreamRevocations.keyId), gt(t.upstreamRevocations.keyId, p.after)))
    .orderBy(asc(t.upstreamRevocations.keyId))
    .limit(1),
);

export const countSigningKeyKeys = given<object>()('vault_count_signing_keys', (db, t) =>
  db
    .select({ keyId: namedIn(t.signingKeys.privateSealed), rows: count() })
    .from(t.signingKeys)
    .groupBy(namedIn(t.signingKeys.privateSealed)),
);

/** Journeys that still need their secrets. */
export const countJourneyKeys = given<{ now: Seconds }>()('vault_count_journeys', (db, t, p) =>
  db
    .select({ keyId: namedIn(t.journeys.secretsSealed), rows: count() })
    .from(t.journeys)
    .where(and(isNotNull(t.journeys.secretsSealed), isNull(t.journeys.finishedAt), gt(t.journeys.expiresAt, p.now)))
    .groupBy(namedIn(t.journeys.secretsSealed)),
);

export const listUpstreamGrantsNotUnder = given<Listing>()('vault_list_upstream_grants', (db, t, p) =>
  db
    .select({
      id: t.upstreamGrants.id,
      userId: t.upstreamGrants.userId,
      sealed: t.upstreamGrants.tokensSealed,
      keyId: t.upstreamGrants.keyId,
    })
    .from(t.upstreamGrants)
    .where(
      and(isNotNull(t.upstreamGrants.keyId), ne(t.upstreamGrants.keyId, p.keyId), gt(t.upstreamGrants.id, p.after)),
    )
    .orderBy(asc(t.upstreamGrants.id))
    .limit(p.limit),
);

export const listUpstreamRevocationsNotUnder = given<Listing>()('vault_list_upstream_revocations', (db, t, p) =>
  db
    .select({
      id: t.upstreamRevocations.id,
      userId: t.upstreamRevocations.userId,
      sealed: t.upstreamRevocations.tokensSealed,
      keyId: t.upstreamRevocations.keyId,
    })
    .from(t.upstreamRevocations)
    .where(
      and(
        isNotNull(t.upstreamRevocations.keyId),
        ne(t.upstreamRevocations.keyId, p.keyId),
        gt(t.upstreamRevocations.id, p.after),
      ),
    )
    .orderBy(asc(t.upstreamRevocations.id))
    .limit(p.limit),
);

export const listSigningKeysNotUnder = given<Listing>()('vault_list_signing_keys', (db, t, p) =>
  db
    .select({ id: t.signingKeys.kid, sealed: t.signingKeys.privateSealed })
    .from(t.signingKeys)
    .where(and(ne(namedIn(t.signingKeys.privateSealed), p.keyId), gt(t.signingKeys.kid, p.after)))
    .orderBy(asc(t.signingKeys.kid))
    .limit(p.limit),
);

export const listJourneysNotUnder = given<Listing & { now: Seconds }>()('vault_list_journeys', (db, t, p) =>
  db
    .select({ id: t.journeys.id, sealed: t.journeys.secretsSealed })
    .from(t.journeys)
    .where(
      and(
        isNotNull(t.journeys.secretsSealed),
        isNull(t.journeys.finishedAt),
        gt(t.journeys.expiresAt, p.now),
        ne(namedIn(t.journeys.secretsSealed), p.keyId),
        gt(t.journeys.id, p.after),
      ),
    )
    .orderBy(asc(t.journeys.id))
    .limit(p.limit),
);

export const resealUpstreamGrant = given<Resealing>()('vault_reseal_upstream_grant', (db, t, p) =>
  db
    .update(t.upstreamGrants)
    .set({ tokensSealed: p.to, keyId: p.keyId })
    .where(and(eq(t.upstreamGrants.id, p.id), eq(t.upstreamGrants.tokensSealed, p.from)))
    .returning({ id: t.upstreamGrants.id }),
);

export const resealUpstreamRevocation = given<Resealing>()('vault_reseal_upstream_revocation', (db, t, p) =>
  db
    .update(t.upstreamRevocations)
    .set({ tokensSealed: p.to, keyId: p.keyId })
    .where(and(eq(t.upstreamRevocations.id, p.id), eq(t.upstreamRevocations.tokensSealed, p.from)))
    .returning({ id: t.upstreamRevocations.id }),
);

export const resealSigningKey = given<Resealing>()('vault_reseal_signing_key', (db, t, p) =>
  db
    .update(t.signingKeys)
    .set({ privateSealed: p.to })
    .where(and(eq(t.signingKeys.kid, p.id), eq(t.signingKeys.privateSealed, p.from)))
    .returning({ id: t.signingKeys.kid }),
);

export const resealJourney = given<Resealing>()('vault_reseal_journey', (db, t, p) =>
  db
    .update(t.journeys)
    .set({ secretsSealed: p.to })
    .where(and(eq(t.journeys.id, p.id), eq(t.journeys.secretsSealed, p.from)))
    .returning({ id: t.journeys.id }),
);

export const replaceKeepsake = given<{ name: string; from: string; to: string }>()(
  'vault_replace_keepsake',
  (db, t, p) =>
    db
      .update(t.keepsakes)
      .set({ value: p.to })
      .where(and(eq(t.keepsakes.name, p.name), eq(t.keepsakes.value, p.from)))
      .returning({ name: t.keepsakes.name }),
);
