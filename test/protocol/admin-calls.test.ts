/** Every call of the admin API as the contract writes it, over real journeys. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADMIN_KEY, admin } from '../support/admin.ts';
import {
  NOTES_CREDENTIAL,
  NOTES_URL,
  startGithubSetting,
  TASKS_CREDENTIAL,
  TASKS_URL,
  type TestBroker,
} from '../support/broker.ts';
import { obtainTokens, refusal } from '../support/journey-steps.ts';
import { introspect, refresh, register } from '../support/mcp-client.ts';

let world: Awaited<ReturnType<typeof startGithubSetting>>;
let setting: TestBroker;
beforeAll(async () => {
  world = await startGithubSetting({ twoResources: true, settings: { admin: { keys: [ADMIN_KEY] } } });
  setting = world.setting;
});
afterAll(() => world.close());

const call = (method: string, path: string, body?: unknown) => admin(setting.issuer, method, path, { body });
const isActive = async (token: string, resource = 'notes') =>
  (await introspect(setting.issuer, token, resource, resource === 'notes' ? NOTES_CREDENTIAL : TASKS_CREDENTIAL))
    .active;
const approvalOf = async (clientId: string) => (await call('GET', `/approvals?client_id=${clientId}`)).json.items[0];
const UTC = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;

describe('approvals', () => {
  it('lists and shows what a person granted, with every member of the contract', async () => {
    const { client } = await obtainTokens(setting.issuer);
    const listed = await call(
      'GET',
      `/approvals?client_id=${client.client_id}&resource=notes&state=active&site=loopback`,
    );
    expect([listed.status, listed.headers.get('cache-control')]).toEqual([200, 'no-store']);
    expect(listed.json.next_cursor).toBeNull();
    const [approval] = listed.json.items;
    expect(approval).toEqual({
      id: expect.stringMatching(/^apr_/),
      user: expect.stringMatching(/^usr_/),
      client_id: client.client_id,
      client_name: 'Quill Editor',
      resource: 'notes',
      site: 'loopback',
      redirect_uris: ['http://127.0.0.1/callback'],
      scopes: ['notes:read'],
      granted_at: expect.stringMatching(UTC),
      last_used_at: expect.stringMatching(UTC),
      expires_at: expect.stringMatching(UTC),
      state: 'active',
      revoked_at: null,
      revoked_reason: null,
      revocation_within: 0,
    });
    expect((await call('GET', `/approvals/${approval.id}`)).json).toEqual({
      ...approval,
      also_sent_to: [],
      tokens_end_at: null,
    });
    expect((await call('GET', `/approvals?user=${approval.user}`)).json.items).toContainEqual(approval);
    expect((await call('GET', '/approvals?site=elsewhere.example')).json.items).toEqual([]);
  });

  it('revokes one: nothing under it works any more, and the report tells what died', async () => {
    const { client, tokens } = await obtainTokens(setting.issuer);
    const { id, user } = await approvalOf(client.client_id);
    const revoked = await call('DELETE', `/approvals/${id}`, { reason: 'lost laptop' });

    expect(revoked.status).toBe(200);
    expect(revoked.json.report).toMatchObject({
      reason: 'lost laptop',
      actor: { kind: 'admin', id: 'config:1' },
      user,
      ended: { approvals: 1, grants: 1, refresh_tokens: 1, access_tokens: 1, codes: 0, upstream_grants: 1 },
    });
    expect(await isActive(tokens.access_token)).toBe(false);
    expect(await refusal(await refresh(setting.issuer, client, tokens.refresh_token))).toEqual({
      status: 400,
      error: 'invalid_grant',
    });
    expect((await call('GET', `/approvals/${id}`)).json).toMatchObject({
      state: 'revoked',
      revoked_reason: 'lost laptop',
    });
    const { id: report } = revoked.json.report;
    expect((await call('GET', `/revocations/${report}`)).json).toMatchObject({ id: report, reason: 'lost laptop' });
    const again = await call('DELETE', `/approvals/${id}?reason=lost+laptop`);
    expect([again.status, again.json]).toEqual([200, { report: null }]);
  });

  it('wants a reason, one', async () => {
    const { client } = await obtainTokens(setting.issuer);
    const { id } = await approvalOf(client.client_id);
    expect((await call('DELETE', `/approvals/${id}`)).status).toBe(400);
    expect((await call('DELETE', `/approvals/${id}?reason=a`, { reason: 'b' })).status).toBe(400);
    expect((await approvalOf(client.client_id)).state).toBe('active');
  });

  it('counts with dry_run, then revokes exactly that by all filters together', async () => {
    const app = await register(setting.issuer);
    const notes = await obtainTokens(setting.issuer, { client: app });
    const changes = { resource: TASKS_URL, scope: 'tasks:read' };
    const tasks = await obtainTokens(setting.issuer, { client: app, jar: notes.jar, changes });
    const filter = { client_id: app.client_id, resource: 'tasks', site: 'loopback', reason: 'audit finding' };

    const dry = await call('POST', '/revocations', { ...filter, dry_run: true });
    expect([dry.status, dry.json]).toEqual([
      200,
      { dry_run: true, matched: { approvals: 1, users: 1, clients: 1 }, report: null },
    ]);
    expect(await isActive(tasks.tokens.access_token, 'tasks')).toBe(true);

    const done = await call('POST', '/revocations', filter);
    expect(done.json).toMatchObject({ dry_run: false, matched: { approvals: 1 }, report: { ended: { approvals: 1 } } });
    expect([await isActive(tasks.tokens.access_token, 'tasks'), await isActive(notes.tokens.access_token)]).toEqual([
      false,
      true,
    ]);
    expect((await call('POST', '/revocations', filter)).json).toMatchObject({
      matched: { approvals: 0 },
      report: null,
    });
  });

  it('revokes what was granted before a moment and leaves what came later', async () => {
    const old = await obtainTokens(setting.issuer);
    setting.clock.advance(60);
    const moment = new Date(setting.clock.now() * 1000).toISOString();
    const fresh = await obtainTokens(setting.issuer, { metadata: { client_name: 'Later' } });
    expect((await call('POST', '/revocations', { granted_before: moment, reason: 'breach' })).status).toBe(200);
    expect([await isActive(old.tokens.access_token), await isActive(fresh.tokens.access_token)]).toEqual([false, true]);
  });

  it('refuses to revoke without any filter', async () => {
    const answer = await call('POST', '/revocations', { reason: 'everything' });
    expect([answer.status, answer.json.title]).toEqual([400, 'invalid_request']);
  });
});

describe('clients', () => {
  it('lists and shows a client, and blocks it: it has nothing left and may not ask', async () => {
    const { client, tokens, jar } = await obtainTokens(setting.issuer);
    const path = `/clients/${encodeURIComponent(client.client_id)}`;
    expect((await call('GET', path)).json).toMatchObject({
      state: 'active',
      client_name: 'Quill Editor',
      kind: 'registered',
    });
    expect((await call('GET', '/clients?state=active&limit=500')).text).toContain(client.client_id);

    const blocked = await call('PATCH', path, { state: 'blocked', reason: 'phishing' });
    expect(blocked.json).toMatchObject({
      client: { state: 'blocked', blocked_reason: 'phishing' },
      report: { ended: { approvals: 1, access_tokens: 1 } },
    });
    expect(await isActive(tokens.access_token)).toBe(false);
    expect((await refresh(setting.issuer, client, tokens.refresh_token)).status).toBe(401);
    await expect(obtainTokens(setting.issuer, { client, jar })).rejects.toThrow('no consent form');
    expect((await call('GET', '/clients?state=blocked')).json.items).toHaveLength(1);

    const free = await call('PATCH', path, { state: 'active', reason: 'cleared' });
    expect(free.json).toMatchObject({ client: { state: 'active', blocked_reason: null }, report: null });
    expect(await isActive(tokens.access_token)).toBe(false);
    expect((await refresh(setting.issuer, client, tokens.refresh_token)).status).toBe(400);
    await obtainTokens(setting.issuer, { client, jar });
  });

  it('deletes a client with all it had', async () => {
    const { client, tokens } = await obtainTokens(setting.issuer);
    const path = `/clients/${client.client_id}`;
    expect((await call('DELETE', `${path}?reason=unused`)).json.report.ended.approvals).toBe(1);
    expect(await isActive(tokens.access_token)).toBe(false);
    expect((await call('GET', path)).status).toBe(404);
    expect((await call('DELETE', `${path}?reason=unused`)).status).toBe(404);
  });
});

describe('people', () => {
  it('are listed, found by upstream and subject, signed out, disabled and enabled', async () => {
    const { jar, tokens } = await obtainTokens(setting.issuer);
    const [person] = (await call('GET', '/users?upstream=corp')).json.items;
    expect((await call('GET', `/users/${person.id}`)).json).toEqual(person);
    const named = await call('GET', `/users?upstream=corp&subject=${person.subject}`);
    expect(named.json.items).toEqual([person]);

    const account = () => jar.get(`${setting.issuer}/account`);
    expect((await account()).body).toContain('Quill Editor');
    const signedOut = await call('POST', `/users/${person.id}/sign-out`);
    expect(signedOut.json.sessions).toBeGreaterThan(0);
    expect((await account()).body).not.toContain('Quill Editor');
    expect(await isActive(tokens.access_token)).toBe(true);

    const disabled = await call('PATCH', `/users/${person.id}`, { state: 'disabled', reason: 'left the company' });
    expect(disabled.json.user.state).toBe('disabled');
    expect(disabled.json.report.ended.approvals).toBeGreaterThan(0);
    expect(await isActive(tokens.access_token)).toBe(false);
    await expect(obtainTokens(setting.issuer)).rejects.toThrow();
    expect((await call('PATCH', `/users/${person.id}`, { state: 'active', reason: 'back' })).json.user.state).toBe(
      'active',
    );
    expect(await isActive(tokens.access_token)).toBe(false);
    await obtainTokens(setting.issuer);
  });
});

describe('the house', () => {
  it('gives the audit log by filters, as pages and as lines', async () => {
    const { client } = await obtainTokens(setting.issuer);
    const { id } = await approvalOf(client.client_id);
    await call('DELETE', `/approvals/${id}?reason=because`);
    const query = `?client_id=${client.client_id}`;
    const { items } = (await call('GET', `/audit${query}&event=approval.revoked`)).json;
    expect(items).toHaveLength(1);
    expect(items[0]).toMatchObject({
      event: 'approval.revoked',
      actor: { kind: 'admin', id: 'config:1' },
      client_id: client.client_id,
      resource: 'notes',
      reference: expect.stringMatching(/^req_/),
      details: { approval: id, reason: 'because' },
    });
    const lines = await admin(setting.issuer, 'GET', `/audit${query}`, { headers: { accept: 'application/x-ndjson' } });
    expect(lines.headers.get('content-type')).toBe('application/x-ndjson');
    const paged = (await call('GET', `/audit${query}&limit=500`)).json.items;
    expect(
      lines.text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual(paged);
    expect(paged.length).toBeGreaterThan(3);
    const later = new Date((setting.clock.now() + 1000) * 1000).toISOString();
    expect((await call('GET', `/audit${query}&since=${later}`)).json.items).toEqual([]);
  });

  it('exports a log longer than one step whole and in order', async () => {
    const { store } = setting.broker.deps;
    const trail = { at: setting.clock.now(), reference: 'req_many', actor: { kind: 'system', id: undefined } } as const;
    for (let n = 0; n < 1201; n += 1) await store.recordEvent('test.many', { details: { n } }, trail);
    const path = '/audit?event=test.many';
    const { text } = await admin(setting.issuer, 'GET', path, { headers: { accept: 'application/x-ndjson' } });
    const numbers = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).details.n);
    expect(numbers).toEqual(Array.from({ length: 1201 }, (_unused, index) => 1200 - index));
  });

  it('tells version, storage, keys, migrations and counts', async () => {
    const { json } = await call('GET', '/status');
    expect(json).toMatchObject({
      version: expect.stringMatching(/^\d+\.\d+\.\d+/),
      issuer: setting.issuer,
      storage: { engine: 'sqlite' },
      migrations: { applied: expect.any(Number), available: expect.any(Number) },
      keys: { current: expect.stringMatching(/^[0-9a-f]{8}$/) },
    });
    expect(json.keys.ring).toEqual([json.keys.current]);
    expect(json.counts.clients).toBeGreaterThan(0);
    expect(json.counts.active_approvals).toBe(
      (await call('GET', '/approvals?state=active&limit=500')).json.items.length,
    );
  });

  it('hands out no secret of anybody', async () => {
    const { tokens, code } = await obtainTokens(setting.issuer, { changes: { resource: NOTES_URL } });
    const everything = await Promise.all(
      ['/approvals', '/clients', '/users', '/audit', '/status'].map(async (path) => (await call('GET', path)).text),
    );
    for (const secret of [tokens.access_token, tokens.refresh_token, code, ADMIN_KEY, 'secret_hash', 'sealed_text'])
      expect(everything.join('\n')).not.toContain(secret);
  });
});
