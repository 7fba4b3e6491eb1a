/** An accepted client that shows another face waits for an administrator again, and what it had under way goes nowhere. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADMIN_KEY, admin } from '../support/admin.ts';
import { startGithubSetting } from '../support/broker.ts';
import { openDatabase } from '../support/database.ts';
import { auditRows } from '../support/database-file.ts';
import { type DocumentWorld, QUILL, startDocumentWorld } from '../support/document-world.ts';
import { allowAndReturn, obtainCode, obtainTokens, openPage, refusal } from '../support/journey-steps.ts';
import { decide, type RegisteredClient, redeem, refresh, register } from '../support/mcp-client.ts';

type Registration = RegisteredClient & {
  readonly registration_access_token: string;
  readonly registration_client_uri: string;
};
const OTHER = 'https://elsewhere.example/cb';
const settings = { admin: { keys: [ADMIN_KEY] }, registration: { new_clients: 'quarantined' } };

const accept = async (issuer: string, id: string) => {
  const body = { decision: 'accept', reason: 'known vendor' };
  const { version } = (await admin(issuer, 'GET', `/clients/${encodeURIComponent(id)}`)).json;
  const headers = { 'if-match': `"${version}"` };
  const answer = await admin(issuer, 'POST', `/quarantine/${encodeURIComponent(id)}`, { body, headers });
  expect(answer.status).toBe(200);
};

describe('a registration that was accepted', () => {
  let world: Awaited<ReturnType<typeof startGithubSetting>>;
  let issuer: string;
  beforeAll(async () => {
    world = await startGithubSetting({ settings: { ...settings, limits: { registrations: 'off' } } });
    issuer = world.setting.issuer;
  });
  afterAll(() => world.close());

  const accepted = async (): Promise<Registration> => {
    const client = (await register(issuer)) as Registration;
    await accept(issuer, client.client_id);
    return client;
  };
  const change = async (client: Registration, changes: object): Promise<Registration> => {
    const { registration_access_token: token, registration_client_uri: uri, ...rest } = client;
    const { client_id_issued_at: _at, client_secret_expires_at: _end, ...metadata } = rest as Record<string, unknown>;
    const answer = await fetch(uri, {
      method: 'PUT',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ ...metadata, ...changes }),
    });
    expect(answer.status).toBe(200);
    return (await answer.json()) as Registration;
  };
  const statusAt = async (client: RegisteredClient) => (await openPage(issuer, { client })).page.status;

  it('waits after another redirect: no page, no Allow, no code, no token; and is back once it is accepted again', async () => {
    const client = await accepted();
    const [had, open, away, coded] = [
      await obtainTokens(issuer, { client }),
      await openPage(issuer, { client }),
      await openPage(issuer, { client }),
      await obtainCode(issuer, { client }),
    ];
    const returning = await allowAndReturn(away.jar, away.page);
    const now = await change(client, { redirect_uris: [...client.redirect_uris, OTHER] });

    const asked = await openPage(issuer, { client: now, changes: { redirect_uri: OTHER } });
    expect([asked.page.status, asked.page.body]).toEqual([403, expect.stringContaining('isn’t accepted yet')]);
    expect(await statusAt(client)).toBe(403);
    const decided = await decide(open.jar, open.page, 'allow');
    expect([decided.status, decided.next]).toEqual([403, undefined]);
    const returned = await away.jar.follow(returning);
    expect([returned.status, returned.next]).toEqual([403, undefined]);
    expect((await redeem(issuer, client, coded.code, coded.pkce)).status).toBe(401);
    expect((await refresh(issuer, client, had.tokens.refresh_token ?? '')).status).toBe(401);
    expect(auditRows(world.setting, 'client.updated').at(-1)).toMatchObject({
      details: { waits: true },
    });

    await accept(issuer, client.client_id);
    expect(await statusAt(now)).toBe(200);
  });

  it.each([
    ['name', { client_name: 'Acme Bank' }],
    ['translated name', { 'client_name#de': 'Acme Bank' }],
    ['link', { client_uri: 'https://acme.example' }],
    ['logo', { logo_uri: 'https://acme.example/logo.png' }],
    ['way to authenticate', { token_endpoint_auth_method: 'client_secret_post' }],
    ['grant types', { grant_types: ['authorization_code'] }],
  ])('waits after another %s', async (_what, changes) => {
    expect(await statusAt(await change(await accepted(), changes))).toBe(403);
  });

  it('does not wait when it repeats itself', async () => {
    expect(await statusAt(await change(await accepted(), {}))).toBe(200);
  });

  it('that people had approved is not forgotten while nobody decides', async () => {
    const client = await accepted();
    await obtainCode(issuer, { client });
    await change(client, { client_name: 'Acme Bank' });
    const { store } = world.setting.broker.deps;
    await store.sweep(world.setting.clock.now() + 31 * 86_400, 500, undefined, { trace: 1, waiting: 30 * 86_400 });
    expect(await store.findClient(client.client_id)).toMatchObject({ usableBy: 'nobody' });
  });
});

describe('a client whose requester alone may use new ones', () => {
  it('keeps what others gave it at rest after a change', async () => {
    const world = await startGithubSetting({
      settings: { ...settings, registration: { new_clients: 'requester_only' } },
    });
    const { setting } = world;
    const { client, tokens } = await obtainTokens(setting.issuer);
    const body = { decision: 'accept', reason: 'known vendor' };
    await admin(setting.issuer, 'POST', `/quarantine/${client.client_id}`, { body });
    const { store } = setting.broker.deps;
    const known = await store.findClient(client.client_id);
    const heldHash = known?.managementHash;
    if (known === undefined || heldHash === undefined) throw new Error('nobody may change it');
    const trail = { at: setting.clock.now(), reference: 'req_test', actor: { kind: 'client', id: known.id } } as const;
    const standing = { quarantinedAt: trail.at, usableBy: 'requester' } as const;
    const change = { metadata: known.metadata, secretHash: undefined, heldHash, nextHash: heldHash, standing };
    await store.updateClient(known.id, change, trail);

    const own = await refresh(setting.issuer, client, tokens.refresh_token ?? '');
    expect(own.status).toBe(200);
    const next = ((await own.json()) as { refresh_token: string }).refresh_token;
    const db = openDatabase(setting.databaseFile);
    db.run(`update clients set requester_id = 'usr_other'`);
    db.close();
    expect(await refusal(await refresh(setting.issuer, client, next))).toEqual({ status: 400, error: 'invalid_grant' });
    await world.close();
  });
});

describe('a metadata document that was accepted', () => {
  let world: DocumentWorld;
  beforeAll(async () => {
    world = await startDocumentWorld({ settings });
    world.publishQuill({}, { 'cache-control': 'max-age=300' });
  });
  afterAll(() => world.close());

  it('is accepted as it was looked at, or not at all', async () => {
    const at = `/quarantine/${encodeURIComponent(QUILL)}`;
    const body = { decision: 'accept', reason: 'known vendor' };
    expect((await openPage(world.issuer, { client: world.quill })).page.status).toBe(403);
    const [{ client }] = (await admin(world.issuer, 'GET', '/quarantine')).json.items;
    const shown = await admin(world.issuer, 'GET', `/clients/${encodeURIComponent(QUILL)}`);
    expect(shown.headers.get('etag')).toBe(`"${client.version}"`);
    const blind = await admin(world.issuer, 'POST', at, { body });
    expect([blind.status, blind.json.title]).toEqual([428, 'precondition_required']);
    expect((await admin(world.issuer, 'POST', at, { body, headers: { 'if-match': '*' } })).status).toBe(428);

    world.publishQuill({ client_name: 'Quill Bank' }, { 'cache-control': 'max-age=300' });
    world.setting.clock.advance(301);
    await openPage(world.issuer, { client: world.quill });
    const headers = { 'if-match': `"${client.version}"` };
    const late = await admin(world.issuer, 'POST', at, { body, headers });
    expect([late.status, late.json.title]).toEqual([412, 'changed']);
    expect((await admin(world.issuer, 'GET', '/quarantine')).json.items).toHaveLength(1);
    world.publishQuill({}, { 'cache-control': 'max-age=300' });
    world.setting.clock.advance(301);
  });

  it('waits after its face changed, also for what was under way, and not after a new version', async () => {
    const client = world.quill;
    expect((await openPage(world.issuer, { client })).page.status).toBe(403);
    await accept(world.issuer, QUILL);
    world.publishQuill({ software_version: '2' }, { 'cache-control': 'max-age=300' });
    world.setting.clock.advance(301);
    expect((await openPage(world.issuer, { client })).page.status).toBe(200);

    const open = await openPage(world.issuer, { client });
    const coded = await obtainCode(world.issuer, { client });
    world.publishQuill({ client_uri: 'https://quill.example/new' }, { 'cache-control': 'max-age=300' });
    world.setting.clock.advance(301);
    expect((await openPage(world.issuer, { client })).page.status).toBe(403);
    const decided = await decide(open.jar, open.page, 'allow');
    expect([decided.status, decided.next]).toEqual([403, undefined]);
    expect((await redeem(world.issuer, client, coded.code, coded.pkce)).status).toBe(401);
    await accept(world.issuer, QUILL);
    expect((await openPage(world.issuer, { client })).page.status).toBe(200);
  });
});
