/** Statements about the house itself: keepsakes, signing keys, the audit log. */
import { and, desc, eq, gt, gte, isNull, lt, lte, max, ne, or, sql } from 'drizzle-orm';
import type { Seconds } from '../../domain/types.ts';
import { given } from '../statement.ts';
import type { AuditRow, SigningKeyRow } from '../store.ts';

export const keepFirst = given<{ name: string; value: string }>()('keepsake_insert', (db, t, p) =>
  db.insert(t.keepsakes).values({ name: p.name, value: p.value }).onConflictDoNothing(),
);

export const findKeepsake = given<{ name: string }>()('keepsake_find', (db, t, p) =>
  db.select().from(t.keepsakes).where(eq(t.keepsakes.name, p.name)),
);

export const insertSigningKey = given<SigningKeyRow>()('signing_key_insert', (db, t, p) =>
  db
    .insert(t.signingKeys)
    .values({
      kid: p.kid,
      alg: p.alg,
      publicJwk: p.publicJwk,
      privateSealed: p.privateSealed,
      createdAt: p.createdAt,
      retiredAt: p.retiredAt,
    })
    .onConflictDoNothing(),
);

export const findLiveSigningKey = given<{ alg: string }>()('signing_key_find_live', (db, t, p) =>
  db
    .select()
    .from(t.signingKeys)
    .where(and(eq(t.signingKeys.alg, p.alg), isNull(t.signingKeys.retiredAt))),
);

export const retireSigningKey = given<{ alg: string; now: Seconds }>()('signing_key_retire', (db, t, p) =>
  db
    .update(t.signingKeys)
    .set({ retiredAt: p.now })
    .where(and(eq(t.signingKeys.alg, p.alg), isNull(t.signingKeys.retiredAt)))
    .returning({ kid: t.signingKeys.kid }),
);

/** Their end is past, whatever they have signed. */
export const endSigningKeys = given<object>()('signing_key_end_all', (db, t) =>
  db.update(t.signingKeys).set({ retiredAt: 0 }).returning({ kid: t.signingKeys.kid }),
);

export const listSigningKeys = given<object>()('signing_key_list', (db, t) =>
  db.select().from(t.signingKeys).orderBy(desc(t.signingKeys.createdAt), t.signingKeys.kid),
);

export const insertAudit = given<Omit<AuditRow, 'seq' | 'seal'>>()('audit_insert', (db, t, p) =>
  db.insert(t.audit).values({
    id: p.id,
    at: p.at,
    event: p.event,
    actorKind: p.actorKind,
    actorId: p.actorId,
    userId: p.userId,
    clientId: p.clientId,
    resource: p.resource,
    reference: p.reference,
    details: p.details,
    mark: p.mark,
  }),
);

const AUDIT_FILTERS = ['userId', 'clientId', 'event', 'reference'] as const;
type AuditFilter = (typeof AUDIT_FILTERS)[number];
interface AuditPage extends Partial<Record<AuditFilter, string>> {
  before: number;
  since: number;
  limit: number;
}

const filtersOf = (bits: number): readonly AuditFilter[] =>
  AUDIT_FILTERS.filter((_name, index) => (bits & (1 << index)) !== 0);

/** One statement per combination of filters, so that each finds its index and none is built per call. */
export const auditLists = Array.from({ length: 1 << AUDIT_FILTERS.length }, (_unused, bits) =>
  given<AuditPage>()(`audit_list_${bits}`, (db, t, p) =>
    db
      .select()
      .from(t.audit)
      .where(
        and(
          lt(t.audit.seq, p.before),
          gte(t.audit.at, p.since),
          ...filtersOf(bits).map((name) => eq(t.audit[name], p[name])),
        ),
      )
      .orderBy(desc(t.audit.seq))
      .limit(p.limit),
  ),
);

/** The statement that applies exactly the filters that are there. */
export const auditListFor = (
  filter: Partial<Record<AuditFilter, string | undefined>>,
): (typeof auditLists)[number] | undefined =>
  auditLists[AUDIT_FILTERS.reduce((bits, name, index) => (filter[name] === undefined ? bits : bits | (1 << index)), 0)];

export const RENEWED = 'refresh.rotated';

export const listActivity = given<{ userId: string; since: Seconds; limit: number }>()('audit_activity', (db, t, p) =>
  db
    .select()
    .from(t.audit)
    .where(and(eq(t.audit.userId, p.userId), gte(t.audit.at, p.since), ne(t.audit.event, RENEWED)))
    .orderBy(desc(t.audit.seq))
    .limit(p.limit),
);

export const countRenewals = given<{ userId: string; since: Seconds }>()('audit_renewals', (db, t, p) =>
  db
    .select({
      clientId: t.audit.clientId,
      count: sql<number>`count(*)`.mapWith(Number),
      latest: sql<number>`${max(t.audit.at)}`.mapWith(Number),
    })
    .from(t.audit)
    .where(and(eq(t.audit.userId, p.userId), gte(t.audit.at, p.since), eq(t.audit.event, RENEWED)))
    .groupBy(t.audit.clientId),
);

/** Seconds by which the clocks of two instances may differ. */
const CLOCKS_APART = 60;

/**
 * A row comes back when the lease was free, over, or the holder's own; or when it lasts longer than one that begins now,
 * which only a clock that was wrong, or a hand in the database, can have made: it would stop the work for as long.
 */
export const takeLease = given<{ name: string; holder: string; until: Seconds; now: Seconds }>()(
  'lease_take',
  (db, t, p) =>
    db
      .insert(t.leases)
      .values({ name: p.name, holder: p.holder, expiresAt: p.until })
      .onConflictDoUpdate({
        target: t.leases.name,
        set: { holder: p.holder, expiresAt: p.until },
        setWhere:
          or(
            lte(t.leases.expiresAt, p.now),
            eq(t.leases.holder, p.holder),
            gt(sql`${t.leases.expiresAt} - ${sql.raw(String(CLOCKS_APART))}`, p.until),
          ) ?? sql`false`,
      })
      .returning({ name: t.leases.name }),
);

export const dropLease = given<{ name: string; holder: string }>()('lease_drop', (db, t, p) =>
  db.delete(t.leases).where(and(eq(t.leases.name, p.name), eq(t.leases.holder, p.holder))),
);

export const ping = given<object>()('ping', (db, t) =>
  db
    .select({ one: sql<number>`1`.mapWith(Number) })
    .from(t.keepsakes)
    .limit(1),
);
