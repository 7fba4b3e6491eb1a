/** Dynamic registration as old and new clients use it (RFC 7591; requirements; ruling on script-like schemes). */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startGithubSetting, startTestBroker, type TestBroker } from '../support/broker.ts';
import { openDatabase } from '../support/database.ts';
import { obtainTokens } from '../support/journey-steps.ts';
import { postJson, type RegisteredClient } from '../support/mcp-client.ts';
import { send } from '../support/wire.ts';

const LOOPBACK = 'http://127.0.0.1:33418/callback';
const TOKEN = 'initial-access-token-Zr6Yw1Ht8Kq3Vd5Xc9';
const UPSTREAM = {
  preset: 'oidc',
  issuer: 'http://127.0.0.1:9',
  client_id: 'broker',
  client_secret: 'upstream-secret-5f0c1d7e9a3b48d2',
};

let world: Awaited<ReturnType<typeof startGithubSetting>>;
let guarded: TestBroker;
beforeAll(async () => {
  world = await startGithubSetting({ settings: { limits: { registrations: 'off' } } });
  guarded = await startTestBroker(UPSTREAM, {
    settings: { registration: { dynamic: 'initial_access_token', initial_access_tokens: [TOKEN] } },
  });
});
afterAll(async () => {
  await world.close();
  await guarded.close();
});

const registration = (body: unknown) => postJson(`${world.setting.issuer}/register`, body);

async function registered(body: object): Promise<Record<string, unknown>> {
  const response = await registration({ redirect_uris: [LOOPBACK], ...body });
  expect([response.status, response.headers.get('cache-control')]).toEqual([201, 'no-store']);
  return (await response.json()) as Record<string, unknown>;
}

async function refused(body: unknown): Promise<unknown> {
  const db = openDatabase(world.setting.databaseFile);
  const before = db.counts();
  const response = await registration(body);
  expect(response.status).toBe(400);
  expect(response.headers.get('cache-control')).toBe('no-store');
  const answer = (await response.json()) as Record<string, unknown>;
  expect(Object.keys(answer)).toEqual(['error', 'error_description']);
  expect(db.counts()).toEqual(before);
  db.close();
  return answer.error;
}

describe('what a registration answers', () => {
  it('for redirects alone: a confidential client for codes, as RFC 7591 defaults say', async () => {
    const answer = await registered({});
    expect(answer).toEqual({
      client_id: expect.stringMatching(/^mcbc_[0-9a-f]{32}$/),
      client_id_issued_at: expect.any(Number),
      client_secret: expect.stringMatching(/^[A-Za-z0-9_-]{43}$/),
      client_secret_expires_at: 0,
      registration_access_token: expect.stringMatching(/^mcb_mt_[A-Za-z0-9_-]{43}[0-9a-z]{7}$/),
      registration_client_uri: `${world.setting.issuer}/register/${answer.client_id}`,
      redirect_uris: [LOOPBACK],
      application_type: 'native',
      token_endpoint_auth_method: 'client_secret_basic',
      grant_types: ['authorization_code'],
      response_types: ['code'],
    });
  });

  it('for a public client: no secret', async () => {
    const answer = await registered({ token_endpoint_auth_method: 'none' });
    expect(answer).not.toHaveProperty('client_secret');
    expect(answer).not.toHaveProperty('client_secret_expires_at');
  });

  it('for everything that is kept: the same again', async () => {
    const body = {
      client_name: 'Quill Editor',
      redirect_uris: [LOOPBACK, 'https://app.example.com/cb'],
      application_type: 'native',
      token_endpoint_auth_method: 'none',
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      scope: 'notes:read notes:write',
      client_uri: 'https://app.example.com',
      logo_uri: 'https://app.example.com/logo.png',
      policy_uri: 'https://app.example.com/policy',
      tos_uri: 'https://app.example.com/terms',
      contacts: ['help@app.example.com'],
      software_id: '4NRB1-0XZABZI9E6-5SM3R',
      software_version: '1.2.3',
      'client_name#de': 'Federkiel',
      'client_name#ja-Jpan-JP': 'クイル',
      'policy_uri#de': 'https://app.example.com/de/policy',
    };
    expect(await registered(body)).toMatchObject(body);
  });

  it('is a new id each time, that is no address', async () => {
    const ids = [];
    for (let index = 0; index < 5; index += 1) ids.push((await registered({ client_name: 'Twin' })).client_id);
    expect(new Set(ids).size).toBe(5);
    for (const id of ids) expect(id).not.toMatch(/[:/]/);
  });

  it('leaves out grants that are not offered', async () => {
    const asked = ['authorization_code', 'refresh_token', 'client_credentials', 'password', 'urn:x'];
    expect((await registered({ grant_types: asked })).grant_types).toEqual(['authorization_code', 'refresh_token']);
  });
});

describe('what a registrant cannot take', () => {
  it('ids, secrets, trust and lifetimes are ignored', async () => {
    const privileged = {
      client_id: 'https://claude.ai/oauth/claude-code-client-metadata',
      client_secret: 'chosen-by-the-registrant',
      client_id_issued_at: 1,
      client_secret_expires_at: 9_999_999_999,
      skip_consent: true,
      trusted: true,
      first_party: true,
      is_admin: true,
      access_token_ttl: 9_999_999,
      require_pkce: false,
      kind: 'configured',
      blockedAt: null,
      default_max_age: 1,
      software_statement: 'e30.e30.',
    };
    const management = { registration_access_token: 'mine', registration_client_uri: 'mine' };
    const answer = await registered({ ...privileged, ...management, token_endpoint_auth_method: 'none' });
    for (const name of Object.keys(privileged)) {
      if (name !== 'client_id' && name !== 'client_id_issued_at') expect(answer).not.toHaveProperty(name);
    }
    expect(answer.client_id).toMatch(/^mcbc_/);
    expect([answer.registration_access_token, answer.registration_client_uri]).not.toContain('mine');
    const client = answer as unknown as RegisteredClient;
    const { tokens } = await obtainTokens(world.setting.issuer, { client });
    expect([tokens.scope, tokens.expires_in]).toEqual(['notes:read', 600]);
  });

  it('junk and prototype tricks are ignored', async () => {
    const response = await send(world.setting.issuer, '/register', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: `{"redirect_uris":["${LOOPBACK}"],"__proto__":{"client_name":"Evil"},"constructor":{"x":1},"x":[[[[1]]]],"client_name":null}`,
    });
    expect(response.status).toBe(201);
    expect(JSON.parse(response.body)).not.toHaveProperty('client_name');
  });
});

describe('redirects of a registration', () => {
  it('Cursor’s three are all kept, in order', async () => {
    const redirect_uris = [
      'cursor://anysphere.cursor-mcp/oauth/callback',
      'https://www.cursor.com/agents/mcp/oauth/callback',
      'http://localhost:8787/callback',
    ];
    expect((await registered({ redirect_uris, token_endpoint_auth_method: 'none' })).redirect_uris).toEqual(
      redirect_uris,
    );
  });

  it('unusable ones are dropped one by one', async () => {
    const redirect_uris = [
      LOOPBACK,
      'http://app.example.com/cb',
      'https://user:pass@app.example.com/cb',
      'https://app.example.com/cb#x',
      'https://*.example.com/cb',
      'https://app.example.com/a/../cb',
      'unknown-app://cb',
      'ftp://app.example.com/cb',
      'https://app.example.com/ok',
      'https://app.example.com/ok',
      'https://app.example.com/cb?code=1',
      'not a uri',
      '',
    ];
    const answer = await registered({ redirect_uris, token_endpoint_auth_method: 'none' });
    expect(answer.redirect_uris).toEqual([LOOPBACK, 'https://app.example.com/ok']);
  });

  it.each([
    'javascript:alert(1)//',
    'JaVaScRiPt:alert(1)',
    '\tjavascript:alert(1)',
    'java\nscript:alert(1)',
    ' javascript:alert(1)',
    '%6aavascript:alert(1)',
    '\u200bjavascript:alert(1)',
    'data:text/html,<script>alert(1)</script>',
    'vbscript:msgbox',
    'file:///etc/passwd',
    'blob:https://app.example.com/x',
    'about:blank',
    'view-source:https://app.example.com',
  ])('%j anywhere refuses the whole call', async (uri) => {
    expect(await refused({ redirect_uris: [LOOPBACK, uri], token_endpoint_auth_method: 'none' })).toBe(
      'invalid_redirect_uri',
    );
    expect(await refused({ redirect_uris: [uri] })).toBe('invalid_redirect_uri');
  });

  it.each<readonly [string, unknown]>([
    ['missing', undefined],
    ['null', null],
    ['empty', []],
    ['a text', LOOPBACK],
    ['an object', { 0: LOOPBACK }],
    ['with none that is usable', ['http://app.example.com/cb']],
    ['with something that is no text', [LOOPBACK, 7]],
    ['twenty-one', Array.from({ length: 21 }, (_, index) => `https://app.example.com/${index}`)],
  ])('that are %s refuse it', async (_what, redirect_uris) => {
    expect(await refused({ redirect_uris })).toBe('invalid_redirect_uri');
  });

  it('a private scheme is for public clients', async () => {
    const redirect_uris = ['cursor://anysphere.cursor-mcp/oauth/callback'];
    expect(await refused({ redirect_uris })).toBe('invalid_redirect_uri');
    expect((await registered({ redirect_uris, token_endpoint_auth_method: 'none' })).redirect_uris).toEqual(
      redirect_uris,
    );
  });

  it.each([
    ['web', ['https://app.example.com/cb'], true],
    ['web', [LOOPBACK], false],
    ['web', ['cursor://cb'], false],
    ['native', [LOOPBACK], true],
    ['native', ['https://app.example.com/cb'], true],
    ['native', ['cursor://cb'], true],
    [undefined, [LOOPBACK], true],
    [undefined, ['https://app.example.com/cb'], true],
  ] as const)('an application of type %s may use %j: %s', async (application_type, redirect_uris, allowed) => {
    const response = await registration({ application_type, redirect_uris, token_endpoint_auth_method: 'none' });
    expect(response.status).toBe(allowed ? 201 : 400);
  });
});

describe('metadata that is refused', () => {
  it.each<readonly [string, object]>([
    ['an unknown auth method', { token_endpoint_auth_method: 'tls_client_auth' }],
    ['an auth method that is no text', { token_endpoint_auth_method: 1 }],
    ['grants without authorization_code', { grant_types: ['refresh_token'] }],
    ['no grant', { grant_types: [] }],
    ['grants that are no list', { grant_types: 'authorization_code' }],
    ['response types without code', { response_types: ['token'] }],
    ['an unknown application type', { application_type: 'service' }],
    ['a name that is no text', { client_name: { first: 'x' } }],
    ['a key with NUL', { jwks: { keys: [{ kty: 'OKP', crv: 'Ed25519', x: 'AA', kid: 'a\u0000b' }] } }],
    ['a key with half a character', { jwks: { keys: [{ kty: 'OKP', crv: 'Ed25519', x: 'AA', kid: '\ud800' }] } }],
    ['a key with an object inside', { jwks: { keys: [{ kty: 'OKP', crv: 'Ed25519', x: { deep: 1 } }] } }],
    ['keys twice', { jwks: { keys: [] }, jwks_uri: 'https://app.example.com/jwks' }],
  ])('%s', async (_what, changes) => {
    expect(await refused({ redirect_uris: [LOOPBACK], ...changes })).toBe('invalid_client_metadata');
  });

  const LINKS = ['client_uri', 'logo_uri', 'policy_uri', 'tos_uri'].flatMap((name) => [name, `${name}#de`]);
  it.each(LINKS)('%s with a scheme that runs, without one, or without TLS', async (name) => {
    const bad = [
      'javascript:alert(1)',
      'data:text/html,x',
      'http://app.example.com',
      '//app.example.com',
      '/x',
      'https://',
      'https://user@app.example.com',
      'ftp://x',
    ];
    for (const value of bad) {
      expect(await refused({ redirect_uris: [LOOPBACK], [name]: value })).toBe('invalid_client_metadata');
    }
  });

  it.each([
    ['null', 'null'],
    ['a list', '[]'],
    ['a text', '"x"'],
    ['a number', '7'],
    ['half of an object', '{"redirect_uris":['],
    ['nothing', ''],
    ['of two minds', `{"redirect_uris":["https://evil.example/cb"],"redirect_uris":["${LOOPBACK}"]}`],
    ['of two minds inside', `{"redirect_uris":["${LOOPBACK}"],"jwks":{"keys":[],"k\\u0065ys":[]}}`],
  ])('a body that is %s', async (_what, body) => {
    const answer = await send(world.setting.issuer, '/register', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    });
    expect([answer.status, JSON.parse(answer.body).error]).toEqual([400, 'invalid_client_metadata']);
  });

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'application/jsonp', ''])(
    'a body of type %j',
    async (type) => {
      const body = JSON.stringify({ redirect_uris: [LOOPBACK] });
      const answer = await send(world.setting.issuer, '/register', {
        method: 'POST',
        headers: { 'content-type': type },
        body,
      });
      expect([answer.status, JSON.parse(answer.body).error]).toEqual([400, 'invalid_client_metadata']);
    },
  );

  it('a body beyond 16 KiB, with and without a length', async () => {
    const body = JSON.stringify({ redirect_uris: [LOOPBACK], client_name: 'x', padding: 'y'.repeat(16_384) });
    const headers = { 'content-type': 'application/json' };
    expect((await send(world.setting.issuer, '/register', { method: 'POST', headers, body })).status).toBe(413);
    const chunked = { ...headers, 'transfer-encoding': 'chunked', 'content-length': [] };
    expect((await send(world.setting.issuer, '/register', { method: 'POST', headers: chunked, body })).status).toBe(
      413,
    );
    const inside = JSON.stringify({ redirect_uris: [LOOPBACK], padding: 'y'.repeat(16_000) });
    expect((await send(world.setting.issuer, '/register', { method: 'POST', headers, body: inside })).status).toBe(201);
  });
});

describe('where an initial access token is asked for', () => {
  const ask = (authorization?: string) =>
    fetch(`${guarded.issuer}/register`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(authorization === undefined ? {} : { authorization }) },
      body: JSON.stringify({ redirect_uris: [LOOPBACK] }),
    });

  it.each([undefined, 'Bearer wrong', 'Bearer', `Basic ${TOKEN}`, `Bearer ${TOKEN}x`, `Bearer ${TOKEN.toLowerCase()}`])(
    '%s is 401',
    async (header) => {
      const answer = await ask(header);
      expect(answer.status).toBe(401);
      expect(answer.headers.get('www-authenticate')).toBe('Bearer error="invalid_token"');
      expect(await answer.json()).toMatchObject({ error: 'invalid_token' });
    },
  );

  it('the right one registers', async () => {
    expect((await ask(`Bearer ${TOKEN}`)).status).toBe(201);
    expect((await ask(`bearer ${TOKEN}`)).status).toBe(201);
  });
});
