/**
 * The database away, slow, cut off or silent under load: nothing is granted while it is away, readiness says so, no
 * process ends, and everything goes on by itself when it is back (T-I05).
 */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createDatabase, type PostgresServer, startPostgres, type TestDatabase } from '../support/postgres.ts';
import { type Door, doorTo, inTurn } from './agent.ts';
import { figures, form, PATIENCE_MS, randomFrom, seed, timeBox, times, until } from './form.ts';
import { grantedWithin, judge } from './history.ts';
import { type Load, startLoad } from './load.ts';
import { startTcpProxy } from './tcp-proxy.ts';
import { openWorld, type World } from './world.ts';

const CYCLES = times(1, 20);
const CUTS = times(3, 200);
/** How long an answered verification may outlive the database. */
const VERIFIED_MS = 1_000;
const RECOVERY_MS = 2_000;

interface Scene {
  readonly world: World;
  readonly doors: readonly Door[];
  readonly load: Load;
}

async function openScene(databaseUrl: string): Promise<Scene> {
  const world = await openWorld('postgres', { instances: form(1, 3), databaseUrl });
  const doors = world.instances.map(({ port }) => doorTo(port, world.issuer));
  const load = startLoad(world, { workers: 4, send: inTurn(doors.map(({ send }) => send)), random: randomFrom(seed) });
  await until('journeys', () => load.finished > 1);
  return { world, doors, load };
}

const everywhere = async (world: World, path: string, status: number): Promise<boolean> =>
  (await Promise.all(world.instances.map((one) => one.status(path)))).every((said) => said === status);

/** The next journey's worth of work after this moment. */
const goesOn = (load: Load) => {
  const { finished } = load;
  return until('journeys again', () => load.finished > finished + 4);
};

async function settle({ world, load }: Scene): Promise<void> {
  await load.stop();
  await load.askAgain();
  expect(judge(load.history)).toEqual([]);
  expect(load.errors).toEqual([]);
  expect(world.instances.flatMap(({ surprises }) => surprises)).toEqual([]);
}

async function close({ world, doors }: Scene): Promise<void> {
  for (const door of doors) door.close();
  await world.close();
}

describe('Postgres stopped and started under load', () => {
  let server: PostgresServer;
  let scene: Scene;
  beforeEach(async () => {
    server = await startPostgres({ durable: true });
    scene = await openScene(server.url);
  }, PATIENCE_MS);
  afterEach(async () => {
    await close(scene);
    await server.stop();
  });

  test('nothing is granted while it is away, and everything goes on when it is back', {
    timeout: PATIENCE_MS,
  }, async () => {
    const { world, load } = scene;
    const recoveries: number[] = [];
    const isOver = timeBox();
    for (let cycle = 0; cycle < CYCLES && !isOver(); cycle += 1) {
      await server.crash();
      const from = performance.now();
      await until('no instance ready', () => everywhere(world, '/readyz', 503));
      expect(await everywhere(world, '/healthz', 200)).toBe(true);
      const seen = load.history.length;
      await until('refusals', () => load.history.length > seen + 10);
      const to = performance.now();
      await server.start();
      const back = performance.now();
      await until('a grant', () => load.history.some(({ began, outcome }) => began > back && outcome === 'ok'), {
        everyMs: 5,
      });
      recoveries.push((load.history.find(({ began, outcome }) => began > back && outcome === 'ok')?.ended ?? 0) - back);
      await until('every instance ready', () => everywhere(world, '/readyz', 200));
      expect(grantedWithin(load.history, from, to).filter(({ kind }) => kind !== 'introspect')).toEqual([]);
      expect(grantedWithin(load.history, from + VERIFIED_MS, to)).toEqual([]);
      await goesOn(load);
    }
    await settle(scene);
    const slowest = Math.round(Math.max(...recoveries));
    expect(slowest).toBeLessThan(form(Number.POSITIVE_INFINITY, RECOVERY_MS));
    figures('Postgres away under load', {
      cycles: recoveries.length,
      journeys: load.finished,
      grantedWhileAway: 0,
      slowestRecoveryMs: slowest,
      exits: 0,
    });
  });
});

describe('a bad network between broker and Postgres', () => {
  let database: TestDatabase;
  let network: Awaited<ReturnType<typeof startTcpProxy>>;
  let scene: Scene;
  beforeEach(async () => {
    database = await createDatabase();
    const url = new URL(database.url);
    network = await startTcpProxy([Number(url.port)]);
    url.port = String(network.port);
    scene = await openScene(url.href);
  }, PATIENCE_MS);
  afterEach(async () => {
    await close(scene);
    await network.close();
    await database.drop();
  });

  test('slow, cut and silent by turns, costs nothing that was acknowledged', { timeout: PATIENCE_MS }, async () => {
    const { world, load } = scene;
    const random = randomFrom(seed);
    network.delayMs = 5;
    const isOver = timeBox();
    let cuts = 0;
    for (; cuts < CUTS && !isOver(); cuts += 1) {
      const seen = load.history.length;
      await until('operations', () => load.history.length > seen + 4 + random() * 20);
      network.cut();
    }
    network.delayMs = 0;
    await goesOn(load);

    network.hang();
    const from = performance.now();
    await until('no instance ready', () => everywhere(world, '/readyz', 503));
    expect(await everywhere(world, '/healthz', 200)).toBe(true);
    const to = performance.now();
    network.flow();
    await until('every instance ready', () => everywhere(world, '/readyz', 200));
    await goesOn(load);
    expect(grantedWithin(load.history, from + VERIFIED_MS, to)).toEqual([]);
    await settle(scene);
    const unknown = load.history.filter(({ outcome }) => outcome === 'unknown').length;
    figures('bad network', { cuts, operations: load.history.length, unknown, lost: 0, double: 0, revived: 0 });
  });
});
