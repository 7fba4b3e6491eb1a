/** A registration is answered with the broker's own client at the upstream, as some proxies do. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startGithubSetting } from '../support/broker.ts';
import { obtainTokens } from '../support/journey-steps.ts';
import { postJson } from '../support/mcp-client.ts';

let world: Awaited<ReturnType<typeof startGithubSetting>>;
beforeAll(async () => {
  world = await startGithubSetting();
});
afterAll(() => world.close());

describe('T-E06 credentials of the broker in an answer', () => {
  it('no answer to a client names the broker’s own client at the upstream, or its secret', async () => {
    const { issuer } = world.setting;
    const { tokens } = await obtainTokens(issuer);
    const registered = await postJson(`${issuer}/register`, {
      redirect_uris: ['https://app.example.com/cb'],
      client_id: 'broker-at-upstream',
    });
    const text = await registered.text();
    const { registration_client_uri, registration_access_token } = JSON.parse(text);
    const read = await fetch(registration_client_uri, {
      headers: { authorization: `Bearer ${registration_access_token}` },
    });
    expect([registered.status, read.status]).toEqual([201, 200]);
    const metadata = await fetch(`${issuer}/.well-known/oauth-authorization-server`);
    for (const answer of [text, await read.text(), await metadata.text(), JSON.stringify(tokens)]) {
      expect(answer).not.toContain('broker-at-upstream');
      expect(answer).not.toContain('upstream-secret-5f0c1d7e9a3b48d2');
    }
  });
});
