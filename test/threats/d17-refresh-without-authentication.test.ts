/** A refresh grant without client authentication: better-auth CVE-2026-53512. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startGithubSetting } from '../support/broker.ts';
import { basicOf, obtainCode, refusal } from '../support/journey-steps.ts';
import { postForm, refresh, register, type TokenAnswer } from '../support/mcp-client.ts';

let world: Awaited<ReturnType<typeof startGithubSetting>>;
beforeAll(async () => {
  world = await startGithubSetting();
});
afterAll(() => world.close());

describe('T-D17 a confidential client proves itself at every refresh', () => {
  it('and nobody else can use its refresh token', async () => {
    const { issuer } = world.setting;
    const { client, code, pkce } = await obtainCode(issuer, {
      metadata: { token_endpoint_auth_method: 'client_secret_basic' },
    });
    const authorization = basicOf(client);
    const redeemed = await postForm(
      `${issuer}/token`,
      { grant_type: 'authorization_code', code, code_verifier: pkce.verifier },
      { authorization },
    );
    const { refresh_token } = (await redeemed.json()) as TokenAnswer;
    const fields = { grant_type: 'refresh_token', refresh_token };
    const stranger = await register(issuer);
    const other = await register(issuer, { token_endpoint_auth_method: 'client_secret_basic' });

    const nameOnly = await postForm(`${issuer}/token`, { ...fields, client_id: client.client_id });
    const nobody = await postForm(`${issuer}/token`, fields);
    const emptySecret = await postForm(`${issuer}/token`, {
      ...fields,
      client_id: client.client_id,
      client_secret: '',
    });
    const wrongSecret = await postForm(`${issuer}/token`, fields, {
      authorization: basicOf({ ...client, client_secret: `${client.client_secret}x` }),
    });
    const otherMethod = await postForm(`${issuer}/token`, {
      ...fields,
      client_id: client.client_id,
      client_secret: client.client_secret ?? '',
    });
    const otherSecret = await postForm(`${issuer}/token`, fields, {
      authorization: basicOf({ ...client, client_secret: other.client_secret ?? '' }),
    });
    for (const refused of [nameOnly, nobody, emptySecret, wrongSecret, otherMethod, otherSecret]) {
      expect(await refusal(refused)).toEqual({ status: 401, error: 'invalid_client' });
    }
    expect(wrongSecret.headers.get('www-authenticate')).toMatch(/^Basic /);
    expect(await refusal(await refresh(issuer, stranger, refresh_token))).toEqual({
      status: 400,
      error: 'invalid_grant',
    });
    expect(await refusal(await postForm(`${issuer}/token`, fields, { authorization: basicOf(other) }))).toEqual({
      status: 400,
      error: 'invalid_grant',
    });

    expect((await postForm(`${issuer}/token`, fields, { authorization })).status).toBe(200);
  });
});
