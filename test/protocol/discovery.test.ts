/** What the broker says of itself to clients that look for it (RFC 8414, OpenID Connect Discovery, RFC 9207, RFC 7517). */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort, startOidcSetting } from '../support/broker.ts';

const WELL_KNOWN = ['/.well-known/oauth-authorization-server', '/.well-known/openid-configuration'];

let world: Awaited<ReturnType<typeof startOidcSetting>>;
beforeAll(async () => {
  world = await startOidcSetting({ twoResources: true });
});
afterAll(() => world.close());

describe('the metadata', () => {
  it('is the same at both well-known addresses, and names only what works', async () => {
    const { issuer } = world.setting;
    const [oauth, openid] = await Promise.all(WELL_KNOWN.map((path) => fetch(`${issuer}${path}`)));
    expect(oauth?.headers.get('content-type')).toBe('application/json');
    const text = await oauth?.text();
    expect(await openid?.text()).toBe(text);
    expect(JSON.parse(text ?? '')).toEqual({
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
      grant_types_supported: ['authorization_code', 'refresh_token'],
      token_endpoint_auth_methods_supported: ['none', 'client_secret_basic', 'client_secret_post'],
      revocation_endpoint_auth_methods_supported: ['none', 'client_secret_basic', 'client_secret_post'],
      introspection_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
      code_challenge_methods_supported: ['S256'],
      authorization_response_iss_parameter_supported: true,
      prompt_values_supported: ['none', 'login', 'consent', 'select_account'],
      ui_locales_supported: ['en'],
    });
  });

  it('comes from the configuration, whatever host a request claims', async () => {
    const { issuer } = world.setting;
    const address = `${issuer}${WELL_KNOWN[0]}`;
    const honest = await (await fetch(address)).text();
    const headers = {
      'x-forwarded-host': 'evil.example',
      'x-forwarded-proto': 'https',
      forwarded: 'host=evil.example',
    };
    expect(await (await fetch(address, { headers })).text()).toBe(honest);
    expect(honest).not.toContain('evil');
  });

  it('may be read by any page, without credentials, and asked for again cheaply', async () => {
    const address = `${world.setting.issuer}${WELL_KNOWN[0]}`;
    const first = await fetch(address, { headers: { origin: 'https://inspector.example' } });
    expect(first.headers.get('access-control-allow-origin')).toBe('*');
    expect(first.headers.get('access-control-allow-credentials')).toBeNull();
    const again = await fetch(address, { headers: { 'if-none-match': first.headers.get('etag') ?? '' } });
    expect(again.status).toBe(304);
  });

  it('has no registration endpoint where registration is off, and there is none', async () => {
    const closed = await startOidcSetting({ settings: { registration: { dynamic: 'off' } } });
    try {
      const { issuer } = closed.setting;
      const metadata = (await (await fetch(`${issuer}${WELL_KNOWN[0]}`)).json()) as object;
      expect(metadata).not.toHaveProperty('registration_endpoint');
      const body = JSON.stringify({ redirect_uris: ['http://127.0.0.1/callback'] });
      const refused = await fetch(`${issuer}/register`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
      });
      expect(refused.ok).toBe(false);
    } finally {
      await closed.close();
    }
  });
});

describe('an issuer with a path', () => {
  it('is found at all three well-known forms, and its endpoints are under the path', async () => {
    const port = await freePort();
    const issuer = `http://localhost:${port}/tenant`;
    const tenant = await startOidcSetting({ settings: { issuer, listen: { host: '127.0.0.1', port } } });
    try {
      const forms = [
        `http://localhost:${port}/.well-known/oauth-authorization-server/tenant`,
        `http://localhost:${port}/.well-known/openid-configuration/tenant`,
        `${issuer}/.well-known/openid-configuration`,
      ];
      const answers = await Promise.all(forms.map(async (form) => (await fetch(form)).text()));
      expect(new Set(answers).size).toBe(1);
      const metadata = JSON.parse(answers[0] ?? '') as { issuer: string; token_endpoint: string };
      expect(metadata.issuer).toBe(issuer);
      expect(metadata.token_endpoint).toBe(`${issuer}/token`);
      expect((await fetch(metadata.token_endpoint, { method: 'POST', body: new URLSearchParams() })).status).toBe(401);
    } finally {
      await tenant.close();
    }
  });
});

describe('what pages elsewhere may ask', () => {
  it.each(['/token', '/register', '/revoke'])('%s answers any origin, without credentials', async (path) => {
    const response = await fetch(`${world.setting.issuer}${path}`, {
      method: 'OPTIONS',
      headers: {
        origin: 'https://inspector.example',
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'content-type',
      },
    });
    expect(response.status).toBe(204);
    expect(response.headers.get('access-control-allow-origin')).toBe('*');
    expect(response.headers.get('access-control-allow-credentials')).toBeNull();
  });

  it.each(['/authorize', '/consent/jny_0', '/account', '/introspect'])(
    '%s lets no page elsewhere read anything',
    async (path) => {
      const response = await fetch(`${world.setting.issuer}${path}`, { headers: { origin: 'https://evil.example' } });
      expect(response.headers.get('access-control-allow-origin')).toBeNull();
    },
  );
});

describe('the signing keys', () => {
  it('are public, and say what they are for', async () => {
    const { keys } = (await (await fetch(`${world.setting.issuer}/jwks`)).json()) as {
      keys: Record<string, unknown>[];
    };
    expect(keys).toHaveLength(1);
    expect(Object.keys(keys[0] ?? {}).sort()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y']);
    expect(keys[0]).toMatchObject({ kty: 'EC', crv: 'P-256', alg: 'ES256', use: 'sig' });
  });
});
