/**
 * A clock that leaps and a disk that is full: nothing that is over comes back, nothing is acknowledged that is not kept,
 * revoking goes on working, and no restart is needed afterwards.
 */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Door, doorTo } from './agent.ts';
import { PATIENCE_MS, until } from './form.ts';
import {
  authorize,
  introspect,
  jsonOf,
  newBrowser,
  newPkce,
  type Pkce,
  redeem,
  refresh,
  register,
  revokeToken,
  type Tokens,
  tokensOf,
} from './journey.ts';
import { hasShim, openShim, type Shim } from './shim.ts';
import { openWorld, type World } from './world.ts';

const HOUR = 3_600;

describe.runIf(hasShim)('a broker on SQLite', () => {
  let shim: Shim;
  let world: World;
  let door: Door;
  beforeAll(async () => {
    shim = openShim();
    world = await openWorld('sqlite', { instances: 1, start: false });
    const [instance] = world.instances;
    await instance?.start(shim.env(join(world.folder, 'data')));
    door = doorTo(instance?.port ?? 0, world.issuer);
  }, PATIENCE_MS);
  afterAll(async () => {
    door.close();
    await world.close();
    shim.close();
  });

  async function newCode(person: string): Promise<{ clientId: string; code: string; pkce: Pkce }> {
    const registered = await register(door.send);
    const clientId = String(registered && jsonOf(registered).client_id);
    const pkce = newPkce();
    const reached = await authorize(door.send, newBrowser(world.issuer, person), world.practice, clientId, pkce);
    if (reached === undefined || !('code' in reached))
      throw new Error(`no code: ${reached?.status} ${reached?.body.slice(0, 300)}`);
    return { clientId, code: reached.code, pkce };
  }

  async function newTokens(
    person: string,
  ): Promise<{ clientId: string; tokens: Tokens; spend: () => Promise<number | undefined> }> {
    const { clientId, code, pkce } = await newCode(person);
    const spend = () => redeem(door.send, clientId, code, pkce);
    const answer = await spend();
    if (answer?.status !== 200) throw new Error(`no tokens: ${answer?.status}`);
    return { clientId, tokens: tokensOf(answer), spend: async () => (await spend())?.status };
  }

  const isActive = async (token: string) => {
    const answer = await introspect(door.send, token);
    return answer && jsonOf(answer).active;
  };

  test('refuses a code after its minute when the clock leaps ahead, and the honest way goes on', {
    timeout: PATIENCE_MS,
  }, async () => {
    const { clientId, code, pkce } = await newCode('leaper');
    shim.set('clockOffset', 61);
    expect((await redeem(door.send, clientId, code, pkce))?.status).toBe(400);
    const { tokens } = await newTokens('later');
    expect(await isActive(tokens.access)).toBe(true);
    shim.set('clockOffset', 3 * HOUR);
    expect(await isActive(tokens.access)).toBe(false);
  });

  test('accepts nothing again when the clock leaps back', { timeout: PATIENCE_MS }, async () => {
    shim.set('clockOffset', 4 * HOUR);
    const [revoked, spent, late] = [await newTokens('a'), await newTokens('b'), await newCode('c')];
    await revokeToken(door.send, revoked.clientId, revoked.tokens.refresh);
    shim.set('clockOffset', 5 * HOUR);
    expect((await redeem(door.send, late.clientId, late.code, late.pkce))?.status).toBe(400);
    for (const offset of [4 * HOUR, 0]) {
      shim.set('clockOffset', offset);
      expect(await isActive(revoked.tokens.access)).toBe(false);
      expect((await refresh(door.send, revoked.clientId, revoked.tokens.refresh))?.status).not.toBe(200);
      expect((await redeem(door.send, late.clientId, late.code, late.pkce))?.status).not.toBe(200);
      expect(await spent.spend()).not.toBe(200);
      await until('no readiness with such a clock', async () => (await world.instances[0]?.status('/readyz')) === 503);
    }
    shim.set('clockOffset', 5 * HOUR);
    await until('readiness with the right clock', async () => (await world.instances[0]?.status('/readyz')) === 200);
    expect((await refresh(door.send, revoked.clientId, revoked.tokens.refresh))?.status).toBe(400);
  });

  test('on a full disk refuses to begin anything, still revokes, and recovers by itself', {
    timeout: PATIENCE_MS,
  }, async () => {
    const { clientId, tokens } = await newTokens('patient');
    shim.set('freed', 0);
    shim.set('diskFull', 1);
    await until('a refused registration', async () => (await register(door.send))?.status === 503);
    expect((await revokeToken(door.send, clientId, tokens.refresh))?.status).toBe(200);
    expect(await isActive(tokens.access)).toBe(false);
    expect(await world.instances[0]?.status('/healthz')).toBe(200);

    shim.set('diskFull', 0);
    await until('a registration', async () => (await register(door.send))?.status === 201);
    const after = await newTokens('after');
    expect(await isActive(after.tokens.access)).toBe(true);
    expect(await isActive(tokens.access)).toBe(false);
    expect(world.instances.flatMap(({ surprises }) => surprises)).toEqual([]);
  });
});
