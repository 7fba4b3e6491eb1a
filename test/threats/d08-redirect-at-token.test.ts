/** A token endpoint that ignores a differing redirect_uri: typescript-sdk 209 (RFC 6749 4.1.3). */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startGithubSetting } from '../support/broker.ts';
import { obtainCode, refusal } from '../support/journey-steps.ts';
import { postForm, redeem } from '../support/mcp-client.ts';

let world: Awaited<ReturnType<typeof startGithubSetting>>;
beforeAll(async () => {
  world = await startGithubSetting();
});
afterAll(() => world.close());

describe('T-D08 redirect_uri at the token endpoint', () => {
  it('is refused when it differs, in the port of a loopback address too, and burns nothing', async () => {
    const { issuer } = world.setting;
    const { code, client, pkce } = await obtainCode(issuer, {
      changes: { redirect_uri: 'http://127.0.0.1:54213/callback' },
    });
    for (const redirect_uri of [
      'https://evil.example/cb',
      'http://127.0.0.1:33418/callback',
      'http://127.0.0.1/callback',
      'http://localhost:54213/callback',
      'http://127.0.0.1:54213/callback/',
    ]) {
      expect(await refusal(await redeem(issuer, client, code, pkce, { redirect_uri }))).toEqual({
        status: 400,
        error: 'invalid_grant',
      });
    }
    expect((await redeem(issuer, client, code, pkce, { redirect_uri: 'http://127.0.0.1:54213/callback' })).status).toBe(
      200,
    );
  });

  it('may be left out', async () => {
    const { issuer } = world.setting;
    const { code, client, pkce } = await obtainCode(issuer);
    const response = await postForm(`${issuer}/token`, {
      grant_type: 'authorization_code',
      code,
      client_id: client.client_id,
      code_verifier: pkce.verifier,
    });
    expect(response.status).toBe(200);
  });
});
