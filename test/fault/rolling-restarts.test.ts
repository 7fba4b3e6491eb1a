/**
 * Restarts one after the other under load, behind a TCP balancer that sends new connections to those that say they are
 * ready: nobody notices. On a machine too busy to hear a readiness in time a connection may meet a closed door; the short
 * form then only asks that the retry succeeds.
 */
import { describe, expect, test } from 'vitest';
import { freePort } from '../support/broker.ts';
import { doorTo } from './agent.ts';
import { figures, form, PATIENCE_MS, randomFrom, seed, timeBox, times, until } from './form.ts';
import { judge } from './history.ts';
import type { Instance } from './instance.ts';
import { startLoad } from './load.ts';
import { startTcpProxy } from './tcp-proxy.ts';
import { openWorld } from './world.ts';

const RESTARTS = times(2, 100);
const POLL_MS = 100;

/** What a balancer knows of its targets: the last answer of each to its question for readiness. */
function watchReadiness(instances: readonly Instance[]) {
  const ready = new Map(instances.map(({ port }) => [port, true]));
  const timer = setInterval(() => {
    for (const { port, status } of instances) void status('/readyz').then((said) => ready.set(port, said === 200));
  }, POLL_MS);
  return { isFit: (port: number) => ready.get(port) === true, stop: () => clearInterval(timer) };
}

describe('rolling restarts under load', () => {
  test('fail no journey', { timeout: PATIENCE_MS }, async () => {
    const issuerPort = await freePort();
    const world = await openWorld('postgres', { instances: form(2, 3), issuerPort });
    const readiness = watchReadiness(world.instances);
    const balancer = await startTcpProxy(
      world.instances.map(({ port }) => port),
      issuerPort,
      readiness.isFit,
    );
    const door = doorTo(balancer.port, world.issuer, { keepAlive: false });
    try {
      const load = startLoad(world, { workers: 4, send: door.send, random: randomFrom(seed) });
      await until('journeys', () => load.finished > 1);
      const codes: (number | null)[] = [];
      const isOver = timeBox();
      for (let restart = 0; restart < RESTARTS && !isOver(); restart += 1) {
        const instance = world.instances[restart % world.instances.length];
        codes.push((await instance?.stop()) ?? null);
        await instance?.start();
        const { finished } = load;
        await until('journeys', () => load.finished > finished);
      }
      await load.stop();
      await load.askAgain();
      expect(new Set(codes)).toEqual(new Set([0]));
      const unanswered = load.history.filter(({ outcome }) => outcome === 'unknown');
      expect(unanswered.length).toBeLessThanOrEqual(form(RESTARTS, 0));
      expect(judge(load.history)).toEqual([]);
      figures('rolling restarts', {
        restarts: codes.length,
        journeys: load.finished,
        operations: load.history.length,
        failed: 0,
      });
    } finally {
      readiness.stop();
      door.close();
      await world.close();
      await balancer.close();
    }
  });
});
