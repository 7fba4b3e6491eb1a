/** Keycloak CVE-2026-18211: a prefix test lets names that merely begin like loopback pass for it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startGithubSetting } from '../support/broker.ts';
import { openDatabase } from '../support/database.ts';
import { postJson } from '../support/mcp-client.ts';

const FALSE_LOOPBACK = [
  'http://localhost.evil.test/cb',
  'http://localhost.evil.test:33418/cb',
  'http://127.0.0.1.evil.test/cb',
  'http://127.0.0.1@evil.test/cb',
  'http://localhost@evil.test/cb',
  'http://localhost:80@evil.test/cb',
  'http://localhost%40evil.test/cb',
  'http://localhost\\@evil.test/cb',
  'http://localhost#@evil.test/cb',
  'http://evil.test/http://localhost/cb',
  'http://2130706433/cb',
  'http://0x7f.1/cb',
  'http://0x7f000001/cb',
  'http://0177.0.0.1/cb',
  'http://127.1/cb',
  'http://127.0.0.2/cb',
  'http://[::ffff:127.0.0.1]/cb',
  'http://[::ffff:7f00:1]/cb',
  'http://[0:0:0:0:0:0:0:1]/cb',
  'http://0.0.0.0/cb',
  'http://[::]/cb',
  'http://localhost./cb',
  'http://app.localhost/cb',
  'http://LOCALHOST/cb',
  'http://loc\u0430lhost/cb',
  'http://127.0.0.1:0/cb',
  'http://127.0.0.1:65536/cb',
  'http://127.0.0.1:-1/cb',
  'http://127.0.0.1:99999999999/cb',
  'http://127.0.0.1:/cb',
];

let world: Awaited<ReturnType<typeof startGithubSetting>>;
beforeAll(async () => {
  world = await startGithubSetting({ settings: { limits: { registrations: 'off' } } });
});
afterAll(() => world.close());

const registration = (redirect_uris: readonly string[]) =>
  postJson(`${world.setting.issuer}/register`, { redirect_uris, token_endpoint_auth_method: 'none' });

describe('T-C04 only the three loopback hosts are loopback', () => {
  it.each(FALSE_LOOPBACK)('%s cannot be registered', async (uri) => {
    const db = openDatabase(world.setting.databaseFile);
    const before = db.counts();
    const response = await registration([uri]);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: 'invalid_redirect_uri' });
    expect(db.counts()).toEqual(before);
    db.close();
  });

  it('beside a good one each of them is dropped from the registered set', async () => {
    for (const uri of FALSE_LOOPBACK) {
      const response = await registration(['http://127.0.0.1/cb', uri]);
      expect(response.status).toBe(201);
      expect(await response.json()).toMatchObject({ redirect_uris: ['http://127.0.0.1/cb'] });
    }
  });

  it.each(['http://localhost/cb', 'http://127.0.0.1:33418/cb', 'http://[::1]:8080/cb', 'http://localhost'])(
    '%s can be registered',
    async (uri) => {
      const response = await registration([uri]);
      expect(response.status).toBe(201);
      expect(await response.json()).toMatchObject({ redirect_uris: [uri] });
    },
  );
});
