/**
 * Tables of the upstream's sealed tokens, of what is still to be ended there, and of what each revocation ended.
 * Conventions: ../schema.ts.
 */
import { isNotNull, isNull } from 'drizzle-orm';
import type { Sealed } from '../../domain/types.ts';
import type { Kit } from '../kit.ts';
import type { EndedCounts, RevocationOutcome } from '../records.ts';
import type { peopleTables } from './people.ts';

export function upstreamTables(k: Kit, { approvals }: ReturnType<typeof peopleTables>) {
  const upstreamGrants = k.table(
    'upstream_grants',
    {
      id: k.text('id').primaryKey(),
      approvalId: k
        .text('approval_id')
        .notNull()
        .references(() => approvals.id),
      userId: k.text('user_id').notNull(),
      upstream: k.text('upstream').notNull(),
      /** Gone with the end: whoever ends the grant takes them out in the same commit. */
      tokensSealed: k.text('tokens_sealed').$type<Sealed>(),
      /** Names the key of the sealed text; a column of its own, so that a flipped bit in the text changes nothing here. */
      keyId: k.text('key_id'),
      scopes: k.json<readonly string[]>('scopes').notNull(),
      accessExpiresAt: k.time('access_expires_at'),
      createdAt: k.time('created_at').notNull(),
      endedAt: k.time('ended_at'),
      /** How many successors have been kept; each kept one is conditional on it. */
      generation: k.count('generation').notNull(),
      // The one refresh under way, and what is known of the last one.
      leaseHolder: k.text('lease_holder'),
      leaseExpiresAt: k.time('lease_expires_at'),
      /** Set before the upstream is asked, taken back when its answer is known: while it is set, the tokens may be spent. */
      attemptedAt: k.time('attempted_at'),
      retryAt: k.time('retry_at'),
    },
    (t) => [
      k.index('upstream_grants_approval').on(t.approvalId),
      k.index('upstream_grants_person').on(t.userId, t.upstream).where(isNull(t.endedAt)),
      k.index('upstream_grants_ended').on(t.endedAt).where(isNotNull(t.endedAt)),
      k.index('upstream_grants_key').on(t.keyId).where(isNotNull(t.keyId)),
    ],
  );

  /** The outbox of revocations at the upstream. The id is the upstream grant's, so the sealed text opens here as it did there. */
  const upstreamRevocations = k.table(
    'upstream_revocations',
    {
      id: k.text('id').primaryKey(),
      revocationId: k.text('revocation_id').notNull(),
      userId: k.text('user_id').notNull(),
      upstream: k.text('upstream').notNull(),
      /** Until done or given up, and not a moment longer. */
      tokensSealed: k.text('tokens_sealed').$type<Sealed>(),
      keyId: k.text('key_id'),
      queuedAt: k.time('queued_at').notNull(),
      dueAt: k.time('due_at').notNull(),
      attempts: k.count('attempts').notNull(),
      leaseHolder: k.text('lease_holder'),
      leaseExpiresAt: k.time('lease_expires_at'),
      /** Why the last try failed: a word, never an answer. */
      problem: k.text('problem'),
      outcome: k.text('outcome').$type<RevocationOutcome>(),
      doneAt: k.time('done_at'),
    },
    (t) => [
      k.index('upstream_revocations_revocation').on(t.revocationId),
      k.index('upstream_revocations_due').on(t.dueAt).where(isNull(t.doneAt)),
      k.index('upstream_revocations_key').on(t.keyId).where(isNotNull(t.keyId)),
    ],
  );

  /** One row per revocation: who, why, what ended. What became of it at the upstream is in upstream_revocations. */
  const revocations = k.table(
    'revocations',
    {
      id: k.text('id').primaryKey(),
      at: k.time('at').notNull(),
      reason: k.text('reason').notNull(),
      actorKind: k.text('actor_kind').notNull(),
      actorId: k.text('actor_id'),
      userId: k.text('user_id'),
      reference: k.text('reference').notNull(),
      ended: k.json<EndedCounts>('ended').notNull(),
      /** Live approvals that matched when it began, where that was counted; such a one is finished when it says so. */
      matched: k.count('matched'),
      finishedAt: k.time('finished_at'),
      /** When a revocation in slices last ended anything; what has stood still for long broke off. */
      movedAt: k.time('moved_at'),
    },
    (t) => [k.index('revocations_time').on(t.at)],
  );

  return { upstreamGrants, upstreamRevocations, revocations };
}
