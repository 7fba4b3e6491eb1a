/** What crosses the built-in front: which requests, which headers, which answers, in which pace. */
import { request as httpRequest } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { auditRows } from '../support/database-file.ts';
import { call, type FrontedWorld, listTools, startFrontedWorld } from '../support/fronted-world.ts';
import { emptyResult, json } from '../support/mcp-backend.ts';

describe('a server that does not begin its answer', () => {
  it('is given up after the time configured: 504, and the tool call is on record as that', async () => {
    const world = await startFrontedWorld({ first_byte_timeout: '1s', tools: { '*': [] } });
    try {
      const token = await world.token();
      world.backend.answer = () => undefined;
      const answer = await world.send(token, call('list_notes'));
      expect([answer.status, await answer.json()]).toEqual([
        504,
        expect.objectContaining({ error: 'gateway_timeout' }),
      ]);
      expect(auditRows(world.setting, 'tool.called')).toMatchObject([
        { details: { tool: 'list_notes', outcome: 'timeout' } },
      ]);
      world.backend.answer = emptyResult;
      expect((await world.send(token, listTools)).status).toBe(200);
    } finally {
      await world.close();
    }
  });
});

describe('the built-in front', () => {
  let world: FrontedWorld;
  let token: string;
  beforeAll(async () => {
    world = await startFrontedWorld({ pass_headers: ['X-Api-Version'], max_request_bytes: 4096 });
    token = await world.token();
  });
  afterAll(() => world.close());
  afterEach(() => {
    world.backend.answer = emptyResult;
  });

  it('answers 401 with a bare challenge without a token, and the server hears of nothing', async () => {
    const before = world.backend.arrived.length;
    const answer = await world.send(undefined, listTools);
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toBe(
      `Bearer scope="notes:read", resource_metadata="${world.issuer}/.well-known/oauth-protected-resource/mcp/notes"`,
    );
    expect(world.backend.arrived).toHaveLength(before);
  });

  it('passes on a request with a good token, without the token, with who asks', async () => {
    const answer = await world.send(token, listTools);
    expect(answer.status).toBe(200);
    expect(await answer.json()).toEqual({ jsonrpc: '2.0', id: 7, result: {} });
    const { headers, method, url, body } = world.backend.last();
    expect([method, url, body]).toEqual(['POST', '/mcp', JSON.stringify(listTools)]);
    expect(headers.authorization).toBeUndefined();
    expect(headers['x-broker-user']).toMatch(/^usr_/);
    expect(headers['x-broker-client']).toMatch(/^mcbc_/);
    expect(headers['x-broker-scopes']).toBe('notes:read');
  });

  it('passes the headers of both protocol eras and those the operator named, and no others', async () => {
    await world.send(token, listTools, {
      headers: {
        'MCP-Protocol-Version': '2026-07-28',
        'Mcp-Method': 'tools/list',
        'Last-Event-ID': '41',
        'X-Api-Version': '3',
        'X-Other': 'no',
        Cookie: 'session=1',
        'Accept-Language': 'de',
        Forwarded: 'for=1.2.3.4',
        'X-Forwarded-For': '1.2.3.4',
      },
    });
    expect(world.backend.last().headers).toMatchObject({
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': 'tools/list',
      'last-event-id': '41',
      'x-api-version': '3',
      'accept-language': 'de',
      'accept-encoding': 'identity',
    });
    for (const name of ['x-other', 'cookie', 'forwarded', 'x-forwarded-for'])
      expect(world.backend.last().headers).not.toHaveProperty(name);
  });

  it('passes GET and DELETE, and answers any other method 405', async () => {
    world.backend.answer = (_, response) => void response.writeHead(405, { allow: 'POST' }).end();
    expect((await world.send(token)).status).toBe(405);
    expect(world.backend.last().method).toBe('GET');
    expect((await world.send(token, undefined, { method: 'DELETE' })).status).toBe(405);
    expect(world.backend.last().method).toBe('DELETE');
    const put = await world.send(token, listTools, { method: 'PUT' });
    expect([put.status, put.headers.get('allow')]).toEqual([405, 'GET, POST, DELETE']);
    expect(world.backend.last().method).toBe('DELETE');
  });

  it('hands on of an answer what MCP needs, and nothing that acts on the broker’s own origin', async () => {
    world.backend.answer = (_, response) =>
      json(
        response,
        { jsonrpc: '2.0', id: 7, result: {} },
        {
          'mcp-protocol-version': '2025-11-25',
          'set-cookie': '__Host-session=planted; Path=/; Secure',
          'clear-site-data': '"*"',
          'cache-control': 'public, max-age=600',
          'access-control-allow-origin': '*',
          'access-control-allow-credentials': 'true',
          'content-security-policy': 'script-src *',
          'www-authenticate': 'Bearer resource_metadata="https://evil.example"',
        },
      );
    const { headers } = await world.send(token, listTools);
    expect(headers.get('mcp-protocol-version')).toBe('2025-11-25');
    expect(headers.get('cache-control')).toBe('no-store, no-transform');
    expect(headers.get('content-security-policy')).toBe("default-src 'none'; frame-ancestors 'none'; sandbox");
    for (const name of ['set-cookie', 'clear-site-data', 'access-control-allow-origin', 'www-authenticate'])
      expect(headers.get(name)).toBeNull();
    expect(headers.get('access-control-allow-credentials')).toBeNull();
  });

  it.each([
    ['a redirect', { status: 302, headers: { location: 'https://evil.example/' } }],
    ['a challenge of the server’s own', { status: 401, headers: { 'www-authenticate': 'Bearer realm="other"' } }],
    ['a compressed answer', { status: 200, headers: { 'content-encoding': 'gzip' } }],
    ['a content type that only looks like one of MCP', { status: 200, headers: { 'content-type': 'text/x-json' } }],
  ])('answers 502 to %s', async (_name, { status, headers }) => {
    world.backend.answer = (_request, response) => void response.writeHead(status, headers).end('{}');
    const answer = await world.send(token, listTools);
    expect(answer.status).toBe(502);
    expect(answer.headers.get('location')).toBeNull();
    expect(answer.headers.get('www-authenticate')).toBeNull();
    expect(await answer.json()).toMatchObject({ error: 'bad_gateway' });
  });

  it('answers 502 when the server is away', async () => {
    world.backend.answer = (_, response) => void response.destroy();
    expect((await world.send(token, listTools)).status).toBe(502);
  });

  it.each([
    ['longer than the limit', 413, `{"jsonrpc":"2.0","method":"ping","id":"${'x'.repeat(5000)}"}`, {}],
    ['not JSON', 400, '{"jsonrpc":"2.0",', {}],
    ['with a name twice', 400, '{"jsonrpc":"2.0","id":1,"method":"tools/list","method":"tools/call"}', {}],
    ['with a name in other letters', 400, '{"jsonrpc":"2.0","id":1,"method":"ping","Method":"tools/call"}', {}],
    ['an empty batch', 400, '[]', {}],
    ['of another content type', 415, '{}', { 'content-type': 'text/plain' }],
    ['with a content coding', 415, '{}', { 'content-encoding': 'gzip' }],
  ])('refuses a body %s with %i', async (_name, status, body, headers) => {
    const before = world.backend.arrived.length;
    expect((await world.send(token, body, { headers })).status).toBe(status);
    expect(world.backend.arrived).toHaveLength(before);
  });

  it.each([
    ['another method', { 'Mcp-Method': 'tools/call' }],
    ['another tool', { 'Mcp-Method': 'tools/call', 'Mcp-Name': 'other' }],
    ['no method', {}],
    ['a doubled method', { 'Mcp-Method': 'tools/call, tools/call', 'Mcp-Name': 'list_notes' }],
  ])('refuses headers that say %s than the body, on the revision that has them', async (_name, headers) => {
    const revision = { 'MCP-Protocol-Version': '2026-07-28' };
    const body = _name === 'another method' ? listTools : call('list_notes');
    const answer = await world.send(token, body, { headers: { ...revision, ...headers } });
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ jsonrpc: '2.0', error: { code: -32020 } });
  });

  it('lets a page call that is allowed, and answers 403 to any other', async () => {
    const page = await world.send(token, listTools, { headers: { Origin: 'http://localhost:6274' } });
    expect(page.status).toBe(200);
    expect(page.headers.get('access-control-allow-origin')).toBe('http://localhost:6274');
    expect(page.headers.get('access-control-expose-headers')).toContain('WWW-Authenticate');
    expect(page.headers.get('access-control-allow-credentials')).toBeNull();
    const challenged = await world.send(undefined, listTools, { headers: { Origin: 'http://localhost:6274' } });
    expect(challenged.headers.get('access-control-expose-headers')).toContain('WWW-Authenticate');
    for (const origin of [
      'https://evil.example',
      'null',
      'http://localhost.evil.example',
      'http://localhost@evil.example',
    ]) {
      const refused = await world.send(token, listTools, { headers: { Origin: origin } });
      expect(refused.status).toBe(403);
      expect(refused.headers.get('access-control-allow-origin')).toBeNull();
    }
    const preflight = await world.send(undefined, undefined, {
      method: 'OPTIONS',
      headers: {
        Origin: 'http://localhost:6274',
        'Access-Control-Request-Method': 'POST',
        'Access-Control-Request-Headers': 'authorization,mcp-protocol-version,x-evil',
      },
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get('access-control-allow-headers')).toBe('authorization, mcp-protocol-version');
  });

  it('streams events as they come, and tells the server when the client has gone', async () => {
    let gone: (() => void) | undefined;
    const left = new Promise<void>((resolve) => {
      gone = resolve;
    });
    let say: ((text: string) => void) | undefined;
    world.backend.answer = (_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.flushHeaders();
      say = (text) => void response.write(text);
      response.on('close', () => gone?.());
    };
    const stop = new AbortController();
    const answer = await world.send(token, undefined, { signal: stop.signal });
    expect(answer.headers.get('content-type')).toBe('text/event-stream');
    const reader = (answer.body as ReadableStream<Uint8Array>).pipeThrough(new TextDecoderStream()).getReader();
    say?.(': alive\n');
    expect((await reader.read()).value).toBe(': alive\n');
    say?.('id: 1\ndata: {"jsonrpc":"2.0","method":"notifications/message"}\n\n');
    expect((await reader.read()).value).toBe('id: 1\ndata: {"jsonrpc":"2.0","method":"notifications/message"}\n\n');
    stop.abort();
    await left;
  });

  it('ends a stream when its token has ended', async () => {
    world.backend.answer = (_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('data: {}\n\n');
    };
    const own = await world.token();
    const answer = await world.send(own);
    const reader = (answer.body as ReadableStream<Uint8Array>).getReader();
    expect((await reader.read()).done).toBe(false);
    world.setting.clock.advance(3600);
    expect((await reader.read()).done).toBe(true);
    token = await world.token();
  });

  it('sends the server the configured path, whatever the client’s looked like', async () => {
    const { port } = new URL(world.url);
    const status = (path: string) =>
      new Promise<number>((resolve, reject) => {
        const headers = { authorization: `Bearer ${token}` };
        httpRequest({ host: '127.0.0.1', port, path, headers }, (response) => {
          response.resume();
          resolve(response.statusCode ?? 0);
        })
          .on('error', reject)
          .end();
      });
    const before = world.backend.arrived.length;
    for (const path of [
      '/mcp/notes/../admin',
      '/mcp/notes/..;/admin',
      '/mcp/notes%2fadmin',
      '/mcp//notes',
      '/MCP/notes',
      '/mcp/notes/',
    ])
      expect([path, await status(path)]).toEqual([path, 404]);
    expect(world.backend.arrived).toHaveLength(before);
    expect(await status('/mcp/%6eotes?tenant=7')).toBe(200);
    expect(world.backend.last().url).toBe('/mcp?tenant=7');
    expect(await status(`/mcp/notes?access_token=${token}`)).toBe(401);
    expect(await status(`/mcp/notes?Access%5Ftoken=${token}`)).toBe(401);
  });
});
