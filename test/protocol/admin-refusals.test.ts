/** What the admin API refuses: wrong keys, wrong roles, other resources, bad cursors, hostile input. Never with a 5xx. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADMIN_KEY, admin, makeKey } from '../support/admin.ts';
import { startGithubSetting, TASKS_URL, type TestBroker } from '../support/broker.ts';
import { freePort } from '../support/free-port.ts';
import { obtainTokens } from '../support/journey-steps.ts';

let world: Awaited<ReturnType<typeof startGithubSetting>>;
let setting: TestBroker;
let reader: string;
let revoker: string;
beforeAll(async () => {
  world = await startGithubSetting({
    twoResources: true,
    settings: { admin: { keys: [ADMIN_KEY] }, limits: { admin_failures: { per_minute: 1, burst: 30 } } },
  });
  setting = world.setting;
  reader = (await makeKey(setting, { role: 'reader' })).key;
  revoker = (await makeKey(setting, { role: 'revoker' })).key;
});
afterAll(() => world.close());

const CALLS: readonly (readonly [string, string, 'reader' | 'revoker' | 'admin', unknown?])[] = [
  ['GET', '/approvals', 'reader'],
  ['GET', '/approvals/apr_none', 'reader'],
  ['DELETE', '/approvals/apr_none?reason=x', 'revoker'],
  ['POST', '/revocations', 'revoker', { user: 'usr_none', reason: 'x' }],
  ['GET', '/revocations/rvk_none', 'reader'],
  ['GET', '/clients', 'reader'],
  ['GET', '/clients/cli_none', 'reader'],
  ['PATCH', '/clients/cli_none', 'admin', { state: 'blocked', reason: 'x' }],
  ['DELETE', '/clients/cli_none?reason=x', 'admin'],
  ['GET', '/users', 'reader'],
  ['GET', '/users/usr_none', 'reader'],
  ['POST', '/users/usr_none/sign-out', 'revoker'],
  ['PATCH', '/users/usr_none', 'admin', { state: 'disabled', reason: 'x' }],
  ['GET', '/audit', 'reader'],
  ['GET', '/status', 'reader'],
  ['GET', '/openapi.json', 'reader'],
];
const RANK = { reader: 0, revoker: 1, admin: 2 };

describe('keys', () => {
  for (const [method, path, needed, body] of CALLS)
    it(`${method} ${path} answers each role as it should, and nobody without a key`, async () => {
      for (const role of ['reader', 'revoker', 'admin'] as const) {
        const key = { reader, revoker, admin: ADMIN_KEY }[role];
        const { status, json } = await admin(setting.issuer, method, path, { key, body });
        const reached = RANK[role] >= RANK[needed];
        expect([role, reached ? [200, 404].includes(status) : status]).toEqual([role, reached ? true : 403]);
        if (status >= 400) expect(json.title).toBe(reached ? 'not_found' : 'forbidden');
      }
      const without = await admin(setting.issuer, method, path, { key: null, body });
      expect([without.status, without.headers.get('content-type')]).toEqual([401, 'application/problem+json']);
      expect(without.headers.get('www-authenticate')).toBe('Bearer realm="consent-broker admin"');
    });

  it('do not work once revoked or expired', async () => {
    const short = await makeKey(setting, { role: 'reader', expiresAt: setting.clock.now() + 1000 });
    const gone = await makeKey(setting, { role: 'reader' });
    const status = async (key: string) => (await admin(setting.issuer, 'GET', '/status', { key })).status;
    expect([await status(short.key), await status(gone.key)]).toEqual([200, 200]);
    const trail = { at: setting.clock.now(), reference: 'req_t', actor: { kind: 'system', id: undefined } } as const;
    await setting.broker.deps.store.revokeAdminKey(gone.id, trail);
    setting.clock.advance(1000);
    expect([await status(short.key), await status(gone.key)]).toEqual([401, 401]);
  });

  it('limited to a resource see and end that one only, and all else is not there', async () => {
    const { client, jar } = await obtainTokens(setting.issuer);
    const changes = { resource: TASKS_URL, scope: 'tasks:read' };
    await obtainTokens(setting.issuer, { client, jar, changes });
    const { items } = (await admin(setting.issuer, 'GET', `/approvals?client_id=${client.client_id}`)).json;
    const idOf = (resource: string) => items.find((item: { resource: string }) => item.resource === resource).id;
    const { key } = await makeKey(setting, { role: 'admin', resources: ['tasks'] });
    const status = async (method: string, path: string, body?: unknown) =>
      (await admin(setting.issuer, method, path, { key, body })).status;

    expect(await status('GET', '/approvals')).toBe(403);
    expect(await status('GET', '/approvals?resource=notes')).toBe(403);
    expect((await admin(setting.issuer, 'GET', '/approvals?resource=tasks', { key })).json.items).toHaveLength(1);
    const theirs = await admin(setting.issuer, 'GET', `/approvals/${idOf('notes')}`, { key });
    const nobodys = await admin(setting.issuer, 'GET', '/approvals/apr_none', { key });
    const { reference: _one, ...left } = theirs.json;
    const { reference: _two, ...right } = nobodys.json;
    expect([theirs.status, left]).toEqual([404, right]);
    expect(await status('DELETE', `/approvals/${idOf('notes')}?reason=x`)).toBe(404);
    expect(await status('POST', '/revocations', { client_id: client.client_id, reason: 'x' })).toBe(403);
    for (const path of ['/clients', '/users', '/audit', '/status']) expect(await status('GET', path)).toBe(403);

    const foreign = await admin(setting.issuer, 'DELETE', `/approvals/${idOf('notes')}?reason=x`);
    expect(await status('GET', `/revocations/${foreign.json.report.id}`)).toBe(404);
    const own = await admin(setting.issuer, 'DELETE', `/approvals/${idOf('tasks')}?reason=x`, { key });
    expect(await status('GET', `/revocations/${own.json.report.id}`)).toBe(200);
  });

  it('that are wrong are counted and slowed down; the right one always works (ruling 28)', async () => {
    const { tokens } = await obtainTokens(setting.issuer);
    const wrong = [tokens.access_token, 'x', `${ADMIN_KEY}x`, `mcb_ak_${'A'.repeat(50)}`];
    const statuses = new Set<number>();
    for (let n = 0; n < 40; n += 1) {
      const key = wrong[n % wrong.length] ?? '';
      const answer = await admin(setting.issuer, 'GET', '/status', { key });
      statuses.add(answer.status);
      if (answer.status === 429) expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    }
    expect([...statuses]).toEqual([401, 429]);
    expect((await admin(setting.issuer, 'GET', '/status')).status).toBe(200);
    expect((await admin(setting.issuer, 'GET', '/status', { key: null })).status).toBe(401);
    setting.clock.advance(120);
  });
});

describe('input', () => {
  const ODD = ["' OR 1=1 --", "usr_x'; DROP TABLE approvals; --", '%', '_', '\\', '\u{1F98A}', '../..', '__proto__'];

  it.each(ODD)('%j in every place is answered below 500 and matches nothing', async (odd) => {
    await obtainTokens(setting.issuer);
    const text = encodeURIComponent(odd);
    const paths = [
      ...['user', 'client_id', 'resource', 'site', 'state'].map((name) => `/approvals?${name}=${text}`),
      ...['user', 'client_id', 'event', 'reference', 'since'].map((name) => `/audit?${name}=${text}`),
      ...['upstream', 'subject', 'state', 'limit', 'cursor', text].map((name) => `/users?${name}=${text}`),
    ];
    for (const path of paths) {
      const { status, json } = await admin(setting.issuer, 'GET', path);
      expect([path, status === 400 || (status === 200 && json.items.length === 0)]).toEqual([path, true]);
    }
    for (const path of [`/approvals/x${text}`, `/clients/x${text}`, `/users/x${text}`, `/revocations/x${text}`])
      expect([404, 400]).toContain((await admin(setting.issuer, 'GET', path)).status);
    for (const member of ['user', 'client_id', 'resource', 'site', 'granted_before']) {
      const answer = await admin(setting.issuer, 'POST', '/revocations', { body: { [member]: odd, reason: 'odd' } });
      expect([member, answer.status === 400 || answer.json.matched.approvals === 0]).toEqual([member, true]);
    }
    expect((await admin(setting.issuer, 'GET', '/approvals?state=active')).json.items.length).toBeGreaterThan(0);
  });

  it.each([
    ['an unknown member', { user: 'usr_x', reason: 'x', everything: true }, 400],
    ['a prototype member', '{"user":"usr_x","reason":"x","__proto__":{"dry_run":true}}', 400],
    ['a member of another type', { user: ['usr_x'], reason: 'x' }, 400],
    ['NUL', { user: 'usr_\u0000', reason: 'x' }, 400],
    ['half a surrogate pair', '{"user":"usr_x","reason":"\\ud800"}', 400],
    ['no reason', { user: 'usr_x' }, 400],
    ['a moment that is none', { granted_before: 'yesterday', reason: 'x' }, 400],
    ['dry_run as text', { user: 'usr_x', reason: 'x', dry_run: 'true' }, 400],
    ['a list', '[]', 400],
    ['null', 'null', 400],
    ['broken JSON', '{"user":', 400],
    ['an endless reason', { user: 'usr_x', reason: 'x'.repeat(501) }, 400],
    ['an endless body', { user: 'usr_x', reason: 'x'.repeat(20_000) }, 413],
    ['nothing', '', 415],
  ])('%s in a revocation is refused as a problem that names its reference', async (_what, body, status) => {
    const answer = await admin(setting.issuer, 'POST', '/revocations', {
      body,
      ...(body === '' && { headers: { 'content-type': 'text/plain' } }),
    });
    expect([answer.status, answer.headers.get('content-type')]).toEqual([status, 'application/problem+json']);
    expect(answer.json).toMatchObject({ type: 'about:blank', status, reference: expect.stringMatching(/^req_/) });
  });

  it('takes JSON only, and each parameter once', async () => {
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    const sent = await admin(setting.issuer, 'POST', '/revocations', { body: 'user=x&reason=x', headers: form });
    expect(sent.status).toBe(415);
    for (const path of [
      '/approvals?limit=0',
      '/approvals?limit=501',
      '/approvals?limit=5&limit=6',
      '/approvals?page=2',
    ])
      expect((await admin(setting.issuer, 'GET', path)).status).toBe(400);
    expect((await admin(setting.issuer, 'GET', '/approvals?user=%00')).status).toBe(400);
    expect((await admin(setting.issuer, 'GET', '/users/%00')).status).toBe(404);
  });

  it('knows which methods an address has, and answers problems for addresses there are not', async () => {
    const put = await admin(setting.issuer, 'PUT', '/approvals/x', { body: {} });
    expect([put.status, put.headers.get('allow')]).toEqual([405, 'GET, DELETE']);
    for (const path of ['', '/', '/nothing', '/approvals/x/y']) {
      const answer = await admin(setting.issuer, 'GET', path);
      expect([answer.status, answer.json.title]).toEqual([404, 'not_found']);
    }
  });
});

describe('cursors', () => {
  it('lead through every row once, and hold for their query only', async () => {
    for (let n = 0; n < 3; n += 1) await obtainTokens(setting.issuer);
    const all = (await admin(setting.issuer, 'GET', '/approvals?limit=500')).json.items;
    const seen: unknown[] = [];
    let cursor: string | null = null;
    do {
      const more = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`;
      const { json } = await admin(setting.issuer, 'GET', `/approvals?limit=2${more}`);
      seen.push(...json.items);
      cursor = json.next_cursor;
    } while (cursor !== null);
    expect(seen).toEqual(all);

    const mine = (await admin(setting.issuer, 'GET', '/approvals?limit=1&resource=notes')).json.next_cursor as string;
    const [place = '', mark = ''] = mine.split('.');
    const other = Buffer.from(JSON.stringify([1, 'apr_0'])).toString('base64url');
    const refused = [
      ['/approvals', mine],
      ['/approvals?resource=tasks', mine],
      ['/approvals?resource=notes&state=active', mine],
      ['/clients', mine],
      ['/audit', mine],
      ['/approvals?resource=notes', `${other}.${mark}`],
      ['/approvals?resource=notes', `${place}.${mark.slice(0, -2)}AA`],
      ['/approvals?resource=notes', place],
      ['/approvals?resource=notes', `${mine}.x`],
    ];
    for (const [path = '', text = ''] of refused) {
      const joined = `${path}${path.includes('?') ? '&' : '?'}cursor=${encodeURIComponent(text)}`;
      const { status, json } = await admin(setting.issuer, 'GET', joined);
      expect([path, status, json.title]).toEqual([path, 400, 'invalid_cursor']);
    }
    const same = await admin(setting.issuer, 'GET', `/approvals?limit=5&resource=notes&cursor=${mine}`);
    expect(same.status).toBe(200);
  });
});

describe('a listener of its own', () => {
  it('has the admin API, and the public one has it no more', async () => {
    const port = await freePort();
    const own = await startGithubSetting({
      settings: { admin: { keys: [ADMIN_KEY], listen: `127.0.0.1:${port}` } },
    });
    try {
      expect((await admin(`http://127.0.0.1:${port}`, 'GET', '/status')).status).toBe(200);
      expect((await admin(own.setting.issuer, 'GET', '/status')).status).toBe(404);
      expect((await fetch(`http://127.0.0.1:${port}/authorize`)).status).toBe(404);
      expect((await fetch(`http://127.0.0.1:${port}/register`, { method: 'POST' })).status).toBe(404);
    } finally {
      await own.close();
    }
  });
});
