/** The consent page after a person took an app's access back, and what their activity says of a refusal of more. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startGithubSetting } from '../support/broker.ts';
import { BrowserJar } from '../support/browser-jar.ts';
import { authorizationUrl, decide, newPkce, register } from '../support/mcp-client.ts';
import { submit, wordsOf } from '../support/page-forms.ts';

let world: Awaited<ReturnType<typeof startGithubSetting>>;
beforeAll(async () => {
  world = await startGithubSetting();
});
afterAll(() => world.close());

it('says that the person removed the app, and not when an administrator did', async () => {
  const { issuer, broker, clock } = world.setting;
  const jar = new BrowserJar();
  const client = await register(issuer);
  const open = (scope = 'notes:read') => jar.get(authorizationUrl(issuer, client, newPkce(), { scope }));
  const allow = async () => jar.follow(await jar.follow(await jar.follow(await decide(jar, await open(), 'allow'))));
  await allow();
  await decide(jar, await open('notes:read notes:write'), 'deny');
  expect(wordsOf(await jar.get(`${issuer}/account/activity`))).toContain('You didn’t give');

  const removal = await jar.get(`${issuer}/account/remove/all`);
  const removed = await jar.follow(await submit(jar, removal, '/account/remove/'));
  expect(wordsOf(removed)).toMatch(/They have all stopped working|Anything they already opened/);
  expect(wordsOf(await open())).toContain('You removed this app on');

  await allow();
  const { store } = broker.deps;
  const [user] = await store.listUsers(
    { state: undefined, upstream: undefined, subject: undefined },
    { before: undefined, limit: 1 },
  );
  clock.advance(2);
  const trail = { at: clock.now(), reference: 'req_test', actor: { kind: 'admin', id: 'k' } } as const;
  await store.revokeApprovals(user?.id ?? '', undefined, 'revoked_by_admin', trail);
  expect(wordsOf(await open())).not.toContain('You removed this app on');
});
