/** Who may ask the token endpoint for what: RFC 6749 2.3, 5.2 and 6, RFC 7591 2 and 3.2.1. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startGithubSetting } from '../support/broker.ts';
import { BrowserJar } from '../support/browser-jar.ts';
import {
  answerOf,
  authorizationUrl,
  decide,
  newPkce,
  postForm,
  postJson,
  type RegisteredClient,
  redeem,
  register,
} from '../support/mcp-client.ts';

let world: Awaited<ReturnType<typeof startGithubSetting>>;
beforeAll(async () => {
  world = await startGithubSetting();
});
afterAll(() => world.close());

const basic = (id: string, secret: string) => ({
  authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`,
});
const errorOf = async (response: Response) => ({
  status: response.status,
  error: ((await response.json()) as { error: string }).error,
});
const token = (fields: Record<string, string>, headers: Record<string, string> = {}) =>
  postForm(`${world.setting.issuer}/token`, fields, headers);

async function codeFor(client: RegisteredClient) {
  const pkce = newPkce();
  const jar = new BrowserJar();
  const page = await jar.get(authorizationUrl(world.setting.issuer, client, pkce));
  const handOff = await jar.follow(await decide(jar, page, 'allow'));
  const answered = await jar.follow(await jar.follow(handOff));
  return { pkce, code: answerOf(answered).get('code') ?? '' };
}

describe('a registration that says little', () => {
  it('is a confidential client with the code grant alone, and its secret never expires', async () => {
    const response = await postJson(`${world.setting.issuer}/register`, {
      redirect_uris: ['https://app.example.com/callback'],
    });
    expect(response.status).toBe(201);
    const client = (await response.json()) as Record<string, unknown>;
    expect(client).toMatchObject({
      redirect_uris: ['https://app.example.com/callback'],
      token_endpoint_auth_method: 'client_secret_basic',
      grant_types: ['authorization_code'],
      response_types: ['code'],
      client_secret: expect.stringMatching(/^[A-Za-z0-9_-]{43}$/),
      client_secret_expires_at: 0,
    });
  });

  it('with members nobody knows is taken without them', async () => {
    const client = await register(world.setting.issuer, {
      flavour: 'vanilla',
      client_id: 'mine',
      client_secret: 'mine',
    });
    expect(client.client_id).toMatch(/^mcbc_[0-9a-f]{32}$/);
    expect(Object.keys(client)).not.toContain('flavour');
    expect(Object.keys(client)).not.toContain('client_secret');
  });
});

describe('a client at the token endpoint', () => {
  it('that is not known is told so by 401, with the challenge that a 401 has', async () => {
    const bare = await token({ grant_type: 'refresh_token', refresh_token: 'x', client_id: 'mcbc_gone' });
    expect(bare.headers.get('www-authenticate')).toMatch(/^Basic/);
    expect(await errorOf(bare)).toEqual({ status: 401, error: 'invalid_client' });
    const tried = await token({ grant_type: 'refresh_token', refresh_token: 'x' }, basic('mcbc_gone', 'x'));
    expect(tried.headers.get('www-authenticate')).toMatch(/^Basic/);
    expect(await errorOf(tried)).toEqual({ status: 401, error: 'invalid_client' });
  });

  it('proves itself the registered way, one way only, and for itself only', async () => {
    const client = await register(world.setting.issuer, { token_endpoint_auth_method: 'client_secret_basic' });
    const other = await register(world.setting.issuer);
    const secret = client.client_secret ?? '';
    const { code, pkce } = await codeFor(client);
    const fields = { grant_type: 'authorization_code', code, code_verifier: pkce.verifier };

    expect(await errorOf(await token({ ...fields, client_id: client.client_id }))).toEqual({
      status: 401,
      error: 'invalid_client',
    });
    expect(await errorOf(await token({ ...fields, client_id: client.client_id, client_secret: secret }))).toEqual({
      status: 401,
      error: 'invalid_client',
    });
    expect(await errorOf(await token({ ...fields, client_id: client.client_id, client_secret: '' }))).toEqual({
      status: 401,
      error: 'invalid_client',
    });
    expect(await errorOf(await token(fields, basic(client.client_id, 'wrong')))).toEqual({
      status: 401,
      error: 'invalid_client',
    });
    expect(await errorOf(await token({ ...fields, client_secret: secret }, basic(client.client_id, secret)))).toEqual({
      status: 400,
      error: 'invalid_request',
    });
    expect(
      await errorOf(await token({ ...fields, client_id: other.client_id }, basic(client.client_id, secret))),
    ).toEqual({ status: 400, error: 'invalid_request' });
    expect((await token(fields, basic(client.client_id, secret))).status).toBe(200);
  });

  it('gets a refresh token only if it registered for one, and cannot use the grant otherwise', async () => {
    const client = await register(world.setting.issuer, { grant_types: ['authorization_code'] });
    const { code, pkce } = await codeFor(client);
    const redeemed = await redeem(world.setting.issuer, client, code, pkce);
    expect(redeemed.status).toBe(200);
    expect(await redeemed.json()).not.toHaveProperty('refresh_token');
    const refreshed = await token({ grant_type: 'refresh_token', refresh_token: 'x', client_id: client.client_id });
    expect(await errorOf(refreshed)).toEqual({ status: 400, error: 'unauthorized_client' });
  });

  it.each([
    'password',
    'client_credentials',
    'implicit',
    'urn:ietf:params:oauth:grant-type:jwt-bearer',
    'toString',
    '',
  ])('has no grant type %j', async (grant_type) => {
    const client = await register(world.setting.issuer);
    const refused = await token({
      grant_type,
      client_id: client.client_id,
      username: 'maya',
      password: 'x',
      assertion: 'x',
    });
    expect(await errorOf(refused)).toEqual({
      status: 400,
      error: grant_type === '' ? 'invalid_request' : 'unsupported_grant_type',
    });
  });

  it.each([
    'application/json',
    'text/plain',
    'application/json, application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
  ])('sends a form, not %s', async (type) => {
    const body = 'grant_type=refresh_token&refresh_token=x&client_id=x';
    const response = await fetch(`${world.setting.issuer}/token`, {
      method: 'POST',
      headers: { 'content-type': type },
      body,
    });
    expect(await errorOf(response)).toEqual({ status: 400, error: 'invalid_request' });
    expect(response.headers.get('cache-control')).toBe('no-store');
  });
});
