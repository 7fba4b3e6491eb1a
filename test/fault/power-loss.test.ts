/**
 * Power cuts, replayed: after every answer, the disk holds what was synced and any part of what was not; opened again,
 * the database is whole and knows everything that was acknowledged. The control: with `synchronous=NORMAL` it does not.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { describe, expect, test } from 'vitest';
import { hashSecret } from '../../src/security/secrets.ts';
import { doorTo, type Send } from './agent.ts';
import { mutantProgram, type Program } from './build.ts';
import { imageAt, type Recorded, readTrace } from './disk-images.ts';
import { figures, PATIENCE_MS, randomFrom, seed, timeBox, times } from './form.ts';
import { authorize, jsonOf, newBrowser, newPkce, redeem, register, revokeToken, tokensOf } from './journey.ts';
import { hasShim, openShim } from './shim.ts';
import { openWorld, type World } from './world.ts';

const JOURNEYS = times(3, 40);
const IMAGES = times(60, 5_000);

/** An acknowledged effect and the positions of the trace between which it came about. */
interface Acknowledged {
  readonly kind: 'client' | 'token' | 'revocation';
  readonly key: string;
  readonly began: number;
  readonly acknowledged: number;
}

/** Journeys one after the other, so that nothing but the answered request is under way at any answer. */
async function walk(world: World, send: Send, position: () => number): Promise<Acknowledged[]> {
  const acknowledged: Acknowledged[] = [];
  const note = async (kind: Acknowledged['kind'], act: () => Promise<string>) => {
    const began = position();
    acknowledged.push({ kind, key: await act(), began, acknowledged: position() });
    return acknowledged.at(-1)?.key ?? '';
  };
  for (let n = 0; n < JOURNEYS; n += 1) {
    const clientId = await note('client', async () => String(jsonOf(answered(await register(send), 201)).client_id));
    const pkce = newPkce();
    const reached = await authorize(send, newBrowser(world.issuer, `person-${n}`), world.practice, clientId, pkce);
    if (reached === undefined || !('code' in reached)) throw new Error('no code');
    let refreshToken = '';
    const token = await note('token', async () => {
      const tokens = tokensOf(answered(await redeem(send, clientId, reached.code, pkce), 200));
      refreshToken = tokens.refresh;
      return hashSecret(tokens.access);
    });
    if (n % 2 === 0)
      await note('revocation', async () => {
        answered(await revokeToken(send, clientId, refreshToken), 200);
        return token;
      });
  }
  return acknowledged;
}

function answered<T extends { status: number; body: string }>(answer: T | undefined, status: number): T {
  if (answer?.status !== status) throw new Error(`answered ${answer?.status} in place of ${status}: ${answer?.body}`);
  return answer;
}

/** What an opened image lacks of what was acknowledged before its position. */
function missing(file: string, position: number, acknowledged: readonly Acknowledged[]): string[] {
  const database = new Sqlite(file);
  try {
    const whole = database.pragma('integrity_check', { simple: true });
    if (whole !== 'ok') return [`corrupt: ${String(whole)}`];
    const known = (sql: string, key: string) => database.prepare(sql).get(key) !== undefined;
    const due = acknowledged.filter((one) => one.acknowledged <= position);
    return due.filter(({ kind, key }) => !known(PRESENT[kind], key)).map(({ kind }) => kind);
  } catch (error) {
    return [`unreadable: ${(error as Error).message}`];
  } finally {
    database.close();
  }
}

const PRESENT: Readonly<Record<Acknowledged['kind'], string>> = {
  client: 'select 1 from clients where id = ?',
  token: 'select 1 from access_tokens where token_hash = ?',
  revocation: `select 1 from access_tokens join grants on grants.id = access_tokens.grant_id
    where token_hash = ? and (access_tokens.revoked_at is not null or grants.ended_at is not null)`,
};

/** Runs the journeys under the shim, then opens images of the disk. Returns what was missing in any of them. */
async function cutPower(program: Program | undefined, images: number) {
  const shim = openShim();
  const world = await openWorld('sqlite', { instances: 1, start: false, ...(program && { program }) });
  const folder = mkdtempSync(join(tmpdir(), 'broker-image-'));
  try {
    const [instance] = world.instances;
    await instance?.start(shim.env(join(world.folder, 'data')));
    const door = doorTo(instance?.port ?? 0, world.issuer);
    const acknowledged = await walk(world, door.send, shim.position);
    door.close();
    await instance?.kill();
    const records = readTrace(shim.trace());
    return {
      ...inspect(records, acknowledged, images, folder),
      acknowledged: acknowledged.length,
      records: records.length,
    };
  } finally {
    await world.close();
    shim.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

function inspect(records: readonly Recorded[], acknowledged: readonly Acknowledged[], images: number, folder: string) {
  const random = randomFrom(seed);
  const losses: string[] = [];
  const isOver = timeBox();
  let seen = 0;
  for (; seen < images && !isOver(); seen += 1) {
    const n = seen;
    const at = acknowledged[n % acknowledged.length];
    const next = acknowledged[(n % acknowledged.length) + 1]?.acknowledged ?? at?.acknowledged ?? 0;
    // At the very answer, or anywhere before the next one.
    const position = (at?.acknowledged ?? 0) + (n % 2) * Math.floor(random() * (next - (at?.acknowledged ?? 0)));
    for (const suffix of ['', '-wal', '-shm']) rmSync(join(folder, `broker.db${suffix}`), { force: true });
    for (const [path, content] of imageAt(records, position, random))
      if (!path.endsWith('-shm')) writeFileSync(join(folder, path.slice(path.lastIndexOf('/') + 1)), content);
    losses.push(...missing(join(folder, 'broker.db'), position, acknowledged));
  }
  return { losses, images: seen };
}

describe.runIf(hasShim)('a power cut at any moment', () => {
  test('costs nothing that was acknowledged, and the database is whole', { timeout: PATIENCE_MS }, async () => {
    const { losses, acknowledged, records, images } = await cutPower(undefined, IMAGES);
    expect(acknowledged).toBeGreaterThanOrEqual(JOURNEYS * 2);
    expect(losses).toEqual([]);
    figures('power loss', { images, acknowledged, recordedWrites: records, lost: 0, corrupt: 0 });
  });

  test('with synchronous=NORMAL costs acknowledged answers, which this suite sees', {
    timeout: PATIENCE_MS,
  }, async () => {
    const program = await mutantProgram([
      { file: 'store/open-sqlite.js', from: "['synchronous = FULL'", to: "['synchronous = NORMAL'" },
    ]);
    try {
      const { losses, acknowledged } = await cutPower(program, Math.min(IMAGES, 200));
      expect(losses).toContain('client');
      figures('power loss with synchronous=NORMAL', {
        images: Math.min(IMAGES, 200),
        acknowledged,
        lost: losses.length,
      });
    } finally {
      program.remove();
    }
  });
});
