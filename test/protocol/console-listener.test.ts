/** The console on a listener of its own, under https, and the command that prints the link into it. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { consoleUrl } from '../../src/admin/console/place.ts';
import { StoreUnavailable } from '../../src/store/store.ts';
import { startGithubSetting } from '../support/broker.ts';
import { BrowserJar } from '../support/browser-jar.ts';
import { runIn, writeConfigOf } from '../support/command-line.ts';
import { enterByLink, makeLink } from '../support/console.ts';
import { auditRows, rows } from '../support/database-file.ts';
import { freePort } from '../support/free-port.ts';
import { startHttpsSetting } from '../support/https-broker.ts';
import { linksTo, submit, wordsOf } from '../support/page-forms.ts';

describe('a listener of its own', () => {
  let own: Awaited<ReturnType<typeof startGithubSetting>>;
  let folder: string;
  let origin: string;
  const people = [{ upstream: 'corp', subject: '583231', role: 'admin' }];
  beforeAll(async () => {
    const port = await freePort();
    origin = `http://127.0.0.1:${port}`;
    const admin = { listen: `127.0.0.1:${port}`, people };
    own = await startGithubSetting({ settings: { admin } });
    folder = mkdtempSync(join(tmpdir(), 'cli-'));
    writeConfigOf(own.setting, folder, { admin });
  });
  afterAll(async () => {
    rmSync(folder, { recursive: true });
    await own.close();
  });

  it('has the console and its looks, and the public one has neither the console nor a sign-in to it', async () => {
    const jar = new BrowserJar();
    const entrance = await jar.get(`${origin}/admin`);
    expect(wordsOf(entrance)).toContain('Make a one-time link on the server: consent-broker admin-link');
    expect(linksTo(entrance, '/admin/sign-in')).toEqual([]);
    const sheets = linksTo(entrance, '.css');
    expect(sheets).toHaveLength(2);
    for (const sheet of sheets) expect((await fetch(sheet)).headers.get('content-type')).toContain('text/css');
    for (const path of ['', '/approvals', '/enter/x', '/sign-in/corp', '/status'])
      expect([path, (await jar.get(`${own.setting.issuer}/admin${path}`)).status]).toEqual([path, 404]);
    expect((await jar.get(`${origin}/admin/sign-in/corp`)).status).toBe(404);
  });

  it('is entered by the link that the command prints once', async () => {
    const made = await runIn(folder, ['admin-link', '--role', 'revoker', '--expires', '10m']);
    expect([made.code, made.err]).toEqual([
      0,
      expect.stringMatching(/^Good once, as revoker, until .* Shown this once\.\n$/),
    ]);
    expect(made.out).toMatch(new RegExp(`^${origin}/admin/enter/[A-Za-z0-9_-]{43}\n$`));
    expect(JSON.stringify(rows(own.setting, 'SELECT * FROM console_links'))).not.toContain(made.out.trim().slice(-43));
    expect(auditRows(own.setting, 'console.link_created')).toMatchObject([
      { actor_kind: 'system', actor_id: 'cli', details: { role: 'revoker' } },
    ]);
    const jar = new BrowserJar();
    const elsewhere = await jar.postForm(made.out.trim(), { ticket: 'x' });
    expect(elsewhere.status).toBe(403);
    const page = await jar.get(made.out.trim());
    expect(wordsOf(await jar.follow(await submit(jar, page, '/admin/enter/')))).toContain('(revoker)');
    expect(own.setting.log.join('\n')).not.toContain(made.out.trim().slice(-43));
  });

  it('refuses a role, a time or a server that is none', async () => {
    for (const words of [
      ['--role', 'root'],
      ['--expires', '0s'],
      ['--expires', '2d'],
      ['--expires', 'soon'],
      ['--resources', 'nothing'],
    ])
      expect((await runIn(folder, ['admin-link', ...words])).code).toBe(2);
    const json = JSON.parse((await runIn(folder, ['admin-link', '--json', '--resources', 'notes'])).out);
    expect(json).toMatchObject({ role: 'reader', url: expect.stringContaining('/admin/enter/') });
  });
});

describe.each(['on a listener of its own', 'beside the pages of people'])('what fails in the console %s', (where) => {
  let own: Awaited<ReturnType<typeof startGithubSetting>>;
  let origin: string;
  beforeAll(async () => {
    const port = await freePort();
    const listen = where === 'on a listener of its own' ? `127.0.0.1:${port}` : undefined;
    own = await startGithubSetting({ settings: { admin: listen === undefined ? {} : { listen } } });
    origin = listen === undefined ? own.setting.issuer : `http://${listen}`;
  });
  afterAll(() => own.close());

  it.each([
    ['before it is known who is in', 'findConsoleSession', new StoreUnavailable('disk of the house'), 503, '2'],
    ['inside', 'listRegistry', new StoreUnavailable('disk of the house'), 503, '2'],
    ['inside, and why nobody knows', 'findConsoleSession', new Error('disk of the house'), 500, undefined],
  ] as const)(
    'a page says so %s, with the headers of every page, and works a moment later',
    async (...[, verb, error, status, retry]) => {
      const { jar } = await enterByLink(own.setting, 'revoker', { origin });
      vi.spyOn(own.setting.broker.deps.store, verb).mockRejectedValueOnce(error);
      const page = await jar.get(`${origin}/admin/approvals`);
      expect([page.status, page.headers['retry-after'], page.headers['cache-control']]).toEqual([
        status,
        retry,
        'no-store',
      ]);
      expect(page.headers['content-security-policy']).toContain("frame-ancestors 'none'");
      expect(wordsOf(page)).toMatch(/req_[0-9a-f]{32}/);
      expect(page.body).not.toContain('disk of the house');
      expect((await jar.get(`${origin}/admin/approvals`)).status).toBe(200);
    },
  );
});

describe('its address', () => {
  it.each([
    ['below the issuer', {}, 'https://auth.example.com/base/admin'],
    ['on its loopback listener', { listen: { host: '127.0.0.1', port: 9000 } }, 'http://127.0.0.1:9000/admin'],
    [
      'where the operator says',
      { listen: { host: '10.0.0.5', port: 9000 }, url: 'https://admin.example.com' },
      'https://admin.example.com/admin',
    ],
    ['nowhere, where sessions would travel in clear', { listen: { host: '10.0.0.5', port: 9000 } }, undefined],
  ])('is %s', (_where, admin, url) => {
    const config = {
      issuer: 'https://auth.example.com/base',
      admin: { keyHashes: [], people: [], listen: undefined, url: undefined, ...admin },
    };
    expect(consoleUrl(config)).toBe(url);
  });
});

describe('under https', () => {
  it('keeps its session in a __Host- cookie, and reads no other', async () => {
    const secure = await startHttpsSetting();
    try {
      const jar = new BrowserJar({ ca: secure.ca });
      const { url } = await makeLink(secure.setting, 'reader', { origin: secure.issuer });
      const inside = await jar.follow(await submit(jar, await jar.get(url), '/admin/enter/'));
      expect(wordsOf(inside)).toContain('Overview');
      const cookie = jar.cookiesFor(url).get('__Host-mcb_console');
      expect(cookie).toMatchObject({ secure: true, httpOnly: true, sameSite: 'lax', path: '/' });
      const planted = new BrowserJar({ ca: secure.ca });
      planted.setCookie(url, `mcb_console=${cookie?.value}; Path=/`);
      expect(wordsOf(await planted.get(`${secure.issuer}/admin`))).toContain('Admin console');
    } finally {
      await secure.close();
    }
  });
});
