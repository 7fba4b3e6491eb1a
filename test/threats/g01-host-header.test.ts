/** Addresses made from the Host header: framework 969 and 986, mcp-handler 163. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startGithubSetting } from '../support/broker.ts';
import { authorizationUrl, newPkce, register } from '../support/mcp-client.ts';
import { send, type WireRequest } from '../support/wire.ts';

let world: Awaited<ReturnType<typeof startGithubSetting>>;
beforeAll(async () => {
  world = await startGithubSetting();
});
afterAll(() => world.close());

/** Every way to say another name but Host itself, which a broker on loopback answers for public documents alone. */
const FORWARDED = {
  'x-forwarded-host': 'evil.example',
  'x-forwarded-proto': 'https',
  'x-forwarded-port': '444',
  'x-forwarded-prefix': '/evil',
  'x-forwarded-server': 'evil.example',
  'x-forwarded-for': '203.0.113.7',
  'x-original-url': '/evil',
  'x-rewrite-url': '/evil',
  'x-host': 'evil.example',
  forwarded: 'for=203.0.113.7;host=evil.example;proto=https',
};
const HOSTILE = { host: 'evil.example', ...FORWARDED };
const PUBLIC = ['/.well-known/oauth-authorization-server', '/.well-known/openid-configuration', '/jwks', '/healthz'];

const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
const ROUTES: readonly (readonly [string, WireRequest, number])[] = [
  ['/.well-known/oauth-authorization-server', {}, 200],
  ['/.well-known/openid-configuration', {}, 200],
  ['/jwks', {}, 200],
  ['/token', { method: 'POST', headers: FORM, body: 'grant_type=refresh_token&refresh_token=x&client_id=nobody' }, 401],
  ['/revoke', { method: 'POST', headers: FORM, body: 'token=x' }, 401],
  ['/introspect', { method: 'POST', headers: FORM, body: 'token=x' }, 401],
  ['/register', { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' }, 400],
  ['/authorize?client_id=nobody', {}, 400],
  ['/account', {}, 200],
  ['/help/why', {}, 200],
  ['/nothing/here', {}, 404],
  ['/.well-known/nothing', {}, 404],
  ['/token', {}, 405],
  ['/healthz', {}, 200],
];

/** The reference and the moment are new on every page. */
const lasting = (body: string): string =>
  body.replace(/req_[0-9a-f]{32}/g, 'req').replace(/<time[\s\S]*?<\/time>/g, 'time');

describe('T-G01 what a request says about our name changes nothing', () => {
  it.each(ROUTES)('%s', async (path, request, status) => {
    const { issuer } = world.setting;
    const honest = await send(issuer, path, request);
    const names = PUBLIC.includes(path) ? HOSTILE : FORWARDED;
    const hostile = await send(issuer, path, { ...request, headers: { ...request.headers, ...names } });

    expect([honest.status, hostile.status]).toEqual([status, status]);
    expect(lasting(hostile.body)).toBe(lasting(honest.body));
    expect(hostile.body).not.toContain('evil');
    const { date: _honestly, ...expected } = honest.headers;
    const { date: _hostilely, ...headers } = hostile.headers;
    const cookieless = (all: object) => JSON.stringify({ ...all, 'set-cookie': undefined, etag: undefined });
    expect(cookieless(headers)).toBe(cookieless(expected));
    expect(JSON.stringify(headers)).not.toContain('evil');
  });

  it.each(ROUTES.filter(([path]) => !PUBLIC.includes(path)))(
    '%s under another Host is refused and echoes nothing',
    async (path, request) => {
      const hostile = await send(world.setting.issuer, path, {
        ...request,
        headers: { ...request.headers, ...HOSTILE },
      });
      expect(hostile.status).toBe(403);
      expect(hostile.body + JSON.stringify(hostile.headers)).not.toContain('evil');
    },
  );

  it('what may be cached has the same ETag and no address but the configured one', async () => {
    const { issuer } = world.setting;
    for (const path of ['/.well-known/oauth-authorization-server', '/jwks']) {
      const honest = await send(issuer, path);
      const hostile = await send(issuer, path, { headers: HOSTILE });
      expect(hostile.headers.etag).toBe(honest.headers.etag);
    }
    const { body } = await send(issuer, '/.well-known/oauth-authorization-server', { headers: HOSTILE });
    const addresses = Object.values(JSON.parse(body) as Record<string, unknown>).filter(
      (value) => typeof value === 'string',
    );
    expect(addresses.every((value) => value.startsWith(issuer))).toBe(true);
  });

  it('redirects and forms lead to ourselves', async () => {
    const { issuer } = world.setting;
    const client = await register(issuer);
    const { pathname, search } = new URL(authorizationUrl(issuer, client, newPkce()));
    const page = await send(issuer, `${pathname}${search}`, { headers: FORWARDED });
    expect(page.status).toBe(200);
    expect(/<form[^>]*action="([^"]+)"/.exec(page.body)?.[1]).toMatch(/^\/consent\/jny_[0-9a-f]{32}$/);
    expect(page.body).not.toContain('evil');
    const signIn = await send(issuer, '/account/sign-in/corp', { headers: FORWARDED });
    expect(signIn.headers.location).toMatch(/^\/consent\/jny_[0-9a-f]{32}\/go$/);
  });
});
