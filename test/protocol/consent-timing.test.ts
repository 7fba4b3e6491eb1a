/** Time, tabs and double clicks over HTTP: nearly over, the same request twice, floods, a lost cookie, looks that count as none. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startGithubSetting } from '../support/broker.ts';
import { BrowserJar } from '../support/browser-jar.ts';
import { auditRows, count, rows } from '../support/database-file.ts';
import { allowAndReturn, obtainTokens, openPage } from '../support/journey-steps.ts';
import { answerOf, authorizationUrl, consentForm, decide, newPkce, register } from '../support/mcp-client.ts';
import { linksTo, wordsOf } from '../support/page-forms.ts';

type World = Awaited<ReturnType<typeof startGithubSetting>>;

let world: World;
let issuer: string;
beforeAll(async () => {
  world = await startGithubSetting({
    settings: {
      limits: { registrations: 'off', prompts: 'off', pending_journeys: { per_browser: 3, per_client: 5, total: 8 } },
    },
  });
  issuer = world.setting.issuer;
});
afterAll(() => world.close());

const journeys = (where: string, ...values: readonly unknown[]) =>
  rows(world.setting, `SELECT id, expires_at FROM journeys WHERE ${where} ORDER BY created_at, id`, ...values);

describe('a request that is nearly over', () => {
  it('gets its whole time again when it is shown, once', async () => {
    const { jar, page, client } = await openPage(issuer);
    const address = consentForm(page).action;
    world.setting.clock.advance(470);
    await jar.get(address);
    const [{ expires_at: first } = {}] = journeys('client_id = ?', client.client_id);
    world.setting.clock.advance(20);
    const shown = await jar.get(address);
    const [{ expires_at: second } = {}] = journeys('client_id = ?', client.client_id);
    expect(Number(second) - Number(first)).toBeGreaterThanOrEqual(489);
    world.setting.clock.advance(500);
    expect((await jar.get(address)).status).toBe(200);
    expect(journeys('client_id = ?', client.client_id)[0]?.expires_at).toBe(second);
    expect(answerOf(await jar.follow(await allowAndReturn(jar, shown))).get('code')).not.toBeNull();
  });

  it('has expired when nobody looked in time: 410, no way on, no code', async () => {
    const { jar, page } = await openPage(issuer);
    world.setting.clock.advance(601);
    const shown = await jar.get(consentForm(page).action);
    expect([shown.status, shown.next]).toEqual([410, undefined]);
    const decided = await decide(jar, page, 'allow');
    expect([decided.status, decided.next]).toEqual([410, undefined]);
  });
});

describe('the same request twice from one browser', () => {
  it('is one journey while it waits: either tab answers, once', async () => {
    const jar = new BrowserJar();
    const client = await register(issuer);
    const url = authorizationUrl(issuer, client, newPkce());
    const first = await jar.get(url);
    const second = await jar.get(url);
    expect(consentForm(second)).toEqual(consentForm(first));
    expect(journeys('client_id = ?', client.client_id)).toHaveLength(1);
    const allowed = await decide(jar, first, 'allow');
    expect((await decide(jar, second, 'allow')).next).toBe(allowed.next);
    expect((await decide(jar, second, 'deny')).status).toBe(409);
    const third = await jar.get(url);
    expect(consentForm(third).action).not.toBe(consentForm(first).action);
  });

  it('is two for two browsers, for another state, and for another person', async () => {
    const jar = new BrowserJar();
    const client = await register(issuer);
    const pkce = newPkce();
    const url = authorizationUrl(issuer, client, pkce);
    const page = await jar.get(url);
    const others = [
      await new BrowserJar().get(url),
      await jar.get(authorizationUrl(issuer, client, pkce, { state: 'another' })),
    ];
    await obtainTokens(issuer, { jar, metadata: { client_name: 'Birch Notebook' } });
    others.push(await jar.get(url));
    const actions = [page, ...others].map((one) => consentForm(one).action);
    expect(new Set(actions).size).toBe(4);
  });

  it('does not come back to life after its end', async () => {
    const jar = new BrowserJar();
    const url = authorizationUrl(issuer, await register(issuer), newPkce());
    const first = await jar.get(url);
    world.setting.clock.advance(601);
    const second = await jar.get(url);
    expect(second.status).toBe(200);
    expect(consentForm(second).action).not.toBe(consentForm(first).action);
  });
});

describe('undecided requests', () => {
  it('of one browser are capped, and its own oldest goes first', async () => {
    const jar = new BrowserJar();
    const bystander = await openPage(issuer);
    const pages = [];
    for (let index = 0; index < 4; index += 1) {
      world.setting.clock.advance(1);
      pages.push((await openPage(issuer, { jar })).page);
    }
    const statuses = [];
    for (const page of pages) statuses.push((await jar.get(consentForm(page).action)).status);
    expect(statuses).toEqual([410, 200, 200, 200]);
    expect((await bystander.jar.get(consentForm(bystander.page).action)).status).toBe(200);
  });

  it('of one client are capped, and in all the client with the most loses its oldest', async () => {
    world.setting.clock.advance(601);
    const honest = await openPage(issuer);
    const flooder = await register(issuer, { client_name: 'Flood' });
    for (let index = 0; index < 12; index += 1) {
      world.setting.clock.advance(1);
      await openPage(issuer, { client: flooder });
    }
    expect(count(world.setting, 'journeys', 'client_id = ? AND decision IS NULL', flooder.client_id)).toBe(5);
    for (const name of ['One', 'Two', 'Three', 'Four']) {
      world.setting.clock.advance(1);
      await openPage(issuer, { metadata: { client_name: name } });
    }
    expect(
      count(world.setting, 'journeys', 'decision IS NULL AND expires_at > ?', world.setting.clock.now()),
    ).toBeLessThanOrEqual(8);
    expect(count(world.setting, 'journeys', 'client_id = ? AND decision IS NULL', flooder.client_id)).toBeLessThan(5);
    expect((await honest.jar.get(consentForm(honest.page).action)).status).toBe(200);
  });
});

describe('a browser that lost its cookie', () => {
  it('is told so when it answers, and can begin the same request again', async () => {
    const { jar, page } = await openPage(issuer);
    jar.clearCookies();
    const lost = await decide(jar, page, 'allow');
    expect([lost.status, lost.next]).toEqual([400, undefined]);
    expect(wordsOf(lost)).toContain('Your browser didn’t keep our cookie');
    const again = await jar.click(linksTo(lost, '/authorize?')[0] ?? '');
    expect(again.status).toBe(200);
    const answered = await jar.follow(await allowAndReturn(jar, again));
    expect(answerOf(answered).get('state')).toBe('client-state-1');
    expect(answerOf(answered).get('code')).not.toBeNull();
  });
});

describe('a look that is nobody’s visit', () => {
  it('opens and moves nothing: HEAD, prefetch, preview', async () => {
    const { jar, page, client } = await openPage(issuer);
    const url = authorizationUrl(issuer, client, newPkce());
    // What requests were refused for is written behind their answers, and the house goes on meanwhile.
    const moved = () => [
      count(world.setting, 'journeys'),
      count(world.setting, 'audit', "actor_kind <> 'system' AND event <> 'request.refused'"),
    ];
    const before = moved();
    world.setting.clock.advance(500);
    for (const address of [url, consentForm(page).action, `${consentForm(page).action}/another`]) {
      expect((await fetch(address, { method: 'HEAD', redirect: 'manual' })).status).toBe(405);
      expect((await jar.get(address, { 'sec-purpose': 'prefetch' })).status).toBe(503);
      expect((await jar.get(address, { 'sec-purpose': 'prefetch;prerender' })).status).toBe(503);
      expect((await jar.get(address, { purpose: 'preview' })).status).toBe(503);
    }
    expect(moved()).toEqual(before);
    expect(count(world.setting, 'journeys', 'extended_at IS NOT NULL AND client_id = ?', client.client_id)).toBe(0);
  });
});

describe('an alarm', () => {
  const lookAlike = () =>
    register(issuer, { client_name: 'Claude', redirect_uris: ['https://claude-login.example/cb'] });

  it('is recorded once for a request that is shown, with the choice and the tick', async () => {
    const client = await lookAlike();
    const { jar, page } = await openPage(issuer, { client });
    expect(wordsOf(page)).toContain('and nobody here has used it.');
    await jar.get(consentForm(page).action);
    await decide(jar, page, 'allow');
    const own = (event: string) => auditRows(world.setting, event).filter((row) => row.client_id === client.client_id);
    expect(own('consent.warned')).toMatchObject([{ details: { alarms: ['looks_like'] } }]);
    expect(own('consent.allowed')).toEqual([]);
    expect(
      answerOf(await jar.follow(await allowAndReturn(jar, page, [['understood', 'yes']]))).get('code'),
    ).not.toBeNull();
    expect(own('consent.warned')).toHaveLength(1);
    expect(own('consent.allowed')).toMatchObject([{ details: { understood: true } }]);
  });

  it('says no longer that nobody has used the site once somebody has', async () => {
    const { page } = await openPage(issuer, { client: await lookAlike() });
    expect(wordsOf(page)).toContain('It registered with us');
    expect(wordsOf(page)).not.toContain('nobody here has used it');
  });

  it('is not recorded for a plain request', async () => {
    const { client } = await openPage(issuer, { metadata: { client_name: 'Zebra Tools' } });
    expect(auditRows(world.setting, 'consent.warned').filter((row) => row.client_id === client.client_id)).toEqual([]);
  });
});

describe('a site', () => {
  it('is noted as new until somebody has allowed an app there', async () => {
    const redirect_uris = ['https://zebra.example/cb'];
    const first = await openPage(issuer, { metadata: { client_name: 'Zebra Tools', redirect_uris } });
    expect(wordsOf(first.page)).toContain('Nobody here has used this site before.');
    await first.jar.follow(await allowAndReturn(first.jar, first.page));
    const second = await openPage(issuer, { metadata: { client_name: 'Zebra Tools', redirect_uris } });
    expect(wordsOf(second.page)).not.toContain('Nobody here has used this site before.');
  });
});

describe('look-alikes where the operator blocks them', () => {
  it('get no Allow on the page and none from the server, tick or not', async () => {
    const strict = await startGithubSetting({ settings: { consent: { look_alike: 'block' } } });
    try {
      const client = await register(strict.setting.issuer, {
        client_name: 'Claude',
        redirect_uris: ['https://claude-login.example/cb'],
      });
      const { jar, page } = await openPage(strict.setting.issuer, { client });
      expect(page.body).not.toContain('value="allow"');
      expect(page.body).toContain('value="deny"');
      const forced = await decide(jar, page, 'allow', [['understood', 'yes']]);
      expect([forced.status, forced.next]).toEqual([403, undefined]);
      expect(count(strict.setting, 'journeys', 'decision IS NOT NULL')).toBe(0);
      expect((await decide(jar, page, 'deny')).status).toBe(303);
    } finally {
      await strict.close();
    }
  });
});

describe('the operator’s catalogue', () => {
  it('names a reviewed app at its own destination and warns of its name elsewhere', async () => {
    const catalog = [{ id: 'quill', name: 'Quill Writer', destinations: ['https://quill.example/oauth/*'] }];
    const own = await startGithubSetting({ settings: { catalog } });
    try {
      const at = (uri: string) =>
        openPage(own.setting.issuer, { metadata: { client_name: 'Quill Writer', redirect_uris: [uri] } });
      expect(wordsOf((await at('https://quill.example/oauth/callback')).page)).toContain(
        'Allow Quill Writer to use Northwind Notes?',
      );
      expect(wordsOf((await at('https://quill.example/other')).page)).toContain(
        'This may not be the app it says it is',
      );
      expect(wordsOf((await at('https://qu1ll.example/oauth/callback')).page)).toContain(
        'which looks like Quill Writer, but it sends access to a different site',
      );
    } finally {
      await own.close();
    }
  });

  it('reviews the address that a request uses, not another that the app registered with it', async () => {
    const catalog = [{ id: 'quill', name: 'Quill Writer', destinations: ['https://quill.example/oauth/*'] }];
    const own = await startGithubSetting({ settings: { catalog } });
    try {
      const { issuer: at } = own.setting;
      const redirect_uris = ['https://quill.example/oauth/callback', 'http://127.0.0.1/cb'];
      const client = await register(at, { client_name: 'Helper', redirect_uris });
      const words = async (redirect_uri: string) =>
        wordsOf((await openPage(at, { client, changes: { redirect_uri } })).page);
      expect(await words('https://quill.example/oauth/callback')).toContain('Reviewed by Northwind MCP');
      const loopback = await words('http://127.0.0.1:4000/cb');
      expect(loopback).toContain('Name not confirmed');
      expect(loopback).not.toMatch(/Reviewed by|Site confirmed|Quill Writer/);
    } finally {
      await own.close();
    }
  });
});
