/** Report a request, block an app for oneself, use another account: a person's own ways, over HTTP. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NOTES_CREDENTIAL, startGithubSetting } from '../support/broker.ts';
import { BrowserJar } from '../support/browser-jar.ts';
import { auditRows, count } from '../support/database-file.ts';
import { allowAndReturn, obtainTokens, openPage } from '../support/journey-steps.ts';
import { answerOf, consentForm, decide, introspect, refresh, register } from '../support/mcp-client.ts';
import { formTo, linksTo, submit, wordsOf } from '../support/page-forms.ts';

type World = Awaited<ReturnType<typeof startGithubSetting>>;

let world: World;
let issuer: string;
beforeAll(async () => {
  world = await startGithubSetting({ settings: { limits: { registrations: 'off' } } });
  issuer = world.setting.issuer;
});
afterAll(() => world.close());

let people = 0;
function newPerson(): BrowserJar {
  people += 1;
  world.upstream.account = { id: 7000 + people, login: `person-${people}` };
  return new BrowserJar();
}
const active = async (token: string) => (await introspect(issuer, token, 'notes', NOTES_CREDENTIAL)).active;
const reports = () => auditRows(world.setting, 'request.reported');

describe('a report', () => {
  it('is kept with its words and reference, and leaves the request to be answered', async () => {
    const { jar, page, client } = await openPage(issuer, { jar: newPerson() });
    const form = await jar.click(linksTo(page, '/report')[0] ?? '');
    expect(form.status).toBe(200);
    expect(form.body).not.toMatch(/autofocus/);
    expect(form.body).not.toContain('name="block"');
    const sent = await submit(jar, form, '/report', { words: 'I did not start this.' });
    expect(sent.status).toBe(303);
    const thanks = await jar.follow(sent);
    expect(wordsOf(thanks)).toContain('We have your report');
    const reference = /req_[A-Za-z0-9_-]+/.exec(page.body)?.[0];
    expect(wordsOf(thanks)).toContain(reference);
    expect(reports().at(-1)).toMatchObject({
      client_id: client.client_id,
      resource: 'notes',
      details: { words: 'I did not start this.', request: reference },
    });
    expect(world.setting.log.join('\n')).not.toContain('I did not start this.');
    const back = await jar.click(linksTo(thanks, '/consent/')[0] ?? '');
    expect(consentForm(back).ticket).toBe(consentForm(page).ticket);
    expect(answerOf(await jar.follow(await allowAndReturn(jar, back))).get('code')).not.toBeNull();
  });

  it('is made once, is cut at 500 characters, and may have no words', async () => {
    const { jar, page } = await openPage(issuer, { jar: newPerson() });
    const form = await jar.click(linksTo(page, '/report')[0] ?? '');
    const before = reports().length;
    await submit(jar, form, '/report', { words: 'ü'.repeat(700) });
    expect((await submit(jar, form, '/report', { words: 'again' })).status).toBe(303);
    expect(reports().slice(before)).toMatchObject([{ details: { words: 'ü'.repeat(500) } }]);
    const other = await openPage(issuer, { jar: newPerson() });
    await submit(other.jar, await other.jar.click(linksTo(other.page, '/report')[0] ?? ''), '/report');
    expect(reports().at(-1)).toMatchObject({ details: { words: '' } });
  });

  it('needs this browser, the ticket of its own page, and our origin', async () => {
    const { jar, page } = await openPage(issuer, { jar: newPerson() });
    const address = linksTo(page, '/report')[0] ?? '';
    const form = await jar.click(address);
    const { action, ticket } = formTo(form, '/report');
    const before = reports().length;
    expect((await new BrowserJar().get(address)).status).toBe(403);
    expect((await jar.postForm(action, { ticket: consentForm(page).ticket })).status).toBe(403);
    expect((await jar.postForm(action, { ticket }, { origin: 'https://evil.example' })).status).toBe(403);
    expect(reports()).toHaveLength(before);
    expect(wordsOf(await jar.get(`${address}?done=${ticket}`))).not.toContain('We have your report');
  });
});

describe('a person’s own block', () => {
  it('from the account page ends what the app has and keeps every registration of it from asking again', async () => {
    const jar = newPerson();
    const { client, tokens } = await obtainTokens(issuer, { jar });
    const ask = await jar.get(linksTo(await jar.get(`${issuer}/account`), '/account/block/')[0] ?? '');
    expect(wordsOf(ask)).toContain('Block “Quill Editor”?');
    expect(await active(tokens.access_token)).toBe(true);
    const blocked = await submit(jar, ask, '/account/block/');
    expect([blocked.status, blocked.next]).toEqual([303, expect.stringContaining('/account?notice=')]);
    const list = await jar.follow(blocked);
    expect(wordsOf(list)).toContain('Quill Editor is blocked. It can’t ask you again until you unblock it.');
    expect(wordsOf(list)).toContain('Blocked by you');

    expect(await active(tokens.access_token)).toBe(false);
    expect((await refresh(issuer, client, tokens.refresh_token)).status).toBe(400);
    const journeys = count(world.setting, 'journeys');
    for (const again of [client, await register(issuer)]) {
      const { page } = await openPage(issuer, { jar, client: again });
      expect(page.status).toBe(403);
      expect(page.next).toBeUndefined();
      expect(wordsOf(page)).toContain('You blocked this app');
      expect(linksTo(page, '/account')).toContain(`${issuer}/account#blocked`);
    }
    expect(count(world.setting, 'journeys')).toBe(journeys);
    expect((await openPage(issuer, { jar, metadata: { client_name: 'Birch Notebook' } })).page.status).toBe(200);
    const other = await obtainTokens(issuer, { jar: newPerson(), client });
    expect(await active(other.tokens.access_token)).toBe(true);
    expect(auditRows(world.setting, 'app.blocked').at(-1)).toMatchObject({ client_id: client.client_id });
  });

  it('holds for whoever is not signed in yet, once the upstream has told who came', async () => {
    const jar = newPerson();
    const { client } = await obtainTokens(issuer, { jar });
    await submit(
      jar,
      await jar.get(linksTo(await jar.get(`${issuer}/account`), '/account/block/')[0] ?? ''),
      '/account/block/',
    );
    const anonymous = await openPage(issuer, { client });
    expect(anonymous.page.status).toBe(200);
    const codes = count(world.setting, 'codes');
    const answered = await anonymous.jar.follow(await allowAndReturn(anonymous.jar, anonymous.page));
    expect(answered.status).toBe(403);
    expect(answered.next).toBeUndefined();
    expect(wordsOf(answered)).toContain('You blocked this app');
    expect(count(world.setting, 'codes')).toBe(codes);
  });

  it('is taken back on the account page, which allows nothing by itself', async () => {
    const jar = newPerson();
    const { client } = await obtainTokens(issuer, { jar });
    const list = await jar.get(`${issuer}/account`);
    const blocked = await jar.follow(
      await submit(jar, await jar.get(linksTo(list, '/account/block/')[0] ?? ''), '/account/block/'),
    );
    const ask = await jar.get(linksTo(blocked, '/account/unblock/')[0] ?? '');
    expect(wordsOf(ask)).toContain('Unblock “Quill Editor”?');
    const stranger = newPerson();
    await obtainTokens(issuer, { jar: stranger, metadata: { client_name: 'Birch Notebook' } });
    expect((await stranger.get(ask.url)).status).toBe(404);
    const freed = await jar.follow(await submit(jar, ask, '/account/unblock/'));
    expect(wordsOf(freed)).toContain('Quill Editor is no longer blocked.');
    expect(wordsOf(freed)).not.toContain('Blocked by you');
    const { page } = await openPage(issuer, { jar, client });
    expect(page.status).toBe(200);
    expect(auditRows(world.setting, 'app.unblocked').at(-1)).toMatchObject({ client_id: client.client_id });
  });

  it('can be made with a report, and stops the very request that was reported', async () => {
    const jar = newPerson();
    const { tokens } = await obtainTokens(issuer, { jar });
    const { page } = await openPage(issuer, { jar });
    const form = await jar.click(linksTo(page, '/report')[0] ?? '');
    const thanks = await jar.follow(await submit(jar, form, '/report', { words: '', block: 'yes' }));
    expect(wordsOf(thanks)).toContain('The app is blocked for you.');
    expect(await active(tokens.access_token)).toBe(false);
    const late = await decide(jar, page, 'allow');
    expect(late.status).toBeGreaterThanOrEqual(400);
    expect(late.next).toBeUndefined();
    expect(wordsOf(await jar.get(`${issuer}/account/activity`))).toContain('You blocked “Quill Editor”.');
  });
});

describe('another account', () => {
  it('gets a page that names nobody, and whoever the upstream signs in is whom it is about', async () => {
    const jar = newPerson();
    const { client } = await obtainTokens(issuer, { jar });
    const first = world.upstream.account;
    const { page } = await openPage(issuer, { jar, client });
    expect(wordsOf(page)).toContain(`${first.login} on`);
    newPerson();
    const opened = await jar.click(linksTo(page, '/another')[0] ?? '');
    const other = await jar.follow(opened);
    expect(wordsOf(other)).toContain('You choose it on Corp next');
    expect(linksTo(other, '/another')).toEqual([]);
    const answered = await jar.follow(await allowAndReturn(jar, other));
    expect(answerOf(answered).get('code')).not.toBeNull();
    expect(wordsOf(await jar.get(`${issuer}/account`))).toContain(`Signed in as ${world.upstream.account.login}`);
  });
});

describe('more access', () => {
  it('kept as it is tells the app access_denied, and the old access stays', async () => {
    const jar = newPerson();
    const { client, tokens } = await obtainTokens(issuer, { jar });
    const { page } = await openPage(issuer, { jar, client, changes: { scope: 'notes:read notes:write' } });
    expect(wordsOf(page)).toContain('If you keep it as it is, the access it already has stays.');
    const handOff = await jar.follow(await decide(jar, page, 'deny'));
    expect(Object.fromEntries(answerOf(handOff))).toMatchObject({ error: 'access_denied', state: 'client-state-1' });
    expect(await active(tokens.access_token)).toBe(true);
    expect((await refresh(issuer, client, tokens.refresh_token)).status).toBe(200);
  });
});
