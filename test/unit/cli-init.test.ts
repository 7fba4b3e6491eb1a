/** `init`: a configuration that the broker accepts, secrets only in .env, nothing overwritten. */
import { mkdtempSync, readFileSync, realpathSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { runCli } from '../../src/cli/run.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'init-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

async function run(argv: readonly string[], env: Record<string, string> = {}) {
  const [out, err]: [string[], string[]] = [[], []];
  const terminal = {
    out: (text: string) => void out.push(text),
    err: (text: string) => void err.push(text),
    env,
    cwd: folder,
    interactive: false,
    colour: false,
  };
  return { code: await runCli(argv, terminal), out: out.join(''), err: err.join('') };
}

const FLAGS = [
  '--issuer',
  'https://auth.example.com',
  '--resource',
  'https://tickets.example.com/mcp',
  '--client-id',
  'Iv1.abc',
];
const read = (name: string) => readFileSync(join(folder, name), 'utf8');

test.each([
  ['github', []],
  ['oidc', ['--upstream-issuer', 'https://login.example.com']],
])('writes a %s configuration that config check accepts', async (upstream, more) => {
  const written = await run(['init', ...FLAGS, '--upstream', upstream, ...more]);
  expect([written.code, written.err]).toEqual([0, '']);
  expect(written.out).toContain(`https://auth.example.com/callback/${upstream}`);
  expect(written.out).toContain(`node --env-file=.env ${realpathSync(process.argv[1] ?? '')} config check`);
  const secrets = Object.fromEntries(
    read('.env')
      .trim()
      .split('\n')
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
  expect(statSync(join(folder, '.env')).mode & 0o777).toBe(0o600);
  expect(secrets.BROKER_SECRET).toHaveLength(43);
  for (const secret of Object.values(secrets).filter((value) => value !== '')) {
    expect(written.out + read('broker.yaml')).not.toContain(secret);
  }
  expect((await run(['config', 'check'], { ...secrets, UPSTREAM_SECRET: 'from-the-upstream-7f3a' })).code).toBe(0);
});

test('names what is missing where nobody can be asked, and writes nothing', async () => {
  const { code, err } = await run(['init', '--issuer', 'https://auth.example.com']);
  expect(code).toBe(2);
  expect(err).toContain('--resource, --upstream, --client-id');
  expect(() => read('broker.yaml')).toThrow();
});

test('refuses an unsafe answer before it writes', async () => {
  const { code, err } = await run([
    'init',
    ...FLAGS.map((flag) => flag.replace('https://auth', 'http://auth')),
    '--upstream',
    'github',
  ]);
  expect(code).toBe(78);
  expect(err).toContain('the issuer must use https');
  expect(() => read('.env')).toThrow();
});

test('overwrites nothing', async () => {
  writeFileSync(join(folder, 'broker.yaml'), 'mine\n');
  expect((await run(['init', ...FLAGS, '--upstream', 'github'])).code).toBe(1);
  expect(read('broker.yaml')).toBe('mine\n');
});
