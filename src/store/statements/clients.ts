/** Statements about clients. Decides nothing; the verbs give them their meaning. */
import { and, eq, gt, isNull, lt, or, sql } from 'drizzle-orm';
import type { Client, ClientMetadata, Seconds } from '../../domain/types.ts';
import { given } from '../statement.ts';

export const insertClient = given<Client>()('client_insert', (db, t, p) =>
  db.insert(t.clients).values({
    id: p.id,
    kind: p.kind,
    metadata: p.metadata,
    secretHash: p.secretHash,
    createdAt: p.createdAt,
    lastUsedAt: p.lastUsedAt,
    blockedAt: p.blockedAt,
    blockedReason: p.blockedReason,
  }),
);

export const findClient = given<{ id: string }>()('client_find', (db, t, p) =>
  db.select().from(t.clients).where(eq(t.clients.id, p.id)),
);

export const listConfiguredClients = given<object>()('client_list_configured', (db, t) =>
  db.select().from(t.clients).where(eq(t.clients.kind, 'configured')).orderBy(t.clients.id),
);

/** Leaves a client that came by registration alone, and returns nothing for it. */
export const putConfiguredClient = given<Client>()('client_put_configured', (db, t, p) =>
  db
    .insert(t.clients)
    .values({
      id: p.id,
      kind: p.kind,
      metadata: p.metadata,
      secretHash: p.secretHash,
      createdAt: p.createdAt,
      lastUsedAt: p.lastUsedAt,
      blockedAt: p.blockedAt,
      blockedReason: p.blockedReason,
    })
    .onConflictDoUpdate({
      target: t.clients.id,
      set: { metadata: p.metadata, secretHash: p.secretHash },
      setWhere: eq(t.clients.kind, 'configured'),
    })
    .returning({ id: t.clients.id }),
);

export const deleteConfiguredClient = given<{ id: string }>()('client_delete_configured', (db, t, p) =>
  db
    .delete(t.clients)
    .where(and(eq(t.clients.id, p.id), eq(t.clients.kind, 'configured')))
    .returning({ id: t.clients.id }),
);

export const updateClientMetadata = given<{ id: string; metadata: ClientMetadata }>()('client_update', (db, t, p) =>
  db
    .update(t.clients)
    .set({ metadata: p.metadata })
    .where(and(eq(t.clients.id, p.id), isNull(t.clients.blockedAt)))
    .returning(),
);

/** Coarse on purpose: a client that a thousand people use must not be a row that a thousand people wait for. */
export const touchClient = given<{ id: string; now: Seconds; before: Seconds }>()('client_touch', (db, t, p) =>
  db
    .update(t.clients)
    .set({ lastUsedAt: p.now })
    .where(and(eq(t.clients.id, p.id), or(isNull(t.clients.lastUsedAt), lt(t.clients.lastUsedAt, p.before)))),
);

export const anyLiveApproval = given<{ clientId: string; now: Seconds }>()('client_any_approval', (db, t, p) =>
  db
    .select({ one: sql<number>`1`.mapWith(Number) })
    .from(t.approvals)
    .where(and(eq(t.approvals.clientId, p.clientId), isNull(t.approvals.revokedAt), gt(t.approvals.expiresAt, p.now)))
    .limit(1),
);
