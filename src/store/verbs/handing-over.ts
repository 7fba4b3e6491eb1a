/**
 * What becomes of the upstream's tokens when the grant they serve ends: into the outbox, or gone with a word on record.
 *
 * The end of the row comes first and locks it, so the sealed text it answers with is the newest there will be; whoever
 * has a successor under way finds the end and puts it into the outbox himself.
 */
import { keyIdOf } from '../../domain/sealed.ts';
import type { Sealed, Seconds, Trail } from '../../domain/types.ts';
import { all, type Unit } from '../statement.ts';
import { putRevocation, queueRevocation, recordSettled } from '../statements/revocations.ts';
import { wipeUpstreamGrant } from '../statements/upstream.ts';
import type { EndedCounts, RevocationOutcome } from '../store.ts';

export interface EndedUpstreamGrant {
  readonly id: string;
  readonly userId: string;
  readonly upstream: string;
  readonly tokensSealed: Sealed | undefined;
}

/** Moves the sealed tokens of ended rows into the outbox, or notes `settled` where nothing is left to be told. */
export function* handOver(
  rows: readonly EndedUpstreamGrant[],
  revocationId: string,
  now: Seconds,
  settled?: RevocationOutcome,
): Unit<void> {
  for (const { id, userId, upstream, tokensSealed } of rows) {
    const about = { id, revocationId, userId, upstream, now };
    if (settled !== undefined) yield* all(recordSettled, { ...about, outcome: settled });
    else if (tokensSealed !== undefined)
      yield* all(queueRevocation, { ...about, tokensSealed, keyId: keyIdOf(tokensSealed) });
    yield* all(wipeUpstreamGrant, { id });
  }
}

/** Writes the report of a revocation, or what it has come to meanwhile. `userId` is whose access it was. */
export function* putReport(
  id: string,
  userId: string | undefined,
  reason: string,
  ended: EndedCounts,
  trail: Trail,
  { matched, finishedAt, movedAt }: { matched?: number; finishedAt?: Seconds; movedAt?: Seconds } = {},
): Unit<void> {
  yield* all(putRevocation, {
    id,
    at: trail.at,
    reason,
    actorKind: trail.actor.kind,
    actorId: trail.actor.id,
    userId,
    reference: trail.reference,
    ...{ ended, matched, finishedAt, movedAt },
  });
}
