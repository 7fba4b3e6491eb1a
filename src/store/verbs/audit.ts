/**
 * The audit row of an effect, written in the unit that has the effect.
 *
 * Must never hold a secret or the hash of one: details are ids, names, scopes and counts.
 */
import { canonicalRow, type Recorded } from '../../domain/audit-chain.ts';
import type { Journey, Trail } from '../../domain/types.ts';
import { all, type Unit } from '../statement.ts';
import { insertAudit } from '../statements/house.ts';

/** Mints ids of rows; composition passes security/secrets' newId, as the store mints no randomness. */
export type NewId = (prefix: string) => string;

/** Marks the canonical bytes of a row as written by us; composition passes the key ring's fingerprint. */
export type MarkRow = (canonical: string) => string;

export interface About {
  readonly userId?: string | undefined;
  readonly clientId?: string | undefined;
  readonly resource?: string | undefined;
  readonly details?: Readonly<Record<string, unknown>>;
}

/** Names a journey in the log. */
export const aboutJourney = (journey: Journey, details: Readonly<Record<string, unknown>> = {}): About => ({
  userId: journey.expectedUserId,
  clientId: journey.request?.clientId,
  resource: journey.request?.resource,
  details: { journey: journey.id, ...details },
});

/** Writes one row. Yields to the unit it is called in, so it commits with the effect or not at all. */
export interface Recorder {
  (event: string, about: About, trail: Trail): Unit<void>;
  /** Mints the id of a row that the unit makes besides. */
  readonly newId: NewId;
}

export function recorder(newId: NewId, markRow?: MarkRow): Recorder {
  function* record(event: string, about: About, trail: Trail): Unit<void> {
    const row: Recorded = {
      id: newId('aud'),
      at: trail.at,
      event,
      actorKind: trail.actor.kind,
      actorId: trail.actor.id,
      userId: about.userId,
      clientId: about.clientId,
      resource: about.resource,
      reference: trail.reference,
      details: about.details ?? {},
    };
    yield* all(insertAudit, { ...row, mark: markRow?.(canonicalRow(row)) });
  }
  return Object.assign(record, { newId });
}
