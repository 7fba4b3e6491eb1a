/** Statements about the keys of the admin API. Decides nothing; the verbs give them their meaning. */
import { and, desc, eq, gt, gte, isNull, lt, or } from 'drizzle-orm';
import type { AdminKey } from '../../domain/admin-key.ts';
import type { Seconds, TokenHash } from '../../domain/types.ts';
import { given } from '../statement.ts';

export const insertAdminKey = given<Omit<AdminKey, 'lastUsedAt' | 'revokedAt'> & { keyHash: TokenHash }>()(
  'admin_key_insert',
  (db, t, p) =>
    db.insert(t.adminKeys).values({
      id: p.id,
      name: p.name,
      keyHash: p.keyHash,
      role: p.role,
      resources: p.resources,
      createdAt: p.createdAt,
      expiresAt: p.expiresAt,
    }),
);

export const findAdminKey = given<{ keyHash: TokenHash; now: Seconds }>()('admin_key_find', (db, t, p) =>
  db
    .select()
    .from(t.adminKeys)
    .where(
      and(
        eq(t.adminKeys.keyHash, p.keyHash),
        isNull(t.adminKeys.revokedAt),
        or(isNull(t.adminKeys.expiresAt), gt(t.adminKeys.expiresAt, p.now)),
      ),
    ),
);

/** Coarse on purpose, so that reading writes little. */
export const touchAdminKey = given<{ id: string; now: Seconds; before: Seconds }>()('admin_key_touch', (db, t, p) =>
  db
    .update(t.adminKeys)
    .set({ lastUsedAt: p.now })
    .where(and(eq(t.adminKeys.id, p.id), or(isNull(t.adminKeys.lastUsedAt), lt(t.adminKeys.lastUsedAt, p.before)))),
);

export const findAdminKeyUse = given<{ id: string; hour: number }>()('admin_key_use_find', (db, t, p) =>
  db
    .select()
    .from(t.adminKeyUses)
    .where(and(eq(t.adminKeyUses.id, p.id), gte(t.adminKeyUses.hour, p.hour))),
);

/** One row comes back for whoever is the first of the hour. */
export const noteAdminKeyUse = given<{ id: string; hour: number }>()('admin_key_use_note', (db, t, p) =>
  db
    .insert(t.adminKeyUses)
    .values({ id: p.id, hour: p.hour })
    .onConflictDoUpdate({
      target: t.adminKeyUses.id,
      set: { hour: p.hour },
      setWhere: lt(t.adminKeyUses.hour, p.hour),
    })
    .returning(),
);

export const listAdminKeys = given<object>()('admin_key_list', (db, t) =>
  db.select().from(t.adminKeys).orderBy(desc(t.adminKeys.createdAt), desc(t.adminKeys.id)),
);

export const revokeAdminKey = given<{ id: string; now: Seconds }>()('admin_key_revoke', (db, t, p) =>
  db
    .update(t.adminKeys)
    .set({ revokedAt: p.now })
    .where(and(eq(t.adminKeys.id, p.id), isNull(t.adminKeys.revokedAt)))
    .returning({ id: t.adminKeys.id, name: t.adminKeys.name }),
);
