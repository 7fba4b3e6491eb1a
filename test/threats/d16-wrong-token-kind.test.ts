/** A refresh grant that accepts an access token: Gitea CVE-2026-101023; and a refresh token used as a bearer token. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mintToken } from '../../src/security/secrets.ts';
import { NOTES_CREDENTIAL, startGithubSetting, TASKS_CREDENTIAL, TASKS_URL } from '../support/broker.ts';
import { obtainCode, obtainTokens, refusal } from '../support/journey-steps.ts';
import { introspect, redeem, refresh } from '../support/mcp-client.ts';

let world: Awaited<ReturnType<typeof startGithubSetting>>;
beforeAll(async () => {
  world = await startGithubSetting({ twoResources: true });
});
afterAll(() => world.close());

describe('T-D16 each kind of token opens its own door only', () => {
  it('only a refresh token refreshes', async () => {
    const { issuer } = world.setting;
    const opaque = await obtainTokens(issuer);
    const { client, jar } = opaque;
    const signed = await obtainTokens(issuer, { client, jar, changes: { resource: TASKS_URL, scope: 'tasks:read' } });
    const unused = await obtainCode(issuer, { client, jar });
    const body = opaque.tokens.refresh_token.slice(7);
    const impostors = [
      opaque.tokens.access_token,
      signed.tokens.access_token,
      unused.code,
      opaque.code,
      client.client_id,
      mintToken('mt'),
      mintToken('rt'),
      `mcb_at_${body}`,
      body,
      `${opaque.tokens.refresh_token} `,
      opaque.tokens.refresh_token.toUpperCase(),
    ];
    for (const impostor of impostors) {
      expect(await refusal(await refresh(issuer, client, impostor))).toEqual({ status: 400, error: 'invalid_grant' });
    }
    expect((await redeem(issuer, client, unused.code, unused.pkce)).status).toBe(200);
    expect((await refresh(issuer, client, opaque.tokens.refresh_token)).status).toBe(200);
    expect((await refresh(issuer, client, signed.tokens.refresh_token)).status).toBe(200);
  });

  it('only a code is redeemed', async () => {
    const { issuer } = world.setting;
    const { client, pkce, tokens } = await obtainTokens(issuer);
    for (const impostor of [tokens.access_token, tokens.refresh_token]) {
      expect(await refusal(await redeem(issuer, client, impostor, pkce))).toEqual({
        status: 400,
        error: 'invalid_grant',
      });
    }
    expect((await refresh(issuer, client, tokens.refresh_token)).status).toBe(200);
  });

  it('only an access token is active at a server', async () => {
    const { issuer } = world.setting;
    const { client, jar, tokens } = await obtainTokens(issuer);
    const { code } = await obtainCode(issuer, { client, jar });
    for (const impostor of [tokens.refresh_token, code, client.client_id]) {
      expect(await introspect(issuer, impostor, 'notes', NOTES_CREDENTIAL)).toEqual({ active: false });
      expect(await introspect(issuer, impostor, 'tasks', TASKS_CREDENTIAL)).toEqual({ active: false });
    }
    expect(await introspect(issuer, tokens.access_token, 'notes', NOTES_CREDENTIAL)).toMatchObject({ active: true });
  });
});
