/**
 * Restarts one after the other under load, behind a balancer that knows nothing but TCP: nobody notices.
 */
import { describe, expect, test } from 'vitest';
import { freePort } from '../support/broker.ts';
import { doorTo } from './agent.ts';
import { figures, form, PATIENCE_MS, randomFrom, seed, until } from './form.ts';
import { judge } from './history.ts';
import { startLoad } from './load.ts';
import { startTcpProxy } from './tcp-proxy.ts';
import { openWorld } from './world.ts';

const RESTARTS = form(2, 100);

describe('rolling restarts under load', () => {
  test('fail no journey', { timeout: PATIENCE_MS }, async () => {
    const issuerPort = await freePort();
    const world = await openWorld('postgres', { instances: form(2, 3), issuerPort });
    const balancer = await startTcpProxy(
      world.instances.map(({ port }) => port),
      issuerPort,
    );
    const door = doorTo(balancer.port, world.issuer, { keepAlive: false });
    try {
      const load = startLoad(world, { workers: 4, send: door.send, random: randomFrom(seed) });
      await until('journeys', () => load.finished > 1);
      const codes: (number | null)[] = [];
      for (let restart = 0; restart < RESTARTS; restart += 1) {
        const instance = world.instances[restart % world.instances.length];
        codes.push((await instance?.stop()) ?? null);
        await instance?.start();
        const { finished } = load;
        await until('journeys', () => load.finished > finished);
      }
      await load.stop();
      await load.askAgain();
      expect(new Set(codes)).toEqual(new Set([0]));
      expect(load.history.filter(({ outcome }) => outcome === 'unknown')).toEqual([]);
      expect(judge(load.history)).toEqual([]);
      figures('rolling restarts', {
        restarts: RESTARTS,
        journeys: load.finished,
        operations: load.history.length,
        failed: 0,
      });
    } finally {
      door.close();
      await world.close();
      await balancer.close();
    }
  });
});
