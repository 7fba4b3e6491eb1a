/** A registration access token outlives an operator's block, or reaches past the checks of a registration. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADMIN_KEY, admin } from '../support/admin.ts';
import { NOTES_CREDENTIAL, startGithubSetting } from '../support/broker.ts';
import { obtainTokens } from '../support/journey-steps.ts';
import { introspect, type RegisteredClient, register } from '../support/mcp-client.ts';

type Registration = RegisteredClient & { registration_access_token: string; registration_client_uri: string };

let world: Awaited<ReturnType<typeof startGithubSetting>>;
beforeAll(async () => {
  world = await startGithubSetting({ settings: { admin: { keys: [ADMIN_KEY] } } });
});
afterAll(() => world.close());

const manage = (client: Registration, method: string, body?: object, token = client.registration_access_token) =>
  fetch(client.registration_client_uri, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
const metadataOf = ({ client_id, redirect_uris }: Registration) => ({
  client_id,
  redirect_uris,
  token_endpoint_auth_method: 'none',
  grant_types: ['authorization_code', 'refresh_token'],
});

describe('T-E04 the token of a blocked client', () => {
  it('opens nothing: not reading, not changing, not ending, and lifts no block', async () => {
    const { issuer } = world.setting;
    const client = (await register(issuer)) as Registration;
    const { tokens } = await obtainTokens(issuer, { client });
    const ruling = { state: 'blocked', reason: 'abuse' };
    expect((await admin(issuer, 'PATCH', `/clients/${client.client_id}`, { body: ruling })).status).toBe(200);

    for (const method of ['GET', 'PUT', 'DELETE'])
      expect((await manage(client, method, method === 'PUT' ? metadataOf(client) : undefined)).status).toBe(401);

    expect(await introspect(issuer, tokens.access_token, 'notes', NOTES_CREDENTIAL)).toEqual({ active: false });
    const seen = await admin(issuer, 'GET', `/clients/${client.client_id}`);
    expect(seen.json).toMatchObject({ state: 'blocked', blocked_reason: 'abuse' });
  });

  it('works again when the operator lets the client back, and changes nothing of its own', async () => {
    const { issuer } = world.setting;
    const client = (await register(issuer)) as Registration;
    await admin(issuer, 'PATCH', `/clients/${client.client_id}`, { body: { state: 'blocked', reason: 'mistake' } });
    await admin(issuer, 'PATCH', `/clients/${client.client_id}`, { body: { state: 'active', reason: 'mistake' } });
    expect((await manage(client, 'GET')).status).toBe(200);
  });

  it('an update takes no address that a registration would not', async () => {
    const client = (await register(world.setting.issuer)) as Registration;
    for (const uri of ['javascript:alert(1)', 'http://evil.example/cb', `${world.setting.issuer}/callback/corp`]) {
      const answer = await manage(client, 'PUT', { ...metadataOf(client), redirect_uris: [uri] });
      expect([answer.status, ((await answer.json()) as { error: string }).error]).toEqual([
        400,
        'invalid_redirect_uri',
      ]);
    }
    expect(await (await manage(client, 'GET')).json()).toMatchObject({ redirect_uris: client.redirect_uris });
  });

  it('the token of one client is nothing at another', async () => {
    const { issuer } = world.setting;
    const [own, other] = [(await register(issuer)) as Registration, (await register(issuer)) as Registration];
    for (const method of ['GET', 'PUT', 'DELETE'])
      expect((await manage(other, method, undefined, own.registration_access_token)).status).toBe(401);
    expect((await manage(other, 'GET')).status).toBe(200);
  });
});
