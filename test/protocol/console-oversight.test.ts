/** What waits, rules, tools and explaining in the console: what each page shows, and what each decision does. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADMIN_KEY, admin } from '../support/admin.ts';
import { startGithubSetting } from '../support/broker.ts';
import { confirm, enterByLink, hiddenOf } from '../support/console.ts';
import { auditRows, plant } from '../support/database-file.ts';
import { obtainTokens, openPage } from '../support/journey-steps.ts';
import { register } from '../support/mcp-client.ts';
import { linksTo, wordsOf } from '../support/page-forms.ts';
import { makeChangedTool, makeWait, NEW_HASH, OLD_HASH } from '../support/waiting-things.ts';

let world: Awaited<ReturnType<typeof startGithubSetting>>;
let issuer: string;
let at: (path: string) => string;
beforeAll(async () => {
  world = await startGithubSetting({ twoResources: true, settings: { admin: { keys: [ADMIN_KEY] } } });
  issuer = world.setting.issuer;
  at = (path) => `${issuer}/admin${path}`;
});
afterAll(() => world.close());

describe('the queue', () => {
  it('shows who waits, until when and what people said; accepts exactly what the confirm page showed', async () => {
    const client = await register(issuer, { client_name: 'Heron <b>Tool' });
    makeWait(world.setting, client.client_id, 'For <i>my</i> notes');
    const { jar, id: actor } = await enterByLink(world.setting, 'admin');
    const list = await jar.get(at('/quarantine'));
    expect(list.body).toContain('“<bdi>Heron &lt;b&gt;Tool</bdi>”');
    const [waiting = ''] = linksTo(list, '/admin/waiting?id=');
    const page = await jar.get(waiting);
    expect(page.body).toContain('“<bdi>For &lt;i&gt;my&lt;/i&gt; notes</bdi>”');
    expect(wordsOf(page)).toMatch(/Forgotten 20\d\d-/);
    const [acceptUrl = ''] = linksTo(page, '/confirm/accept_app');
    const shown = await jar.get(acceptUrl);
    expect(wordsOf(shown)).toMatch(/Let everybody use this app\?.*Heron .*Redirect URIs http/);
    plant(world.setting, 'UPDATE clients SET quarantined_at = quarantined_at + 1 WHERE id = ?', client.client_id);
    const late = await confirm(jar, shown, { reason: 'known vendor' });
    expect([late.status, wordsOf(late)]).toEqual([412, expect.stringContaining('not what you have seen any more')]);
    const { action, fields } = hiddenOf(shown, '/admin/do/');
    const { version } = (await admin(issuer, 'GET', `/clients/${client.client_id}`)).json;
    expect((await jar.postForm(action, { ...fields, version, reason: 'forged' })).status).toBe(403);
    const done = await jar.follow(await confirm(jar, await jar.get(acceptUrl), { reason: 'known vendor' }));
    expect(wordsOf(done)).toContain('App accepted');
    expect((await openPage(issuer, { client })).page.status).toBe(200);
    expect(auditRows(world.setting, 'client.admitted').at(-1)).toMatchObject({ actor_id: actor });
    expect((await jar.get(waiting)).status).toBe(404);
  });

  it('rejects with a reason, which blocks', async () => {
    const client = await register(issuer);
    makeWait(world.setting, client.client_id, 'please');
    const { jar } = await enterByLink(world.setting, 'admin');
    const page = await jar.get(at(`/confirm/reject_app?id=${client.client_id}`));
    expect((await confirm(jar, page)).status).toBe(400);
    expect(wordsOf(await jar.follow(await confirm(jar, page, { reason: 'look-alike' })))).toContain('App rejected');
    expect((await admin(issuer, 'GET', `/clients/${client.client_id}`)).json.blocked_reason).toBe('look-alike');
  });
});

describe('rules', () => {
  it('are added from a page that counts what they end, and taken back', async () => {
    await obtainTokens(issuer, { metadata: { client_name: 'Birch Helper' } });
    const { jar } = await enterByLink(world.setting, 'admin');
    const empty = await jar.get(at('/rules'));
    expect(empty.body).toContain(`action="/admin/confirm/block_name"`.replace('/admin', new URL(at('')).pathname));
    const page = await jar.get(at(`/confirm/block_name?name=${encodeURIComponent('birch*')}`));
    expect(wordsOf(page)).toContain('This ends 1 approvals of 1 people for 1 apps.');
    const done = await jar.follow(await confirm(jar, page, { reason: 'look-alike' }));
    expect(wordsOf(done)).toMatch(/Name refused.*look-alike.*approvals 1 /);
    const rules = await jar.get(at('/rules'));
    const [ruleUrl = ''] = linksTo(rules, '/admin/rule?id=');
    const [removeUrl = ''] = linksTo(await jar.get(ruleUrl), '/confirm/remove_rule');
    const { jar: readersJar } = await enterByLink(world.setting, 'reader');
    expect(linksTo(await readersJar.get(ruleUrl), '/confirm/')).toEqual([]);
    const asked = await jar.get(removeUrl);
    expect(wordsOf(asked)).toContain('birch*');
    await admin(issuer, 'POST', '/blocks', { body: { site: 'other.example', reason: 'x' } });
    expect((await confirm(jar, asked, { reason: 'cleared' })).status).toBe(412);
    expect((await confirm(jar, await jar.get(removeUrl), { reason: 'cleared' })).status).toBe(303);
    expect(
      (await admin(issuer, 'GET', '/blocks')).json.items.map(({ pattern }: { pattern: string }) => pattern),
    ).toEqual(['other.example']);
    expect((await jar.get(at('/export/rules/csv'))).body).toContain('other.example');
    expect((await jar.get(at('/confirm/block_site?site=Not+A+Site'))).status).toBe(400);
  });
});

describe('tools', () => {
  it('show both definitions and hashes, and one of them is let count by its hash', async () => {
    makeChangedTool(world.setting, 'tol_1', 'list_notes');
    const { jar } = await enterByLink(world.setting, 'admin');
    const [toolUrl = ''] = linksTo(await jar.get(at('/tools?state=changed')), '/admin/tool?id=');
    const page = await jar.get(toolUrl);
    for (const text of [OLD_HASH, NEW_HASH, 'Lists notes.', 'Lists and sends notes.', 'zero_width'])
      expect(page.body).toContain(text);
    const [keepUrl, acceptUrl = ''] = linksTo(page, '/confirm/accept_tool');
    expect(keepUrl).toContain(OLD_HASH);
    expect((await confirm(jar, await jar.get(acceptUrl), { reason: 'new release' })).status).toBe(303);
    expect((await admin(issuer, 'GET', '/tools/tol_1')).json).toMatchObject({ state: 'accepted', hash: NEW_HASH });
  });

  it('of other servers are not there for whom is limited to some, who sees nothing but approvals and tools', async () => {
    makeChangedTool(world.setting, 'tol_2', 'list_tasks', 'tasks');
    const { jar } = await enterByLink(world.setting, 'reader', { resources: ['notes'] });
    expect(wordsOf(await jar.get(at('/tools?resource=notes')))).not.toContain('list_tasks');
    expect((await jar.get(at('/tool?id=tol_2'))).status).toBe(404);
    expect((await jar.get(at('/confirm/accept_tool?id=tol_1&hash=x'))).status).toBe(403);
    for (const path of ['/quarantine', '/rules', '/explain?reference=req_1'])
      expect((await jar.get(at(path))).status).toBe(403);
  });
});

describe('explaining', () => {
  it('names the cause behind a reference with the steps, and says what a request would come to', async () => {
    const client = await register(issuer);
    const { page } = await openPage(issuer, { client, changes: { redirect_uri: `${client.redirect_uris[0]}/` } });
    const reference = /req_[0-9a-f]{32}/.exec(page.body)?.[0] ?? '';
    const { jar } = await enterByLink(world.setting, 'reader');
    await world.setting.broker.deps.store.ping();
    let told = '';
    for (const end = Date.now() + 30_000; Date.now() < end && !told.includes('redirect_trailing_slash'); )
      told = wordsOf(await jar.get(at(`/explain?reference=${reference}`)));
    expect(told).toMatch(/redirect_trailing_slash .*\/authorize/);
    expect(wordsOf(await jar.get(at('/explain?reference=req_none')))).toContain('There is no such thing');
    const asked = await jar.get(
      at(`/explain?client_id=${client.client_id}&redirect_uri=https%3A%2F%2Felsewhere.example%2F`),
    );
    expect(wordsOf(asked)).toMatch(/Answer refuse Rule that decides redirect_mismatch/);
    expect(asked.body).toContain('value="https://elsewhere.example/"');
  });

  it('is for every role, and a reader is offered no decision', async () => {
    const client = await register(issuer);
    makeWait(world.setting, client.client_id, 'please');
    const { jar } = await enterByLink(world.setting, 'reader');
    const page = await jar.get(at(`/waiting?id=${client.client_id}`));
    expect([page.status, linksTo(page, '/confirm/')]).toEqual([200, []]);
    expect((await jar.get(at(`/confirm/accept_app?id=${client.client_id}`))).status).toBe(403);
    expect(wordsOf(await jar.get(at('/rules')))).not.toContain('Refuse site');
  });
});
