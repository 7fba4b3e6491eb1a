/** Programs of the operator's with something for themselves (RFC 6749 4.4; requirement A-87). */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  NOTES_CREDENTIAL,
  NOTES_URL,
  startTestBroker,
  TASKS_CREDENTIAL,
  TASKS_URL,
  type TestBroker,
} from '../support/broker.ts';
import { refusal } from '../support/journey-steps.ts';
import { introspect, postForm, register } from '../support/mcp-client.ts';

const UPSTREAM = {
  preset: 'oidc',
  issuer: 'http://127.0.0.1:9',
  client_id: 'broker',
  client_secret: 'upstream-secret-5f0c1d7e9a3b48d2',
};
const [SECRET, OTHER_SECRET] = ['nightly-secret-Kd83hf72jsQp19', 'weekly-secret-Mw62kd90xzLa47'];
const NIGHTLY = {
  client_id: 'nightly',
  client_secret: SECRET,
  client_credentials: { notes: ['notes:read', 'notes:write'], tasks: ['tasks:read'] },
};
const PEOPLE_ONLY = {
  client_id: 'people-only',
  client_secret: OTHER_SECRET,
  redirect_uris: ['https://app.example.com/cb'],
};

let setting: TestBroker;
beforeAll(async () => {
  setting = await startTestBroker(UPSTREAM, {
    twoResources: true,
    settings: { registration: { clients: [NIGHTLY, PEOPLE_ONLY] } },
  });
});
afterAll(() => setting.close());

const basic = (id: string, secret: string) => `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`;
const ask = (fields: Record<string, string> = {}, authorization = basic('nightly', SECRET)) =>
  postForm(
    `${setting.issuer}/token`,
    { grant_type: 'client_credentials', resource: NOTES_URL, ...fields },
    { authorization },
  );
const tokenOf = async (response: Response) => {
  expect([response.status, response.headers.get('cache-control')]).toEqual([200, 'no-store']);
  return (await response.json()) as { access_token: string; scope: string };
};
const atNotes = (token: string) => introspect(setting.issuer, token, 'notes', NOTES_CREDENTIAL);

describe('a program listed for it', () => {
  it('gets a token for one resource, with its scopes there and no refresh token', async () => {
    const answer = await tokenOf(await ask());
    expect(answer).toEqual({
      access_token: expect.stringMatching(/^mcb_at_/),
      token_type: 'Bearer',
      expires_in: expect.closeTo(600, -1),
      scope: 'notes:read notes:write',
    });
    expect(await atNotes(answer.access_token)).toEqual({
      active: true,
      scope: 'notes:read notes:write',
      client_id: 'nightly',
      sub: 'client:nightly',
      aud: NOTES_URL,
      iss: setting.issuer,
      token_type: 'Bearer',
      iat: expect.any(Number),
      exp: expect.any(Number),
    });
    expect(await introspect(setting.issuer, answer.access_token, 'tasks', TASKS_CREDENTIAL)).toEqual({ active: false });
  });

  it('gets a signed one where the resource has those', async () => {
    const { access_token } = await tokenOf(await ask({ resource: TASKS_URL }));
    const claims = JSON.parse(Buffer.from(access_token.split('.')[1] ?? '', 'base64url').toString());
    expect(claims).toMatchObject({ aud: TASKS_URL, sub: 'client:nightly', client_id: 'nightly', scope: 'tasks:read' });
    const seen = await introspect(setting.issuer, access_token, 'tasks', TASKS_CREDENTIAL);
    expect(seen).toMatchObject({ active: true, sub: 'client:nightly' });
  });

  it('passes the forward-auth as itself, where its scope is enough', async () => {
    const { access_token } = await tokenOf(await ask());
    const verify = (resource: string, credential: string) =>
      fetch(`${setting.issuer}/verify/${resource}`, {
        headers: { authorization: `Bearer ${access_token}`, 'x-broker-credential': credential },
      });
    const passed = await verify('notes', NOTES_CREDENTIAL);
    expect([passed.status, JSON.stringify([...passed.headers])]).toEqual([
      200,
      expect.stringContaining('client:nightly'),
    ]);
    expect((await verify('tasks', TASKS_CREDENTIAL)).status).toBe(401);
  });

  it('gets less when it asks for less', async () => {
    expect((await tokenOf(await ask({ scope: 'notes:read' }))).scope).toBe('notes:read');
  });

  it.each<readonly [string, Record<string, string>, string]>([
    ['a scope that is not listed', { scope: 'notes:purge' }, 'invalid_scope'],
    ['a scope of another resource', { scope: 'tasks:read' }, 'invalid_scope'],
    ['an unknown resource', { resource: 'https://other.example.com/mcp' }, 'invalid_target'],
    ['no resource of several', { resource: '' }, 'invalid_target'],
  ])('is refused %s', async (_what, fields, error) => {
    expect(await refusal(await ask(fields))).toEqual({ status: 400, error });
  });

  it('is refused without its secret', async () => {
    expect(await refusal(await ask({}, basic('nightly', 'wrong-secret-wrong-secret')))).toEqual({
      status: 401,
      error: 'invalid_client',
    });
    const unauthenticated = await postForm(`${setting.issuer}/token`, {
      grant_type: 'client_credentials',
      client_id: 'nightly',
    });
    expect(await refusal(unauthenticated)).toEqual({ status: 401, error: 'invalid_client' });
  });

  it('has nothing at an upstream: its token is not exchanged', async () => {
    const { access_token } = await tokenOf(await ask());
    const exchange = await postForm(
      `${setting.issuer}/token`,
      {
        grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
        subject_token: access_token,
        subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      },
      { authorization: basic('notes', NOTES_CREDENTIAL) },
    );
    expect(exchange.status).toBe(400);
  });

  it('ends its own token', async () => {
    const { access_token } = await tokenOf(await ask());
    const revoke = (authorization: string) =>
      postForm(`${setting.issuer}/revoke`, { token: access_token }, { authorization });
    expect((await revoke(basic('people-only', OTHER_SECRET))).status).toBe(200);
    expect(await atNotes(access_token)).toMatchObject({ active: true });
    expect((await revoke(basic('nightly', SECRET))).status).toBe(200);
    expect(await atNotes(access_token)).toEqual({ active: false });
  });

  it('has nothing any more once it is blocked', async () => {
    const { access_token } = await tokenOf(await ask());
    const trail = { at: setting.clock.now(), reference: 'req_test', actor: { kind: 'admin', id: 'test' } } as const;
    await setting.broker.deps.store.blockClient('nightly', 'leaked', trail);
    expect(await atNotes(access_token)).toEqual({ active: false });
    expect(await refusal(await ask())).toEqual({ status: 401, error: 'invalid_client' });
    await setting.broker.deps.store.unblockClient('nightly', 'new secret', trail);
    expect(await atNotes(access_token)).toEqual({ active: false });
    expect((await ask()).status).toBe(200);
  });

  it('is on record', async () => {
    await ask();
    const [row] = await setting.broker.deps.store.listAudit({ event: 'machine_token.issued', limit: 1 });
    expect(row).toMatchObject({
      clientId: 'nightly',
      resource: 'notes',
      actorKind: 'client',
      details: { scopes: ['notes:read', 'notes:write'] },
    });
  });
});

describe('everybody else', () => {
  it('a client that registered itself is refused, whatever it registered', async () => {
    const client = await register(setting.issuer, {
      token_endpoint_auth_method: 'client_secret_basic',
      grant_types: ['authorization_code', 'client_credentials'],
    });
    const answer = await ask({}, basic(client.client_id, client.client_secret ?? ''));
    expect(await refusal(answer)).toEqual({ status: 400, error: 'unauthorized_client' });
  });

  it('a listed client without the setting is refused', async () => {
    const answer = await ask({}, basic('people-only', OTHER_SECRET));
    expect(await refusal(answer)).toEqual({ status: 400, error: 'unauthorized_client' });
  });

  it('a program without redirects gets no page', async () => {
    const page = await fetch(
      `${setting.issuer}/authorize?response_type=code&client_id=nightly&redirect_uri=https%3A%2F%2Fapp.example.com%2Fcb&code_challenge=x&code_challenge_method=S256`,
      { redirect: 'manual' },
    );
    expect([page.status, page.headers.get('location')]).toEqual([400, null]);
  });
});

describe('metadata', () => {
  const grants = async (issuer: string) =>
    ((await (await fetch(`${issuer}/.well-known/oauth-authorization-server`)).json()) as Record<string, unknown>)
      .grant_types_supported;

  it('names the grant where a client has it, and not elsewhere', async () => {
    expect(await grants(setting.issuer)).toContain('client_credentials');
    const plain = await startTestBroker(UPSTREAM);
    expect(await grants(plain.issuer)).not.toContain('client_credentials');
    await plain.close();
  });
});
