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

/** `typed`: what a person answers, in order; without it there is nobody to ask. */
async function run(argv: readonly string[], env: Record<string, string> = {}, typed?: readonly string[]) {
  const [out, err, asked]: [string[], string[], string[]] = [[], [], []];
  const ask = async (question: string) => typed?.[asked.push(question) - 1] ?? expect.unreachable(question);
  const terminal = {
    out: (text: string) => void out.push(text),
    err: (text: string) => void err.push(text),
    env,
    cwd: folder,
    interactive: false,
    colour: false,
    ...(typed !== undefined && { ask }),
  };
  return { code: await runCli(argv, terminal), out: out.join(''), err: err.join(''), asked };
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
  ...['google', 'slack', 'gitlab', 'salesforce', 'notion'].map((name): [string, string[]] => [name, []]),
  ['oidc', ['--upstream-issuer', 'https://login.example.com']],
  ['okta', ['--upstream-issuer', 'https://login.example.com']],
  ['entra', ['--tenant', '0f3c2a18-1111-2222-3333-444455556666']],
  [
    'oauth2',
    [
      ...['--authorization-endpoint', 'https://login.example.com/authorize'],
      ...['--token-endpoint', 'https://login.example.com/token'],
      ...['--userinfo-endpoint', 'https://login.example.com/me', '--subject-field', 'id'],
    ],
  ],
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

test('asks for what the upstream needs, checks each answer as it is given, and asks again', async () => {
  const typed = [
    ...['auth.example.com', 'http://auth.example.com', 'https://auth.example.com'],
    ...['', 'https://tickets.example.com/mcp'],
    ...['azure', 'entra'],
    ...['example.onmicrosoft.com', '0f3c2a18-1111-2222-3333-444455556666'],
    '6731de76-14a6-49ae-97bc-6eba6914391e',
  ];
  const { code, out, err, asked } = await run(['init'], {}, typed);

  expect(err.trim().split('\n')).toEqual([
    '✗ "auth.example.com" is not an absolute address; write https://auth.example.com',
    expect.stringContaining('✗ the issuer must use https; '),
    '✗ an answer is needed',
    expect.stringContaining('✗ there is no preset "azure"; choose one of github, '),
    '✗ tenant: this is not a tenant id; write the Directory (tenant) ID, 8-4-4-4-12 hexadecimal digits',
  ]);
  expect(asked).toHaveLength(typed.length);
  expect(out.match(/callback.*/g)).toEqual([
    'callback at the upstream, exactly: https://auth.example.com/callback/entra',
  ]);
  expect(code).toBe(0);
  expect(read('broker.yaml')).toContain('tenant: 0f3c2a18-1111-2222-3333-444455556666');
});

test('asks only for what no option says', async () => {
  const { code, asked } = await run(['init', ...FLAGS, '--upstream', 'oidc'], {}, ['https://login.example.com']);
  expect([code, asked]).toEqual([0, ['Issuer of the OpenID provider (https://login.example.com): ']]);
});

test('refuses every wrong option at once, before it prints anything else', async () => {
  const wrong = ['--issuer', 'auth.example.com', '--upstream', 'oidc', '--upstream-issuer', 'login', '--tenant', 'x'];
  const { code, out, err } = await run(['init', ...wrong, '--client-id', 'a']);
  expect([code, out]).toEqual([78, '']);
  expect(err.match(/At: .*/g)).toEqual(['At:  --issuer', 'At:  --upstream-issuer', 'At:  --tenant']);
  expect(err).toContain('oidc takes no tenant');
  const misspelt = await run(['init', ...FLAGS, '--upstream', 'gogle']);
  expect([misspelt.code, misspelt.out]).toEqual([78, '']);
  expect(misspelt.err).toContain('there is no preset "gogle"');
  expect(misspelt.err).toContain('did you mean google?');
});

test('names what is missing of an upstream, too', async () => {
  const { code, out, err } = await run(['init', ...FLAGS, '--upstream', 'oauth2', '--subject-field', 'id']);
  expect([code, out]).toEqual([2, '']);
  expect(err).toContain('--authorization-endpoint, --token-endpoint, --userinfo-endpoint\n');
});

test('overwrites nothing', async () => {
  writeFileSync(join(folder, 'broker.yaml'), 'mine\n');
  expect((await run(['init', ...FLAGS, '--upstream', 'github'])).code).toBe(1);
  expect(read('broker.yaml')).toBe('mine\n');
});
