/**
 * The verb that opens a journey: the same request once, and never more undecided ones than the caps allow.
 *
 * Contract: JourneyStore.openJourney in ../store.ts. Must never touch a journey that has been decided.
 */
import type { Engine } from '../engine.ts';
import { all, first, type Unit } from '../statement.ts';
import { insertJourney } from '../statements/journeys.ts';
import * as pending from '../statements/pending.ts';
import type { JourneyStore, NewJourney, Opening } from '../store.ts';
import { aboutJourney, type Recorder } from './audit.ts';
import { journeyOf, rowOfJourney } from './rows.ts';

/** Counting everything costs more than opening, so large caps are looked at once in so many openings. */
const MOST_BETWEEN_LOOKS = 32;

export function openingVerbs(engine: Engine, record: Recorder): Pick<JourneyStore, 'openJourney'> {
  let opened = 0;
  const isTime = (cap: number): boolean =>
    opened % Math.max(1, Math.min(MOST_BETWEEN_LOOKS, Math.floor(cap / 100))) === 0;

  function* insert(wanted: NewJourney) {
    const row = rowOfJourney(wanted);
    const { browserHash, mergeKey } = wanted;
    const inserted = yield* first(insertJourney, row);
    if (inserted !== undefined || mergeKey === undefined) return { row: inserted, merged: false };
    yield* all(pending.removeExpiredPending, { browserHash, mergeKey, now: wanted.createdAt });
    const again = yield* first(insertJourney, row);
    if (again !== undefined) return { row: again, merged: false };
    return { row: yield* first(pending.findPending, { browserHash, mergeKey }), merged: true };
  }

  function* keepToCaps(caps: NonNullable<Opening['caps']>, journey: NewJourney): Unit<void> {
    yield* all(pending.trimBrowser, { browserHash: journey.browserHash, keep: caps.perBrowser, opened: journey.id });
    const clientId = journey.request?.clientId;
    if (clientId === undefined) return;
    if (isTime(caps.perClient)) yield* all(pending.trimClient, { clientId, keep: caps.perClient, opened: journey.id });
    if (!isTime(caps.total)) return;
    const now = journey.createdAt;
    const tooMany = ((yield* first(pending.countPending, { now }))?.count ?? 0) - caps.total;
    if (tooMany <= 0) return;
    const largest = yield* first(pending.largestClient, { now });
    if (largest?.clientId !== undefined && largest.count > tooMany)
      yield* all(pending.trimClient, {
        clientId: largest.clientId,
        keep: largest.count - tooMany,
        opened: journey.id,
      });
    else yield* all(pending.trimOldest, { now, most: tooMany, opened: journey.id });
  }

  return {
    openJourney: async (wanted, trail, { caps, warned } = {}) => {
      opened += 1;
      return engine.unit(function* () {
        const { row, merged } = yield* insert(wanted);
        if (row === undefined) throw new Error('a journey was neither opened nor found');
        const journey = journeyOf(row);
        if (merged) return journey;
        if (caps !== undefined) yield* keepToCaps(caps, wanted);
        if (warned !== undefined && warned.length > 0)
          yield* record('consent.warned', aboutJourney(journey, { alarms: warned }), trail);
        return journey;
      });
    },
  };
}
