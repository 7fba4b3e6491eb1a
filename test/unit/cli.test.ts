/**
 * The command line: exit codes, refusals of what it does not know, and no secret on any stream.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { runCli } from '../../src/cli/run.ts';
import { configText } from '../support/config-text.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cli-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

async function run(argv: readonly string[], env: Record<string, string> = {}, colour = false) {
  const [out, err]: [string[], string[]] = [[], []];
  const terminal = {
    out: (text: string) => void out.push(text),
    err: (text: string) => void err.push(text),
    env,
    cwd: folder,
    interactive: false,
    colour,
  };
  const code = await runCli(argv, terminal);
  return { code, out: out.join(''), err: err.join('') };
}

const writeConfig = (changes: Record<string, string> = {}) => {
  writeFileSync(join(folder, 'broker.yaml'), configText(changes));
};

describe('config check', () => {
  test('says yes to an accepted file and what it is about', async () => {
    writeConfig();
    const { code, out, err } = await run(['config', 'check']);
    expect([code, err]).toEqual([0, '']);
    expect(out).toBe(
      `✓ ${join(folder, 'broker.yaml')}\n  Issuer     https://auth.example.com\n  Upstreams  corp\n  Resources  tickets\n`,
    );
  });

  test('says no with every problem on stderr and exit code 78', async () => {
    writeConfig({ issuer: 'issuer: http://auth.example.com', tokens: 'tokens: { code: 1h }' });
    const { code, out, err } = await run(['config', 'check']);
    expect([code, out]).toEqual([78, '']);
    expect(err).toContain('✗ E104 the issuer must use https\n  At:  broker.yaml:1 issuer\n');
    expect(err).toContain('2 problems. Nothing was started.');
  });

  test('answers in JSON when asked', async () => {
    writeConfig({ issuer: 'issuer: http://auth.example.com' });
    const { code, out, err } = await run(['config', 'check', '--json']);
    expect([code, err]).toEqual([78, '']);
    expect(JSON.parse(out)).toMatchObject({ ok: false, problems: [{ code: 'E104', place: 'broker.yaml:1 issuer' }] });
  });

  test('uses the file of --config before that of BROKER_CONFIG', async () => {
    writeFileSync(join(folder, 'good.yaml'), configText());
    const { code } = await run(['config', 'check', '--config', 'good.yaml'], { BROKER_CONFIG: '/nowhere.yaml' });
    expect(code).toBe(0);
    expect((await run(['config', 'check'], { BROKER_CONFIG: '/nowhere.yaml' })).code).toBe(78);
  });

  test('without any file says what to write', async () => {
    const { code, err } = await run(['config', 'check']);
    expect(code).toBe(78);
    expect(err).toContain('issuer: https://auth.example.com');
    const { out } = await run(['config', 'check', '--json']);
    expect(JSON.parse(out)).toMatchObject({ ok: false, problems: [{ code: 'E123' }] });
  });
});

test('config print masks secrets', async () => {
  writeConfig();
  const { code, out } = await run(['config', 'print']);
  expect(code).toBe(0);
  expect(out).toContain('secrets:\n  - (secret)\n');
  expect(out).not.toContain('kF3v9');
});

describe('serve', () => {
  test('in production without configuration starts nothing, says what to write, and exits 78', async () => {
    const { code, err } = await run(['serve'], { NODE_ENV: 'production' });
    expect(code).toBe(78);
    expect(err).toContain('there is no configuration');
    expect(err).toContain('secrets: ["${BROKER_SECRET}"]');
  });

  test('with a refused configuration starts nothing and exits 78', async () => {
    writeConfig({ issuer: 'issuer: http://auth.example.com' });
    expect((await run(['serve'])).code).toBe(78);
  });
});

describe('usage', () => {
  test.each([
    [['srve'], 'Unknown command "srve"; did you mean serve?'],
    [[], 'Which command?'],
    [['config'], 'Which command?'],
    [['config', 'chek'], 'Unknown command "chek"; did you mean check?'],
    [['serve', '--confg', 'x'], 'Unknown flag "--confg"; did you mean --config?'],
    [['serve', '-x'], 'Unknown flag "-x"'],
    [['serve', 'now'], 'Unexpected "now"'],
    [['serve', '--config'], '--config needs a value'],
    [['serve', '--config='], '--config needs a value'],
    [['config', 'check', '--json=yes'], '--json takes no value'],
    [['explain'], 'Name a code (E101)'],
    [['demo', '--port', '99999'], '--port takes a number up to 65535'],
    [['help', 'bogus'], 'Unknown command "bogus"'],
    [['config', 'chek', '--help'], 'Unknown command "chek"; did you mean check?'],
    [['admin-key', 'create'], '--name is needed'],
    [['demo', '--auto', '--port', '8787'], 'leave out --port'],
    [['constructor'], 'Unknown command "constructor"'],
  ])('%j is a usage error', async (argv, said) => {
    const { code, out, err } = await run(argv);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain(said);
  });

  test('help goes to stdout, without colour where there is no terminal', async () => {
    for (const argv of [['help'], ['--help'], ['-h']]) {
      const { code, out, err } = await run(argv);
      expect([code, err]).toEqual([0, '']);
      expect(out).toContain('USAGE consent-broker serve|demo|init|config');
      expect(out).not.toContain('\u001b');
    }
    const { out } = await run(['help', 'config', 'print']);
    expect(out).toContain('Print the effective configuration');
    expect(out).toContain('USAGE consent-broker config print [OPTIONS]');
    expect((await run(['help', 'admin-key', 'create'])).out).not.toContain('(Default: )');
    expect((await run(['explain', 'E104', '--help'])).code).toBe(0);
  });

  test('problems are coloured on a terminal only', async () => {
    expect((await run(['srve'], {}, true)).err).toContain('\u001b[31m');
    expect((await run(['srve'], {}, false)).err).not.toContain('\u001b');
  });
});

test('secret prints 32 random bytes, another each time', async () => {
  const first = await run(['secret']);
  const second = await run(['secret']);
  expect(first.out).toMatch(/^[A-Za-z0-9_-]{43}\n$/);
  expect(first.out).not.toBe(second.out);
  expect(JSON.parse((await run(['secret', '--json'])).out).secret).toHaveLength(43);
});

test('version prints the version, also for --version', async () => {
  expect((await run(['version'])).out).toMatch(/^\d+\.\d+\.\d+\n$/);
  expect((await run(['--version'])).out).toMatch(/^\d+\.\d+\.\d+\n$/);
});

test('explain says the rule behind a code, and exits 3 for a code that is none', async () => {
  expect((await run(['explain', 'e107'])).out).toContain('A duration is a whole number with a unit');
  expect((await run(['explain', 'E999'])).code).toBe(3);
  expect(JSON.parse((await run(['explain', 'e107', '--json'])).out)).toMatchObject({ code: 'E107' });
  const unknown = await run(['explain', 'E999', '--json']);
  expect([unknown.code, unknown.err]).toEqual([3, '']);
  expect(JSON.parse(unknown.out)).toMatchObject({ ok: false, error: expect.stringContaining('no such code') });
});
