/** Statements about revocations: what each ended, and the outbox of those still to be told to an upstream. */
import { and, asc, eq, inArray, isNotNull, isNull, lte, notExists, or, sql } from 'drizzle-orm';
import type { Sealed, Seconds } from '../../domain/types.ts';
import type { EndedCounts, RevocationOutcome } from '../records.ts';
import { given } from '../statement.ts';

interface NewRevocation {
  id: string;
  at: Seconds;
  reason: string;
  actorKind: string;
  actorId: string | undefined;
  userId: string | undefined;
  reference: string;
  ended: EndedCounts;
  matched: number | undefined;
  finishedAt: Seconds | undefined;
  movedAt: Seconds | undefined;
}

/** A revocation in slices counts on in the row of its first slice. */
export const putRevocation = given<NewRevocation>()('revocation_put', (db, t, p) =>
  db
    .insert(t.revocations)
    .values({
      id: p.id,
      at: p.at,
      reason: p.reason,
      actorKind: p.actorKind,
      actorId: p.actorId,
      userId: p.userId,
      reference: p.reference,
      ended: p.ended,
      matched: p.matched,
      finishedAt: p.finishedAt,
      movedAt: p.movedAt,
    })
    .onConflictDoUpdate({
      target: t.revocations.id,
      set: { ended: p.ended, finishedAt: p.finishedAt, movedAt: p.movedAt },
    }),
);

export const findRevocation = given<{ id: string }>()('revocation_find', (db, t, p) =>
  db.select().from(t.revocations).where(eq(t.revocations.id, p.id)),
);

export const listUpstreamCalls = given<{ revocationId: string }>()('upstream_revocation_list_of', (db, t, p) =>
  db
    .select({
      id: t.upstreamRevocations.id,
      upstream: t.upstreamRevocations.upstream,
      attempts: t.upstreamRevocations.attempts,
      problem: t.upstreamRevocations.problem,
      outcome: t.upstreamRevocations.outcome,
      doneAt: t.upstreamRevocations.doneAt,
    })
    .from(t.upstreamRevocations)
    .where(eq(t.upstreamRevocations.revocationId, p.revocationId))
    .orderBy(asc(t.upstreamRevocations.id)),
);

interface Queueing {
  id: string;
  revocationId: string;
  userId: string;
  upstream: string;
  tokensSealed: Sealed;
  keyId: string;
  now: Seconds;
}

/** A successor that came back after the end takes the place of the tokens it followed, delivered or not. */
export const queueRevocation = given<Queueing>()('upstream_revocation_queue', (db, t, p) =>
  db
    .insert(t.upstreamRevocations)
    .values({
      id: p.id,
      revocationId: p.revocationId,
      userId: p.userId,
      upstream: p.upstream,
      tokensSealed: p.tokensSealed,
      keyId: p.keyId,
      queuedAt: p.now,
      dueAt: p.now,
      attempts: 0,
    })
    .onConflictDoUpdate({
      target: t.upstreamRevocations.id,
      set: {
        tokensSealed: p.tokensSealed,
        keyId: p.keyId,
        dueAt: p.now,
        attempts: 0,
        leaseHolder: null,
        leaseExpiresAt: null,
        outcome: null,
        doneAt: null,
      },
    }),
);

/** For the record alone: nothing is left to be told to the upstream. */
export const recordSettled = given<Omit<Queueing, 'tokensSealed' | 'keyId'> & { outcome: RevocationOutcome }>()(
  'upstream_revocation_settled',
  (db, t, p) =>
    db
      .insert(t.upstreamRevocations)
      .values({
        id: p.id,
        revocationId: p.revocationId,
        userId: p.userId,
        upstream: p.upstream,
        queuedAt: p.now,
        dueAt: p.now,
        attempts: 0,
        outcome: p.outcome,
        doneAt: p.now,
      })
      .onConflictDoNothing(),
);

export const listDueRevocations = given<{ now: Seconds; limit: number }>()('upstream_revocation_list_due', (db, t, p) =>
  db
    .select({ id: t.upstreamRevocations.id })
    .from(t.upstreamRevocations)
    .where(
      and(
        isNull(t.upstreamRevocations.doneAt),
        lte(t.upstreamRevocations.dueAt, p.now),
        or(isNull(t.upstreamRevocations.leaseExpiresAt), lte(t.upstreamRevocations.leaseExpiresAt, p.now)),
      ),
    )
    .orderBy(asc(t.upstreamRevocations.dueAt))
    .limit(p.limit),
);

/** Claims one delivery, and counts it before anything is sent. */
export const leaseRevocation = given<{ id: string; holder: string; now: Seconds; until: Seconds }>()(
  'upstream_revocation_lease',
  (db, t, p) =>
    db
      .update(t.upstreamRevocations)
      .set({
        leaseHolder: p.holder,
        leaseExpiresAt: p.until,
        attempts: sql`${t.upstreamRevocations.attempts} + 1`,
      })
      .where(
        and(
          eq(t.upstreamRevocations.id, p.id),
          isNull(t.upstreamRevocations.doneAt),
          lte(t.upstreamRevocations.dueAt, p.now),
          or(isNull(t.upstreamRevocations.leaseExpiresAt), lte(t.upstreamRevocations.leaseExpiresAt, p.now)),
        ),
      )
      .returning({
        id: t.upstreamRevocations.id,
        revocationId: t.upstreamRevocations.revocationId,
        userId: t.upstreamRevocations.userId,
        upstream: t.upstreamRevocations.upstream,
        tokensSealed: t.upstreamRevocations.tokensSealed,
        keyId: t.upstreamRevocations.keyId,
        attempts: t.upstreamRevocations.attempts,
      }),
);

interface Finishing {
  id: string;
  holder: string;
  outcome: RevocationOutcome;
  problem: string | undefined;
  now: Seconds;
}

/** Takes the tokens out with the outcome. */
export const finishRevocation = given<Finishing>()('upstream_revocation_finish', (db, t, p) =>
  db
    .update(t.upstreamRevocations)
    .set({
      outcome: p.outcome,
      problem: p.problem,
      doneAt: p.now,
      tokensSealed: null,
      keyId: null,
      leaseHolder: null,
      leaseExpiresAt: null,
    })
    .where(and(eq(t.upstreamRevocations.id, p.id), eq(t.upstreamRevocations.leaseHolder, p.holder)))
    .returning({ userId: t.upstreamRevocations.userId, revocationId: t.upstreamRevocations.revocationId }),
);

export const postponeRevocation = given<{ id: string; holder: string; dueAt: Seconds; problem: string }>()(
  'upstream_revocation_postpone',
  (db, t, p) =>
    db
      .update(t.upstreamRevocations)
      .set({ leaseHolder: null, leaseExpiresAt: null, dueAt: p.dueAt, problem: p.problem })
      .where(and(eq(t.upstreamRevocations.id, p.id), eq(t.upstreamRevocations.leaseHolder, p.holder)))
      .returning({ id: t.upstreamRevocations.id }),
);

export const sweepUpstreamRevocations = given<{ before: Seconds; limit: number }>()(
  'sweep_upstream_revocations',
  (db, t, p) =>
    db
      .delete(t.upstreamRevocations)
      .where(
        inArray(
          t.upstreamRevocations.id,
          db
            .select({ id: t.upstreamRevocations.id })
            .from(t.upstreamRevocations)
            .where(and(isNotNull(t.upstreamRevocations.doneAt), lte(t.upstreamRevocations.doneAt, p.before)))
            .limit(p.limit),
        ),
      )
      .returning({ id: t.upstreamRevocations.id }),
);

export const sweepRevocations = given<{ before: Seconds; limit: number }>()('sweep_revocations', (db, t, p) =>
  db
    .delete(t.revocations)
    .where(
      inArray(
        t.revocations.id,
        db
          .select({ id: t.revocations.id })
          .from(t.revocations)
          .where(
            and(
              lte(t.revocations.at, p.before),
              notExists(
                db
                  .select({ one: sql`1` })
                  .from(t.upstreamRevocations)
                  .where(eq(t.upstreamRevocations.revocationId, t.revocations.id)),
              ),
            ),
          )
          .limit(p.limit),
      ),
    )
    .returning({ id: t.revocations.id }),
);
