/** A copy of the database is made while the broker runs, and put back so that what was revoked since stays revoked. */
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NOTES_CREDENTIAL, startGithubSetting } from '../support/broker.ts';
import { runIn, writeConfigOf } from '../support/command-line.ts';
import { obtainCode, obtainTokens, openPage, refusal } from '../support/journey-steps.ts';
import { introspect, postForm, redeem, refresh } from '../support/mcp-client.ts';

let world: Awaited<ReturnType<typeof startGithubSetting>>;
let folder: string;
beforeAll(async () => {
  world = await startGithubSetting();
  folder = mkdtempSync(join(tmpdir(), 'backup-'));
  writeConfigOf(world.setting, folder);
});
afterAll(async () => {
  await world.close();
  rmSync(folder, { recursive: true });
});

const run = (...argv: string[]) => runIn(folder, argv);
const isActive = async (token: string) =>
  (await introspect(world.setting.issuer, token, 'notes', NOTES_CREDENTIAL)).active;
const databaseFile = () => world.setting.databaseFile ?? '';

describe('backup and restore', () => {
  it('backup, revoke, restore: the revoked stays revoked, and nothing else lives on either', {
    timeout: 60_000,
  }, async () => {
    const { issuer } = world.setting;
    const [kept, revoked] = [await obtainTokens(issuer), await obtainTokens(issuer)];
    const waiting = await obtainCode(issuer);

    const made = await run('backup', join(folder, 'copy.db'));
    expect([made.code, made.err]).toEqual([0, '']);
    expect((statSync(join(folder, 'copy.db')).mode & 0o777).toString(8)).toBe('600');
    expect(await isActive(revoked.tokens.access_token)).toBe(true);
    await postForm(`${issuer}/revoke`, { token: revoked.tokens.refresh_token, client_id: revoked.client.client_id });

    const tooEarly = await run('restore', join(folder, 'copy.db'));
    expect([tooEarly.code, tooEarly.err]).toEqual([1, `✗ ${databaseFile()} is in use: stop every instance first\n`]);

    await world.setting.broker.close();
    const restored = await run('restore', join(folder, 'copy.db'), '--json');
    expect([restored.code, restored.err]).toEqual([0, '']);
    const { before, ended } = JSON.parse(restored.out);
    expect(ended).toMatchObject({ grants: 2, codes: 1, sessions: 3, approvals: 3, signingKeys: 1 });
    expect(existsSync(before)).toBe(true);
    expect(readdirSync(dirname(databaseFile())).filter((name) => name.includes('restoring'))).toEqual([]);
    await world.setting.restart();

    for (const { client, tokens } of [kept, revoked]) {
      expect(await isActive(tokens.access_token)).toBe(false);
      expect(await refusal(await refresh(issuer, client, tokens.refresh_token))).toEqual({
        status: 400,
        error: 'invalid_grant',
      });
    }
    expect((await redeem(issuer, waiting.client, waiting.code, waiting.pkce)).status).toBe(400);
    expect((await openPage(issuer, { jar: kept.jar, client: kept.client })).page.body).toContain('name="decision"');
    const again = await obtainTokens(issuer, { jar: kept.jar, client: kept.client });
    expect(await isActive(again.tokens.access_token)).toBe(true);
  });

  it('a backup overwrites nothing', async () => {
    writeFileSync(join(folder, 'mine.txt'), 'mine');
    const refused = await run('backup', join(folder, 'mine.txt'));
    expect([refused.code, readFileSync(join(folder, 'mine.txt'), 'utf8')]).toEqual([1, 'mine']);
  });

  it('a backup is nobody else’s to read, whatever lay where it is made', async () => {
    writeFileSync(join(folder, 'private.db.part'), 'laid here', { mode: 0o666 });
    chmodSync(join(folder, 'private.db.part'), 0o666);
    expect((await run('backup', join(folder, 'private.db'))).code).toBe(0);
    expect(statSync(join(folder, 'private.db')).mode & 0o777).toBe(0o600);
  });

  it.each([
    ['is not there', undefined],
    ['is no database', 'not a database, '.repeat(500)],
    ['is empty', ''],
  ])('a copy that %s is refused, and the database is as it was', { timeout: 60_000 }, async (_what, text) => {
    await world.setting.broker.close();
    const before = readFileSync(databaseFile());
    const copy = join(folder, 'odd.db');
    if (text !== undefined) writeFileSync(copy, text);
    const refused = await run('restore', copy);
    rmSync(copy, { force: true });
    expect(refused.code).toBe(1);
    expect(refused.err).toMatch(/^✗ .*(there is no backup|cannot be read as a database|no database of this program)/);
    expect(readFileSync(databaseFile()).subarray(100).equals(before.subarray(100))).toBe(true);
    await world.setting.restart();
  });

  it('a copy that the secrets do not open is refused', { timeout: 60_000 }, async () => {
    await world.setting.broker.close();
    const other = mkdtempSync(join(tmpdir(), 'backup-'));
    writeConfigOf(world.setting, other, { secrets: ['another-ring-V4kqT9zBn2Xs6Lw8Jd3Fp5'] });
    const refused = await runIn(other, ['restore', join(folder, 'copy.db')]);
    rmSync(other, { recursive: true });
    expect([refused.code, refused.err]).toEqual([
      1,
      '✗ none of the secrets opens this copy: put those it was made with into the configuration\n',
    ]);
    await world.setting.restart();
  });

  it('Postgres is not copied here, and nobody is told that it was', async () => {
    const other = mkdtempSync(join(tmpdir(), 'backup-'));
    writeConfigOf(world.setting, other, { database: 'postgres://nobody@127.0.0.1:1/none' });
    const [copied, back, neither] = [
      await runIn(other, ['backup', 'copy.dump']),
      await runIn(other, ['restore', 'copy.dump']),
      await runIn(other, ['restore']),
    ];
    rmSync(other, { recursive: true });
    expect([copied.code, back.code, neither.code]).toEqual([1, 1, 2]);
    expect(copied.err).toContain('pg_dump --format=custom --file=copy.dump');
    expect(back.err).toContain('consent-broker restore --mark');
  });
});
