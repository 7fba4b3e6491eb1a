/** T-A16: a person allows much for a while, and later little: the tokens of the first time must not come back with the second. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startGithubSetting } from '../support/broker.ts';
import { BrowserJar } from '../support/browser-jar.ts';
import { allowAndReturn, openPage, refusal } from '../support/journey-steps.ts';
import { answerOf, redeem, refresh, register, type TokenAnswer } from '../support/mcp-client.ts';

const DAY = 86_400;
let world: Awaited<ReturnType<typeof startGithubSetting>>;
beforeAll(async () => {
  world = await startGithubSetting({ settings: { consent: { lifetime: '7d' } } });
});
afterAll(() => world.close());

it('a refresh token of an approval that ran out stays dead when less is allowed anew', async () => {
  const { issuer, clock } = world.setting;
  const jar = new BrowserJar();
  const client = await register(issuer);
  const allow = async (scope: string, ticked: readonly (readonly [string, string])[] = []) => {
    const { page, pkce } = await openPage(issuer, { jar, client, changes: { scope } });
    const code = answerOf(await jar.follow(await allowAndReturn(jar, page, ticked))).get('code') ?? '';
    return (await (await redeem(issuer, client, code, pkce)).json()) as TokenAnswer;
  };
  const first = await allow('notes:write notes:purge', [['scope', 'notes:purge']]);
  expect(first.scope).toBe('notes:write notes:purge');

  clock.advance(8 * DAY);
  expect((await refresh(issuer, client, first.refresh_token)).status).toBe(400);
  const second = await allow('notes:read');
  expect(second.scope).toBe('notes:read');

  expect(await refusal(await refresh(issuer, client, first.refresh_token))).toEqual({
    status: 400,
    error: 'invalid_grant',
  });
  expect((await refresh(issuer, client, second.refresh_token)).status).toBe(200);
});
