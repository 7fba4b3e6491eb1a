/** T-C03, T-I01: text that Postgres cannot hold or look for is refused by us and never becomes a failure. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startGithubSetting } from '../support/broker.ts';
import { postForm } from '../support/mcp-client.ts';

let world: Awaited<ReturnType<typeof startGithubSetting>>;
beforeAll(async () => {
  world = await startGithubSetting({ engine: 'postgres' });
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
