/** The recipes of deploy/, each run by the real proxy: what passes, what is refused, and that nobody lends themself a name. */
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { NOTES_CREDENTIAL, startOidcSetting } from '../support/broker.ts';
import { BrowserJar } from '../support/browser-jar.ts';
import { freePort } from '../support/free-port.ts';
import { call, listTools } from '../support/fronted-world.ts';
import { emptyResult, type McpBackend, startMcpBackend } from '../support/mcp-backend.ts';
import { obtainTokens } from '../support/mcp-client.ts';
import { type ProxyName, startProxy } from '../support/proxies.ts';
import { sdkApp } from '../support/sdk-clients.ts';
import { startTrustingServer, type TrustingServer } from '../support/trusting-server.ts';

const SCOPES = {
  'notes:read': { title: 'Read notes', risk: 'view', default: true },
  'notes:write': { title: 'Write notes', risk: 'change', implies: ['notes:read'] },
  'notes:purge': { title: 'Delete all notes', risk: 'high' },
};
const RULES = [
  { methods: ['DELETE'], path: '/mcp', scopes: ['notes:read', 'notes:purge'] },
  { path: '/mcp', scopes: ['notes:read'] },
];

/** For the broker's own front, which reads bodies. */
const TOOLS = { '*': ['notes:read'], add_note: ['notes:read', 'notes:write'] };

/** A broker whose resource is at the proxy's address, and the proxy in front of the server. */
async function startProxied(name: ProxyName, server: string) {
  const [port, brokerPort] = [await freePort(), await freePort()];
  // Through Apache httpd the broker's own front does the work, and is found by the host name.
  const fronted = name === 'Apache httpd';
  const url = `http://localhost:${port}/mcp`;
  const resource = {
    url,
    name: 'Northwind Notes',
    upstream: 'corp',
    credential: NOTES_CREDENTIAL,
    scopes: SCOPES,
    ...(fronted ? { proxy_to: `http://${server}/mcp`, tools: TOOLS } : { rules: RULES }),
  };
  const settings = { resources: { notes: resource }, trusted_proxies: ['127.0.0.1/32'] };
  const world = await startOidcSetting({ settings }, brokerPort);
  const broker = `127.0.0.1:${brokerPort}`;
  const proxy = await startProxy(name, { port, broker, server, credential: NOTES_CREDENTIAL });
  return {
    url,
    port,
    issuer: world.setting.issuer,
    token: async (scope = 'notes:read') =>
      (await obtainTokens(world.setting.issuer, new BrowserJar(), 'maya', { resource: url, scope })).tokens
        .access_token,
    close: async () => {
      await proxy.close();
      await world.close();
    },
  };
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** A request with exactly this path and these headers on the wire. */
const raw = (port: number, path: string, headers: Record<string, string>, method = 'GET', body?: unknown) =>
  new Promise<Answer>((resolve, reject) => {
    const type = body === undefined ? {} : { 'content-type': 'application/json' };
    const request = httpRequest({
      host: '127.0.0.1',
      port,
      path,
      method,
      headers: { host: `localhost:${port}`, ...type, ...headers },
    });
    request.on('error', reject);
    request.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => {
        text += part;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }));
    });
    request.end(body === undefined ? undefined : JSON.stringify(body));
  });

const hostOf = (url: string) => new URL(url).host;

describe.each<ProxyName>(['nginx', 'Caddy', 'HAProxy', 'Apache httpd'])('the recipe for %s', (name) => {
  let backend: McpBackend;
  let world: Awaited<ReturnType<typeof startProxied>>;
  let token: string;
  beforeAll(async () => {
    backend = await startMcpBackend();
    world = await startProxied(name, hostOf(backend.url));
    token = await world.token();
  }, 60_000);
  afterAll(async () => {
    await world?.close();
    await backend.close();
  });
  afterEach(() => {
    backend.answer = emptyResult;
  });
  const bearer = () => ({ authorization: `Bearer ${token}` });

  it('passes a good token’s request with who asks, and keeps the token and cookies', async () => {
    const headers = {
      ...bearer(),
      cookie: 'session=1',
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': 'tools/list',
    };
    const answer = await raw(world.port, '/mcp', { ...headers, 'last-event-id': '41' }, 'POST', listTools);
    expect([answer.status, JSON.parse(answer.text)]).toEqual([200, { jsonrpc: '2.0', id: 7, result: {} }]);
    const arrived = backend.last().headers;
    expect(arrived).toMatchObject({
      'x-broker-user': expect.stringMatching(/^usr_[0-9a-f]{32}$/),
      'x-broker-client': expect.stringMatching(/^mcbc_/),
      'x-broker-scopes': 'notes:read',
      'x-broker-assertion': expect.stringMatching(/^eyJ/),
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': 'tools/list',
      'last-event-id': '41',
    });
    expect([arrived.authorization, arrived.cookie, arrived['x-broker-credential']]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect(backend.last().body).toBe(JSON.stringify(listTools));
  });

  it('answers 401 with the challenge, and the metadata it names', async () => {
    const before = backend.arrived.length;
    for (const headers of [{}, { authorization: 'Bearer mcb_at_made-up' }] as Record<string, string>[]) {
      const answer = await raw(world.port, '/mcp', headers, 'POST', listTools);
      expect(answer.status).toBe(401);
      expect(answer.headers['www-authenticate']).toContain(
        `resource_metadata="http://localhost:${world.port}/.well-known/oauth-protected-resource/mcp"`,
      );
    }
    expect(backend.arrived).toHaveLength(before);
    const metadata = await raw(world.port, '/.well-known/oauth-protected-resource/mcp', {});
    expect(JSON.parse(metadata.text)).toMatchObject({ resource: world.url, authorization_servers: [world.issuer] });
  });

  it('replaces names that a client gives itself, in every spelling', async () => {
    for (const spelling of [
      'X-Broker-User',
      'x-broker-user',
      'X_Broker_User',
      'X.Broker.User',
      'X-Broker_User',
      'X_Broker-Scopes',
      'X.Broker-Assertion',
    ]) {
      await raw(world.port, '/mcp', { ...bearer(), [spelling]: 'usr_somebody_else' }, 'POST', listTools);
      const values = Object.entries(backend.last().headers).filter(([, value]) =>
        String(value).includes('somebody_else'),
      );
      expect([spelling, values]).toEqual([spelling, []]);
      expect(backend.last().headers['x-broker-user']).toMatch(/^usr_[0-9a-f]{32}$/);
    }
  });

  it('lets no client change protocols, nor drop what is said of it by naming it a matter of the connection', async () => {
    const odd = { connection: 'Upgrade, HTTP2-Settings, X-Broker-User, X-Broker-Scopes', upgrade: 'h2c' };
    await raw(world.port, '/mcp', { ...bearer(), ...odd, 'http2-settings': 'AAMAAABkAAQAAP__' });
    const arrived = backend.last().headers;
    expect(arrived['x-broker-user']).toMatch(/^usr_[0-9a-f]{32}$/);
    expect([arrived['x-broker-scopes'], arrived.upgrade]).toEqual(['notes:read', undefined]);
    expect(arrived.connection ?? '').not.toMatch(/upgrade/i);
  });

  it.each([
    ['a health address of the client’s own', '/mcp', { 'x-forwarded-uri': '/health' }],
    ['a health address in other headers', '/mcp', { 'x-original-uri': '/health', 'x-original-url': '/health' }],
    ['a health checker’s name', '/mcp', { 'user-agent': 'ELB-HealthChecker/2.0' }],
    ['another health checker’s name', '/mcp', { 'user-agent': 'GoogleHC/1.0' }],
    ['a forwarded loopback address', '/mcp', { 'x-forwarded-for': '127.0.0.1', forwarded: 'for=127.0.0.1' }],
    ['another method in a header', '/mcp', { 'x-forwarded-method': 'OPTIONS', 'x-http-method-override': 'OPTIONS' }],
    ['a path parameter', '/mcp/..;/admin', {}],
    ['a dot segment', '/mcp/../admin', {}],
    ['an encoded slash', '/mcp%2fadmin', {}],
    ['an encoded dot segment', '/mcp/%2e%2e/admin', {}],
    ['a doubled slash', '//mcp', {}],
    ['another case', '/MCP', {}],
  ] as const)('does not let anybody in by %s', async (_what, path, headers) => {
    const before = backend.arrived.length;
    const answer = await raw(world.port, path, headers);
    expect([400, 401, 403, 404]).toContain(answer.status);
    const authorized = await raw(world.port, path, { ...bearer(), ...headers });
    // Apache httpd folds slashes before it asks, and then asks for /mcp, whose token counts.
    const folds = name === 'Apache httpd' && path === '//mcp';
    if (path !== '/mcp' && !folds) expect([400, 403, 404]).toContain(authorized.status);
    for (const { url } of backend.arrived.slice(before)) expect(url).toBe('/mcp');
  });

  it('publishes nothing of the broker but the metadata: what the proxy asks is nobody else’s to ask', async () => {
    for (const path of ['/verify/notes', '/verify/notes/mcp', '/broker-verdict', '/introspect', '/metadata/notes'])
      expect([path, (await raw(world.port, path, bearer())).status]).toEqual([path, 404]);
  });

  it('refuses a token in the query', async () => {
    const before = backend.arrived.length;
    for (const query of [`access_token=${token}`, `%61ccess_token=${token}`])
      expect([400, 401]).toContain((await raw(world.port, `/mcp?${query}`, bearer())).status);
    expect((await raw(world.port, `/mcp?access_token=${token}`, {})).status).not.toBe(200);
    expect(backend.arrived).toHaveLength(before);
  });

  it('streams: what the server says arrives before it has finished', async () => {
    let finish: (() => void) | undefined;
    backend.answer = (_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('id: 1\ndata: {}\n\n');
      finish = () => void response.end('id: 2\ndata: {}\n\n');
    };
    const answer = await fetch(world.url, { headers: { ...bearer(), accept: 'text/event-stream' } });
    const reader = (answer.body as ReadableStream<Uint8Array>).pipeThrough(new TextDecoderStream()).getReader();
    expect((await reader.read()).value).toBe('id: 1\ndata: {}\n\n');
    finish?.();
    expect((await reader.read()).value).toBe('id: 2\ndata: {}\n\n');
    expect((await reader.read()).done).toBe(true);
  });

  it('hands on the broker’s own 403 with every scope to ask for', async () => {
    const answer =
      name === 'Apache httpd'
        ? await raw(world.port, '/mcp', bearer(), 'POST', call('add_note'))
        : await raw(world.port, '/mcp', bearer(), 'DELETE');
    const scope = name === 'Apache httpd' ? 'notes:read notes:write' : 'notes:read notes:purge';
    expect(answer.status).toBe(403);
    expect(answer.headers['www-authenticate']).toContain('error="insufficient_scope"');
    expect(answer.headers['www-authenticate']).toContain(`scope="${scope}"`);
  });
});

describe.each<ProxyName>(['nginx', 'Caddy', 'HAProxy', 'Apache httpd'])('the SDKs through %s', (name) => {
  let server: TrustingServer;
  let world: Awaited<ReturnType<typeof startProxied>>;
  beforeAll(async () => {
    // The server judges its own tools: a front that reads no bodies cannot.
    server = await startTrustingServer((tool, scopes) =>
      tool === 'add_note' && !scopes.includes('notes:write')
        ? 'Bearer error="insufficient_scope", scope="notes:read notes:write"'
        : undefined,
    );
    world = await startProxied(name, hostOf(server.url));
  }, 60_000);
  afterAll(async () => {
    await world?.close();
    await server.close();
  });

  it.each(['v1', 'v2'] as const)('%s completes the journey, streams, and steps up', async (version) => {
    const app = sdkApp(version, world.url);
    await app.connect();
    expect((await app.call('list_notes')).text).not.toBe('');
    expect(await app.call('progress')).toEqual({ text: 'three', progress: 3 });
    expect(await app.stepUp('add_note', { text: 'buy ink' })).toMatch(/^Added note/);
    expect(app.scope()).toBe('notes:read notes:write');
    await app.close();
  });
});
