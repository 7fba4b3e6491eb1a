/** Two administrators at once, and one who sends a call twice: nobody decides on what they have not seen, nothing is done twice. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADMIN_KEY, admin, makeKey } from '../support/admin.ts';
import { startGithubSetting } from '../support/broker.ts';
import { auditRows, plant } from '../support/database-file.ts';
import { obtainTokens } from '../support/journey-steps.ts';

let world: Awaited<ReturnType<typeof startGithubSetting>>;
let issuer: string;
beforeAll(async () => {
  world = await startGithubSetting({ settings: { admin: { keys: [ADMIN_KEY] } } });
  issuer = world.setting.issuer;
});
afterAll(() => world.close());

const call = (method: string, path: string, body?: unknown, headers = {}) =>
  admin(issuer, method, path, { body, headers });
const seen = (version: string) => ({ 'if-match': `"${version}"` });
const settle = async <T>(look: () => Promise<T | undefined>): Promise<T> => {
  for (const end = Date.now() + 30_000; Date.now() < end; ) {
    const found = await look();
    if (found !== undefined) return found;
  }
  throw new Error('it did not settle in time');
};

describe('If-Match', () => {
  it('lets the first of two decisions on a client stand, and use alone makes none stale', async () => {
    const { client } = await obtainTokens(issuer);
    const path = `/clients/${client.client_id}`;
    const before = await call('GET', path);
    expect(before.headers.get('etag')).toBe(`"${before.json.version}"`);
    await obtainTokens(issuer, { client });
    const body = { state: 'blocked', reason: 'phishing' };
    const first = await call('PATCH', path, body, seen(before.json.version));
    expect([first.status, first.json.client.state]).toEqual([200, 'blocked']);
    const second = await call('PATCH', path, { state: 'active', reason: 'fine' }, seen(before.json.version));
    expect([second.status, second.headers.get('content-type')]).toEqual([412, 'application/problem+json']);
    expect((await call('DELETE', `${path}?reason=x`, undefined, seen(before.json.version))).status).toBe(412);
    expect((await call('GET', path)).json.state).toBe('blocked');
    const now = first.json.client.version;
    const either = { 'if-match': `"other", "${now}"` };
    expect((await call('PATCH', path, { state: 'active', reason: 'fine' }, either)).status).toBe(200);
    expect((await call('PATCH', path, body, { 'if-match': 'bare' })).status).toBe(400);
    expect((await call('POST', '/revocations', { user: 'usr_1', reason: 'x' }, seen('v'))).status).toBe(400);
  });

  it('holds for people and for the rules as a whole', async () => {
    await obtainTokens(issuer);
    const [user] = (await call('GET', '/users')).json.items;
    const disable = { state: 'disabled', reason: 'left' };
    expect((await call('PATCH', `/users/${user.id}`, disable, seen('stale'))).status).toBe(412);
    expect((await call('PATCH', `/users/${user.id}`, disable, seen(user.version))).status).toBe(200);
    expect(
      (await call('PATCH', `/users/${user.id}`, { state: 'active', reason: 'x' }, seen(user.version))).status,
    ).toBe(412);
    await call('PATCH', `/users/${user.id}`, { state: 'active', reason: 'back' });

    const { version } = (await call('GET', '/blocks')).json;
    const added = await call('POST', '/blocks', { site: 'a.example', reason: 'x' }, seen(version));
    expect(added.status).toBe(200);
    expect((await call('POST', '/blocks', { site: 'b.example', reason: 'x' }, seen(version))).status).toBe(412);
    expect((await call('DELETE', `/blocks/${added.json.rule.id}?reason=x`, undefined, seen(version))).status).toBe(412);
    expect((await call('GET', '/blocks')).json.items).toHaveLength(1);
  });
});

describe('Idempotency-Key', () => {
  const once = (key: string) => ({ 'idempotency-key': key });

  it('answers a call that is sent again, and does nothing again', async () => {
    const { client } = await obtainTokens(issuer);
    const body = { client_id: client.client_id, reason: 'breach' };
    const first = await call('POST', '/revocations', body, once('4711'));
    expect([first.status, first.json.report.ended.approvals]).toEqual([200, 1]);
    await obtainTokens(issuer, { client });
    const again = await call('POST', '/revocations', body, once('4711'));
    expect([again.status, again.text, again.headers.get('idempotent-replayed')]).toEqual([200, first.text, 'true']);
    expect((await call('GET', `/approvals?client_id=${client.client_id}&state=active`)).json.items).toHaveLength(1);
    const other = await call('POST', '/revocations', { ...body, reason: 'another' }, once('4711'));
    expect([other.status, other.json.title]).toEqual([422, 'idempotency_key_reused']);
    expect((await call('POST', '/blocks', { site: 'c.example', reason: 'x' }, once('4711'))).status).toBe(422);
    world.setting.clock.advance(86_400);
    expect((await call('POST', '/revocations', body, once('4711'))).json.report?.ended.approvals).toBe(1);
  });

  it('is of one admin key, and a refused call may be sent again', async () => {
    const { key } = await makeKey(world.setting, { role: 'revoker' });
    const body = { user: 'usr_none', reason: 'x' };
    expect((await call('POST', '/revocations', body, once('mine'))).status).toBe(200);
    const theirs = await admin(issuer, 'POST', '/revocations', { key, body, headers: once('mine') });
    expect([theirs.status, theirs.headers.get('idempotent-replayed')]).toEqual([200, null]);
    expect((await call('POST', '/users/usr_none/sign-out', undefined, once('gone'))).status).toBe(404);
    const [user] = (await call('GET', '/users')).json.items;
    expect((await call('POST', `/users/${user.id}/sign-out`, undefined, once('gone'))).status).toBe(200);
    expect((await call('POST', '/revocations', body, once('x'.repeat(201)))).status).toBe(400);
  });
});

const DEFERRED = { prefer: 'respond-async' };

describe('a revocation that is answered before it is done', () => {
  it('says where to look, and its report grows until it is done', async () => {
    const { client } = await obtainTokens(issuer);
    const body = { client_id: client.client_id, reason: 'breach' };
    const begun = await call('POST', '/revocations', body, DEFERRED);
    expect([begun.status, begun.json.matched.approvals, begun.json.report]).toEqual([202, 1, null]);
    expect(begun.headers.get('location')).toBe(`revocations/${begun.json.revocation}`);
    const report = await settle(async () => {
      const { json } = await call('GET', `/revocations/${begun.json.revocation}`);
      return json?.state === 'done' ? json : undefined;
    });
    expect(report).toMatchObject({ matched: 1, reason: 'breach', ended: { approvals: 1, grants: 1 } });
    expect((await call('GET', `/approvals?client_id=${client.client_id}&state=active`)).json.items).toEqual([]);
  });

  it('has stalled when it is not done and nothing of it ended for a minute', async () => {
    const { client } = await obtainTokens(issuer);
    const { json } = await call('POST', '/revocations', { client_id: client.client_id, reason: 'breach' }, DEFERRED);
    const state = async () => (await call('GET', `/revocations/${json.revocation}`)).json?.state;
    await settle(async () => ((await state()) === 'done' ? true : undefined));
    const asIfItsInstanceDied = 'UPDATE revocations SET finished_at = NULL, moved_at = ? WHERE id = ?';
    const lastMovedAgo = (seconds: number) =>
      plant(world.setting, asIfItsInstanceDied, world.setting.clock.now() - seconds, json.revocation);
    expect(lastMovedAgo(30)).toBe(1);
    expect(await state()).toBe('running');
    lastMovedAgo(61);
    expect(await state()).toBe('stalled');
  });
});

describe('the use of a key', () => {
  it('is on record once an hour for each key, and a wrong key is not', async () => {
    const { key, id } = await makeKey(world.setting, { role: 'reader' });
    const used = () => auditRows(world.setting, 'admin_key.used').filter(({ actor_id }) => actor_id === id);
    for (let n = 0; n < 3; n += 1) await admin(issuer, 'GET', '/status', { key });
    expect(used()).toMatchObject([{ actor_kind: 'admin', details: { key: id } }]);
    world.setting.clock.advance(3600);
    await admin(issuer, 'GET', '/status', { key });
    await admin(issuer, 'GET', '/status', { key: `${key}x` });
    expect(used()).toHaveLength(2);
    expect(auditRows(world.setting, 'admin_key.used').some(({ actor_id }) => actor_id === 'config:1')).toBe(true);
  });
});
