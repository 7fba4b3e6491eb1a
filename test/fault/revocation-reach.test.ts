/**
 * A revocation that has been answered is seen by every instance: whoever asks, wherever, hears no more yes. The control:
 * a broker that remembers verdicts for ten seconds is found out.
 */
import { describe, expect, test } from 'vitest';
import { type Door, doorTo } from './agent.ts';
import { mutantProgram, type Program } from './build.ts';
import { figures, form, PATIENCE_MS, timeBox, times, until } from './form.ts';
import {
  authorize,
  introspect,
  jsonOf,
  newBrowser,
  newPkce,
  redeem,
  register,
  revokeByAdmin,
  revokeToken,
  tokensOf,
} from './journey.ts';
import { ENGINES, type EngineName, openWorld } from './world.ts';

const INSTANCES = form(2, 3);
const ROUNDS = times(3, 300);
const PROMISED_MS = 1_000;
/** Far beyond what is promised, so that a busy machine is not taken for a cache. */
const CONTROL_MS = 5_000;

const LOOK = 'const [found] = await engine.read(tokens.findLiveAccessToken, { tokenHash, now });';
/** The first look is remembered for ten seconds, whatever happens meanwhile. */
const REMEMBERED = `const memory = (globalThis.memory ??= new Map());
  if (!(performance.now() - (memory.get(tokenHash)?.at ?? -Infinity) < 10_000))
    memory.set(tokenHash, { at: performance.now(), rows: await engine.read(tokens.findLiveAccessToken, { tokenHash, now }) });
  const [found] = memory.get(tokenHash).rows;`;

/** Asks everywhere without a pause while one instance revokes. How long after the answer anybody still heard a yes. */
async function latest(doors: readonly Door[], token: string, revoke: () => Promise<unknown>): Promise<number> {
  let answeredAt = Number.POSITIVE_INFINITY;
  let lastYes = 0;
  let asking = true;
  const watching = doors.map(async ({ send }) => {
    while (asking) {
      const began = performance.now();
      const answer = await introspect(send, token);
      if (answer?.status !== 200) throw new Error(`introspection answered ${answer?.status}`);
      if (jsonOf(answer).active === true) lastYes = Math.max(lastYes, began);
      else if (began > answeredAt) return;
    }
  });
  await revoke();
  answeredAt = performance.now();
  const since = performance.now();
  await Promise.race([
    Promise.all(watching),
    until('the deadline', () => performance.now() - since > 60_000, { deadlineMs: 90_000 }),
  ]);
  asking = false;
  await Promise.all(watching);
  return Math.max(0, lastYes - answeredAt);
}

async function measure(engine: EngineName, rounds: number, program?: Program): Promise<number[]> {
  const world = await openWorld(engine, { instances: INSTANCES, ...(program && { program }) });
  const doors = world.instances.map(({ port }) => doorTo(port, world.issuer));
  const send = doors[0]?.send;
  const lags: number[] = [];
  const isOver = timeBox();
  try {
    for (let round = 0; round < rounds && send !== undefined && !isOver(); round += 1) {
      const registered = await register(send);
      const clientId = String(registered && jsonOf(registered).client_id);
      const pkce = newPkce();
      const reached = await authorize(
        send,
        newBrowser(world.issuer, `person-${round}`),
        world.practice,
        clientId,
        pkce,
      );
      const redeemed = reached && 'code' in reached ? await redeem(send, clientId, reached.code, pkce) : undefined;
      if (redeemed?.status !== 200) throw new Error(`no tokens: ${redeemed?.status}`);
      const { access, refresh } = tokensOf(redeemed);
      const byAdmin = round % 2 === 0;
      lags.push(
        await latest(doors, access, () =>
          byAdmin ? revokeByAdmin(send, clientId) : revokeToken(send, clientId, refresh),
        ),
      );
    }
    expect(world.instances.flatMap(({ surprises }) => surprises)).toEqual([]);
  } finally {
    for (const door of doors) door.close();
    await world.close();
  }
  return lags.sort((left, right) => left - right);
}

describe('a revocation', () => {
  test.each(ENGINES)('reaches every instance on %s', { timeout: PATIENCE_MS }, async (engine) => {
    const lags = await measure(engine, ROUNDS);
    expect(lags.length).toBeGreaterThanOrEqual(3);
    expect(lags.at(-1)).toBeLessThan(form(CONTROL_MS, PROMISED_MS));
    const [p99, max] = [lags[Math.floor(lags.length * 0.99)], lags.at(-1)].map((ms) => Math.round(ms ?? 0));
    figures(`revocation reach, ${engine}`, { instances: INSTANCES, revocations: lags.length, p99Ms: p99, maxMs: max });
  });

  test('does not reach a broker that remembers for ten seconds, which this suite sees', {
    timeout: PATIENCE_MS,
  }, async () => {
    const program = await mutantProgram([{ file: 'store/verbs/tokens.js', from: LOOK, to: REMEMBERED }]);
    try {
      expect((await measure('postgres', 1, program))[0]).toBeGreaterThan(CONTROL_MS);
    } finally {
      program.remove();
    }
  });
});
