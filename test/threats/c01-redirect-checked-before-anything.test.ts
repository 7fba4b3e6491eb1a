/** Cloudflare CVE-2025-4143 class: a redirect that is compared only when the code is redeemed. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startGithubSetting } from '../support/broker.ts';
import { BrowserJar } from '../support/browser-jar.ts';
import { openDatabase } from '../support/database.ts';
import { authorizationUrl, newPkce, register } from '../support/mcp-client.ts';

let world: Awaited<ReturnType<typeof startGithubSetting>>;
beforeAll(async () => {
  world = await startGithubSetting();
});
afterAll(() => world.close());

describe('T-C01 an unregistered redirect is refused at the authorization endpoint', () => {
  it.each(['https://evil.example/cb', 'https://app.example.com/cb2', 'http://127.0.0.1:9/callback', ''])(
    'asked for %j',
    async (redirect) => {
      const { issuer, databaseFile } = world.setting;
      const db = openDatabase(databaseFile);
      const client = await register(issuer, { redirect_uris: ['https://app.example.com/cb'] });
      const before = db.counts();

      const page = await new BrowserJar().get(authorizationUrl(issuer, client, newPkce(), { redirect_uri: redirect }));

      expect(page.status).toBe(400);
      expect(page.headers['content-type']).toBe('text/html; charset=UTF-8');
      expect(page.headers.location).toBeUndefined();
      expect(page.headers.refresh).toBeUndefined();
      expect(page.body).not.toContain('<a href="https://evil.example');
      expect(db.counts()).toEqual(before);
      db.close();
      expect(world.upstream.log).toEqual([]);
    },
  );

  it('and the registered one gets the consent page', async () => {
    const { issuer } = world.setting;
    const client = await register(issuer, { redirect_uris: ['https://app.example.com/cb'] });
    const page = await new BrowserJar().get(authorizationUrl(issuer, client, newPkce()));
    expect(page.status).toBe(200);
    expect(page.body).toContain('name="decision" value="allow"');
  });
});
