/**
 * Forward-auth: who is calling, the exact challenges, and who may ask (contract ruling 17; requirements D-04 to D-15).
 */
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NOTES_CREDENTIAL, NOTES_URL, startRotatingSetting, TASKS_CREDENTIAL, TASKS_URL } from '../support/broker.ts';
import { freePort } from '../support/free-port.ts';
import { obtainTokens } from '../support/journey-steps.ts';
import { introspect, postForm } from '../support/mcp-client.ts';
import { type Asking, askDoor, PROXY } from '../support/verify-door.ts';

const METADATA = 'resource_metadata="https://notes.example.com/.well-known/oauth-protected-resource/mcp"';
const RULES = [
  { methods: ['GET', 'HEAD'], path: '/mcp/*', scopes: ['notes:read'] },
  { path: '/mcp/purge', scopes: ['notes:read', 'notes:purge'] },
  { methods: ['POST'], path: '/mcp/*', scopes: ['notes:read', 'notes:write'] },
];
const scope = (title: string, more: object = {}) => ({ title, risk: 'view', ...more });

let world: Awaited<ReturnType<typeof startRotatingSetting>>;
let port: number;
let reader: string;
let writer: Awaited<ReturnType<typeof obtainTokens>>;
beforeAll(async () => {
  port = await freePort();
  const shared = { name: 'Northwind', upstream: 'corp' };
  const scopes = {
    'notes:read': scope('Read', { default: true, upstream: ['read'] }),
    'notes:write': scope('Write', { risk: 'change', implies: ['notes:read'], upstream: ['write'] }),
    'notes:purge': scope('Purge', { risk: 'high' }),
  };
  const resources = {
    notes: { ...shared, url: NOTES_URL, credential: NOTES_CREDENTIAL, scopes, upstream_token: true },
    ruled: { ...shared, url: 'https://ruled.example.com/mcp', credential: TASKS_CREDENTIAL, scopes, rules: RULES },
    bare: { ...shared, url: TASKS_URL, scopes },
  };
  const settings = { resources, listen: { host: '0.0.0.0', port }, trusted_proxies: [`${PROXY}/32`] };
  world = await startRotatingSetting({ settings }, { revocation: true }, port);
  const { issuer } = world.setting;
  reader = (await obtainTokens(issuer)).tokens.access_token;
  writer = await obtainTokens(issuer, { changes: { scope: 'notes:write' } });
});
afterAll(() => world.close());

const asBearer = (token: string) => ({ authorization: `Bearer ${token}` });
const asNotes = { 'x-broker-credential': NOTES_CREDENTIAL };
const ask = (headers: Record<string, string>, more: Asking = {}) =>
  askDoor(port, { ...more, headers: { ...asNotes, ...headers } });

describe('a live token', () => {
  it('passes, and the proxy learns who is calling', async () => {
    const verdict = await ask(asBearer(reader));
    const { sub, client_id } = await introspect(world.setting.issuer, reader, 'notes', NOTES_CREDENTIAL);
    expect(verdict).toMatchObject({ status: 200, body: '' });
    expect(verdict.headers).toMatchObject({
      'x-broker-user': sub,
      'x-broker-client': client_id,
      'x-broker-scopes': 'notes:read',
      'cache-control': 'no-store',
    });
  });

  it.each(['HEAD', 'POST', 'DELETE', 'OPTIONS', 'PROPFIND'])(
    'passes whatever method the proxy asks with: %s',
    async (method) => {
      expect(await ask(asBearer(reader), { method })).toMatchObject({ status: 200, body: '' });
    },
  );

  it('comes with a signed assertion for the backend, good for a minute at most', async () => {
    const { headers } = await ask(asBearer(reader));
    const set = (await (await fetch(`${world.setting.issuer}/jwks`)).json()) as JSONWebKeySet;
    const { payload, protectedHeader } = await jwtVerify(headers['x-broker-assertion'] ?? '', createLocalJWKSet(set), {
      issuer: world.setting.issuer,
      audience: NOTES_URL,
      typ: 'broker-assertion+jwt',
      currentDate: new Date(world.setting.clock.now() * 1000),
    });
    expect(payload).toMatchObject({
      sub: headers['x-broker-user'],
      client_id: headers['x-broker-client'],
      scope: 'notes:read',
    });
    expect(Number(payload.exp) - Number(payload.iat)).toBe(60);
    expect(protectedHeader.alg).toBe('ES256');
  });

  it('comes with the token of the upstream where that is configured, and never without the credential', async () => {
    const { headers } = await ask(asBearer(reader));
    expect(world.upstream.given).toContain(headers['x-broker-upstream-token']);
    expect(await askDoor(port, { headers: asBearer(reader) })).toMatchObject({ status: 403 });
  });

  it('is known to no other resource', async () => {
    const verdict = await askDoor(port, {
      path: '/verify/ruled/mcp',
      from: PROXY,
      headers: { ...asBearer(reader), 'x-broker-credential': TASKS_CREDENTIAL },
    });
    expect(verdict.status).toBe(401);
    expect(verdict.headers['x-broker-user']).toBeUndefined();
  });
});

describe('no live token', () => {
  it('none at all: where to begin, without an error', async () => {
    const verdict = await ask({});
    expect(verdict).toMatchObject({ status: 401, body: '' });
    expect(verdict.headers['www-authenticate']).toBe(`Bearer scope="notes:read", ${METADATA}`);
    expect(verdict.headers['cache-control']).toBe('no-store');
  });

  const REFUSED = `Bearer error="invalid_token", error_description="The access token is unknown, expired, revoked or meant for another server", scope="notes:read", ${METADATA}`;

  it.each([
    ['unknown', () => asBearer('mcb_at_unknown')],
    ['two in one header', () => ({ authorization: `Bearer ${reader}, Bearer ${reader}` })],
    ['an upstream token', () => asBearer([...world.upstream.given].at(-1) ?? '')],
    ['a refresh token', () => asBearer(writer.tokens.refresh_token ?? '')],
  ])('%s', async (_what, headers) => {
    const verdict = await ask(headers());
    expect(verdict.status).toBe(401);
    expect(verdict.headers['www-authenticate']).toBe(REFUSED);
    expect(verdict.headers['access-control-allow-origin']).toBe('*');
    expect(verdict.headers['access-control-allow-credentials']).toBeUndefined();
    expect(JSON.parse(verdict.body)).toMatchObject({ error: 'invalid_token' });
  });

  it('the assertion for the backend is no access token', async () => {
    const { headers } = await ask(asBearer(reader));
    const assertion = headers['x-broker-assertion'] ?? '';
    expect(await ask(asBearer(assertion))).toMatchObject({ status: 401 });
    expect(await introspect(world.setting.issuer, assertion, 'notes', NOTES_CREDENTIAL)).toEqual({ active: false });
  });

  it.each(['?access_token=', '?token=', '#access_token='])(
    'a token that comes as %s counts for nothing',
    async (way) => {
      expect(await ask({}, { path: `/verify/notes${way}${reader}` })).toMatchObject({ status: 401 });
    },
  );

  it('a session id instead of a token counts for nothing', async () => {
    expect(await ask({ 'mcp-session-id': reader, cookie: `access_token=${reader}` })).toMatchObject({ status: 401 });
  });
});

describe('after a revocation has been answered', () => {
  it('nothing passes, although the token was in memory', async () => {
    const { issuer } = world.setting;
    const { client, tokens } = await obtainTokens(issuer);
    const headers = asBearer(tokens.access_token);
    expect((await ask(headers)).status).toBe(200);
    expect((await ask(headers)).status).toBe(200);
    const form = { token: tokens.access_token, client_id: client.client_id };
    expect((await postForm(`${issuer}/revoke`, form)).status).toBe(200);
    expect((await ask(headers)).status).toBe(401);
  });

  it('nothing passes that the upstream has taken back when its token was wanted', async () => {
    const before = world.upstream.account;
    world.upstream.account = 'gone';
    world.upstream.modes.expiresIn = 1;
    const { tokens } = await obtainTokens(world.setting.issuer);
    world.upstream.forget('gone');
    world.setting.clock.advance(2);
    expect((await ask(asBearer(tokens.access_token))).status).toBe(401);
    world.upstream.account = before;
    world.upstream.modes.expiresIn = 3600;
  });

  it('the proxy is told to come back when the upstream cannot be asked', async () => {
    world.upstream.modes.expiresIn = 1;
    const { tokens } = await obtainTokens(world.setting.issuer);
    world.upstream.modes.token = 'busy';
    world.setting.clock.advance(2);
    const verdict = await ask(asBearer(tokens.access_token));
    expect(verdict.status).toBe(503);
    expect(verdict.headers['retry-after']).toBe('7');
    world.upstream.modes.token = 'answer';
    world.upstream.modes.expiresIn = 3600;
  });
});

describe('who asks', () => {
  it.each([
    ['no credential', {}],
    ['a wrong one', { 'x-broker-credential': 'wrong' }],
    ['the one of another resource', { 'x-broker-credential': TASKS_CREDENTIAL }],
  ])('with %s learns nothing', async (_what, credential) => {
    const verdict = await askDoor(port, {
      headers: { ...asBearer(reader), ...(credential as Record<string, string>) },
    });
    expect(verdict).toMatchObject({ status: 403, body: 'forbidden\n' });
    expect(verdict.headers['www-authenticate']).toBeUndefined();
    expect(verdict.headers['x-broker-user']).toBeUndefined();
  });

  it('of a resource without a credential is nobody we know', async () => {
    expect(await askDoor(port, { path: '/verify/bare', headers: { 'x-broker-credential': '' } })).toMatchObject({
      status: 403,
    });
  });

  it('about a resource that does not exist is told so', async () => {
    expect(await ask(asBearer(reader), { path: '/verify/none' })).toMatchObject({ status: 404 });
  });
});
