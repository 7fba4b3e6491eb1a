/** Statements about clients. Decides nothing; the verbs give them their meaning. */
import { and, desc, eq, gt, inArray, isNotNull, isNull, lt, notInArray, or, sql } from 'drizzle-orm';
import type { DocumentState } from '../../domain/metadata-document.ts';
import { OWN_BLOCKS } from '../../domain/own-block.ts';
import type { Client, Seconds } from '../../domain/types.ts';
import { given } from '../statement.ts';

export const findClient = given<{ id: string }>()('client_find', (db, t, p) =>
  db.select().from(t.clients).where(eq(t.clients.id, p.id)),
);

export const listConfiguredClients = given<object>()('client_list_configured', (db, t) =>
  db.select().from(t.clients).where(eq(t.clients.kind, 'configured')).orderBy(t.clients.id),
);

/**
 * Leaves a client that came by registration alone, and returns nothing for it. What was known of a metadata document at
 * that address is the configuration's from then on; a block stays.
 */
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
      set: {
        kind: p.kind,
        document: null,
        quarantinedAt: null,
        usableBy: null,
        metadata: p.metadata,
        secretHash: p.secretHash,
      },
      setWhere: inArray(t.clients.kind, ['configured', 'document']),
    })
    .returning({ id: t.clients.id }),
);

/**
 * What is left of a blocked client that the configuration names no more, where its id is the address of a document: the
 * block, on a document that has to be read anew.
 */
export const leaveBlockedDocument = given<{ id: string; document: DocumentState }>()(
  'client_leave_blocked_document',
  (db, t, p) =>
    db
      .update(t.clients)
      .set({ kind: 'document', secretHash: null, document: p.document, documentReadAt: 0 })
      .where(and(eq(t.clients.id, p.id), eq(t.clients.kind, 'configured'), isNotNull(t.clients.blockedAt)))
      .returning({ id: t.clients.id }),
);

/** The first step out for one that nobody has blocked: nothing is made for it from here on. */
export const blockConfiguredClient = given<{ id: string; now: Seconds; reason: string }>()(
  'client_block_configured',
  (db, t, p) =>
    db
      .update(t.clients)
      .set({ blockedAt: p.now, blockedReason: p.reason })
      .where(and(eq(t.clients.id, p.id), eq(t.clients.kind, 'configured'), isNull(t.clients.blockedAt)))
      .returning({ id: t.clients.id }),
);

/** The last step: only one that is blocked, so that nothing is being made for it. */
export const deleteConfiguredClient = given<{ id: string }>()('client_delete_configured', (db, t, p) =>
  db
    .delete(t.clients)
    .where(and(eq(t.clients.id, p.id), eq(t.clients.kind, 'configured'), isNotNull(t.clients.blockedAt)))
    .returning({ id: t.clients.id }),
);

/** Takes back exactly the block that was seen, so that one made after what was under it had ended stays. */
export const liftConfiguredBlock = given<{ id: string; blockedAt: Seconds; reason: string }>()(
  'client_lift_configured',
  (db, t, p) =>
    db
      .update(t.clients)
      .set({ blockedAt: null, blockedReason: null })
      .where(
        and(
          eq(t.clients.id, p.id),
          eq(t.clients.kind, 'configured'),
          eq(t.clients.blockedAt, p.blockedAt),
          eq(t.clients.blockedReason, p.reason),
        ),
      )
      .returning({ id: t.clients.id }),
);

/** Coarse on purpose: a client that a thousand people use must not be a row that a thousand people wait for. */
export const touchClient = given<{ id: string; now: Seconds; before: Seconds }>()('client_touch', (db, t, p) =>
  db
    .update(t.clients)
    .set({ lastUsedAt: p.now })
    .where(and(eq(t.clients.id, p.id), or(isNull(t.clients.lastUsedAt), lt(t.clients.lastUsedAt, p.before)))),
);

/** Says whether the configuration has this client and nobody blocked it, and keeps it so until the commit. */
export const touchConfiguredClient = given<{ id: string; now: Seconds }>()('client_touch_configured', (db, t, p) =>
  db
    .update(t.clients)
    .set({ lastUsedAt: p.now })
    .where(and(eq(t.clients.id, p.id), eq(t.clients.kind, 'configured'), isNull(t.clients.blockedAt)))
    .returning({ id: t.clients.id }),
);

export const anyLiveApproval = given<{ clientId: string; now: Seconds }>()('client_any_approval', (db, t, p) =>
  db
    .select({ one: sql<number>`1`.mapWith(Number) })
    .from(t.approvals)
    .where(and(eq(t.approvals.clientId, p.clientId), isNull(t.approvals.revokedAt), gt(t.approvals.expiresAt, p.now)))
    .limit(1),
);

interface ClientPage {
  beforeAt: Seconds;
  beforeId: string;
  limit: number;
}

const CLIENT_STATES = ['any', 'active', 'blocked'] as const;

/** Pages, newest first; one statement per state. */
export const clientPages = CLIENT_STATES.map((state) =>
  given<ClientPage>()(`client_page_${state}`, (db, t, p) =>
    db
      .select()
      .from(t.clients)
      .where(
        and(
          state === 'any'
            ? undefined
            : state === 'active'
              ? isNull(t.clients.blockedAt)
              : isNotNull(t.clients.blockedAt),
          sql`(${t.clients.createdAt}, ${t.clients.id}) < (${p.beforeAt}, ${p.beforeId})`,
        ),
      )
      .orderBy(desc(t.clients.createdAt), desc(t.clients.id))
      .limit(p.limit),
  ),
);

export const clientPageFor = (state: 'active' | 'blocked' | undefined): (typeof clientPages)[number] | undefined =>
  clientPages[CLIENT_STATES.indexOf(state ?? 'any')];

/** The client as it is, held against every other change until this unit ends. */
export const lockClient = given<{ id: string }>()('client_lock', (db, t, p) =>
  db
    .update(t.clients)
    .set({ createdAt: sql`${t.clients.createdAt}` })
    .where(eq(t.clients.id, p.id))
    .returning(),
);

/** Takes the place of a block of ours, which would end with the row. */
export const blockClient = given<{ id: string; now: Seconds; reason: string }>()('client_block', (db, t, p) =>
  db
    .update(t.clients)
    .set({ blockedAt: p.now, blockedReason: p.reason })
    .where(and(eq(t.clients.id, p.id), or(isNull(t.clients.blockedAt), inArray(t.clients.blockedReason, OWN_BLOCKS))))
    .returning(),
);

/** Never a block of ours. */
export const unblockClient = given<{ id: string }>()('client_unblock', (db, t, p) =>
  db
    .update(t.clients)
    .set({ blockedAt: null, blockedReason: null })
    .where(
      and(
        eq(t.clients.id, p.id),
        isNotNull(t.clients.blockedAt),
        or(isNull(t.clients.blockedReason), notInArray(t.clients.blockedReason, [...OWN_BLOCKS])),
      ),
    )
    .returning(),
);

/** Only one that is blocked, so that nothing is being made for it, and that the configuration would not bring back. */
export const deleteBlockedClient = given<{ id: string }>()('client_delete_blocked', (db, t, p) =>
  db
    .delete(t.clients)
    .where(and(eq(t.clients.id, p.id), eq(t.clients.kind, 'registered'), isNotNull(t.clients.blockedAt)))
    .returning({ id: t.clients.id }),
);

export const countClients = given<object>()('client_count', (db, t) =>
  db
    .select({
      all: sql<number>`count(*)`.mapWith(Number),
      blocked: sql<number>`count(${t.clients.blockedAt})`.mapWith(Number),
    })
    .from(t.clients),
);
