/** PKCE skipped when the code had none: Cloudflare CVE-2025-4144, and for confidential clients Spring CVE-2024-22258. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startGithubSetting } from '../support/broker.ts';
import { BrowserJar } from '../support/browser-jar.ts';
import { openDatabase } from '../support/database.ts';
import { basicOf, obtainCode, refusal } from '../support/journey-steps.ts';
import { authorizationUrl, newPkce, postForm, type RegisteredClient, register } from '../support/mcp-client.ts';

let world: Awaited<ReturnType<typeof startGithubSetting>>;
beforeAll(async () => {
  world = await startGithubSetting();
});
afterAll(() => world.close());

const KINDS = [
  ['a public client', 'none'],
  ['a confidential client', 'client_secret_basic'],
] as const;

const redeemWith = (client: RegisteredClient, fields: Record<string, string>) =>
  client.client_secret === undefined
    ? postForm(`${world.setting.issuer}/token`, {
        grant_type: 'authorization_code',
        client_id: client.client_id,
        ...fields,
      })
    : postForm(
        `${world.setting.issuer}/token`,
        { grant_type: 'authorization_code', ...fields },
        { authorization: basicOf(client) },
      );

describe.each(KINDS)('T-D01 %s cannot do without PKCE', (_kind, token_endpoint_auth_method) => {
  const metadata = { token_endpoint_auth_method };

  it('a request without challenge is refused before any page', async () => {
    const { issuer } = world.setting;
    const client = await register(issuer, metadata);
    const answer = await new BrowserJar().get(
      authorizationUrl(issuer, client, newPkce(), { code_challenge: null, code_challenge_method: null }),
    );
    expect(answer.status).toBe(303);
    expect(new URL(answer.next ?? '').searchParams.get('error')).toBe('invalid_request');
  });

  it('a code bound to a challenge is worth nothing without its verifier', async () => {
    const { client, code, pkce } = await obtainCode(world.setting.issuer, { metadata });
    expect(await refusal(await redeemWith(client, { code }))).toEqual({ status: 400, error: 'invalid_grant' });
    expect(await refusal(await redeemWith(client, { code, code_verifier: '' }))).toEqual({
      status: 400,
      error: 'invalid_grant',
    });
    expect(await refusal(await redeemWith(client, { code, code_verifier: pkce.challenge }))).toEqual({
      status: 400,
      error: 'invalid_grant',
    });
    expect(await refusal(await redeemWith(client, { code, code_verifier: pkce.verifier.slice(0, 42) }))).toEqual({
      status: 400,
      error: 'invalid_grant',
    });
    expect((await redeemWith(client, { code, code_verifier: pkce.verifier })).status).toBe(200);
  });

  it('a code whose challenge is gone opens neither with a verifier nor without', async () => {
    const { client, code, pkce } = await obtainCode(world.setting.issuer, { metadata });
    const db = openDatabase(world.setting.databaseFile);
    expect(db.run("update codes set code_challenge = '' where client_id = ?", client.client_id)).toBe(1);
    db.close();
    expect(await refusal(await redeemWith(client, { code, code_verifier: pkce.verifier }))).toEqual({
      status: 400,
      error: 'invalid_grant',
    });
    expect(await refusal(await redeemWith(client, { code }))).toEqual({ status: 400, error: 'invalid_grant' });
    expect(await refusal(await redeemWith(client, { code, code_verifier: '' }))).toEqual({
      status: 400,
      error: 'invalid_grant',
    });
  });

  it('a plain comparison is not made', async () => {
    const { client, code, pkce } = await obtainCode(world.setting.issuer, { metadata });
    const db = openDatabase(world.setting.databaseFile);
    expect(db.run('update codes set code_challenge = ? where client_id = ?', pkce.verifier, client.client_id)).toBe(1);
    db.close();
    expect(await refusal(await redeemWith(client, { code, code_verifier: pkce.verifier }))).toEqual({
      status: 400,
      error: 'invalid_grant',
    });
  });
});
