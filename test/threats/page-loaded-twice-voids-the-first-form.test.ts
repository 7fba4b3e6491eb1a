/** FastMCP #3519 and #4818: a token checked without the cookie; and a token voided by a reload, so that people switched consent off. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BrowserJar } from '../support/browser-jar.ts';
import { count, rows } from '../support/database-file.ts';
import { authorizationUrl, consentForm, decide, newPkce, register } from '../support/mcp-client.ts';
import { expectNoWayOut, type OidcWorld, openAuthorize, startWorld } from '../support/victim.ts';

let world: OidcWorld;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.close());

describe('T-B09 a page loaded twice', () => {
  it('keeps the form of the first load working after a reload', async () => {
    const jar = new BrowserJar();
    const first = await openAuthorize(world, jar, await register(world.setting.issuer));
    const { action } = consentForm(first);
    const second = await jar.get(action);
    const third = await jar.get(action);
    expect(consentForm(second).action).toBe(action);
    expect([consentForm(second).ticket, consentForm(third).ticket]).toEqual([
      consentForm(first).ticket,
      consentForm(first).ticket,
    ]);
    const answer = await decide(jar, first, 'allow');
    expect(answer.status).toBe(303);
    expect(answer.next).toBe(`${action}/go`);
  });

  it('keeps every tab working when several requests are open, each with a cookie of its own', async () => {
    const jar = new BrowserJar();
    const client = await register(world.setting.issuer);
    const open = (state: string) => jar.get(authorizationUrl(world.setting.issuer, client, newPkce(), { state }));
    const tabs = [await open('one'), await open('two'), await open('three')];
    expect(new Set(tabs.map((tab) => consentForm(tab).action)).size).toBe(3);
    for (const tab of tabs) {
      const handOff = await jar.follow(await decide(jar, tab, 'allow'));
      expect(handOff.status).toBe(200);
      expect(handOff.next?.startsWith(world.upstream.issuer)).toBe(true);
    }
    expect(journeyCookies(jar)).toHaveLength(3);
  });

  it('is one journey in every tab when the same request is opened in several', async () => {
    const jar = new BrowserJar();
    const address = authorizationUrl(world.setting.issuer, await register(world.setting.issuer), newPkce());
    const tabs = [await jar.get(address), await jar.get(address), await jar.get(address)];
    expect(new Set(tabs.map((tab) => consentForm(tab).action)).size).toBe(1);
    const onward = [];
    for (const tab of tabs) onward.push((await jar.follow(await decide(jar, tab, 'allow'))).next);
    expect(new Set(onward).size).toBe(1);
    expect(onward[0]?.startsWith(world.upstream.issuer)).toBe(true);
    expect(journeyCookies(jar)).toHaveLength(1);
  });

  it('gives the same answer to the same decision twice, and never a second state', async () => {
    const jar = new BrowserJar();
    const client = await register(world.setting.issuer);
    const page = await openAuthorize(world, jar, client);
    const once = await jar.follow(await decide(jar, page, 'allow'));
    const twice = await jar.follow(await decide(jar, page, 'allow'));
    expect(twice.next).toBe(once.next);
    expect(
      count(world.setting, 'journeys', 'client_id = ? AND upstream_state_hash IS NOT NULL', client.client_id),
    ).toBe(1);
    const other = await decide(jar, page, 'deny');
    expectNoWayOut(other, 409);
    expect(rows(world.setting, 'SELECT decision FROM journeys WHERE client_id = ?', client.client_id)).toEqual([
      { decision: 'allow' },
    ]);
  });

  it('does not let the ticket work in a browser that has another cookie', async () => {
    const page = await openAuthorize(world, new BrowserJar(), await register(world.setting.issuer));
    const other = new BrowserJar();
    await openAuthorize(world, other, await register(world.setting.issuer));
    expectNoWayOut(await decide(other, page, 'allow'), 403);
    expect(
      rows(world.setting, 'SELECT decision FROM journeys WHERE id = ?', consentForm(page).action.split('/').at(-1)),
    ).toEqual([{ decision: null }]);
  });
});

const journeyCookies = (jar: BrowserJar): string[] =>
  [...jar.cookiesFor(world.setting.issuer).keys()].filter((name) => name.startsWith('mcb_journey_'));
