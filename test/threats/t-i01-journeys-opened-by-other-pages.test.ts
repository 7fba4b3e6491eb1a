/** T-I01, T-A13: pages elsewhere cannot open journeys in a visitor's name, nor cut the visitor off from their own. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startGithubSetting } from '../support/broker.ts';
import { BrowserJar } from '../support/browser-jar.ts';
import { authorizationUrl, decide, newPkce, register } from '../support/mcp-client.ts';

let world: Awaited<ReturnType<typeof startGithubSetting>>;
beforeAll(async () => {
  world = await startGithubSetting();
});
afterAll(() => world.close());

describe('an authorization request that nobody navigated to', () => {
  it.each(['image', 'iframe', 'empty', 'script', 'object', 'frame'])('opens nothing as %s', async (dest) => {
    const { issuer } = world.setting;
    const url = authorizationUrl(issuer, await register(issuer), newPkce());
    const page = await new BrowserJar().get(url, { 'sec-fetch-dest': dest });
    expect(page.status).toBe(403);
    expect(page.headers['set-cookie']).toBeUndefined();
    expect(page.headers['x-frame-options']).toBe('DENY');
    expect(page.headers['content-security-policy']).toContain("frame-ancestors 'none'");
  });
});

describe('a form of another site posted to /authorize', () => {
  it('leaves the browser its cookie, so that the page already open still works', async () => {
    const { issuer } = world.setting;
    const jar = new BrowserJar();
    const client = await register(issuer);
    const open = await jar.get(authorizationUrl(issuer, client, newPkce()));
    const before = jar.cookiesFor(issuer).get('mcb_browser')?.value;

    const forged = new URL(authorizationUrl(issuer, client, newPkce()));
    const elsewhere = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site', cookie: '' };
    const answer = await jar.postForm(`${issuer}/authorize`, [...forged.searchParams], elsewhere);
    expect(answer.status).toBe(303);
    expect(answer.headers['set-cookie']).toBeUndefined();
    expect(new URL(answer.next ?? '').origin).toBe(issuer);
    expect(Object.fromEntries(new URL(answer.next ?? '').searchParams)).toEqual(
      Object.fromEntries(forged.searchParams),
    );

    const second = await jar.follow(answer);
    expect(second.status).toBe(200);
    expect(second.body).toContain('name="decision"');
    expect(jar.cookiesFor(issuer).get('mcb_browser')?.value).toBe(before);
    expect((await decide(jar, open, 'deny')).status).toBe(303);
  });

  it('keeps a repeated parameter repeated, so that it is refused', async () => {
    const { issuer } = world.setting;
    const fields: [string, string][] = [
      ['client_id', 'one'],
      ['client_id', 'two'],
    ];
    const jar = new BrowserJar();
    const answer = await jar.postForm(`${issuer}/authorize`, fields, { 'sec-fetch-site': 'cross-site' });
    expect((await jar.follow(answer)).status).toBe(400);
  });
});
