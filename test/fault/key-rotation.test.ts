/**
 * The vault's key is rotated under load: twenty journeys a second begin, whether earlier ones are done or not, while
 * `keys rotate` seals everything anew in a process of its own. No journey fails; the old key cannot go before that, and a
 * start without it or with a wrong one ends with one line.
 *
 * The short form holds back what a busy machine has no time for, and comes again where it is told to.
 */
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { createKeyRing } from '../../src/security/vault.ts';
import { BROKER_SECRET } from '../support/broker.ts';
import { type Door, doorTo } from './agent.ts';
import { builtProgram } from './build.ts';
import { connectTo } from './database.ts';
import { figures, form, PATIENCE_MS, times } from './form.ts';
import { exchange, jsonOf, newBrowser, obtain, register } from './journey.ts';
import { startSteadyJourneys } from './steady-journeys.ts';
import { ENGINES, openWorld, type World } from './world.ts';

const NEW_SECRET = 'rotated-ring-Lw5Xk2Rf8Yt3Bm6Hc9Pd1Sj4';
const WRONG_SECRET = 'wrong-ring-secret-Vb8Nq2Zx5Lm0Rt7Ks4Wc1';
const [OLD, NEW] = [createKeyRing([BROKER_SECRET]), createKeyRing([NEW_SECRET])];
const PER_SECOND = 20;
const JOURNEYS = times(40, 2_400);
const ROWS = form(300, 20_000);

describe.each(ENGINES)('the vault key rotated under twenty journeys a second, on %s', (engine) => {
  let world: World | undefined;
  let door: Door | undefined;
  afterEach(async () => {
    door?.close();
    await world?.close();
  });

  test('fails none of them, and the old key goes when it is done and not before', {
    timeout: PATIENCE_MS,
  }, async () => {
    world = await openWorld(engine, { instances: 1 });
    const [instance] = world.instances;
    if (instance === undefined) throw new Error('no instance');
    // What is slow is no failure: on a busy machine twenty a second may be more than it can do.
    door = doorTo(instance.port, world.issuer, { answerMs: 240_000 });
    const { send } = door;
    const clientId = String(jsonOf((await register(send)) ?? expect.fail('no answer')).client_id);
    const first = await obtain(send, newBrowser(world.issuer, 'first'), world.practice, clientId);
    if (first === undefined || !('tokens' in first)) throw new Error('no tokens');
    await plantSealed(world, ROWS);
    await instance.stop();
    world.configure({ secrets: [NEW_SECRET, BROKER_SECRET] });
    for (const secret of [NEW_SECRET, WRONG_SECRET])
      expect(await run(world, ['serve'], [secret])).toEqual(
        refusedWith('✗ E124 none of the secrets opens this database'),
      );
    await instance.start();

    const { journeys, rotated, ...measured } = await rotateUnderLoad(world, send, clientId);
    expect(journeys.failures).toEqual([]);
    expect(rotated.code).toBe(0);
    const report = JSON.parse(rotated.out);
    expect(report).toMatchObject({ key: NEW.currentKeyId, left: [], removable: [OLD.currentKeyId] });
    const [grants] = report.tables as { resealed: number; refused: number; missing: number }[];
    expect(grants).toMatchObject({ refused: 0, missing: 0 });
    expect(grants?.resealed).toBeGreaterThanOrEqual(ROWS);
    const { failures: _none, ...walked } = journeys;
    figures(`key rotation under journeys, ${engine}`, { rows: ROWS, ...measured, failed: 0, ...walked });

    await instance.stop();
    world.configure({ secrets: [NEW_SECRET] });
    await instance.start();
    expect((await exchange(send, first.tokens.access))?.status).toBe(200);
  });
});

/** Everything is sealed anew while journeys begin; they go on until there were enough. */
async function rotateUnderLoad(world: World, send: Door['send'], clientId: string) {
  const load = startSteadyJourneys({
    ...{ world, send, clientId, perSecond: PER_SECOND },
    mostUnderWay: form(10, Number.POSITIVE_INFINITY),
    mostAgain: form(20, 0),
  });
  await load.begun(PER_SECOND);
  const since = performance.now();
  const rotated = await run(world, ['keys', 'rotate', '--json'], [NEW_SECRET, BROKER_SECRET]);
  const rotationMs = Math.round(performance.now() - since);
  const duringRotation = load.count - PER_SECOND;
  await load.begun(JOURNEYS);
  return { journeys: await load.stop(), rotated, rotationMs, duringRotation, offeredPerSecond: PER_SECOND };
}

/** What a command that was refused for its configuration leaves: the code, and one problem, told in one line. */
const refusedWith = (line: string) => ({
  ...{ code: 78, out: '' },
  err: expect.toSatisfy((text: string) => text.startsWith(`${line}\n`) && text.split('✗').length === 2, line),
});

/** One command as a process of its own, on the world's database. */
async function run(world: World, argv: readonly string[], secrets: readonly string[]) {
  const settings = JSON.parse(readFileSync(join(world.folder, `${world.instances[0]?.port}.yaml`), 'utf8'));
  const file = join(world.folder, 'command.yaml');
  writeFileSync(file, JSON.stringify({ ...settings, secrets }));
  const { main } = await builtProgram();
  return new Promise<{ code: number | string; out: string; err: string }>((resolve) => {
    execFile(process.execPath, [main, ...argv, '--config', file], (error, out, err) =>
      resolve({ code: error === null ? 0 : (error.code ?? 'killed'), out, err }),
    );
  });
}

/** So many upstream grants more, each sealed under the old key for its own place. */
async function plantSealed(world: World, rows: number): Promise<void> {
  const database = await connectTo(world.database);
  const like = (await database.first('select approval_id, user_id from upstream_grants')) ?? expect.fail('no grant');
  const [approval, user] = [String(like.approval_id), String(like.user_id)];
  await database.run('begin');
  for (let row = 0; row < rows; row += 1) {
    const id = `upg_planted_${row}`;
    const sealed = OLD.seal(
      JSON.stringify({ accessToken: `planted-${row}`, scopes: [] }),
      `upstream_grant:${id}:${user}`,
    );
    await database.run(
      `insert into upstream_grants (id, approval_id, user_id, upstream, tokens_sealed, key_id, scopes, created_at, generation)
       values (?, ?, ?, 'corp', ?, ?, '[]', 1, 0)`,
      ...[id, approval, user, sealed, OLD.currentKeyId],
    );
  }
  await database.run('commit');
  await database.close();
}
