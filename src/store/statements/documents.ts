/**
 * Statements about metadata documents, key sets and client assertions. Decides nothing; the verbs give them their meaning.
 *
 * A removal says outside of its selection, too, whom it spares: on Postgres one that waited for a row looks at that again,
 * and a client that was blocked or allowed meanwhile stays.
 */
import { and, asc, desc, eq, inArray, isNotNull, isNull, lte, notInArray, sql } from 'drizzle-orm';
import type { KeySet } from '../../domain/client-keys.ts';
import type { UsableBy } from '../../domain/quarantine.ts';
import type { Seconds, TokenHash } from '../../domain/types.ts';
import { given } from '../statement.ts';
import type { DocumentReading } from '../store.ts';
import { neverUsed, nothingLives } from './client-life.ts';

interface PutStanding {
  quarantinedAt: Seconds | undefined;
  usableBy: UsableBy | undefined;
}

/** The document's client as it is, held against every other change until this unit ends. */
export const holdDocument = given<{ id: string }>()('document_hold', (db, t, p) =>
  db
    .update(t.clients)
    .set({ documentReadAt: sql`${t.clients.documentReadAt}` })
    .where(and(eq(t.clients.id, p.id), eq(t.clients.kind, 'document')))
    .returning(),
);

/** Never ends a wait. Nothing comes back where the id belongs to another kind of client or a later reading is kept. */
export const putDocument = given<Omit<DocumentReading, 'standing'> & PutStanding>()('document_put', (db, t, p) =>
  db
    .insert(t.clients)
    .values({
      id: p.id,
      kind: 'document',
      metadata: p.metadata,
      createdAt: p.readAt,
      document: p.document,
      documentReadAt: p.readAt,
      quarantinedAt: p.quarantinedAt,
      usableBy: p.usableBy,
    })
    .onConflictDoUpdate({
      target: t.clients.id,
      set: {
        metadata: p.metadata,
        document: p.document,
        documentReadAt: p.readAt,
        quarantinedAt: sql`coalesce(${p.quarantinedAt}, ${t.clients.quarantinedAt})`,
        usableBy: sql`coalesce(${p.usableBy}, ${t.clients.usableBy})`,
      },
      setWhere: sql`${t.clients.kind} = 'document' and ${t.clients.documentReadAt} <= ${p.readAt}`,
    })
    .returning(),
);

export const updateDocument = given<Omit<DocumentReading, 'metadata' | 'standing'>>()('document_update', (db, t, p) =>
  db
    .update(t.clients)
    .set({ document: p.document, documentReadAt: p.readAt })
    .where(and(eq(t.clients.id, p.id), eq(t.clients.kind, 'document'), lte(t.clients.documentReadAt, p.readAt)))
    .returning(),
);

/** Removes, of one host's documents that nobody has allowed, all but the newest `keep`. */
export const trimHost = given<{ prefix: string; length: number; keep: number }>()('document_trim_host', (db, t, p) => {
  const ofHost = and(
    eq(t.clients.kind, 'document'),
    neverUsed(t),
    sql`substr(${t.clients.id}, 1, ${p.length}) = ${p.prefix}`,
  );
  const kept = db
    .select({ id: t.clients.id })
    .from(t.clients)
    .where(ofHost)
    .orderBy(desc(t.clients.createdAt), desc(t.clients.id))
    .limit(p.keep);
  return db
    .delete(t.clients)
    .where(and(ofHost, notInArray(t.clients.id, kept)))
    .returning({ id: t.clients.id });
});

export const countUnusedDocuments = given<object>()('document_count_unused', (db, t) =>
  db
    .select({ count: sql<number>`count(*)`.mapWith(Number) })
    .from(t.clients)
    .where(and(eq(t.clients.kind, 'document'), neverUsed(t))),
);

export const trimOldestDocuments = given<{ most: number }>()('document_trim_oldest', (db, t, p) =>
  db
    .delete(t.clients)
    .where(
      and(
        inArray(
          t.clients.id,
          db
            .select({ id: t.clients.id })
            .from(t.clients)
            .where(and(eq(t.clients.kind, 'document'), neverUsed(t)))
            .orderBy(asc(t.clients.createdAt), asc(t.clients.id))
            .limit(p.most),
        ),
        neverUsed(t),
      ),
    )
    .returning({ id: t.clients.id }),
);

export const removeUnusedDocuments = given<{ before: Seconds; limit: number }>()('document_sweep_unused', (db, t, p) =>
  db
    .delete(t.clients)
    .where(
      and(
        inArray(
          t.clients.id,
          db
            .select({ id: t.clients.id })
            .from(t.clients)
            .where(
              and(
                eq(t.clients.kind, 'document'),
                neverUsed(t),
                // One that waits for an administrator has a time of its own.
                isNull(t.clients.quarantinedAt),
                lte(t.clients.createdAt, p.before),
              ),
            )
            .limit(p.limit),
        ),
        neverUsed(t),
      ),
    )
    .returning({ id: t.clients.id }),
);

/** Never one with an approval or a grant that is live. */
export const removeIdleDocuments = given<{ before: Seconds; now: Seconds; limit: number }>()(
  'document_sweep_idle',
  (db, t, p) =>
    db
      .delete(t.clients)
      .where(
        and(
          inArray(
            t.clients.id,
            db
              .select({ id: t.clients.id })
              .from(t.clients)
              .where(
                and(
                  eq(t.clients.kind, 'document'),
                  isNotNull(t.clients.lastUsedAt),
                  lte(t.clients.lastUsedAt, p.before),
                  isNull(t.clients.blockedAt),
                  nothingLives(db, t, p.now),
                ),
              )
              .limit(p.limit),
          ),
          lte(t.clients.lastUsedAt, p.before),
          isNull(t.clients.blockedAt),
        ),
      )
      .returning({ id: t.clients.id }),
);

export const putKeySet = given<{ clientId: string; keySet: KeySet }>()('key_set_put', (db, t, p) =>
  db.update(t.clients).set({ keySet: p.keySet }).where(eq(t.clients.id, p.clientId)),
);

export const insertAssertion = given<{ idHash: TokenHash; expiresAt: Seconds }>()('assertion_insert', (db, t, p) =>
  db
    .insert(t.clientAssertions)
    .values({ idHash: p.idHash, expiresAt: p.expiresAt })
    .onConflictDoNothing()
    .returning({ idHash: t.clientAssertions.idHash }),
);

export const removeSpentAssertions = given<{ before: Seconds; limit: number }>()('assertion_sweep', (db, t, p) =>
  db
    .delete(t.clientAssertions)
    .where(
      inArray(
        t.clientAssertions.idHash,
        db
          .select({ id: t.clientAssertions.idHash })
          .from(t.clientAssertions)
          .where(lte(t.clientAssertions.expiresAt, p.before))
          .limit(p.limit),
      ),
    )
    .returning({ idHash: t.clientAssertions.idHash }),
);
