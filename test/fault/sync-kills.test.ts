/**
 * Killed exactly at a sync of the database's files, just before it or just after: what was acknowledged is there, and an
 * answer that never came was either all done or not at all. A sync that fails is never acknowledged.
 */
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { doorTo } from './agent.ts';
import { figures, PATIENCE_MS, randomFrom, seed, timeBox, times, until } from './form.ts';
import { judge } from './history.ts';
import { startLoad } from './load.ts';
import { hasShim, openShim } from './shim.ts';
import { openWorld } from './world.ts';

const POINTS = times(3, 200);
/** A journey has about this many commits, and so many different moments to be cut at. */
const SPREAD = 17;

describe.runIf(hasShim)('a broker killed at a chosen sync', () => {
  test('keeps what it acknowledged, and fails what it could not sync', { timeout: PATIENCE_MS }, async () => {
    const shim = openShim();
    const world = await openWorld('sqlite', { instances: 1, start: false });
    const [instance] = world.instances;
    const start = () => instance?.start({ ...shim.env(join(world.folder, 'data')), FAULT_EXPECTED: '1' });
    await start();
    const door = doorTo(instance?.port ?? 0, world.issuer);
    try {
      const load = startLoad(world, { workers: 2, send: door.send, random: randomFrom(seed) });
      const isOver = timeBox();
      let points = 0;
      for (; points < POINTS && !isOver(); points += 1) {
        shim.set('killAfter', points % 2);
        shim.set('killAtSync', shim.get('syncs') + 1 + (points % SPREAD));
        await instance?.ended();
        shim.set('killAtSync', 0);
        await start();
      }
      shim.set('syncFails', 1);
      const failing = load.history.length;
      await until('operations while no sync succeeds', () => load.history.length > failing + 10);
      const since = performance.now();
      await until('more of them', () => load.history.length > failing + 20);
      const acknowledged = load.history.filter(
        (one) => one.began > since && one.outcome === 'ok' && (one.made.length > 0 || one.kind === 'revoke'),
      );
      shim.set('syncFails', 0);
      const walked = load.finished;
      await until('journeys once the disk works again', () => load.finished > walked + 2);
      await load.stop();
      await load.askAgain();

      expect(acknowledged).toEqual([]);
      expect(judge(load.history)).toEqual([]);
      expect(load.errors).toEqual([]);
      const unknown = load.history.filter(({ outcome }) => outcome === 'unknown').length;
      figures('kills at a sync', { points, operations: load.history.length, unknown, lost: 0, revived: 0 });
    } finally {
      door.close();
      await world.close();
      shim.close();
    }
  });
});
