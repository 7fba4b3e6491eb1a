/**
 * The verbs about the chain over the audit log. Contract: ChainStore in ../chain-store.ts.
 *
 * Rows are taken, linked and told of in one unit; the number of the link is its primary key, so two sealers cannot both
 * follow the same link.
 */
import { CHAIN_START, type ChainStart } from '../../domain/audit-chain.ts';
import type { ChainStore, Checkpoint } from '../chain-store.ts';
import type { Engine } from '../engine.ts';
import { abandon, all, first, type Unit } from '../statement.ts';
import * as chain from '../statements/chain.ts';
import { queueDelivery } from '../statements/webhooks.ts';
import type { Recorder } from './audit.ts';

export function chainVerbs(engine: Engine, record: Recorder): ChainStore {
  return { ...linkVerbs(engine), ...pruneVerbs(engine, record) };
}

function linkVerbs(engine: Engine) {
  return {
    hasUnsealed: async () => (await engine.read(chain.findUnsealed, {})).length > 0,

    sealAudit: (limit, { link, tell }) =>
      engine.unit(function* () {
        const before = yield* chainEnd();
        const taken = yield* all(chain.takeRows, { no: before.no + 1, limit });
        if (taken.length === 0) return undefined;
        const rows = [...taken].sort((left, right) => left.seq - right.seq);
        const seal = link(before, rows);
        yield* all(chain.insertSeal, seal);
        for (const delivery of tell(rows)) yield* all(queueDelivery, delivery);
        return seal;
      }),

    listSeals: (after, limit) => engine.read(chain.listSeals, { after, limit }),
    lastSeal: async () => (await engine.read(chain.lastSeal, {}))[0],
    listSealed: (no) => engine.read(chain.listSealed, { no }),
    listUnsealed: (afterSeq, limit) => engine.read(chain.listUnsealed, { afterSeq, limit }),
    listBeyond: async (from) => (await engine.read(chain.listBeyond, { from })).map(({ id }) => id),
  } satisfies Partial<ChainStore>;
}

function pruneVerbs(engine: Engine, record: Recorder) {
  const newest = async (): Promise<Checkpoint | undefined> => {
    const [found] = await engine.read(chain.findCheckpoint, {});
    return found && checkpointOf(found);
  };

  return {
    findCheckpoint: newest,

    lastSealBefore: async (moment) => {
      const [since] = await engine.read(chain.firstSealSince, { moment });
      if (since?.no === undefined) return (await engine.read(chain.lastSeal, {}))[0];
      return (await engine.read(chain.findSeal, { no: since.no - 1 }))[0];
    },

    keepCheckpoint: async ({ no, ...checkpoint }, trail) => {
      const kept = await engine.unit<boolean | undefined>(function* () {
        const before = yield* first(chain.findCheckpoint, {});
        if (before !== undefined && before.through >= no) return abandon();
        if ((yield* first(chain.insertCheckpoint, { through: no, ...checkpoint })) === undefined) return abandon();
        const { total, head } = checkpoint;
        yield* record('audit.pruned', { details: { through: no, total, head } }, trail);
        return true;
      });
      return kept === true;
    },

    removePruned: (limit) =>
      engine.unit(function* () {
        const checkpoint = yield* first(chain.findCheckpoint, {});
        if (checkpoint === undefined) return 0;
        const { through } = checkpoint;
        const removed = (yield* all(chain.removePrunedRows, { through, limit })).length;
        if (removed < limit) yield* all(chain.removePrunedSeals, { through });
        return removed;
      }),
  } satisfies Partial<ChainStore>;
}

/** The newest link; where all have been pruned, the checkpoint. */
function* chainEnd(): Unit<ChainStart> {
  const seal = yield* first(chain.lastSeal, {});
  if (seal !== undefined) return seal;
  const checkpoint = yield* first(chain.findCheckpoint, {});
  return checkpoint === undefined ? CHAIN_START : checkpointOf(checkpoint);
}

const checkpointOf = ({ through, ...checkpoint }: Omit<Checkpoint, 'no'> & { through: number }): Checkpoint => ({
  no: through,
  ...checkpoint,
});
