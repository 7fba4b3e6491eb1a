/** T-C03, T-I01: text that Postgres cannot hold or look for is refused by us and never becomes a failure. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADMIN_KEY, admin } from '../support/admin.ts';
import { startGithubSetting } from '../support/broker.ts';
import { enterByLink } from '../support/console.ts';
import { postForm } from '../support/mcp-client.ts';

let world: Awaited<ReturnType<typeof startGithubSetting>>;
beforeAll(async () => {
  world = await startGithubSetting({ engine: 'postgres', settings: { admin: { keys: [ADMIN_KEY] } } });
});
afterAll(() => world.close());

const basic = (text: string) => ({ authorization: `Basic ${Buffer.from(text).toString('base64')}` });

describe('text that Postgres cannot hold', () => {
  it.each(['/consent/%00', '/consent/jny_%00/go', '/callback/%00?state=x', '/account/remove/%00', '/%00'])(
    'is an unknown address: %s',
    async (path) => {
      const response = await fetch(`${world.setting.issuer}${path}`);
      expect(response.status).toBe(404);
    },
  );

  it.each(['a\u0000b:secret', 'a%00b:secret'])('is no client at /token: %j', async (credentials) => {
    const response = await postForm(
      `${world.setting.issuer}/token`,
      { grant_type: 'refresh_token' },
      basic(credentials),
    );
    expect(response.status).toBe(401);
    expect(await response.json()).toMatchObject({ error: 'invalid_client' });
  });

  it.each(['app', 'approval', 'person', 'tool', 'waiting', 'rule'])(
    'is nothing there on the console’s page of one %s',
    async (page) => {
      const { jar } = await enterByLink(world.setting, 'reader');
      for (const id of ['%00', 'apr_%00x', '%ed%a0%80', '%ff', 'a'.repeat(5000), '%2500', '..', '']) {
        const shown = await jar.get(`${world.setting.issuer}/admin/${page}?id=${id}`);
        expect([id.slice(0, 9), shown.status]).toEqual([id.slice(0, 9), 404]);
      }
    },
  );

  it('is no question of the console, and nothing there at the admin API', async () => {
    const { jar } = await enterByLink(world.setting, 'admin');
    for (const path of [
      'explain?reference=%00',
      'approvals?user=%00',
      'approvals?cursor=%00',
      'confirm/block_app?id=%00',
    ]) {
      const shown = await jar.get(`${world.setting.issuer}/admin/${path}`);
      expect([path, shown.status]).toEqual([path, 400]);
    }
    expect((await admin(world.setting.issuer, 'GET', '/approvals/%00')).status).toBe(404);
  });

  it('is left out of a registration', async () => {
    const response = await fetch(`${world.setting.issuer}/register`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"redirect_uris":["https://app.example/cb"],"client_name":"A\\ud800\\u0000B","contacts":["\\udfffc\\u0000"],"client_name#de":"\\ud800"}',
    });
    expect(response.status).toBe(201);
    expect(await response.json()).toMatchObject({
      client_name: 'A\ufffdB',
      contacts: ['\ufffdc'],
      'client_name#de': '\ufffd',
    });
  });
});
