/** The account page over HTTP: what ends with a removal, messages nobody can forge, activity, download, the end of time. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NOTES_CREDENTIAL, startGithubSetting } from '../support/broker.ts';
import { BrowserJar } from '../support/browser-jar.ts';
import { runIn } from '../support/command-line.ts';
import { count, rows } from '../support/database-file.ts';
import { allowAndReturn, obtainCode, obtainTokens, openPage } from '../support/journey-steps.ts';
import { decide, introspect, redeem, refresh, register } from '../support/mcp-client.ts';
import { linksTo, submit, wordsOf } from '../support/page-forms.ts';

type World = Awaited<ReturnType<typeof startGithubSetting>>;

let world: World;
let issuer: string;
beforeAll(async () => {
  world = await startGithubSetting({
    twoResources: true,
    settings: { consent: { lifetime: '40d' }, limits: { registrations: 'off', prompts: 'off' } },
  });
  issuer = world.setting.issuer;
});
afterAll(() => world.close());

let people = 0;
/** A person nobody has seen before. */
function newPerson(): BrowserJar {
  people += 1;
  world.upstream.account = { id: 9000 + people, login: `person-${people}` };
  return new BrowserJar();
}
const named = (name: string) => register(issuer, { client_name: name });
const active = async (token: string) => (await introspect(issuer, token, 'notes', NOTES_CREDENTIAL)).active;

describe('a removal', () => {
  it('ends approvals, tokens, an unredeemed code and what is under way, for this person alone', async () => {
    const other = newPerson();
    const kept = await obtainTokens(issuer, { jar: other });
    const jar = newPerson();
    const first = await obtainTokens(issuer, { jar, client: kept.client });
    const second = await obtainCode(issuer, { jar, client: kept.client });
    const third = await openPage(issuer, { jar, client: kept.client, changes: { state: 'later' } });

    const ask = await jar.get(linksTo(await jar.get(`${issuer}/account`), '/account/remove/')[0] ?? '');
    expect(await active(first.tokens.access_token)).toBe(true);
    const removed = await submit(jar, ask, '/account/remove/');
    expect(removed.status).toBe(303);

    expect(await active(first.tokens.access_token)).toBe(false);
    expect((await refresh(issuer, kept.client, first.tokens.refresh_token)).status).toBe(400);
    expect((await redeem(issuer, kept.client, second.code, second.pkce)).status).toBe(400);
    expect((await decide(jar, third.page, 'allow')).status).toBe(410);
    expect(await active(kept.tokens.access_token)).toBe(true);
    expect((await refresh(issuer, kept.client, kept.tokens.refresh_token)).status).toBe(200);
  });

  it('answers with a page of ours, whose message is a status that takes the focus and can be loaded again', async () => {
    const jar = newPerson();
    await obtainTokens(issuer, { jar });
    const list = await jar.get(`${issuer}/account`);
    const removed = await submit(jar, await jar.click(linksTo(list, '/account/remove/')[0] ?? ''), '/account/remove/');
    expect(removed.status).toBe(303);
    expect(removed.body).toBe('');
    expect(removed.next).toMatch(new RegExp(`^${issuer}/account\\?notice=[\\w.%-]+#notice$`));
    const shown = await jar.follow(removed);
    expect(shown.body).toMatch(/<p class="notice" role="status" id="notice" tabindex="-1">/);
    expect(wordsOf(shown)).toContain('Access removed for Quill Editor. It can’t get new access without asking you.');
    expect(wordsOf(shown)).toContain('It has stopped working.');
    expect(wordsOf(await jar.get(removed.next ?? ''))).toContain('Access removed for Quill Editor.');
  });

  it('states the life of an access token where a server checks tokens by itself', async () => {
    const jar = newPerson();
    const changes = { resource: 'https://tasks.example.com/mcp', scope: 'tasks:read' };
    await obtainTokens(issuer, { jar, changes });
    const ask = await jar.get(linksTo(await jar.get(`${issuer}/account`), '/account/remove/')[0] ?? '');
    expect(wordsOf(ask)).toContain('It stops working within 10 minutes. Work it already did stays.');
    // What is left of the last token's life, now that none is issued any more.
    world.setting.clock.advance(7 * 60);
    const shown = await jar.follow(await submit(jar, ask, '/account/remove/'));
    expect(wordsOf(shown)).toContain('Anything it already opened stops working within 3 minutes.');
  });

  it('says so of a block, too, and that nothing is left once the last token has ended', async () => {
    const jar = newPerson();
    const changes = { resource: 'https://tasks.example.com/mcp', scope: 'tasks:read' };
    await obtainTokens(issuer, { jar, changes });
    const block = async () => {
      const ask = await jar.get(linksTo(await jar.get(`${issuer}/account`), '/account/block/')[0] ?? '');
      return wordsOf(await jar.follow(await submit(jar, ask, '/account/block/')));
    };
    expect(await block()).toContain('Anything it already opened stops working within 10 minutes.');
    const later = newPerson();
    await obtainTokens(issuer, { jar: later, changes });
    world.setting.clock.advance(601);
    const ask = await later.get(linksTo(await later.get(`${issuer}/account`), '/account/remove/')[0] ?? '');
    expect(wordsOf(await later.follow(await submit(later, ask, '/account/remove/')))).toContain(
      'It has stopped working.',
    );
  });

  it('is described beforehand for each server, in every language', async () => {
    const jar = newPerson();
    const { client } = await obtainTokens(issuer, { jar });
    await obtainTokens(issuer, {
      ...{ jar, client, changes: { resource: 'https://tasks.example.com/mcp', scope: 'tasks:read' } },
    });
    const said = async (language: string) =>
      wordsOf(await jar.get(`${issuer}/account`, { 'accept-language': language }));
    const expected = {
      en: ['Northwind Notes: stops right away', 'Northwind Tasks: stops within 10 minutes'],
      de: ['Northwind Notes: endet sofort', 'Northwind Tasks: endet innerhalb von 10 Minuten'],
      fr: ['Northwind Notes : prend fin tout de suite', 'Northwind Tasks : prend fin en moins de 10 minutes'],
      es: ['Northwind Notes: termina de inmediato', 'Northwind Tasks: termina en menos de 10 minutos'],
      ja: ['Northwind Notes：すぐに使えなくなります', 'Northwind Tasks：自らアクセスを確認するため、10 分以内'],
      zh: ['Northwind Notes：立即停止', 'Northwind Tasks：会在 10分钟内停止'],
      ar: ['Northwind Notes: يتوقف فورًا', 'Northwind Tasks: يتوقف خلال'],
    };
    for (const [language, sentences] of Object.entries(expected)) {
      const words = await said(language);
      for (const sentence of sentences) expect(words, language).toContain(sentence);
    }
  });

  it('shows a message only to the session it was made for, and only for a while', async () => {
    const jar = newPerson();
    await obtainTokens(issuer, { jar });
    const list = await jar.get(`${issuer}/account`);
    const removed = await submit(jar, await jar.get(linksTo(list, '/account/remove/')[0] ?? ''), '/account/remove/');
    const address = removed.next ?? '';
    const stranger = newPerson();
    await obtainTokens(issuer, { jar: stranger });
    expect((await stranger.get(address)).body).not.toContain('role="status"');
    expect((await jar.get(address.replace(/.(?=.{9}#)/, (last) => (last === 'A' ? 'B' : 'A')))).body).not.toContain(
      'role="status"',
    );
    expect(
      (await jar.get(`${issuer}/account?notice=${encodeURIComponent('{"kind":"removed_all"}')}`)).body,
    ).not.toContain('role="status"');
    expect((await jar.get(address)).body).toContain('role="status"');
    world.setting.clock.advance(301);
    expect((await jar.get(address)).body).not.toContain('role="status"');
  });
});

describe('one app, registered again and again', () => {
  it('is one row, and its Remove ends all of it for this person and nothing for others', async () => {
    const other = await obtainTokens(issuer, { jar: newPerson(), client: await named('Robin Sync') });
    const jar = newPerson();
    const grants = [];
    for (let at = 0; at < 42; at += 1)
      grants.push(await obtainTokens(issuer, { jar, client: await named('Robin Sync'), changes: { state: `${at}` } }));
    const list = await jar.get(`${issuer}/account`);
    expect(list.body.match(/<article/g)).toHaveLength(1);
    expect(wordsOf(list)).toContain('42 connections');
    const [first = ''] = linksTo(list, '/account/remove/');
    await submit(jar, await jar.get(first), '/account/remove/');
    expect((await jar.get(`${issuer}/account`)).body).not.toContain('<article');
    const alive = await Promise.all(grants.map(({ tokens }) => active(tokens.access_token)));
    expect(alive).toEqual(Array(42).fill(false));
    expect(await active(other.tokens.access_token)).toBe(true);
  });

  it('is as many rows as places that access goes to, and their buttons are told apart', async () => {
    const jar = newPerson();
    for (const redirect of ['http://127.0.0.1/cb', 'cursor://robin/cb', 'https://robin.example/cb']) {
      const metadata = { client_name: 'Robin Sync', redirect_uris: [redirect] };
      const { page } = await openPage(issuer, { jar, metadata });
      await jar.follow(await allowAndReturn(jar, page));
    }
    const { body } = await jar.get(`${issuer}/account`);
    expect([...body.matchAll(/aria-label="(Remove “[^"]+)"/g)].map(([, label]) => label).sort()).toEqual([
      'Remove “Robin Sync”',
      'Remove “Robin Sync” (cursor:)',
      'Remove “Robin Sync” (robin.example)',
    ]);
  });
});

describe('looking', () => {
  it('changes nothing: every link of the account pages, opened, leaves every row as it was', async () => {
    const jar = newPerson();
    for (const name of ['Ledger Agent', 'Robin Sync']) await obtainTokens(issuer, { jar, client: await named(name) });
    const approvals = () =>
      rows(world.setting, 'SELECT id, revoked_at, expires_at FROM approvals ORDER BY id').map((row) => ({ ...row }));
    // The house goes on meanwhile: what it tells third parties of earlier tests is on record, too.
    const counted = () => [
      count(world.setting, 'audit', "actor_kind <> 'system'"),
      ...['approvals', 'grants', 'access_tokens'].map((table) => count(world.setting, table)),
    ];
    const open = new Set([`${issuer}/account`]);
    await jar.get(`${issuer}/account`);
    const before = [approvals(), counted()];
    for (const address of open) {
      const page = await jar.get(address);
      for (const link of linksTo(page, '/account')) if (!/sign-in|switch/.test(link)) open.add(link.replace(/#.*/, ''));
    }
    expect([...open].filter((address) => /remove|block|activity|approvals/.test(address)).length).toBeGreaterThan(6);
    expect([approvals(), counted()]).toEqual(before);
  });
});

describe('signing out', () => {
  it('answers with a page of ours that says what stays', async () => {
    const jar = newPerson();
    const { tokens } = await obtainTokens(issuer, { jar });
    const out = await submit(jar, await jar.get(`${issuer}/account`), '/account/sign-out');
    expect([out.status, out.next]).toEqual([303, `${issuer}/account/signed-out`]);
    expect(wordsOf(await jar.follow(out))).toContain('You’re signed out here');
    expect(wordsOf(await jar.get(`${issuer}/account`))).toContain('See your apps with access');
    expect(await active(tokens.access_token)).toBe(true);
  });

  it('does not say so to somebody who is signed in', async () => {
    const jar = newPerson();
    await obtainTokens(issuer, { jar });
    const page = await jar.get(`${issuer}/account/signed-out`);
    expect([page.status, page.next]).toEqual([303, `${issuer}/account`]);
  });
});

describe('the activity page', () => {
  it('tells in words what happened, newest first, with neither address nor id', async () => {
    const jar = newPerson();
    const client = await named('Ledger Agent');
    const { tokens } = await obtainTokens(issuer, { jar, client });
    world.setting.clock.advance(1);
    await refresh(issuer, client, tokens.refresh_token);
    world.setting.clock.advance(1);
    await obtainTokens(issuer, { jar, client, changes: { scope: 'notes:read notes:write' } });
    world.setting.clock.advance(1);
    const denied = await openPage(issuer, { jar, client: await named('Birch Notebook') });
    await decide(jar, denied.page, 'deny');
    world.setting.clock.advance(1);
    const list = await jar.get(`${issuer}/account`);
    await submit(jar, await jar.get(linksTo(list, '/account/remove/')[0] ?? ''), '/account/remove/');

    const page = await jar.get(linksTo(list, '/account/activity')[0] ?? '');
    const sentences = [...page.body.matchAll(/<\/time><\/span><span>([\s\S]*?)<\/span><\/li>/g)].map(([, sentence]) =>
      (sentence ?? '').replace(/<[^>]+>/g, ''),
    );
    expect(sentences).toEqual([
      'You removed “Ledger Agent”.',
      'You didn’t allow “Birch Notebook”.',
      'You gave “Ledger Agent” more access to Northwind Notes.',
      '“Ledger Agent” renewed its access once.',
      'You allowed “Ledger Agent” to use Northwind Notes.',
    ]);
    expect(page.body).not.toMatch(/127\.0\.0\.1|apr_|usr_|jny_|cli_|req_/);
  });

  it('forgets what is older than 90 days', async () => {
    const jar = newPerson();
    await obtainTokens(issuer, { jar });
    world.setting.clock.advance(91 * 86_400);
    await obtainTokens(issuer, { jar, client: await named('Birch Notebook') });
    const words = wordsOf(await jar.get(`${issuer}/account/activity`));
    expect(words).toContain('You allowed “Birch Notebook” to use Northwind Notes.');
    expect(words).not.toContain('Quill Editor');
  });

  it('is nobody else’s', async () => {
    const page = await new BrowserJar().get(`${issuer}/account/activity`);
    expect(wordsOf(page)).toContain('See your apps with access');
    expect((await new BrowserJar().get(`${issuer}/account/approvals.json`)).headers['content-type']).toContain('html');
  });
});

describe('the download', () => {
  it('is a file of the person’s own live approvals', async () => {
    const jar = newPerson();
    await obtainTokens(issuer, { jar, client: await named('Ledger Agent'), changes: { scope: 'notes:write' } });
    const file = await jar.get(`${issuer}/account/approvals.json`);
    expect(file.headers['content-disposition']).toBe('attachment; filename="approvals.json"');
    expect(file.headers['cache-control']).toBe('no-store');
    expect(JSON.parse(file.body)).toMatchObject({
      service: 'Northwind MCP',
      account: `person-${people}`,
      approvals: [
        {
          app: 'Ledger Agent',
          name_confirmed: false,
          destination: 'loopback',
          resource: 'https://notes.example.com/mcp',
          redirects: ['http://127.0.0.1/callback'],
        },
      ],
    });
  });
});

describe('the receipts', () => {
  it('are signed, one for each live approval of the person, and verify with the key set alone', async () => {
    const jar = newPerson();
    const client = await named('Ledger Agent');
    await obtainTokens(issuer, { jar, client });
    const page = await jar.get(`${issuer}/account`);
    expect(page.body).toContain('/account/receipts.json');
    const file = await jar.get(`${issuer}/account/receipts.json`);
    expect(file.headers['content-disposition']).toBe('attachment; filename="receipts.json"');
    expect(JSON.parse(file.body)).toMatchObject({
      verify_with: `${issuer}/jwks`,
      receipts: [{ app: 'Ledger Agent', receipt: expect.stringMatching(/^ey/) }],
    });
    const folder = mkdtempSync(join(tmpdir(), 'receipts-'));
    const [kept, keys] = [join(folder, 'receipts.json'), join(folder, 'jwks.json')];
    writeFileSync(kept, file.body);
    writeFileSync(keys, await (await fetch(`${issuer}/jwks`)).text());
    const verify = () => runIn(folder, ['receipt', 'verify', kept, '--jwks', keys, '--issuer', issuer]);
    expect((await verify()).out).toMatch(/Signed by .*"name": "Ledger Agent"/s);
    const changed = file.body.replace(/"receipt": "ey(\w+)/, '"receipt": "eyJ$1');
    writeFileSync(kept, changed);
    expect((await verify()).code).toBe(1);
    rmSync(folder, { recursive: true });
    expect((await new BrowserJar().get(`${issuer}/account/receipts.json`)).headers['content-type']).toContain('html');
  });
});

describe('an approval', () => {
  it('is listed as unused after 30 days, and ends by itself at its end with what was under it', async () => {
    const jar = newPerson();
    const client = await named('Ledger Agent');
    await obtainTokens(issuer, { jar, client });
    world.setting.clock.advance(29 * 86_400);
    await obtainTokens(issuer, { jar, client: await named('Alder Mail') });
    expect(wordsOf(await jar.get(`${issuer}/account`))).not.toContain('Not used for 30 days or more');
    world.setting.clock.advance(2 * 86_400);
    await obtainTokens(issuer, { jar, client: await named('Birch Notebook') });
    const listed = wordsOf(await jar.get(`${issuer}/account`));
    expect(listed.indexOf('“Ledger Agent”')).toBeGreaterThan(listed.indexOf('Not used for 30 days or more'));
    expect(listed.indexOf('“Alder Mail”')).toBeLessThan(listed.indexOf('Not used for 30 days or more'));

    world.setting.clock.advance(10 * 86_400);
    await obtainTokens(issuer, { jar, client: await named('Birch Notebook') });
    expect(wordsOf(await jar.get(`${issuer}/account`))).not.toContain('“Ledger Agent”');
  });
});
