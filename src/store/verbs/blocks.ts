/** The verbs about a person's own blocks. Contract: PeopleStore in ../store.ts. */
import type { Engine } from '../engine.ts';
import { all, first } from '../statement.ts';
import { listApprovals } from '../statements/approvals.ts';
import * as blocks from '../statements/blocks.ts';
import { endPersonsJourneys, predateConsents } from '../statements/journeys.ts';
import { decideAnew } from '../statements/people.ts';
import type { PeopleStore } from '../store.ts';
import type { Recorder } from './audit.ts';
import { revokeApprovals } from './ending.ts';

type Blocking = Pick<PeopleStore, 'findBlock' | 'listBlocks' | 'blockApp' | 'unblockApp' | 'isDestinationKnown'>;

export function blockVerbs(engine: Engine, record: Recorder): Blocking {
  return {
    findBlock: async (userId, clientId, appKey) =>
      (await engine.read(blocks.findBlock, { userId, clientId, appKey }))[0],

    listBlocks: (userId) => engine.read(blocks.listBlocks, { userId }),

    blockApp: (block, approvalIds, trail) =>
      engine.unit(function* () {
        const { id, userId, clientId, name } = block;
        const stopped = yield* all(endPersonsJourneys, { userId, clientId, now: trail.at, outcome: 'blocked' });
        yield* all(blocks.lockPerson, { userId });
        const kept = yield* first(blocks.insertBlock, block);
        if (kept !== undefined) yield* record('app.blocked', { userId, clientId, details: { block: id, name } }, trail);
        // Looked up under the lock: whoever completed a moment ago is seen, whoever comes later sees the block.
        const own = (yield* all(listApprovals, { userId, expiringAfter: trail.at }))
          .filter(({ approval }) => approval.clientId === clientId)
          .map(({ approval }) => approval.id);
        const meant = [...new Set([...approvalIds, ...own])];
        const ended = yield* revokeApprovals(record, userId, meant, 'blocked_by_person', trail);
        return { ...ended, journeys: ended.journeys + stopped.length };
      }),

    unblockApp: (userId, blockId, trail) =>
      engine.unit(function* () {
        const kept = yield* first(blocks.getBlock, { userId, id: blockId });
        if (kept === undefined) return undefined;
        // What they allowed before must not come to a code now; whose consent it was is known on return only.
        yield* all(predateConsents, { clientId: kept.clientId, since: trail.at, to: trail.at - 1 });
        yield* all(blocks.lockPerson, { userId });
        const removed = yield* first(blocks.deleteBlock, { userId, id: blockId });
        if (removed === undefined) return undefined;
        yield* all(decideAnew, { id: userId, now: trail.at });
        const { clientId, name } = removed;
        yield* record('app.unblocked', { userId, clientId, details: { block: blockId, name } }, trail);
        return removed;
      }),

    isDestinationKnown: async (destination) => (await engine.read(blocks.findDestination, { destination })).length > 0,
  };
}
