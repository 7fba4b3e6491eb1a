/**
 * The verbs that move a journey: asked, decided, handed off, returned, failed. Contract: JourneyStore in ../store.ts.
 *
 * Every arrow is one conditional write. Success has its own file, completion.ts.
 */
import type { ConsentedJourney, JourneyKind } from '../../domain/types.ts';
import type { Engine } from '../engine.ts';
import { first } from '../statement.ts';
import * as journeys from '../statements/journeys.ts';
import type { JourneyStore } from '../store.ts';
import { aboutJourney, type Recorder } from './audit.ts';
import { openingVerbs } from './opening.ts';
import { journeyOf } from './rows.ts';

/** What an allow of each kind is called in the log. */
const CONSENTED: Readonly<Record<JourneyKind, string>> = {
  authorization: 'consent.allowed',
  sign_in: 'sign_in.started',
  admin_sign_in: 'console.sign_in_started',
};

type Moving = Omit<JourneyStore, 'completeJourney' | 'completeSignIn'>;

export function journeyVerbs(engine: Engine, record: Recorder): Moving {
  return { ...openingVerbs(engine, record), ...deciding(engine, record), ...returning(engine, record) };
}

function deciding(engine: Engine, record: Recorder) {
  return {
    extendJourney: (id, endingBefore, expiresAt, now) =>
      engine.unit(function* () {
        const row = yield* first(journeys.extendJourney, { id, endingBefore, expiresAt, now });
        return row && journeyOf(row);
      }),

    reportRequest: (journeyId, words, trail) =>
      engine.unit(function* () {
        const row = yield* first(journeys.reportJourney, { id: journeyId, now: trail.at });
        if (row === undefined) return undefined;
        const journey = journeyOf(row);
        const about = aboutJourney(journey, { words, request: journey.reference });
        yield* record('request.reported', { ...about, userId: about.userId ?? trail.actor.id }, trail);
        return journey;
      }),

    findJourney: async (id) => {
      const [row] = await engine.read(journeys.findJourney, { id });
      return row && journeyOf(row);
    },

    findJourneyByState: async (stateHash) => {
      const [row] = await engine.read(journeys.findJourneyByState, { stateHash });
      return row && journeyOf(row);
    },

    recordConsent: ({ journeyId, scopes, upstreamStateHash, cookieHash, secretsSealed, understood }, trail) =>
      engine.unit(function* () {
        const claim = { id: journeyId, now: trail.at, scopes, stateHash: upstreamStateHash, cookieHash, secretsSealed };
        const row = yield* first(journeys.claimConsent, claim);
        if (row === undefined) return undefined;
        const journey = journeyOf(row);
        const event = CONSENTED[journey.kind];
        yield* record(event, aboutJourney(journey, { scopes, ...(understood === true && { understood }) }), trail);
        return journey as ConsentedJourney;
      }),

    refuseConsent: (journeyId, trail) =>
      engine.unit(function* () {
        const row = yield* first(journeys.claimRefusal, { id: journeyId, now: trail.at, outcome: 'denied' });
        if (row === undefined) return undefined;
        const journey = journeyOf(row);
        // Refused was more than what stays allowed.
        const more = journey.reasons.includes('new_scopes');
        yield* record('consent.denied', aboutJourney(journey, more ? { more } : {}), trail);
        return journey;
      }),
  } satisfies Partial<Moving>;
}

function returning(engine: Engine, record: Recorder) {
  return {
    markHandedOff: (journeyId, trail) =>
      engine.unit(function* () {
        const id = journeyId;
        const row =
          (yield* first(journeys.markHandedOff, { id, now: trail.at })) ?? (yield* first(journeys.findJourney, { id }));
        return row && journeyOf(row);
      }),

    /** An unbound claim commits too: the state is burnt, and the attempt is on record. */
    claimUpstreamState: (stateHash, cookieHash, trail) =>
      engine.unit(function* () {
        const row = yield* first(journeys.claimReturn, { stateHash, now: trail.at });
        if (row === undefined) return undefined;
        if (cookieHash !== undefined && row.cookieHash === cookieHash) return { journey: journeyOf(row), bound: true };
        const ended = yield* first(journeys.finishJourney, { id: row.id, now: trail.at, outcome: 'browser_mismatch' });
        const journey = journeyOf(ended ?? row);
        yield* record(
          'journey.browser_mismatch',
          aboutJourney(journey, { cookie: cookieHash === undefined ? 'none' : 'other' }),
          trail,
        );
        return { journey, bound: false };
      }),

    failJourney: (journeyId, outcome, trail) =>
      engine.unit(function* () {
        const row = yield* first(journeys.finishJourney, { id: journeyId, now: trail.at, outcome });
        if (row === undefined) return undefined;
        const journey = journeyOf(row);
        yield* record('journey.failed', aboutJourney(journey, { outcome }), trail);
        return journey;
      }),
  } satisfies Partial<Moving>;
}
