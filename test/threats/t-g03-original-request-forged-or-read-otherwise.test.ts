/**
 * T-G03, T-G06: what was asked for is said by a trusted proxy or by nobody, and a path that can be read in two ways is
 * under no rule (oauth2-proxy CVE-2026-40575, CVE-2026-76835, CVE-2025-54576, CVE-2026-34457).
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NOTES_CREDENTIAL, NOTES_URL, startRotatingSetting } from '../support/broker.ts';
import { freePort } from '../support/free-port.ts';
import { obtainTokens } from '../support/journey-steps.ts';
import { askDoor, PROXY } from '../support/verify-door.ts';

const RULES = [
  { path: '/health', scopes: [] },
  { path: '/mcp/admin', scopes: ['notes:purge'] },
  { methods: ['GET'], path: '/mcp/*', scopes: ['notes:read'] },
  { methods: ['POST'], path: '/mcp/*', scopes: ['notes:read', 'notes:write'] },
];
const scope = (title: string, more: object = {}) => ({ title, risk: 'view', ...more });

let world: Awaited<ReturnType<typeof startRotatingSetting>>;
let port: number;
let reader: string;
let writer: string;
beforeAll(async () => {
  port = await freePort();
  const notes = {
    ...{ name: 'Notes', upstream: 'corp', url: NOTES_URL, credential: NOTES_CREDENTIAL, rules: RULES },
    scopes: {
      'notes:read': scope('Read', { default: true }),
      'notes:write': scope('Write', { implies: ['notes:read'] }),
      'notes:purge': scope('Purge', { risk: 'high' }),
    },
  };
  const settings = { resources: { notes }, listen: { host: '0.0.0.0', port }, trusted_proxies: [`${PROXY}/32`] };
  world = await startRotatingSetting({ settings }, {}, port);
  reader = (await obtainTokens(world.setting.issuer)).tokens.access_token;
  const wider = await obtainTokens(world.setting.issuer, { changes: { scope: 'notes:write' } });
  writer = wider.tokens.access_token;
});
afterAll(() => world.close());

interface Said {
  readonly token?: string;
  readonly from?: string;
  readonly path?: string;
  readonly method?: string;
  readonly headers: Readonly<Record<string, string>>;
}
const ask = ({ token = reader, from = PROXY, headers, ...line }: Said) =>
  askDoor(port, {
    ...line,
    from,
    headers: { authorization: `Bearer ${token}`, 'x-broker-credential': NOTES_CREDENTIAL, ...headers },
  });
const traefik = (method: string, uri: string) => ({ 'x-forwarded-method': method, 'x-forwarded-uri': uri });

describe('T-G03 the honest way', () => {
  it.each([
    ['Traefik and Caddy', traefik('GET', '/mcp?cursor=1')],
    ['nginx', { 'x-original-method': 'GET', 'x-original-uri': '/mcp' }],
    ['ingress-nginx', { 'x-original-method': 'GET', 'x-original-url': 'https://notes.example.com/mcp' }],
    ['a proxy that says the host, too', { ...traefik('GET', '/mcp'), 'x-forwarded-host': 'notes.example.com:443' }],
    ['two headers that agree', { ...traefik('GET', '/mcp'), 'x-original-uri': '/mcp' }],
  ])('%s: the method and path decide', async (_what, headers) => {
    expect((await ask({ headers })).status).toBe(200);
  });

  it('Envoy says it in the request line', async () => {
    expect((await ask({ path: '/verify/notes/mcp?cursor=1', headers: {} })).status).toBe(200);
    expect((await ask({ path: '/verify/notes/mcp', method: 'POST', headers: {} })).status).toBe(403);
    expect((await ask({ path: '/verify/notes/mcp', method: 'POST', token: writer, headers: {} })).status).toBe(200);
  });

  it('too little scope is told everything the operation needs', async () => {
    const { status, headers } = await ask({ headers: traefik('POST', '/mcp') });
    expect(status).toBe(403);
    expect(headers['www-authenticate']).toBe(
      'Bearer error="insufficient_scope", error_description="Ask the person for more access; a refresh cannot add any", scope="notes:read notes:write", resource_metadata="https://notes.example.com/.well-known/oauth-protected-resource/mcp"',
    );
    expect((await ask({ token: writer, headers: traefik('POST', '/mcp') })).status).toBe(200);
  });

  it('an operation without scopes needs a token all the same', async () => {
    expect((await ask({ headers: traefik('GET', '/health') })).status).toBe(200);
    expect((await ask({ token: 'none', headers: traefik('GET', '/health') })).status).toBe(401);
  });
});

describe('T-G03 said by somebody else', () => {
  it('a peer outside trusted_proxies is believed nothing, whatever it says', async () => {
    for (const uri of ['/health', '/mcp'])
      expect(await ask({ from: '127.0.0.1', headers: traefik('GET', uri) })).toMatchObject({
        status: 403,
        body: 'forbidden\n',
      });
  });

  it.each([
    ['nobody said anything', {}],
    ['only the method', { 'x-forwarded-method': 'GET' }],
    ['only the address', { 'x-forwarded-uri': '/health' }],
    [
      'a client’s header beside the proxy’s',
      { 'x-original-method': 'POST', 'x-original-uri': '/mcp', 'x-forwarded-uri': '/health' },
    ],
    ['a client’s method beside the proxy’s', { ...traefik('POST', '/mcp'), 'x-original-method': 'GET' }],
    ['another host', { ...traefik('GET', '/mcp'), 'x-forwarded-host': 'evil.example' }],
    ['another host in the address', { 'x-original-method': 'GET', 'x-original-url': 'https://evil.example/mcp' }],
    [
      'hosts that differ',
      {
        'x-original-method': 'GET',
        'x-original-url': 'https://notes.example.com/mcp',
        'x-forwarded-host': 'a.example',
      },
    ],
  ])('%s: nothing passes', async (_what, headers) => {
    expect(await ask({ headers })).toMatchObject({ status: 403, body: 'forbidden\n' });
  });

  it('a header that contradicts the request line: nothing passes', async () => {
    const said = { path: '/verify/notes/mcp/admin', headers: { 'x-forwarded-uri': '/health' } };
    expect(await ask(said)).toMatchObject({ status: 403, body: 'forbidden\n' });
  });

  it('a health check’s user agent opens nothing', async () => {
    const headers = { 'user-agent': 'GoogleHC/1.0', ...traefik('POST', '/mcp') };
    expect((await ask({ headers })).status).toBe(403);
    expect((await ask({ token: 'none', headers })).status).toBe(401);
  });
});

describe('T-G06 a path that can be read in two ways', () => {
  it.each([
    '/health/../mcp/admin',
    '/health/..;/mcp/admin',
    '/health/..%2fmcp/admin',
    '/health/%2e%2e/mcp/admin',
    '/health%2f..%2fmcp/admin',
    '/health/%252e%252e/mcp/admin',
    '/mcp/./admin',
    '/mcp//admin',
    '//mcp/admin',
    '/mcp/x;/../admin',
    '/mcp;jsessionid=1/admin',
    '/mcp%3b/admin',
    '/mcp\\admin',
    '/mcp/..\\admin',
    '/mcp%5cadmin',
    '/mcp/admin%00',
    '/mcp/admin%0a',
    '/mcp/admin%3f',
    '/mcp/admin#x',
    '/mcp/%',
    '/mcp/%c0%ae%c0%ae/admin',
    '/mcp/admin%ef%bc%8fx',
    '/mcp/admin%e2%80%8b',
    '/mcp/...',
    '/MCP/admin',
    '/mcp/Admin',
    '/mcp/admin/',
    '/mcp/ADMIN/',
    '/Health',
    'mcp',
    '*',
    '',
  ])('%s is refused, not guessed', async (uri) => {
    expect(await ask({ token: writer, headers: traefik('GET', uri) })).toMatchObject({
      status: 403,
      body: 'forbidden\n',
    });
  });

  it('escaped letters are the letters they stand for', async () => {
    const { status, headers } = await ask({ token: writer, headers: traefik('GET', '/mcp/%61dmin') });
    expect(status).toBe(403);
    expect(headers['www-authenticate']).toContain('scope="notes:purge"');
  });

  it.each(['get', 'GET POST', 'G\u0009T'])('the method %s is none', async (method) => {
    expect((await ask({ headers: traefik(method, '/mcp') })).status).toBe(403);
  });

  it('what no rule speaks of is refused', async () => {
    expect((await ask({ token: writer, headers: traefik('DELETE', '/mcp') })).status).toBe(403);
    expect((await ask({ token: writer, headers: traefik('GET', '/other') })).status).toBe(403);
  });

  it.each(['access_token', 'ACCESS_TOKEN', '%61ccess_token', 'a=b&access_token', 'a=b;access_token', '?access_token'])(
    'a token in the query as %s is refused, even beside a good one in the header',
    async (name) => {
      const { status, headers } = await ask({ headers: traefik('GET', `/mcp?${name}=${reader}`) });
      expect(status).toBe(401);
      expect(headers['www-authenticate']).toContain('error="invalid_request"');
    },
  );
});
