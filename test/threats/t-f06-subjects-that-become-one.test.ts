/** T-F05, T-F06: subjects that a database would store alike never become one person. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startGithubSetting } from '../support/broker.ts';
import { BrowserJar } from '../support/browser-jar.ts';
import { authorizationUrl, decide, newPkce, register } from '../support/mcp-client.ts';

let world: Awaited<ReturnType<typeof startGithubSetting>>;
beforeAll(async () => {
  world = await startGithubSetting();
});
afterAll(() => world.close());

async function comeBackAs(userBody: string) {
  const { issuer } = world.setting;
  world.upstream.modes.userBody = userBody;
  const jar = new BrowserJar();
  const page = await jar.get(authorizationUrl(issuer, await register(issuer), newPkce()));
  const upstream = await jar.follow(await jar.follow(await decide(jar, page, 'allow')));
  return jar.follow(upstream);
}

describe('a subject that cannot be stored as it is', () => {
  it.each(['{"id":"eve\\ud800","login":"eve"}', '{"id":"eve\\u0000","login":"eve"}', '{"id":"eve\\n","login":"eve"}'])(
    'signs nobody in: %s',
    async (userBody) => {
      const answer = await comeBackAs(userBody);
      expect(answer.status).toBe(502);
      expect(answer.next).toBeUndefined();
      expect(answer.headers['set-cookie']?.some((cookie) => cookie.startsWith('mcb_session='))).not.toBe(true);
    },
  );

  it('is told from one that can', async () => {
    expect((await comeBackAs('{"id":"eve","login":"eve"}')).status).toBe(303);
  });
});
