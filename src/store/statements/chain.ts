/** Statements about the chain over the audit log, its checkpoints, and leases. */
import { and, asc, desc, eq, gt, gte, inArray, isNotNull, isNull, lte, notExists, sql } from 'drizzle-orm';
import type { Seal } from '../../domain/audit-chain.ts';
import type { Seconds } from '../../domain/types.ts';
import type { Checkpoint } from '../chain-store.ts';
import { given } from '../statement.ts';

export const findUnsealed = given<object>()('audit_find_unsealed', (db, t) =>
  db.select({ seq: t.audit.seq }).from(t.audit).where(isNull(t.audit.seal)).limit(1),
);

export const listUnsealed = given<{ afterSeq: number; limit: number }>()('audit_list_unsealed', (db, t, p) =>
  db
    .select()
    .from(t.audit)
    .where(and(isNull(t.audit.seal), gt(t.audit.seq, p.afterSeq)))
    .orderBy(asc(t.audit.seq))
    .limit(p.limit),
);

/** Of two sealers the later one finds the rows taken, marks none, and fails at the number of the link. */
export const takeRows = given<{ no: number; limit: number }>()('audit_take', (db, t, p) =>
  db
    .update(t.audit)
    .set({ seal: p.no })
    .where(
      and(
        isNull(t.audit.seal),
        inArray(
          t.audit.seq,
          db
            .select({ seq: t.audit.seq })
            .from(t.audit)
            .where(isNull(t.audit.seal))
            .orderBy(asc(t.audit.seq))
            .limit(p.limit),
        ),
      ),
    )
    .returning(),
);

export const insertSeal = given<Seal>()('audit_seal_insert', (db, t, p) =>
  db.insert(t.auditSeals).values({
    no: p.no,
    at: p.at,
    rows: p.rows,
    total: p.total,
    marked: p.marked,
    strangers: p.strangers,
    head: p.head,
    mark: p.mark,
  }),
);

export const lastSeal = given<object>()('audit_seal_last', (db, t) =>
  db.select().from(t.auditSeals).orderBy(desc(t.auditSeals.no)).limit(1),
);

export const listSeals = given<{ after: number; limit: number }>()('audit_seal_list', (db, t, p) =>
  db.select().from(t.auditSeals).where(gt(t.auditSeals.no, p.after)).orderBy(asc(t.auditSeals.no)).limit(p.limit),
);

export const listSealed = given<{ no: number }>()('audit_list_sealed', (db, t, p) =>
  db.select().from(t.audit).where(eq(t.audit.seal, p.no)).orderBy(asc(t.audit.seq)),
);

/** One statement, so that a link made meanwhile explains its own rows. */
export const listBeyond = given<{ from: number }>()('audit_list_beyond', (db, t, p) =>
  db
    .select({ id: t.audit.id })
    .from(t.audit)
    .where(
      sql`${t.audit.seal} > coalesce(${db.select({ no: sql`max(${t.auditSeals.no})` }).from(t.auditSeals)}, ${p.from})`,
    )
    .limit(100),
);

/** The first link that holds a row of the moment or later. */
export const firstSealSince = given<{ moment: Seconds }>()('audit_seal_first_since', (db, t, p) =>
  db
    .select({ no: t.audit.seal })
    .from(t.audit)
    .where(and(isNotNull(t.audit.seal), gte(t.audit.at, p.moment)))
    .orderBy(asc(t.audit.seal))
    .limit(1),
);

export const findSeal = given<{ no: number }>()('audit_seal_find', (db, t, p) =>
  db.select().from(t.auditSeals).where(eq(t.auditSeals.no, p.no)),
);

export const findCheckpoint = given<object>()('audit_checkpoint_find', (db, t) =>
  db.select().from(t.auditCheckpoints).orderBy(desc(t.auditCheckpoints.through)).limit(1),
);

export const insertCheckpoint = given<Omit<Checkpoint, 'no'> & { through: number }>()(
  'audit_checkpoint_insert',
  (db, t, p) =>
    db
      .insert(t.auditCheckpoints)
      .values({
        through: p.through,
        at: p.at,
        total: p.total,
        marked: p.marked,
        head: p.head,
        mark: p.mark,
        signed: p.signed,
      })
      .onConflictDoNothing()
      .returning({ through: t.auditCheckpoints.through }),
);

export const removePrunedRows = given<{ through: number; limit: number }>()('audit_remove_pruned', (db, t, p) =>
  db
    .delete(t.audit)
    .where(
      inArray(
        t.audit.seq,
        db
          .select({ seq: t.audit.seq })
          .from(t.audit)
          .where(and(isNotNull(t.audit.seal), lte(t.audit.seal, p.through)))
          .orderBy(asc(t.audit.seal), asc(t.audit.seq))
          .limit(p.limit),
      ),
    )
    .returning({ seq: t.audit.seq }),
);

export const removePrunedSeals = given<{ through: number }>()('audit_seal_remove_pruned', (db, t, p) =>
  db
    .delete(t.auditSeals)
    .where(
      and(
        lte(t.auditSeals.no, p.through),
        notExists(db.select({ one: sql`1` }).from(t.audit).where(eq(t.audit.seal, t.auditSeals.no))),
      ),
    ),
);
