/** The demo as a newcomer meets it: the walk with the real MCP client, the greeting, and what it refuses. */
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runDemo } from '../../src/demo/run.ts';
import { BrowserJar } from '../support/browser-jar.ts';
import { submit, wordsOf } from '../support/page-forms.ts';

let lines: string[];
let directory: string;
const out = {
  isTTY: false as const,
  hasColors: () => false,
  write: (text: string | Uint8Array) => {
    lines.push(String(text));
    return true;
  },
};

beforeEach(async () => {
  lines = [];
  directory = await mkdtemp(join(tmpdir(), 'demo-test-'));
});

afterEach(() => rm(directory, { recursive: true, force: true }));

const HOPS = [
  'challenge',
  'resource metadata',
  'server metadata',
  'registration',
  'consent page',
  'approve',
  'hand-off',
  'practice sign-in',
  'callback',
  'code to tokens',
  'list_notes',
  'step-up',
  'what is new',
  'approve',
  'hand-off',
  'callback',
  'code to tokens',
  'add_note',
  'refresh',
  'revoke',
  'refused',
  'no refresh',
];

describe('the walk', () => {
  it('goes from the first 401 to the last one and tells every hop as it happens', { timeout: 30_000 }, async () => {
    const code = await runDemo({ auto: true, json: true, out });

    const told = lines.map((line) => JSON.parse(line));
    expect(told.filter((line) => line.ok !== true)).toEqual([]);
    expect(told.slice(0, -1).map((line) => line.name)).toEqual(HOPS);
    expect(told.at(-1)).toMatchObject({ done: true, hops: 22 });
    expect(code).toBe(0);
  });

  it('prints no token, code or state and no colour where there is no terminal', { timeout: 30_000 }, async () => {
    await runDemo({ auto: true, out });

    const printed = lines.join('');
    expect(printed).toContain('All 22 hops as they should be');
    expect(printed).not.toMatch(/mcb_(at|rt|ak)_/);
    expect(printed).not.toMatch(/[?&](code|state)=/);
    expect(printed).not.toContain('\u001b');
  });
});

/** Starts the demo on three free ports, waits for its greeting, looks, and stops it. */
async function greeting(json: boolean, look: () => Promise<void> = async () => {}): Promise<number> {
  const stop = new AbortController();
  const greeted = new Promise<void>((resolve) => {
    const write = (text: string | Uint8Array) => {
      out.write(text);
      resolve();
      return true;
    };
    ended = runDemo({ auto: false, port: 0, dataDir: directory, json, stop: stop.signal, out: { ...out, write } });
    ended.catch(() => resolve());
  });
  await greeted;
  await look();
  stop.abort();
  return ended;
}
let ended: Promise<number> = Promise.resolve(0);

describe('the greeting', () => {
  it('leads to a first try in three steps and says that it is not for production', { timeout: 30_000 }, async () => {
    const code = await greeting(false);

    const printed = lines.join('');
    expect(printed).toMatch(
      /1 {2}npx @modelcontextprotocol\/inspector\n {4}2 {2}Connect to {3}http:\/\/localhost:\d+\/mcp/,
    );
    expect(printed).toContain('3  You should see: “Allow an app on this computer to use Sample Notes?”');
    expect(printed).toMatch(/Consent preview {3}http:\/\/localhost:\d+\/preview/);
    expect(printed).toMatch(/Next {4}node \S+ init /);
    expect(printed).toContain('Not for production');
    expect(code).toBe(0);
  });

  it('serves the addresses that it names', { timeout: 30_000 }, async () => {
    await greeting(true, async () => {
      const facts = JSON.parse(lines[0] ?? '');
      const metadata = await fetch(`${facts.issuer}/.well-known/oauth-authorization-server`);
      const sample = await fetch(facts.sample_server, { method: 'POST' });
      const preview = await fetch(facts.preview);

      expect(await metadata.json()).toMatchObject({ issuer: facts.issuer });
      expect(sample.status).toBe(401);
      expect(preview.status).toBe(200);
    });
  });

  it('shows the admin key once, and keeps no clear text of it', { timeout: 30_000 }, async () => {
    await greeting(true);
    await greeting(true);

    const [first, second] = lines.map((line) => JSON.parse(line));
    expect(first.admin_key).toMatch(/^mcb_ak_[A-Za-z0-9_-]{43}[a-z0-9]{7}$/);
    expect(second.admin_key).toBeUndefined();
    expect(await readFile(join(directory, 'demo-keys.json'), 'utf8')).not.toContain(first.admin_key);
    expect((await stat(join(directory, 'demo-keys.json'))).mode & 0o777).toBe(0o600);
  });
});

describe('the way into the admin console', () => {
  it('is a link that each start prints, good once, and no command', { timeout: 30_000 }, async () => {
    await greeting(true, async () => {
      const { issuer, admin_link: link } = JSON.parse(lines[0] ?? '');
      expect(link).toMatch(new RegExp(`^${issuer}/admin/enter/[A-Za-z0-9_-]{43}$`));
      const entrance = wordsOf(await new BrowserJar().get(`${issuer}/admin`));
      expect(entrance).toContain('The demo prints a link in its terminal when it starts');
      expect(entrance).not.toContain('admin-link');

      const jar = new BrowserJar();
      const page = await jar.get(link);
      expect(wordsOf(page)).toContain('signs this browser in as admin, once');
      expect(wordsOf(await jar.follow(await submit(jar, page, '/admin/enter/')))).toContain('(admin)');
      const spent = wordsOf(await new BrowserJar().get(link));
      expect(spent).toContain('stop it and start it again for another');
      expect(spent).not.toContain('admin-link');
    });
    await greeting(false);

    const again = lines.at(-1) ?? '';
    expect(again).toMatch(/4 {2}Administrate: http:\/\/localhost:\d+\/admin\/enter\/[\w-]{43} {3}\(opens once/);
    expect(again).not.toContain(JSON.parse(lines[0] ?? '').admin_link.slice(-43));
  });
});

describe('what the demo refuses', () => {
  it.each(['0.0.0.0', '::', '192.168.1.2', 'demo.example', 'localhost.evil.example', '127.0.0.1.evil.example'])(
    'listening on %s',
    async (host) => {
      expect(await runDemo({ auto: false, host, dataDir: directory, out })).toBe(78);
      expect(await runDemo({ auto: true, host, out })).toBe(78);
      expect(lines[0]).toContain('Demo mode listens on this computer only');
    },
  );

  it('a taken port, naming it and the flag that helps', async () => {
    const squatter = createServer();
    await new Promise<void>((resolve) => squatter.listen(0, '127.0.0.1', resolve));
    const address = squatter.address();
    const port = address !== null && typeof address !== 'string' ? address.port : 0;

    const code = await runDemo({ auto: false, port: port - 1, dataDir: directory, out });
    squatter.close();

    expect(code).toBe(1);
    // The demo takes two ports in a row, and another test may have the first.
    expect(lines[0]).toMatch(new RegExp(`Port (${port - 1}|${port}) is taken\\.`));
    expect(lines[0]).toMatch(new RegExp(`node \\S+ demo --port ${port - 1 <= 64_533 ? port + 999 : port - 1001}`));
  });

  it('a data directory that cannot be made, with what to choose', async () => {
    const file = join(directory, 'file');
    await writeFile(file, '');

    expect(await runDemo({ auto: false, port: 0, dataDir: join(file, 'x'), out })).toBe(1);
    expect(lines[0]).toMatch(/cannot keep its data in .+ \(ENOTDIR\)\.\nChoose a folder .+ --data-dir DIR/);
  });
});
