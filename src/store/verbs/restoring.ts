/** The verb of a restore. Contract: RestoreStore in ../store.ts. */
import type { Engine } from '../engine.ts';
import { all, type Statement } from '../statement.ts';
import * as restoring from '../statements/restoring.ts';
import type { RestoreStore } from '../store.ts';
import type { Recorder } from './audit.ts';

/** Rows in one commit, so that none takes longer than a statement may. */
const SLICE = 5_000;

export function restoreVerbs(engine: Engine, record: Recorder): RestoreStore {
  const endAll = async (
    statement: Statement<{ now: number; limit: number }, unknown>,
    now: number,
  ): Promise<number> => {
    let ended = 0;
    for (let slice = SLICE; slice === SLICE; ended += slice)
      slice = await engine.unit(
        function* () {
          return (yield* all(statement, { now, limit: SLICE })).length;
        },
        { reachLater: true },
      );
    return ended;
  };

  return {
    endEverything: async (trail) => {
      const now = trail.at;
      // Makers before what they make: a journey makes a code, a code makes a grant.
      const journeys = await endAll(restoring.endAllJourneys, now);
      const sessions = await endAll(restoring.endAllSessions, now);
      const approvals = await endAll(restoring.expireAllApprovals, now);
      const codes = await endAll(restoring.endAllCodes, now);
      const grants = await endAll(restoring.endAllGrants, now);
      const machineTokens = await endAll(restoring.endAllMachineTokens, now);
      const ended = await engine.unit(function* () {
        const adminKeys = (yield* all(restoring.revokeAllAdminKeys, { now })).length;
        const console = (yield* all(restoring.endAllConsoleSessions, { now })).length;
        const links = (yield* all(restoring.spendAllConsoleLinks, { now })).length;
        const signingKeys = (yield* all(restoring.retireSigningKeys, { now })).length;
        const counts = {
          grants,
          machineTokens,
          codes,
          journeys,
          sessions,
          approvals,
          adminKeys,
          consoleSessions: console + links,
          signingKeys,
        };
        yield* record('database.restored', { details: { ended: counts } }, trail);
        return counts;
      });
      await engine.reached();
      return ended;
    },
  };
}
