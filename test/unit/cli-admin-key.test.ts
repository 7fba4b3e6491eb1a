/** Keys of the admin API from the command line: made once, listed without their secret, ended at once. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { runCli } from '../../src/cli/run.ts';
import { hasTokenShape } from '../../src/security/secrets.ts';
import { configText } from '../support/config-text.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cli-'));
  writeFileSync(join(folder, 'broker.yaml'), configText({ database: `database: "sqlite:${join(folder, 'b.db')}"` }));
});
afterEach(() => rmSync(folder, { recursive: true }));

async function run(...argv: string[]) {
  const [out, err]: [string[], string[]] = [[], []];
  const terminal = {
    out: (text: string) => void out.push(text),
    err: (text: string) => void err.push(text),
    env: {},
    cwd: folder,
    interactive: false,
    colour: false,
  };
  const code = await runCli(['admin-key', ...argv], terminal);
  return { code, out: out.join(''), err: err.join('') };
}

describe('admin-key', () => {
  test('prints a key once, and the database holds no clear text of it', async () => {
    const made = await run(
      'create',
      '--name',
      'on call',
      '--role',
      'revoker',
      '--days',
      '30',
      '--resources',
      'tickets',
    );
    expect([made.code, hasTokenShape(made.out.trim(), 'ak')]).toEqual([0, true]);
    expect(made.err).toMatch(
      /^Made adk_[0-9a-f]{32} with the role revoker\. Shown this once; only its hash is kept\.\n$/,
    );
    const listed = await run('list');
    expect(listed.out).toMatch(/adk_\S+ +on call +revoker +tickets +active +\d{4}-\S+ +never\n$/);
    expect(listed.out).not.toContain(made.out.trim());
    expect(readFileSync(join(folder, 'b.db')).includes(made.out.trim())).toBe(false);
  });

  test('ends a key once and says when there is none', async () => {
    const made = JSON.parse((await run('create', '--name', 'ci', '--json')).out);
    expect(made).toMatchObject({ role: 'reader', state: 'active', expires_at: null, resources: null });
    expect((await run('revoke', made.id)).code).toBe(0);
    expect((await run('revoke', made.id)).code).toBe(3);
    expect(JSON.parse((await run('list', '--json')).out).keys).toMatchObject([{ id: made.id, state: 'revoked' }]);
  });

  test('refuses a role, a time, a resource or a name that is none, and makes nothing', async () => {
    const tries = [
      ['--name', 'x', '--role', 'root'],
      ['--name', 'x', '--days', '0'],
      ['--name', 'x', '--days', '1h'],
      ['--name', 'x', '--resources', 'nothing'],
      ['--name', '\u001b[2J'],
      [],
    ];
    for (const words of tries) expect((await run('create', ...words)).code).toBe(2);
    expect((await run('create', '--name', 'x', '--days', '0')).err).toContain('a whole number from 1');
    expect((await run('list')).out).toBe('There are no keys.\n');
  });
});
