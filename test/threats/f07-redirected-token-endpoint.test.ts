/** Credentials that follow a redirect of the token endpoint: TypeScript SDK CVE-2026-111769, Python SDK CVE-2026-116685. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startGithubSetting } from '../support/broker.ts';
import { openDatabase } from '../support/database.ts';
import { allowAndReturn, openPage } from '../support/journey-steps.ts';

let world: Awaited<ReturnType<typeof startGithubSetting>>;
beforeAll(async () => {
  world = await startGithubSetting();
});
afterAll(() => world.close());

describe('T-F07 no redirect of an upstream is followed', () => {
  it.each(['token', 'user'] as const)(
    '307 from its %s endpoint: the decoy hears nothing and nobody gets a code',
    async (endpoint) => {
      const { setting, upstream } = world;
      upstream.modes[endpoint] = 'redirect';
      const { jar, client, page } = await openPage(setting.issuer);
      const answered = await jar.follow(await allowAndReturn(jar, page));
      upstream.modes[endpoint] = 'none';

      expect(answered.status).toBe(502);
      expect(answered.next).toBeUndefined();
      expect(upstream.decoyLog).toEqual([]);
      const db = openDatabase(setting.databaseFile);
      expect(db.get('select count(*) as n from codes where client_id = ?', client.client_id)).toEqual({ n: 0 });
      expect(db.get('select count(*) as n from upstream_grants')).toEqual({ n: 0 });
      db.close();
    },
  );
});
