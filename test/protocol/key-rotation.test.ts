/** Changing the key ring of a running broker by the command line: nobody notices, and no key goes too early. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runCli } from '../../src/cli/run.ts';
import { createKeyRing } from '../../src/security/vault.ts';
import { BROKER_SECRET, NOTES_CREDENTIAL, NOTES_URL, startRotatingSetting } from '../support/broker.ts';
import { allowAndReturn, obtainTokens, openPage } from '../support/journey-steps.ts';
import { answerOf, postForm, redeem } from '../support/mcp-client.ts';

const NEW_SECRET = 'rotated-ring-Lw5Xk2Rf8Yt3Bm6Hc9Pd1Sj4';
const [OLD, NEW] = [createKeyRing([BROKER_SECRET]).currentKeyId, createKeyRing([NEW_SECRET]).currentKeyId];

describe('the key ring by the command line', () => {
  let folder: string;
  let world: Awaited<ReturnType<typeof startRotatingSetting>>;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'keys-'));
    world = await startRotatingSetting({ settings: { secrets: [NEW_SECRET, BROKER_SECRET] } });
  });
  afterEach(async () => {
    await world.close();
    rmSync(folder, { recursive: true });
  });

  async function run(argv: readonly string[], secrets: readonly string[]) {
    const { issuer, databaseFile } = world.setting;
    const notes = {
      url: NOTES_URL,
      name: 'Notes',
      upstream: 'corp',
      scopes: { 'notes:read': { title: 'Read', risk: 'view' } },
    };
    const upstream = { preset: 'github', client_id: 'broker', client_secret: 'upstream-secret-5f0c1d7e9a3b48d2' };
    const settings = {
      issuer,
      ...{ listen: '127.0.0.1:0', telemetry: { metrics_listen: null } },
      ...{ database: `sqlite:${databaseFile}`, secrets },
      ...{ upstreams: { corp: upstream }, resources: { notes } },
    };
    writeFileSync(join(folder, 'broker.yaml'), JSON.stringify(settings));
    const [out, err]: [string[], string[]] = [[], []];
    const code = await runCli(argv, {
      out: (text) => void out.push(text),
      err: (text) => void err.push(text),
      ...{ env: {}, cwd: folder, interactive: false, colour: false },
    });
    return { code, out: out.join(''), err: err.join('') };
  }

  /** Puts everything back under the old key, as an instance with the old order of secrets would have left it. */
  const sealUnderOld = () => run(['keys', 'rotate'], [BROKER_SECRET, NEW_SECRET]);

  it('lists the keys and what is sealed under each', async () => {
    await obtainTokens(world.setting.issuer);
    const { code, out } = await run(['keys', 'list'], [NEW_SECRET, BROKER_SECRET]);
    expect(code).toBe(0);
    expect(out).toBe(
      [
        'KEY       PLACE  upstream_grants  upstream_revocations  signing_keys  journeys',
        `${NEW}  first  1                0                     1             0`,
        `${OLD}  ring   0                0                     0             0`,
        '',
      ].join('\n'),
    );
    expect(out).not.toContain(NEW_SECRET);
    const json = JSON.parse((await run(['keys', 'list', '--json'], [BROKER_SECRET])).out);
    expect(json.keys.map(({ key, place }: { key: string; place: string }) => [key, place])).toEqual([
      [OLD, 'first'],
      [NEW, 'missing'],
    ]);
  });

  it('seals anew under the first and says which key can go; the start without it is then fine, and before it is not', async () => {
    const { tokens } = await obtainTokens(world.setting.issuer);
    await sealUnderOld();
    expect(await run(['serve'], [NEW_SECRET])).toMatchObject({ code: 78, out: '' });

    const { code, out } = await run(['keys', 'rotate'], [NEW_SECRET, BROKER_SECRET]);
    expect([code, out]).toEqual([
      0,
      [
        `Sealing anew under ${NEW}`,
        '  upstream_grants: 1 sealed anew',
        '  signing_keys: 1 sealed anew',
        '2 rows sealed anew.',
        `Key ${OLD} seals nothing any more: its secret can be taken out.`,
        '',
      ].join('\n'),
    ]);
    expect((await run(['keys', 'rotate'], [NEW_SECRET])).out).toContain('0 rows sealed anew.');
    const listed = await run(['keys', 'list'], [NEW_SECRET]);
    expect([listed.code, listed.out.includes('missing')]).toEqual([0, false]);
    const exchanged = await postForm(
      `${world.setting.issuer}/token`,
      {
        grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
        subject_token: tokens.access_token,
        subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      },
      { authorization: `Basic ${Buffer.from(`notes:${NOTES_CREDENTIAL}`).toString('base64')}` },
    );
    expect(exchanged.status).toBe(200);
  });

  it('a start without a key in use, or with wrong secrets, says one clear thing, exits 78 and changes nothing', async () => {
    await obtainTokens(world.setting.issuer);
    const wrong = await run(['serve'], ['wrong-ring-secret-Vb8Nq2Zx5Lm0Rt7Ks4Wc1']);
    expect(wrong.code).toBe(78);
    expect(wrong.err).toContain('✗ E124 none of the secrets opens this database\n');
    const db = world.setting.broker.deps.store;
    const [first] = await db.listSealedNotUnder('upstream_grants', 'none', '', 1, 0);
    const plain = createKeyRing([NEW_SECRET]).open(first?.sealed ?? '', `upstream_grant:${first?.id}:${first?.userId}`);
    const old = createKeyRing([BROKER_SECRET]).seal(plain ?? '', `upstream_grant:${first?.id}:${first?.userId}`);
    expect(first !== undefined && (await db.reseal('upstream_grants', first.id, first.sealed, old))).toBe(true);
    const dropped = await run(['serve'], [NEW_SECRET]);
    expect(dropped.code).toBe(78);
    expect(dropped.err).toContain(
      `✗ E124 a key that is not among the secrets is still in use (key ${OLD}: 1 upstream_grants)\n`,
    );
    expect(dropped.err).toContain('keys rotate');
  });

  it('rotates back and forth under journeys, and none of them fails', async () => {
    const { issuer } = world.setting;
    let journeysRun = true;
    const rotations = (async () => {
      const errors: string[] = [];
      for (let count = 0; journeysRun; count += 1) {
        errors.push(
          (await (count % 2 === 0 ? sealUnderOld() : run(['keys', 'rotate'], [NEW_SECRET, BROKER_SECRET]))).err,
        );
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      return errors;
    })();
    const journey = async () => {
      const { jar, page, client, pkce } = await openPage(issuer);
      const answered = await jar.follow(await allowAndReturn(jar, page));
      return (await redeem(issuer, client, answerOf(answered).get('code') ?? '', pkce)).status;
    };
    const statuses: number[] = [];
    try {
      for (let round = 0; round < 3; round += 1)
        statuses.push(...(await Promise.all(Array.from({ length: 8 }, journey))));
    } finally {
      journeysRun = false;
    }
    expect(statuses).toEqual(Array.from({ length: 24 }, () => 200));
    const errors = await rotations;
    expect(errors.length).toBeGreaterThan(2);
    expect(errors.filter((error) => error !== '')).toEqual([]);
  }, 180_000);
});
