/**
 * Brokers killed at random moments under load, and now and then the database with them: what was acknowledged is there
 * afterwards, nothing was given twice, and nothing revoked comes back (T-I05, T-I09).
 */
import { describe, expect, test } from 'vitest';
import { type PostgresServer, startPostgres } from '../support/postgres.ts';
import { doorTo, inTurn } from './agent.ts';
import { figures, form, PATIENCE_MS, randomFrom, seed, timeBox, times, until } from './form.ts';
import { judge } from './history.ts';
import { startLoad } from './load.ts';
import { ENGINES, openWorld, type World } from './world.ts';

const KILLS = times(2, 100);
const JOURNEYS = times(6, 5_000);
const WORKERS = form(4, 8);

/**
 * Kills one process after the other, spread over the journeys, each at a moment nobody chose. How many, and how long the
 * starts after them took, in milliseconds and in order.
 */
async function storm(
  world: World,
  load: { readonly finished: number },
  random: () => number,
  server: PostgresServer | undefined,
) {
  const starts: number[] = [];
  let databaseKills = 0;
  const isOver = timeBox();
  for (let kills = 0; kills < KILLS && !isOver(); kills += 1) {
    const due = Math.floor((kills + random()) * (JOURNEYS / KILLS));
    await until('journeys', () => load.finished >= due || isOver());
    await new Promise((resolve) => setTimeout(resolve, random() * 400));
    if (server !== undefined && kills % 10 === 1) {
      databaseKills += 1;
      await server.crash();
      await server.start();
      continue;
    }
    const victim = world.instances[Math.floor(random() * world.instances.length)];
    await victim?.kill();
    const since = performance.now();
    await victim?.start();
    starts.push(performance.now() - since);
  }
  await until('the last journeys', () => load.finished >= JOURNEYS || isOver());
  return { kills: starts.length + databaseKills, databaseKills, starts: starts.sort((a, b) => a - b) };
}

describe.each(ENGINES)('a storm of kills on %s', (engine) => {
  test('loses nothing acknowledged, gives nothing twice, and revives nothing revoked', {
    timeout: PATIENCE_MS,
  }, async () => {
    const random = randomFrom(seed);
    const server = engine === 'postgres' ? await startPostgres({ durable: true }) : undefined;
    const world = await openWorld(engine, {
      instances: form(2, engine === 'postgres' ? 3 : 2),
      ...(server && { databaseUrl: server.url }),
    });
    const doors = world.instances.map(({ port }) => doorTo(port, world.issuer));
    try {
      const load = startLoad(world, { workers: WORKERS, send: inTurn(doors.map(({ send }) => send)), random });
      const { kills, databaseKills, starts } = await storm(world, load, random, server);
      await load.stop();
      await load.askAgain();

      expect(judge(load.history)).toEqual([]);
      expect(load.errors).toEqual([]);
      expect(world.instances.flatMap(({ surprises }) => surprises)).toEqual([]);
      const count = (outcome: string) => load.history.filter((one) => one.outcome === outcome).length;
      expect(count('ok')).toBeGreaterThan(load.finished);
      figures(`kill storm, ${engine}`, {
        ...{ kills, databaseKills, journeys: load.finished, operations: load.history.length },
        ...{ acknowledged: count('ok'), unknown: count('unknown'), lost: 0, revived: 0, double: 0 },
        startP99Ms: Math.round(starts[Math.floor(starts.length * 0.99)] ?? 0),
      });
    } finally {
      for (const door of doors) door.close();
      await world.close();
      await server?.stop();
    }
  });
});
