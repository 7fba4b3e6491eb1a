/**
 * A disk whose syncs are slow: everything is still answered and kept, and the figures say what a check waits while many
 * write (performance design 8: they decide whether the writer needs a thread of its own).
 */
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { NOTES_CREDENTIAL } from '../support/broker.ts';
import { type Answer, doorTo, type Send } from './agent.ts';
import { figures, form, PATIENCE_MS } from './form.ts';
import { authorize, jsonOf, newBrowser, newPkce, redeem, register, tokensOf } from './journey.ts';
import { hasShim, openShim } from './shim.ts';
import { openWorld, type World } from './world.ts';

const DELAYS_MS = form([5], [0, 1, 5, 20]);
const CHECKS = form(50, 2000);
const CHECK_EVERY_MS = 5;
const WRITERS = 32;

async function newToken(world: World, send: Send): Promise<string> {
  const registered = await register(send);
  const clientId = String(registered && jsonOf(registered).client_id);
  const pkce = newPkce();
  const reached = await authorize(send, newBrowser(world.issuer, 'checked'), world.practice, clientId, pkce);
  const redeemed = reached && 'code' in reached ? await redeem(send, clientId, reached.code, pkce) : undefined;
  if (redeemed?.status !== 200) throw new Error(`no tokens: ${redeemed?.status}`);
  return tokensOf(redeemed).access;
}

/** Checks in an open loop: one begins every few milliseconds, however long the last one takes. */
async function checks(check: () => Promise<Answer | undefined>): Promise<{ refused: number; sorted: number[] }> {
  let refused = 0;
  const begun = performance.now();
  const waits = Array.from({ length: CHECKS }, async (_, turn) => {
    const due = begun + turn * CHECK_EVERY_MS;
    await new Promise((resolve) => setTimeout(resolve, due - performance.now()));
    if ((await check())?.status !== 200) refused += 1;
    return performance.now() - due;
  });
  return { refused, sorted: (await Promise.all(waits)).sort((left, right) => left - right) };
}

/** Registrations without a pause until told to end; how many were answered 201, and how many otherwise. */
function startWriters(send: Send) {
  let [going, kept, refused] = [true, 0, 0];
  const writers = Array.from({ length: WRITERS }, async () => {
    while (going)
      if ((await register(send))?.status === 201) kept += 1;
      else refused += 1;
  });
  return async () => {
    going = false;
    await Promise.all(writers);
    return { kept, refused };
  };
}

const at = (sorted: readonly number[], share: number) =>
  Math.round((sorted[Math.floor(sorted.length * share)] ?? 0) * 10) / 10;

describe.runIf(hasShim)('a disk with slow syncs', () => {
  test('loses nothing and refuses nobody, neither checks nor writes', { timeout: PATIENCE_MS }, async () => {
    const shim = openShim();
    const world = await openWorld('sqlite', { instances: 1, start: false });
    const [instance] = world.instances;
    const door = doorTo(instance?.port ?? 0, world.issuer);
    try {
      await instance?.start(shim.env(join(world.folder, 'data'), false));
      const headers = {
        authorization: `Bearer ${await newToken(world, door.send)}`,
        'x-broker-credential': NOTES_CREDENTIAL,
      };
      const check = () => door.send({ path: '/verify/notes', headers });
      for (const delay of DELAYS_MS) {
        shim.set('syncDelayMicros', delay * 1000);
        const alone = await checks(check);
        const end = startWriters(door.send);
        const beside = await checks(check);
        const written = await end();
        expect([alone.refused, beside.refused, written.refused]).toEqual([0, 0, 0]);
        expect(written.kept).toBeGreaterThan(0);
        figures(`slow disk, ${delay} ms a sync`, {
          ...{ checks: CHECKS, writers: WRITERS, written: written.kept },
          ...{ aloneP50: at(alone.sorted, 0.5), aloneP99: at(alone.sorted, 0.99) },
          ...{ besideP50: at(beside.sorted, 0.5), besideP99: at(beside.sorted, 0.99) },
        });
      }
      expect(instance?.surprises).toEqual([]);
    } finally {
      door.close();
      await world.close();
      shim.close();
    }
  });
});
