/** `doctor`: every check speaks, each with its fix, and its exit code tells; and completion scripts that a shell runs. */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADMIN_KEY } from '../support/admin.ts';
import { startOidcSetting } from '../support/broker.ts';
import { runIn, writeConfigOf } from '../support/command-line.ts';
import { freePort } from '../support/free-port.ts';

let world: Awaited<ReturnType<typeof startOidcSetting>>;
let folder: string;
beforeAll(async () => {
  world = await startOidcSetting();
  folder = mkdtempSync(join(tmpdir(), 'cli-'));
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await world.close();
});

const upstreams = () => ({ corp: { preset: 'oidc', issuer: world.upstream.issuer, client_id: 'broker' } });
async function examine(more: object) {
  writeConfigOf(world.setting, folder, { upstreams: upstreams(), admin: { keys: [ADMIN_KEY] }, ...more });
  const { code, out } = await runIn(folder, ['doctor', '--json']);
  const { checks } = JSON.parse(out) as { checks: { name: string; status: string; detail: string; fix?: string }[] };
  return { code, checks: Object.fromEntries(checks.map((check) => [check.name, check])) };
}

describe('doctor', { timeout: 30_000 }, () => {
  it('finds a running broker well, and says what it cannot see', async () => {
    const { code, checks } = await examine({});
    expect(code).toBe(0);
    for (const name of [
      'Configuration',
      'Database',
      'Key ring',
      'Listening',
      'Public address',
      'Upstream corp',
      'Clock',
    ])
      expect([name, checks[name]?.status, checks[name]?.detail]).toEqual([name, 'ok', expect.any(String)]);
    expect(checks.Listening?.detail).toContain('this broker runs there');
    expect(checks['Callback corp']).toMatchObject({
      status: 'warn',
      fix: expect.stringContaining(`exactly: ${world.setting.issuer}/callback/corp`),
    });
    expect(checks['Server notes']?.status).toBe('warn');
    const words = await runIn(folder, ['doctor']);
    expect(words.out).toMatch(/✓ Key ring +1 secret\n/);
    expect(words.out).toMatch(/\n0 problems, (1 warning|\d warnings)\.\n$/);
  });

  it('names each thing that is wrong, with exit code 1', async () => {
    const port = await freePort();
    const stranger = createServer().listen(port, '127.0.0.1');
    await once(stranger, 'listening');
    const { code, checks } = await examine({
      issuer: `http://localhost:${await freePort()}`,
      listen: { host: '127.0.0.1', port },
      secrets: ['another-ring-Xq7Lm2Vb9Nc4Rt6Yz1Kp3'],
      upstreams: { corp: { preset: 'oidc', issuer: 'http://127.0.0.1:9', client_id: 'broker' } },
      admin: {},
    });
    stranger.close();
    expect(code).toBe(1);
    expect(checks['Key ring']).toMatchObject({ status: 'fail', detail: 'none of the secrets opens this database' });
    expect(checks.Listening).toMatchObject({ status: 'fail', detail: `127.0.0.1:${port}: EADDRINUSE` });
    expect(checks['Upstream corp']).toMatchObject({ status: 'fail', fix: expect.stringContaining('127.0.0.1:9') });
    expect([checks['Public address']?.status, checks.Clock?.status, checks.Admin?.status]).toEqual([
      'warn',
      'warn',
      'warn',
    ]);
  });

  it('notices another issuer behind the public address', async () => {
    const { code, checks } = await examine({ issuer: `${world.setting.issuer.replace('localhost', '127.0.0.1')}` });
    expect([code, checks['Public address']?.status]).toEqual([1, 'fail']);
    expect(checks['Public address']?.detail).toContain(`it says issuer ${world.setting.issuer}`);
    expect(checks['Public address']?.fix).toContain('set issuer to the address people and clients use');
    expect(checks.Listening).toMatchObject({
      status: 'fail',
      detail: expect.stringContaining(`: a broker for ${world.setting.issuer} runs there`),
    });
  });

  it('warns of people who could sign in nowhere, beside a listener of the administration’s own', async () => {
    const listen = { host: '127.0.0.1', port: await freePort() };
    const people = [{ upstream: 'corp', subject: 'maya', role: 'admin' }];
    const { checks } = await examine({ admin: { keys: [ADMIN_KEY], listen, people } });
    expect(checks.Admin).toMatchObject({ status: 'warn', detail: expect.stringContaining('one-time links') });
  });

  it('makes no database, and answers 78 for a refused configuration', async () => {
    const { checks } = await examine({ database: `sqlite:${join(folder, 'new', 'b.db')}` });
    expect(checks.Database).toMatchObject({ status: 'ok', detail: expect.stringContaining('will be made') });
    writeFileSync(join(folder, 'broker.yaml'), 'issuer: http://auth.example.com\n');
    const refused = await runIn(folder, ['doctor', '--json']);
    expect([refused.code, JSON.parse(refused.out).ok]).toEqual([78, false]);
    expect((await runIn(tmpdir(), ['doctor'])).code).toBe(78);
    const none = await runIn(tmpdir(), ['doctor', '--json']);
    expect([none.code, JSON.parse(none.out)]).toMatchObject([
      78,
      { ok: false, checks: [{ status: 'fail', detail: expect.stringMatching(/^E123 .+ there is no configuration$/) }] },
    ]);
  });
});

describe('completion', () => {
  const offered = (script: string, ...words: string[]) =>
    execFileSync('bash', [
      '-c',
      `${script}\nCOMP_WORDS=(consent-broker ${words.map((word) => `'${word}'`).join(' ')})\nCOMP_CWORD=${words.length}\n_consent_broker\nprintf '%s\\n' "\${COMPREPLY[@]}"`,
    ])
      .toString()
      .trim()
      .split('\n');

  it('offers commands, then theirs, then flags, in bash', async () => {
    const { code, out } = await runIn(folder, ['completion', 'bash']);
    expect(code).toBe(0);
    expect(offered(out, 'app')).toEqual(['approvals']);
    expect(offered(out, 'approvals', '')).toEqual(['list', 'show', 'revoke', '--help']);
    expect(offered(out, 'approvals', 'revoke', '--dry')).toEqual(['--dry-run']);
    expect(offered(out, 'approvals', 'revoke', '--user', 'usr_1', '--rea')).toEqual(['--reason']);
  });

  it('knows the same in zsh and fish, and no other shell', async () => {
    const zsh = (await runIn(folder, ['completion', 'zsh'])).out;
    expect(zsh).toMatch(/^#compdef consent-broker\n/);
    expect(zsh).toContain('"/users") offer="list show sign-out disable enable --help" ;;');
    const fish = (await runIn(folder, ['completion', 'fish'])).out;
    expect(fish).toContain(
      "complete -c consent-broker -f -n '__fish_seen_subcommand_from approvals; and not __fish_seen_subcommand_from list show revoke' -a revoke\n",
    );
    expect((await runIn(folder, ['completion', 'tcsh'])).code).toBe(2);
  });

  it('comes with examples in the help of every command', async () => {
    const { out } = await runIn(folder, ['approvals', 'revoke', '--help']);
    expect(out).toContain('EXAMPLES\n\n  consent-broker approvals revoke apr_9f1c… --reason "lost laptop"\n');
  });
});
