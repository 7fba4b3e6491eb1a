/** Passthrough: the upstream's token reaches the MCP client, or is accepted where ours belongs (MCP security best practices). */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NOTES_CREDENTIAL, startGithubSetting } from '../support/broker.ts';
import { obtainCode, refusal } from '../support/journey-steps.ts';
import { introspect, postForm, redeem, refresh, type TokenAnswer } from '../support/mcp-client.ts';

let world: Awaited<ReturnType<typeof startGithubSetting>>;
beforeAll(async () => {
  world = await startGithubSetting();
});
afterAll(() => world.close());

describe('T-F09 upstream tokens stay with us', () => {
  it('and open nothing here', async () => {
    const { issuer } = world.setting;
    const { client, jar, code, pkce, answered } = await obtainCode(issuer);
    const upstreamToken = world.upstream.seen('/user').at(-1)?.headers.authorization?.replace('Bearer ', '') ?? '';
    expect(upstreamToken).toMatch(/^gho_[0-9a-f]{36}$/);

    const redeemed = await (await redeem(issuer, client, code, pkce)).text();
    const tokens = JSON.parse(redeemed) as TokenAnswer;
    const refreshed = await (await refresh(issuer, client, tokens.refresh_token)).text();
    const told = JSON.stringify(await introspect(issuer, tokens.access_token, 'notes', NOTES_CREDENTIAL));
    const account = (await jar.get(`${issuer}/account`)).body;
    for (const text of [redeemed, refreshed, told, account, JSON.stringify(answered)]) {
      expect(text).not.toContain(upstreamToken);
      expect(text).not.toContain('gho_');
    }
    expect(tokens.access_token).toMatch(/^mcb_at_/);

    expect(await introspect(issuer, upstreamToken, 'notes', NOTES_CREDENTIAL)).toEqual({ active: false });
    expect(await refusal(await refresh(issuer, client, upstreamToken))).toEqual({
      status: 400,
      error: 'invalid_grant',
    });
    expect(await refusal(await redeem(issuer, client, upstreamToken, pkce))).toEqual({
      status: 400,
      error: 'invalid_grant',
    });
    expect(
      (
        await postForm(
          `${issuer}/introspect`,
          { token: tokens.access_token },
          { authorization: `Bearer ${upstreamToken}` },
        )
      ).status,
    ).toBe(401);
  });
});
