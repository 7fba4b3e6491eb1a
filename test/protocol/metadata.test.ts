/** Discovery as clients meet it (RFC 8414, OpenID Connect Discovery; requirements ). */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NOTES_URL, startTestBroker, TASKS_URL, type TestBroker } from '../support/broker.ts';
import { authorizationUrl, newPkce, postForm, postJson, register } from '../support/mcp-client.ts';
import { makeSigner } from '../support/signing-client.ts';
import { send } from '../support/wire.ts';

const UPSTREAM = {
  preset: 'oidc',
  issuer: 'https://login.example.com',
  client_id: 'broker',
  client_secret: 'upstream-secret-5f0c1d7e9a3b48d2',
};
const LOCAL = { ...UPSTREAM, issuer: 'http://127.0.0.1:9' };
const OAUTH = '/.well-known/oauth-authorization-server';
const OPENID = '/.well-known/openid-configuration';

let plain: TestBroker;
let pathed: TestBroker;
let closed: TestBroker;
beforeAll(async () => {
  plain = await startTestBroker(LOCAL, { twoResources: true });
  pathed = await startTestBroker(UPSTREAM, { settings: { issuer: 'https://auth.example.com/tenants/a' } });
  closed = await startTestBroker(LOCAL, { settings: { registration: { dynamic: 'off' } } });
});
afterAll(async () => {
  await Promise.all([plain.close(), pathed.close(), closed.close()]);
});

const at = (broker: TestBroker, path: string, headers: Record<string, string> = {}) =>
  send(broker.broker.url, path, { headers });

describe('the metadata document', () => {
  it('says exactly what this server does', async () => {
    const answer = await at(plain, OAUTH);
    const { issuer } = plain;
    expect(answer.status).toBe(200);
    expect(answer.headers['content-type']).toBe('application/json');
    expect(JSON.parse(answer.body)).toMatchObject({
      issuer,
      authorization_endpoint: `${issuer}/authorize`,
      token_endpoint: `${issuer}/token`,
      registration_endpoint: `${issuer}/register`,
      revocation_endpoint: `${issuer}/revoke`,
      introspection_endpoint: `${issuer}/introspect`,
      jwks_uri: `${issuer}/jwks`,
      scopes_supported: ['notes:read', 'notes:write', 'notes:purge', 'tasks:read'],
      response_types_supported: ['code'],
      response_modes_supported: ['query'],
      grant_types_supported: expect.arrayContaining(['authorization_code', 'refresh_token']),
      token_endpoint_auth_methods_supported: expect.arrayContaining([
        'none',
        'client_secret_basic',
        'client_secret_post',
      ]),
      code_challenge_methods_supported: ['S256'],
      ui_locales_supported: ['en', 'de', 'fr', 'es', 'ja', 'zh-Hans', 'ar'],
      authorization_response_iss_parameter_supported: true,
    });
  });

  it('promises nothing weak', async () => {
    const document = JSON.parse((await at(plain, OAUTH)).body) as Record<string, readonly string[]>;
    expect(document.grant_types_supported).not.toContain('implicit');
    expect(document.grant_types_supported).not.toContain('password');
    expect(document.grant_types_supported).not.toContain('client_credentials');
    for (const [name, values] of Object.entries(document)) {
      if (name.endsWith('_signing_alg_values_supported'))
        expect(values.filter((alg) => /^(none|HS)/i.test(alg))).toEqual([]);
    }
  });

  it('is the same bytes at both well-known names', async () => {
    const [oauth, openid] = await Promise.all([at(plain, OAUTH), at(plain, OPENID)]);
    expect(openid.status).toBe(200);
    expect(openid.body).toBe(oauth.body);
  });

  it.each([`${OAUTH}/tenants/a`, `${OPENID}/tenants/a`, `/tenants/a${OPENID}`, `/tenants/a${OAUTH}`, OAUTH, OPENID])(
    'of an issuer with a path is the same bytes at %s',
    async (path) => {
      const [answer, first] = await Promise.all([at(pathed, path), at(pathed, `${OAUTH}/tenants/a`)]);
      expect(answer.status).toBe(200);
      expect(answer.body).toBe(first.body);
      expect(JSON.parse(answer.body)).toMatchObject({
        issuer: 'https://auth.example.com/tenants/a',
        token_endpoint: 'https://auth.example.com/tenants/a/token',
        jwks_uri: 'https://auth.example.com/tenants/a/jwks',
      });
    },
  );

  it.each([`${OAUTH}/tenants/b`, `${OAUTH}/tenants/a/`, `${OAUTH}/x`, `/tenants/b${OPENID}`])(
    'is not at %s',
    async (path) => {
      expect((await at(pathed, path)).status).toBe(404);
    },
  );

  it('of an issuer with a path has its endpoints under the path, and nowhere else', async () => {
    expect((await at(pathed, '/tenants/a/jwks')).status).toBe(200);
    expect((await send(pathed.broker.url, '/tenants/a/token', { method: 'POST' })).status).toBe(400);
    expect((await send(pathed.broker.url, '/token', { method: 'POST' })).status).toBe(404);
  });

  it('may be cached, and is not sent again to who has it', async () => {
    const first = await at(plain, OAUTH);
    expect(first.headers['cache-control']).toBe('public, max-age=300');
    expect(first.headers.etag).toMatch(/^"[A-Za-z0-9_-]{22}"$/);
    const again = await at(plain, OAUTH, { 'if-none-match': first.headers.etag ?? '' });
    expect([again.status, again.body, again.headers.etag]).toEqual([304, '', first.headers.etag]);
    const other = await at(plain, OAUTH, { 'if-none-match': '"something-else"' });
    expect([other.status, other.body]).toEqual([200, first.body]);
  });

  it('has the same ETag for weak validators and lists', async () => {
    const { headers } = await at(plain, OAUTH);
    for (const value of [`W/${headers.etag}`, `"other", ${headers.etag}`, '*']) {
      expect((await at(plain, OAUTH, { 'if-none-match': value })).status).toBe(304);
    }
  });

  it('answers HEAD without a body', async () => {
    const answer = await send(plain.issuer, OAUTH, { method: 'HEAD' });
    expect([answer.status, answer.body]).toEqual([200, '']);
  });
});

describe('what is switched off is not advertised, and not there', () => {
  it('dynamic registration', async () => {
    expect(Object.keys(JSON.parse((await at(closed, OAUTH)).body))).not.toContain('registration_endpoint');
    const refused = await postJson(`${closed.issuer}/register`, { redirect_uris: ['http://127.0.0.1/cb'] });
    expect(refused.status).toBe(403);
    expect(await refused.json()).toMatchObject({ error: 'access_denied' });
  });

  it('and what is advertised as a method works', async () => {
    const document = JSON.parse((await at(plain, OAUTH)).body) as { token_endpoint_auth_methods_supported: string[] };
    for (const token_endpoint_auth_method of document.token_endpoint_auth_methods_supported) {
      const { jwks } = await makeSigner();
      const keys = token_endpoint_auth_method === 'private_key_jwt' ? { jwks } : {};
      expect(await register(plain.issuer, { token_endpoint_auth_method, ...keys })).toMatchObject({
        token_endpoint_auth_method,
      });
    }
    const unknown = await postJson(`${plain.issuer}/register`, {
      redirect_uris: ['http://127.0.0.1/cb'],
      token_endpoint_auth_method: 'tls_client_auth',
    });
    expect(unknown.status).toBe(400);
  });
});

describe('calls from other origins', () => {
  const ORIGIN = { origin: 'https://inspector.example' };

  it.each([OAUTH, OPENID, '/jwks'])('%s is readable by any origin, without credentials', async (path) => {
    const answer = await at(plain, path, ORIGIN);
    expect(answer.headers['access-control-allow-origin']).toBe('*');
    expect(answer.headers['access-control-allow-credentials']).toBeUndefined();
  });

  it.each([
    [OAUTH, 'GET'],
    [OPENID, 'GET'],
    ['/jwks', 'GET'],
    ['/token', 'POST'],
    ['/register', 'POST'],
    ['/revoke', 'POST'],
  ])('a preflight of %s is answered', async (path, method) => {
    const headers = {
      ...ORIGIN,
      'access-control-request-method': method,
      'access-control-request-headers': 'mcp-protocol-version',
    };
    const answer = await send(plain.issuer, path, { method: 'OPTIONS', headers });
    expect(answer.status).toBe(204);
    expect(answer.headers['access-control-allow-origin']).toBe('*');
    expect(answer.headers['access-control-allow-credentials']).toBeUndefined();
    expect(String(answer.headers['access-control-allow-methods'])).toContain(method);
    const allowed = String(answer.headers['access-control-allow-headers'])
      .split(',')
      .map((name) => name.trim().toLowerCase());
    expect(allowed).toEqual(['authorization', 'content-type', 'mcp-protocol-version']);
  });

  it.each(['/token', '/register', '/revoke'])(
    'the answer of %s can be read, errors and its challenge too',
    async (path) => {
      const answer = await send(plain.issuer, path, {
        method: 'POST',
        headers: { ...ORIGIN, 'content-type': 'application/x-www-form-urlencoded' },
        body: 'x=1',
      });
      expect(answer.status).toBeGreaterThanOrEqual(400);
      expect(answer.headers['access-control-allow-origin']).toBe('*');
      expect(String(answer.headers['access-control-expose-headers']).toLowerCase()).toContain('www-authenticate');
    },
  );

  it('pages, decisions and introspection have none of it', async () => {
    const client = await register(plain.issuer);
    const { pathname, search } = new URL(authorizationUrl(plain.issuer, client, newPkce(), { resource: NOTES_URL }));
    const answers = await Promise.all([
      at(plain, `${pathname}${search}`, ORIGIN),
      at(plain, '/consent/jny_x', ORIGIN),
      at(plain, '/account', ORIGIN),
      at(plain, '/callback/corp?state=x', ORIGIN),
      send(plain.issuer, '/introspect', { method: 'POST', headers: ORIGIN }),
      ...['/authorize', '/consent/jny_x', '/account', '/introspect'].map((path) =>
        send(plain.issuer, path, {
          method: 'OPTIONS',
          headers: { ...ORIGIN, 'access-control-request-method': 'POST' },
        }),
      ),
    ]);
    for (const { headers } of answers)
      expect(Object.keys(headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
  });
});

describe('the key set', () => {
  it('names use, algorithm and key id, and no private member', async () => {
    const { keys } = JSON.parse((await at(plain, '/jwks')).body) as { keys: Record<string, string>[] };
    expect(keys).toHaveLength(1);
    expect(Object.keys(keys[0] ?? {}).sort()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y']);
    expect(keys[0]).toMatchObject({ alg: 'ES256', crv: 'P-256', kty: 'EC', use: 'sig' });
  });

  it('is the same after a restart', async () => {
    const before = (await at(plain, '/jwks')).body;
    await plain.restart();
    expect((await at(plain, '/jwks')).body).toBe(before);
  });
});

describe('an unknown grant', () => {
  it.each([
    'password',
    'client_credentials',
    'implicit',
    'urn:ietf:params:oauth:grant-type:jwt-bearer',
    'urn:ietf:params:oauth:grant-type:device_code',
    '__proto__',
  ])('%s is not supported', async (grant_type) => {
    const client = await register(plain.issuer);
    const answer = await postForm(`${plain.issuer}/token`, {
      grant_type,
      client_id: client.client_id,
      resource: TASKS_URL,
    });
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ error: 'unsupported_grant_type' });
  });
});
