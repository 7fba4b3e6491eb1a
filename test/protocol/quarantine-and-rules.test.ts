/** New clients kept waiting for an administrator, and sites and names refused whatever registers. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADMIN_KEY, admin } from '../support/admin.ts';
import { startOidcSetting, type TestBroker } from '../support/broker.ts';
import { BrowserJar, type JarResponse } from '../support/browser-jar.ts';
import { openDatabase } from '../support/database.ts';
import { openPage } from '../support/journey-steps.ts';
import {
  answerOf,
  approveAs,
  authorizationUrl,
  consentForm,
  decide,
  newPkce,
  redeem,
  register,
} from '../support/mcp-client.ts';

let world: Awaited<ReturnType<typeof startOidcSetting>>;
let setting: TestBroker;
const call = (method: string, path: string, body?: unknown) => admin(setting.issuer, method, path, { body });
const start = (newClients: string) => async () => {
  world = await startOidcSetting({
    settings: { admin: { keys: [ADMIN_KEY] }, registration: { new_clients: newClients } },
  });
  setting = world.setting;
};
const sql = (text: string) => {
  const db = openDatabase(setting.databaseFile);
  try {
    return db.run(text);
  } finally {
    db.close();
  }
};

type Registration = Awaited<ReturnType<typeof register>> & Record<string, unknown>;

/** The client changes its own registration. */
const change = (registration: Registration, more: object) =>
  fetch(String(registration.registration_client_uri), {
    method: 'PUT',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${registration.registration_access_token}` },
    body: JSON.stringify({ ...registration, ...more }),
  });

describe('a quarantined client', () => {
  beforeAll(start('quarantined'));
  afterAll(() => world.close());

  it('meets a waiting page, leaves a reason in the queue, and is usable once it is accepted', async () => {
    const { jar, client, pkce, page } = await openPage(setting.issuer);
    expect(page.status).toBe(403);
    expect(page.body).toContain('This app isn’t accepted yet');
    expect(page.body).not.toContain('name="decision"');
    const form = consentForm(page);
    const asked = await jar.postForm(form.action, [
      ['ticket', form.ticket],
      ['words', 'For my <b>notes</b>'],
    ]);
    expect([asked.status, asked.body]).toEqual([200, expect.stringContaining('We have your request')]);
    await jar.postForm(form.action, [
      ['ticket', form.ticket],
      ['words', 'again'],
    ]);

    const queue = (await call('GET', '/quarantine')).json;
    const waiting = queue.items.find(
      (item: { client: { client_id: string } }) => item.client.client_id === client.client_id,
    );
    expect(waiting.client).toMatchObject({ usable_by: 'nobody', state: 'active' });
    expect(waiting.requests).toEqual([
      { user: null, reference: expect.stringMatching(/^req_/), words: 'For my <b>notes</b>', at: expect.any(String) },
    ]);
    expect((await redeem(setting.issuer, client, 'x'.repeat(43), pkce)).status).toBe(401);

    const accepted = await call('POST', `/quarantine/${client.client_id}`, {
      decision: 'accept',
      reason: 'known vendor',
    });
    expect(accepted.json).toMatchObject({ client: { usable_by: 'everybody', waiting_since: null }, report: null });
    expect((await call('POST', `/quarantine/${client.client_id}`, { decision: 'reject', reason: 'x' })).status).toBe(
      409,
    );
    const again = await jar.get(new URL(form.action.replace(/\/wait$/, '')).href);
    expect(again.status).toBe(200);
    expect(answerOf(await approveAs('maya', jar, again)).get('code')).toMatch(/^[\w-]{43}$/);
  });

  it('posts to the consent form of a journey opened before are refused, and nothing is decided', async () => {
    const { client, page, jar } = await openPage(setting.issuer);
    await call('POST', `/quarantine/${client.client_id}`, { decision: 'accept', reason: 'a try' });
    const consent = await jar.get(page.url);
    sql(`update clients set quarantined_at = 1, usable_by = 'nobody' where id = '${client.client_id}'`);
    const decided = await decide(jar, consent, 'allow');
    expect([decided.status, decided.body]).toEqual([403, expect.stringContaining('isn’t accepted yet')]);
    expect(decided.next).toBeUndefined();
  });

  it('is not handed off to a sign-in, when it came into quarantine, was blocked or met a rule after the decision', async () => {
    const decided = async () => {
      const client = await register(setting.issuer);
      await call('POST', `/quarantine/${client.client_id}`, { decision: 'accept', reason: 'a try' });
      const { jar, page } = await openPage(setting.issuer, { client });
      const { next = '' } = await decide(jar, page, 'allow');
      return { id: client.client_id, go: () => jar.get(next) };
    };
    const stopped = async (go: () => Promise<JarResponse>) => {
      const page = await go();
      expect([page.next, page.headers['set-cookie']]).toEqual([undefined, undefined]);
      return page.status;
    };
    const [waiting, blocked, ruled, honest] = [await decided(), await decided(), await decided(), await decided()];
    sql(`update clients set quarantined_at = 1, usable_by = 'nobody' where id = '${waiting.id}'`);
    await call('PATCH', `/clients/${blocked.id}`, { state: 'blocked', reason: 'a try' });
    expect(await stopped(waiting.go)).toBe(403);
    expect(await stopped(blocked.go)).toBe(410);
    const rule = (await call('POST', '/blocks', { site: 'loopback', reason: 'a try' })).json.rule;
    expect(await stopped(ruled.go)).toBe(403);
    await call('DELETE', `/blocks/${rule.id}?reason=over`);
    expect((await honest.go()).next).toContain('redirect_uri=');
  });

  it('gets no code at a callback and no token for a code, when it came into quarantine meanwhile', async () => {
    const client = await register(setting.issuer);
    await call('POST', `/quarantine/${client.client_id}`, { decision: 'accept', reason: 'a try' });
    const pkce = newPkce();
    const jar = new BrowserJar();
    const page = await jar.get(authorizationUrl(setting.issuer, client, pkce));
    const code = answerOf(await approveAs('maya', jar, page)).get('code') ?? '';
    sql(`update clients set quarantined_at = 1, usable_by = 'nobody' where id = '${client.client_id}'`);
    expect((await redeem(setting.issuer, client, code, pkce)).status).toBe(401);
    sql(
      `update clients set quarantined_at = 1, usable_by = 'requester', requester_id = 'usr_other' where id = '${client.client_id}'`,
    );
    expect((await redeem(setting.issuer, client, code, pkce)).status).toBe(400);
    sql(`update clients set quarantined_at = null, usable_by = null where id = '${client.client_id}'`);
    expect((await redeem(setting.issuer, client, code, pkce)).status).toBe(200);
  });

  it('is blocked when it is rejected, and forgotten when nobody decides', async () => {
    const [rejected, forgotten] = [await register(setting.issuer), await register(setting.issuer)];
    const answer = await call('POST', `/quarantine/${rejected.client_id}`, {
      decision: 'reject',
      reason: 'unknown vendor',
    });
    expect(answer.json.client).toMatchObject({ state: 'blocked', blocked_reason: 'unknown vendor' });
    const page = await new BrowserJar().get(authorizationUrl(setting.issuer, rejected, newPkce()));
    expect(page.body).toContain('unknown vendor');
    const { store } = setting.broker.deps;
    await store.sweep(setting.clock.now() + 31 * 86_400, 500, undefined, { trace: 1, waiting: 30 * 86_400 });
    expect(await store.findClient(forgotten.client_id)).toBeUndefined();
    expect((await store.listAudit({ event: 'client.expired', limit: 10 })).map(({ clientId }) => clientId)).toContain(
      forgotten.client_id,
    );
    expect(await store.findClient(rejected.client_id)).toBeDefined();
  });
});

describe('a client that was accepted', () => {
  beforeAll(start('quarantined'));
  afterAll(() => world.close());
  const visit = (client: Registration) => new BrowserJar().get(authorizationUrl(setting.issuer, client, newPkce()));

  it('is not changed while it waits, stays accepted as it is, and waits again when it says something else', async () => {
    const registered = (await register(setting.issuer)) as Registration;
    expect((await change(registered, { client_name: 'Bait' })).status).toBe(403);
    await call('POST', `/quarantine/${registered.client_id}`, { decision: 'accept', reason: 'as shown' });
    expect((await visit(registered)).status).toBe(200);

    const same = (await (await change(registered, {})).json()) as Registration;
    expect((await visit(same)).status).toBe(200);

    const other = { client_name: 'Switch', redirect_uris: ['https://switch.example/callback'] };
    const answer = await change(same, other);
    expect(answer.status).toBe(200);
    const page = await visit((await answer.json()) as Registration);
    expect([page.status, page.body]).toEqual([403, expect.stringContaining('isn’t accepted yet')]);
    const queue = (await call('GET', '/quarantine')).json.items;
    expect(queue.map((item: { client: { client_id: string } }) => item.client.client_id)).toContain(same.client_id);
  });
});

describe('a client only its requester may use', () => {
  beforeAll(start('requester_only'));
  afterAll(() => world.close());

  it('is usable by the first person who finishes with it, and by nobody else before it is accepted', async () => {
    const client = await register(setting.issuer);
    const first = new BrowserJar();
    const page = await first.get(authorizationUrl(setting.issuer, client, newPkce()));
    expect(answerOf(await approveAs('maya', first, page)).get('code')).not.toBeNull();

    const second = new BrowserJar();
    const other = await approveAs(
      'jonas',
      second,
      await second.get(authorizationUrl(setting.issuer, client, newPkce())),
    );
    expect([other.status, other.next]).toEqual([403, undefined]);
    expect(other.body).toContain('isn’t accepted yet');
    const [waiting] = (await call('GET', '/quarantine')).json.items;
    expect(waiting.client).toMatchObject({ usable_by: 'requester', requester: expect.stringMatching(/^usr_/) });
    expect((await call('GET', `/approvals?client_id=${client.client_id}`)).json.items).toHaveLength(1);

    await call('POST', `/quarantine/${client.client_id}`, { decision: 'accept', reason: 'fine' });
    const third = new BrowserJar();
    const now = await approveAs('jonas', third, await third.get(authorizationUrl(setting.issuer, client, newPkce())));
    expect(answerOf(now).get('code')).not.toBeNull();
  });
});

describe('a rule', () => {
  beforeAll(start('usable'));
  afterAll(() => world.close());
  const site = (host: string) => ({ redirect_uris: [`https://${host}/callback`], client_name: 'Ledger' });
  const pageOf = async (metadata: object) => {
    const client = await register(setting.issuer, { ...metadata });
    return new BrowserJar().get(authorizationUrl(setting.issuer, client, newPkce()));
  };

  it('against a site ends what is there and refuses it and all under it, whatever registers; taken back, it may ask', async () => {
    const { client, jar } = await obtainCodeAs('maya', site('app.evil.example'));
    const body = { site: 'evil.example', reason: 'phishing' };
    const dry = await call('POST', '/blocks', { ...body, dry_run: true });
    expect(dry.json).toMatchObject({ dry_run: true, rule: null, matched: { approvals: 1, users: 1, clients: 1 } });
    const done = await call('POST', '/blocks', body);
    expect(done.json).toMatchObject({ matched: { approvals: 1 }, reports: [{ ended: { approvals: 1, codes: 1 } }] });
    expect((await call('GET', `/approvals?client_id=${client.client_id}`)).json.items[0].state).toBe('revoked');
    for (const host of ['evil.example', 'app.evil.example', 'a.b.evil.example'])
      expect((await pageOf(site(host))).body).toContain('phishing');
    for (const host of ['notevil.example', 'evil.example.org']) expect((await pageOf(site(host))).status).toBe(200);
    expect((await jar.get(authorizationUrl(setting.issuer, client, newPkce()))).status).toBe(403);

    const [rule] = (await call('GET', '/blocks')).json.items;
    expect(rule).toMatchObject({ kind: 'site', pattern: 'evil.example', reason: 'phishing', created_by: 'config:1' });
    expect((await call('DELETE', `/blocks/${rule.id}`)).status).toBe(400);
    expect((await call('DELETE', `/blocks/${rule.id}?reason=cleared`)).status).toBe(200);
    expect((await call('DELETE', `/blocks/${rule.id}?reason=cleared`)).status).toBe(404);
    expect((await pageOf(site('evil.example'))).status).toBe(200);
  });

  it('against a name holds for every spelling that looks so, translated names included', async () => {
    await call('POST', '/blocks', { name: 'quill*helper', reason: 'impostor' });
    const named = (name: string, more = {}) => pageOf({ client_name: name, ...more });
    for (const name of ['Quill Helper', 'QUILL-helper', 'Quill\u200b helper', 'Ｑｕｉｌｌ helper'])
      expect((await named(name)).body).toContain('impostor');
    expect((await named('Plain', { 'client_name#de': 'Quill helper' })).body).toContain('impostor');
    for (const name of ['Quill', 'A Quill helper', 'Quill helpers']) expect((await named(name)).status).toBe(200);
  });

  it('made between a code and its redemption leaves the code worthless', async () => {
    const { client, pkce, code } = await obtainCodeAs('jonas', site('late.example'));
    await call('POST', '/blocks', { site: 'late.example', reason: 'late', revoke: false });
    const answer = await redeem(setting.issuer, client, code, pkce);
    expect([answer.status, await answer.json()]).toEqual([400, expect.objectContaining({ error: 'invalid_grant' })]);
  });

  it('against the name that a page shows holds although the client calls itself something else meanwhile', async () => {
    const client = (await register(setting.issuer, { client_name: 'Ledger Sync' })) as Registration;
    const jar = new BrowserJar();
    const page = await jar.get(authorizationUrl(setting.issuer, client, newPkce()));
    await call('POST', '/blocks', { name: 'ledger sync', reason: 'impostor' });
    expect((await change(client, { client_name: 'Plain' })).status).toBe(200);
    const decided = await decide(jar, page, 'allow');
    expect([decided.status, decided.body]).toEqual([403, expect.stringContaining('impostor')]);
  });

  it('is refused when it would match everything, or names neither or both', async () => {
    const codes = [];
    for (const body of [
      { name: '**?' },
      { name: ' ' },
      {},
      { site: 'a.example', name: 'b' },
      { site: 'https://x' },
      { name: 'a', regex: true },
    ])
      codes.push((await call('POST', '/blocks', { ...body, reason: 'r' })).status);
    expect(codes).toEqual([400, 400, 400, 400, 400, 400]);
  });

  it('with many stars is judged at once', async () => {
    await call('POST', '/blocks', { name: `${'*a'.repeat(45)}b`, reason: 'slow' });
    expect((await pageOf({ client_name: 'a'.repeat(500) })).status).toBe(200);
  });
});

async function obtainCodeAs(person: string, metadata: object) {
  const client = await register(setting.issuer, { ...metadata });
  const [jar, pkce] = [new BrowserJar(), newPkce()];
  const page = await jar.get(authorizationUrl(setting.issuer, client, pkce));
  const code = answerOf(await approveAs(person, jar, page)).get('code') ?? '';
  return { client, jar, pkce, code };
}
