/**
 * How all access of one client ends, whoever blocked it: what is under way for it is stopped, then everything given is revoked.
 *
 * In slices, a commit each, that grow one report. Broken off, it can simply be done again: what has ended is not ended twice.
 * Must only be asked about a client that is blocked, or whose row is gone, for it stops nothing from being made.
 */
import type { Seconds, Trail } from '../../domain/types.ts';
import type { Engine } from '../engine.ts';
import { all } from '../statement.ts';
import { anyLiveApproval, findClient } from '../statements/clients.ts';
import { anyOfClientUnderWay, endClientsJourneys } from '../statements/journeys.ts';
import type { Ended, EndedCounts } from '../store.ts';
import type { Recorder } from './audit.ts';
import { NOTHING_ENDED } from './ending.ts';
import { putReport } from './handing-over.ts';
import { revokeMatching } from './registry.ts';

/** Journeys stopped in one commit. */
const SLICE = 100;

interface Meant {
  readonly clientId: string;
  readonly reason: string;
  /** Its row goes next, so that nobody could find later what was being given in the very moment of the block. */
  readonly isLeaving?: boolean;
}

/** Ends all of it. Journeys first: of a person nobody knows yet there is no approval to find them by. */
export async function endAllOf(
  engine: Engine,
  record: Recorder,
  { clientId, reason, isLeaving: isClosed = false }: Meant,
  trail: Trail,
): Promise<Ended> {
  const revocation = record.newId('rvk');
  const stopped = await stopJourneys(engine, { clientId, revocation, reason }, trail);
  return revokeMatching(engine, record, { clientId, isClosed }, reason, trail, revocation, stopped);
}

/** None of them completes meanwhile. */
async function stopJourneys(
  engine: Engine,
  { clientId, revocation, reason }: { clientId: string; revocation: string; reason: string },
  trail: Trail,
): Promise<EndedCounts> {
  for (let ended = NOTHING_ENDED; ; ) {
    const before = ended;
    const stopped = await engine.unit(function* () {
      const slice = yield* all(endClientsJourneys, { clientId, now: trail.at, outcome: 'blocked', limit: SLICE });
      if (slice.length === 0) return 0;
      yield* putReport(revocation, undefined, reason, { ...before, journeys: before.journeys + slice.length }, trail);
      return slice.length;
    });
    ended = { ...before, journeys: before.journeys + stopped };
    if (stopped < SLICE) return ended;
  }
}

/** Whether people's approvals wait for a client of this id that is not there; nothing is given under it meanwhile. */
export const hasApprovalsLeftBehind = async (engine: Engine, clientId: string, now: Seconds): Promise<boolean> =>
  (await engine.read(findClient, { id: clientId })).length === 0 &&
  (await engine.read(anyLiveApproval, { clientId, now })).length > 0;

/** The same of what is under way for it. Looks through all journeys, so never where strangers can have it asked. */
export const hasJourneysLeftBehind = async (engine: Engine, clientId: string, now: Seconds): Promise<boolean> =>
  (await engine.read(findClient, { id: clientId })).length === 0 &&
  (await engine.read(anyOfClientUnderWay, { clientId, now })).length > 0;
