/** Where a built-in front may stand: what is refused at start, and what a host of its own does and does not answer. */
import { request as httpRequest } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createApp } from '../../src/app.ts';
import { OWN_SEGMENTS } from '../../src/config/front-checks.ts';
import { problemsWith } from '../support/config-text.ts';
import { call, type FrontedWorld, startFrontedWorld } from '../support/fronted-world.ts';
import { startMcpBackend } from '../support/mcp-backend.ts';

const resource = (rest: string, url = 'https://notes.example.com/mcp') =>
  `resources:\n  notes: { url: "${url}", name: N, upstream: corp, scopes: { n:read: { title: R, risk: view } }, ${rest} }`;
const behind = 'proxy_to: "http://127.0.0.1:9000/mcp"';

describe('a configuration of the built-in front', () => {
  it.each([
    ['on a path of the broker’s own', resource(behind, 'https://auth.example.com/token')],
    ['below a path of the broker’s own', resource(behind, 'https://auth.example.com/account/mcp')],
    ['on the root of the issuer’s origin', resource(behind, 'https://auth.example.com/')],
    ['on the issuer’s host with another scheme', resource(behind, 'http://auth.example.com/mcp')],
    ['with a query in the resource', resource(behind, 'https://notes.example.com/mcp?tenant=1')],
    ['with a path that a router could read otherwise', resource(behind, 'https://notes.example.com/:any*')],
    ['whose server is the broker', resource('proxy_to: "http://127.0.0.1:8787/mcp"')],
    ['whose server is the issuer', resource('proxy_to: "https://auth.example.com/mcp"')],
    ['plain http to another host', resource('proxy_to: "http://10.0.0.5/mcp"')],
    ['to no web address', resource('proxy_to: "file:///etc/passwd"')],
    ['with a user name in the address', resource('proxy_to: "http://u:p@127.0.0.1:9000/mcp"')],
    ['with a tool whose scope does not exist', resource(`${behind}, tools: { add: [n:write] }`)],
    ['with a token in an identity header', resource(`${behind}, upstream_token_header: X-Broker-User`)],
    ['with a token in a cookie', resource(`${behind}, upstream_token_header: Cookie`)],
    ['passing cookies', resource(`${behind}, pass_headers: [Cookie]`)],
    ['passing a look-alike of an identity header', resource(`${behind}, pass_headers: [X_Broker_User]`)],
    ['with an origin that has a path', resource(`${behind}, allowed_origins: ["https://app.example/x"]`)],
    ['of settings without effect', resource('tool_changes: hold')],
  ])('is refused %s', (_name, resources) => {
    expect(problemsWith({ resources }).map(({ code }) => code)).toContain(
      _name.includes('another scheme') ? 'E104' : 'E130',
    );
  });

  it.each([
    ['a path on the issuer’s origin', resource(behind, 'https://auth.example.com/mcp/notes')],
    ['a host of its own', resource(behind)],
    [
      'plain http in a network that is the operator’s alone',
      resource('proxy_to: "http://notes:9000/mcp", proxy_plain_http: true'),
    ],
    ['tools with known scopes', resource(`${behind}, tools: { list: [n:read], "*": [] }, tool_changes: hold`)],
    ['the upstream’s token', resource(`${behind}, upstream_token_header: Authorization`)],
  ])('is accepted with %s', (_name, resources) => {
    expect(problemsWith({ resources })).toEqual([]);
  });
});

describe('a front on a host of its own', () => {
  let world: FrontedWorld;
  let elsewhere: Awaited<ReturnType<typeof startMcpBackend>>;
  beforeAll(async () => {
    elsewhere = await startMcpBackend('/real');
    world = await startFrontedWorld(
      {},
      {
        settings: {
          resources: {
            tasks: {
              url: 'https://tasks.example.com/mcp',
              name: 'Northwind Tasks',
              upstream: 'corp',
              scopes: { 'tasks:read': { title: 'Read tasks', risk: 'view', default: true } },
              proxy_to: elsewhere.url,
            },
          },
        },
      },
    );
  });
  afterAll(async () => {
    await world.close();
    await elsewhere.close();
  });

  const ask = (host: string, path: string, token?: string, body?: unknown) =>
    new Promise<{ status: number; headers: Record<string, unknown>; text: string }>((resolve, reject) => {
      const request = httpRequest({
        host: '127.0.0.1',
        port: new URL(world.issuer).port,
        path,
        method: body === undefined ? 'GET' : 'POST',
        headers: {
          host,
          ...(token !== undefined && { authorization: `Bearer ${token}` }),
          ...(body !== undefined && { 'content-type': 'application/json' }),
        },
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

  it('answers its resource and the resource’s metadata, and nothing of the broker', async () => {
    const token = (await world.tokenFor('https://tasks.example.com/mcp', 'tasks:read')) ?? '';
    const passed = await ask('tasks.example.com', '/mcp', token, call('any'));
    expect([passed.status, elsewhere.last().url]).toEqual([200, '/real']);
    const challenged = await ask('TASKS.example.com:443', '/mcp', undefined, call('any'));
    expect(challenged.headers['www-authenticate']).toContain(
      'resource_metadata="https://tasks.example.com/.well-known/oauth-protected-resource/mcp"',
    );
    const metadata = await ask('tasks.example.com', '/.well-known/oauth-protected-resource/mcp');
    expect(JSON.parse(metadata.text)).toMatchObject({ resource: 'https://tasks.example.com/mcp' });
    for (const path of ['/authorize', '/account', '/healthz', '/jwks', '/admin/v1/status', '/mcp/notes', '/'])
      expect([path, (await ask('tasks.example.com', path, token)).status]).toEqual([path, 404]);
  });

  it('is not there on the issuer’s host, and its token is for it alone', async () => {
    const token = (await world.tokenFor('https://tasks.example.com/mcp', 'tasks:read')) ?? '';
    expect((await ask(new URL(world.issuer).host, '/mcp', token, call('any'))).status).toBe(404);
    expect((await world.send(token, call('any'))).status).toBe(401);
    const other = await world.token();
    expect((await ask('tasks.example.com', '/mcp', other, call('any'))).status).toBe(401);
  });

  it('leaves no address of the broker’s own to a front', () => {
    const { deps } = world.setting.broker;
    const first = (path: string) => path.split('/')[1] ?? '';
    const own = createApp({ ...deps, config: { ...deps.config, resources: new Map() } })
      .routes.map(({ path }) => first(path))
      .filter((segment) => segment !== '' && segment !== '*' && !segment.startsWith(':'));
    expect([...new Set(own)].filter((segment) => !OWN_SEGMENTS.has(segment))).toEqual([]);
  });
});
