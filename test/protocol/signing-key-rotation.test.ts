/** Signing keys are rotated beside running instances, with an overlap in which every token verifies (requirement A-54). */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLocalJWKSet, decodeProtectedHeader, type JSONWebKeySet, jwtVerify } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rowMarker } from '../../src/audit/audit-key.ts';
import { createKeyRing } from '../../src/security/vault.ts';
import { openStore } from '../../src/store/open.ts';
import { newSigningKey } from '../../src/tokens/signing-keys.ts';
import { BROKER_SECRET, startGithubSetting, TASKS_CREDENTIAL, TASKS_URL } from '../support/broker.ts';
import { runIn, writeConfigOf } from '../support/command-line.ts';
import { obtainTokens } from '../support/journey-steps.ts';
import { introspect } from '../support/mcp-client.ts';

type World = Awaited<ReturnType<typeof startGithubSetting>>;
const LONG_ENOUGH_MS = 20_000;

const token = async ({ setting }: World): Promise<string> => {
  const changes = { resource: TASKS_URL, scope: 'tasks:read' };
  return (await obtainTokens(setting.issuer, { changes })).tokens.access_token;
};
const keySet = async ({ setting }: World): Promise<JSONWebKeySet> =>
  (await (await fetch(`${setting.issuer}/jwks`)).json()) as JSONWebKeySet;
const verifies = async (world: World, jwt: string): Promise<boolean> =>
  jwtVerify(jwt, createLocalJWKSet(await keySet(world)), {
    ...{ issuer: world.setting.issuer, audience: TASKS_URL, typ: 'at+jwt' },
    currentDate: new Date(world.setting.clock.now() * 1000),
  }).then(
    () => true,
    () => false,
  );
const kidOf = (jwt: string) => decodeProtectedHeader(jwt).kid;

/** As the command line does it: a process of its own beside the broker, which is not told. */
async function rotateElsewhere({ setting }: World, atOnce = false): Promise<string> {
  const file = setting.databaseFile ?? '';
  const store = await openStore(
    { engine: 'sqlite', file },
    () => undefined,
    (prefix) => `${prefix}_elsewhere`,
    rowMarker(createKeyRing([BROKER_SECRET])),
  );
  const key = await newSigningKey('ES256', createKeyRing([BROKER_SECRET]), setting.clock.now());
  const actor = { kind: 'system', id: 'cli' } as const;
  await store.rotateSigningKey(key, atOnce, { at: setting.clock.now(), reference: 'req_cli', actor });
  await store.close();
  return key.kid;
}

async function noticed(world: World, kid: string): Promise<JSONWebKeySet> {
  const deadline = Date.now() + LONG_ENOUGH_MS;
  for (;;) {
    const set = await keySet(world);
    if (set.keys.some((key) => key.kid === kid)) return set;
    if (Date.now() > deadline) throw new Error('the new key was not noticed');
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

describe('a rotation beside a running instance', () => {
  let world: World;
  beforeAll(async () => {
    world = await startGithubSetting({ twoResources: true });
  });
  afterAll(() => world.close());

  it('is noticed without a restart, and no token ever fails to verify', async () => {
    const { clock, issuer } = world.setting;
    const before = await token(world);
    const kid = await rotateElsewhere(world);
    const set = await noticed(world, kid);
    expect(set.keys.map((key) => key.kid)).toEqual([kid, kidOf(before)]);
    expect(set.keys.every((key) => key.use === 'sig' && key.alg === 'ES256' && !('d' in key))).toBe(true);
    expect((await fetch(`${issuer}/jwks`)).headers.get('cache-control')).toBe('public, max-age=60');

    expect(kidOf(await token(world))).toBe(kidOf(before));
    clock.advance(91);
    const after = await token(world);
    expect(kidOf(after)).toBe(kid);
    expect(await Promise.all([before, after].map((jwt) => verifies(world, jwt)))).toEqual([true, true]);
    expect(await introspect(issuer, before, 'tasks', TASKS_CREDENTIAL)).toMatchObject({ active: true });

    clock.advance(3600);
    expect((await keySet(world)).keys.map((key) => key.kid)).toEqual([kid]);
  });

  it('after a leak forgets the other keys at once: what they signed verifies nowhere', async () => {
    const before = await token(world);
    const kid = await rotateElsewhere(world, true);
    expect((await noticed(world, kid)).keys.map((key) => key.kid)).toEqual([kid]);
    expect(await verifies(world, before)).toBe(false);
    expect(kidOf(await token(world))).toBe(kid);
  });
});

describe('keys rotate --signing, as an operator runs it beside the instance', () => {
  let world: World;
  let folder: string;
  beforeAll(async () => {
    world = await startGithubSetting({ twoResources: true });
    folder = mkdtempSync(join(tmpdir(), 'signing-cli-'));
    writeConfigOf(world.setting, folder);
  });
  afterAll(async () => {
    await world.close();
    rmSync(folder, { recursive: true });
  });
  const rotated = async (...flags: string[]) => {
    const { code, out } = await runIn(folder, ['keys', 'rotate', ...flags, '--json']);
    expect(code).toBe(0);
    return JSON.parse(out) as { kid: string; alg: string; retired: string[]; signs_from: number };
  };

  it('old tokens verify during the overlap, new ones carry the new key, and the old key leaves the set afterwards', async () => {
    const { clock } = world.setting;
    const before = await token(world);
    const { kid, alg, retired } = await rotated('--signing');
    expect([alg, retired]).toEqual(['ES256', [kidOf(before)]]);
    await noticed(world, kid);
    clock.advance(91);
    const after = await token(world);
    expect(kidOf(after)).toBe(kid);
    expect(await Promise.all([before, after].map((jwt) => verifies(world, jwt)))).toEqual([true, true]);
    clock.advance(3600);
    expect((await keySet(world)).keys.map((key) => key.kid)).toEqual([kid]);
    expect(await verifies(world, before)).toBe(false);
  });

  it('--at-once forgets what was there, and means nothing without --signing', async () => {
    const usage = await runIn(folder, ['keys', 'rotate', '--at-once']);
    expect([usage.code, usage.err]).toEqual([2, '--at-once is for --signing alone\n']);
    const before = await token(world);
    const { kid, retired } = await rotated('--signing', '--at-once');
    expect(retired).toContain(kidOf(before));
    expect((await noticed(world, kid)).keys.map((key) => key.kid)).toEqual([kid]);
    expect(await verifies(world, before)).toBe(false);
  });
});

describe('Ed25519', () => {
  it('signs where it is configured', async () => {
    const world = await startGithubSetting({ twoResources: true, settings: { tokens: { signing_alg: 'EdDSA' } } });
    try {
      const jwt = await token(world);
      expect(decodeProtectedHeader(jwt)).toMatchObject({ alg: 'EdDSA', typ: 'at+jwt' });
      expect(await verifies(world, jwt)).toBe(true);
      expect((await keySet(world)).keys).toMatchObject([{ kty: 'OKP', crv: 'Ed25519', alg: 'EdDSA', use: 'sig' }]);
    } finally {
      await world.close();
    }
  });
});
