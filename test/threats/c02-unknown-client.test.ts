/** A missing client check makes the authorization endpoint a redirector for anybody (workers-oauth-provider 52). */
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

const REDIRECTS = [
  'https://evil.example/cb',
  'http://127.0.0.1:33418/callback',
  'cursor://anysphere.cursor-mcp/oauth/callback',
];
const IDS = [
  'mcbc_00000000000000000000000000000000',
  'https://evil.example/client.json',
  '"><script>alert(1)</script>',
  "' or 1=1 --",
  '__proto__',
];

describe('T-C02 an unknown client gets a page and no redirect', () => {
  it.each(IDS.flatMap((id) => REDIRECTS.map((redirect) => [id, redirect] as const)))(
    'client %j with redirect %s',
    async (client_id, redirect) => {
      const { issuer } = world.setting;
      const stranger = { client_id, redirect_uris: [redirect] };
      for (const changes of [{}, { scope: 'bogus' }, { prompt: 'none' }, { response_type: 'token' }]) {
        const page = await new BrowserJar().get(authorizationUrl(issuer, stranger, newPkce(), changes));
        expect(page.status).toBe(400);
        expect(page.next).toBeUndefined();
        expect(page.body).not.toContain(`href="${redirect}`);
        expect(page.body).not.toContain('<script');
      }
    },
  );

  it('a client that was deleted is unknown, too', async () => {
    const { issuer, databaseFile } = world.setting;
    const client = await register(issuer);
    const db = openDatabase(databaseFile);
    expect(db.run('delete from clients where id = ?', client.client_id)).toBe(1);
    db.close();
    const page = await new BrowserJar().get(authorizationUrl(issuer, client, newPkce()));
    expect(page.status).toBe(400);
    expect(page.body).toContain('We don’t recognise this app');
  });
});
