/** Anybody could revoke: workers-oauth-provider before 0.8.0 (RFC 7009 2.1). */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NOTES_CREDENTIAL, startGithubSetting } from '../support/broker.ts';
import { openDatabase } from '../support/database.ts';
import { basicOf, obtainTokens } from '../support/journey-steps.ts';
import { introspect, postForm, refresh, register } from '../support/mcp-client.ts';

let world: Awaited<ReturnType<typeof startGithubSetting>>;
beforeAll(async () => {
  world = await startGithubSetting();
});
afterAll(() => world.close());

describe('T-D22 only its own client revokes a token', () => {
  it('strangers change nothing and learn nothing', async () => {
    const { issuer, databaseFile } = world.setting;
    const { client, tokens } = await obtainTokens(issuer);
    const stranger = await register(issuer);
    const confidential = await register(issuer, { token_endpoint_auth_method: 'client_secret_basic' });
    const resource = `Basic ${Buffer.from(`notes:${NOTES_CREDENTIAL}`).toString('base64')}`;
    const db = openDatabase(databaseFile);
    const before = db.counts();
    const revoke = (fields: Record<string, string>, headers: Record<string, string> = {}) =>
      postForm(`${issuer}/revoke`, fields, headers);

    for (const token of [tokens.access_token, tokens.refresh_token]) {
      const own = await revoke({ token, client_id: stranger.client_id });
      const unknown = await revoke({ token: 'mcb_rt_nobody', client_id: stranger.client_id });
      expect([own.status, await own.text(), unknown.status, await unknown.text()]).toEqual([200, '', 200, '']);
      expect((await revoke({ token }, { authorization: basicOf(confidential) })).status).toBe(200);
      expect((await revoke({ token })).status).toBe(401);
      expect((await revoke({ token, client_id: 'mcbc_nobody' })).status).toBe(401);
      expect((await revoke({ token }, { authorization: resource })).status).toBe(401);
      expect(
        (await revoke({ token, client_id: client.client_id }, { authorization: basicOf(confidential) })).status,
      ).toBe(400);
    }
    expect(db.counts()).toEqual(before);
    db.close();
    expect(await introspect(issuer, tokens.access_token, 'notes', NOTES_CREDENTIAL)).toMatchObject({ active: true });
    expect((await refresh(issuer, client, tokens.refresh_token)).status).toBe(200);
  });
});
