/**
 * A start with very many approvals in the file: as good as one with none, and what they allow is allowed.
 *
 * The long form plants a million and notes both starts; no test asserts the time.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { plantApprovals, tokenOf } from '../support/many-approvals.ts';
import { doorTo } from './agent.ts';
import { figures, form, PATIENCE_MS, times } from './form.ts';
import { introspect, jsonOf, register } from './journey.ts';
import { openWorld, type World } from './world.ts';

const APPROVALS = times(5_000, 1_000_000);
const STARTS = form(1, 9);

/** Starts again and again. The median from the process's beginning to its first answer, in milliseconds. */
async function medianStart(world: World): Promise<number> {
  const spans: number[] = [];
  for (let start = 0; start < STARTS; start += 1) {
    await world.instances[0]?.stop();
    const began = performance.now();
    await world.instances[0]?.start();
    spans.push(performance.now() - began);
  }
  return Math.round(spans.sort((left, right) => left - right)[Math.floor(STARTS / 2)] ?? 0);
}

/** Resident memory of this machine's process that listens with the world's configuration; Linux tells it. */
const megabytes = (pid: number | undefined): number =>
  process.platform === 'linux' && pid !== undefined
    ? Math.round(Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024)
    : 0;

describe('a start with many approvals', () => {
  test('honours them, and takes on new clients', { timeout: PATIENCE_MS }, async () => {
    const world = await openWorld('sqlite', { instances: 1 });
    const door = doorTo(world.instances[0]?.port ?? 0, world.issuer, { keepAlive: false });
    try {
      await register(door.send);
      const emptyMs = await medianStart(world);
      await world.instances[0]?.stop();
      const file = {
        databaseFile: join(world.folder, 'data', 'broker.db'),
        clock: { now: () => Math.floor(Date.now() / 1000) },
      };
      plantApprovals(file, APPROVALS);
      const tokens = [1, Math.ceil(APPROVALS / 2), APPROVALS].map((number) => tokenOf(file, number));
      const fullMs = await medianStart(world);
      for (const token of tokens) {
        const answer = await introspect(door.send, token);
        expect(answer && jsonOf(answer).active).toBe(true);
      }
      expect((await register(door.send))?.status).toBe(201);
      figures('start', {
        ...{ approvals: APPROVALS, starts: STARTS, emptyMs, fullMs },
        rssMegabytes: megabytes(world.instances[0]?.pid),
      });
    } finally {
      door.close();
      await world.close();
    }
  });
});
