/** T-H04: a broker on loopback answers under its own host names only, so a rebound name reaches nothing. */
import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startGithubSetting } from '../support/broker.ts';

let world: Awaited<ReturnType<typeof startGithubSetting>>;
beforeAll(async () => {
  world = await startGithubSetting();
});
afterAll(() => world.close());

const statusUnder = (host: string, path: string): Promise<number> =>
  new Promise((resolve, reject) => {
    const outgoing = request(`${world.setting.issuer}${path}`, { headers: { host } }, (incoming) => {
      incoming.resume();
      resolve(incoming.statusCode ?? 0);
    });
    outgoing.on('error', reject).end();
  });

describe('a configured broker on loopback', () => {
  it.each(['/account', '/authorize', '/help/why', '/token', '/callback/corp'])(
    'refuses %s under a name of somebody else',
    async (path) => {
      expect(await statusUnder('rebound.example', path)).toBe(403);
      expect(await statusUnder('localhost.rebound.example', path)).toBe(403);
    },
  );

  it('answers under its own names, whatever the port', async () => {
    for (const host of ['localhost', 'LOCALHOST:1', '127.0.0.1:9999', '[::1]:8787']) {
      expect(await statusUnder(host, '/account')).toBe(200);
    }
  });
});
