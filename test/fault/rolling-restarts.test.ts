/**
 * Restarts one after the other under load, behind a TCP balancer that sends new connections to those that say they are
 * ready, and with every lap a step of changing the broker's secret: nobody notices. On a machine too busy to hear a
 * readiness in time a connection may meet a closed door; the short form then only asks that the retry succeeds.
 */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { freePort } from '../support/free-port.ts';
import { doorTo } from './agent.ts';
import { builtProgram } from './build.ts';
import { figures, form, PATIENCE_MS, randomFrom, seed, timeBox, times, until } from './form.ts';
import { judge } from './history.ts';
import type { Instance } from './instance.ts';
import { startLoad } from './load.ts';
import { startTcpProxy } from './tcp-proxy.ts';
import { openWorld, type World } from './world.ts';

const INSTANCES = form(2, 3);
const RESTARTS = times(3 * INSTANCES, 100);
const POLL_MS = 100;

/** What a balancer knows of its targets: the last answer of each to its question for readiness. */
function watchReadiness(instances: readonly Instance[]) {
  const ready = new Map(instances.map(({ port }) => [port, true]));
  const timer = setInterval(() => {
    for (const { port, status } of instances) void status('/readyz').then((said) => ready.set(port, said === 200));
  }, POLL_MS);
  return { isFit: (port: number) => ready.get(port) === true, stop: () => clearInterval(timer) };
}

const secretNumber = (number: number) => `secret-number-${number}-Lw5Xk2Rf8Yt3Bm6Hc9Pd1Sj4`;

/**
 * As docs/operations.md has it: the new secret behind the old one everywhere, then in front, then everything sealed anew
 * and the old one out. Says the secrets of each lap over the instances.
 */
function secretsOf(lap: number): readonly string[] {
  const [old, next] = [secretNumber(Math.floor(lap / 3)), secretNumber(Math.floor(lap / 3) + 1)];
  return [[old, next], [next, old], [next]][lap % 3] ?? [];
}

async function sealAnew(world: World): Promise<void> {
  const { main } = await builtProgram();
  const config = join(world.folder, `${world.instances[0]?.port}.yaml`);
  await promisify(execFile)(process.execPath, [main, 'keys', 'rotate', '--config', config]);
}

/** Before the first restart of a lap. */
async function beginLap(world: World, lap: number): Promise<void> {
  if (lap % 3 === 2) await sealAnew(world);
  world.configure({ secrets: secretsOf(lap) });
}

describe('rolling restarts under load, and the secret changed with them', () => {
  test('fail no journey', { timeout: PATIENCE_MS }, async () => {
    const issuerPort = await freePort();
    const world = await openWorld('postgres', {
      ...{ instances: INSTANCES, issuerPort },
      settings: { secrets: [secretNumber(0)] },
    });
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
        if (restart % INSTANCES === 0) await beginLap(world, restart / INSTANCES);
        const instance = world.instances[restart % INSTANCES];
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
      expect(load.errors).toEqual([]);
      expect(judge(load.history)).toEqual([]);
      figures('rolling restarts', {
        restarts: codes.length,
        secrets: 1 + Math.floor(codes.length / INSTANCES / 3),
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
