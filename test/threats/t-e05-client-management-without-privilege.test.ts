/** Somebody without an admin key tries the calls that manage clients. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADMIN_KEY, admin, makeKey } from '../support/admin.ts';
import { startGithubSetting } from '../support/broker.ts';
import { obtainTokens } from '../support/journey-steps.ts';
import { type RegisteredClient, register } from '../support/mcp-client.ts';

let world: Awaited<ReturnType<typeof startGithubSetting>>;
beforeAll(async () => {
  world = await startGithubSetting({ settings: { admin: { keys: [ADMIN_KEY] } } });
});
afterAll(() => world.close());

describe('T-E05 client management without privilege', () => {
  it('no token of a client or a person, and no lower key, lists, changes or deletes clients', async () => {
    const { issuer } = world.setting;
    const client = (await register(issuer)) as RegisteredClient & { registration_access_token: string };
    const { tokens } = await obtainTokens(issuer, { client });
    const strangers = [null, tokens.access_token, tokens.refresh_token, client.registration_access_token];
    for (const key of strangers) {
      expect((await admin(issuer, 'GET', '/clients', { key })).status).toBe(401);
      expect((await admin(issuer, 'DELETE', `/clients/${client.client_id}?reason=x`, { key })).status).toBe(401);
      const body = { state: 'blocked', reason: 'x' };
      expect((await admin(issuer, 'PATCH', `/clients/${client.client_id}`, { key, body })).status).toBe(401);
    }
    const { key } = await makeKey(world.setting, { role: 'reader' });
    expect((await admin(issuer, 'DELETE', `/clients/${client.client_id}?reason=x`, { key })).status).toBe(403);
    expect((await admin(issuer, 'GET', `/clients/${client.client_id}`)).json).toMatchObject({ state: 'active' });
  });
});
