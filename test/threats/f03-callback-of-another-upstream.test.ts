/** Cross-upstream request forgery: the upstream is taken from the callback's path instead of the pending journey. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startGithubSetting } from '../support/broker.ts';
import { allowAndReturn, openPage } from '../support/journey-steps.ts';

let world: Awaited<ReturnType<typeof startGithubSetting>>;
beforeAll(async () => {
  world = await startGithubSetting();
});
afterAll(() => world.close());

describe('T-F03 the pending journey decides the upstream', () => {
  it.each(['other', 'CORP', 'corp%2F..%2Fcorp', '%63orp2', '__proto__'])(
    'its state at /callback/%s is refused, and burnt',
    async (path) => {
      const { issuer } = world.setting;
      const { jar, page } = await openPage(issuer);
      const back = new URL((await allowAndReturn(jar, page)).next ?? '');
      const asked = world.upstream.seen('/login/oauth/access_token').length;

      const elsewhere = await jar.get(`${issuer}/callback/${path}${back.search}`);
      expect(elsewhere.status).toBe(400);
      expect(elsewhere.next).toBeUndefined();
      const home = await jar.get(back.href);
      expect(home.status).toBe(400);
      expect(home.next).toBeUndefined();
      expect(world.upstream.seen('/login/oauth/access_token')).toHaveLength(asked);
    },
  );
});
