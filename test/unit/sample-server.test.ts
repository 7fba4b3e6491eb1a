/** The sample MCP server against a stand-in for the broker's introspection endpoint (RFC 7662, 6750, 9728). */
import { createServer, request, type Server } from 'node:http';
import { Client as NewClient, StreamableHTTPClientTransport as NewTransport } from '@modelcontextprotocol/client';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { closed, listening } from '../../src/demo/loopback.ts';
import { type SampleServer, startSampleServer } from '../../src/demo/sample-server.ts';

const CREDENTIAL = 'credential of the notes server, 32+ bytes';

interface Asked {
  authorization: string | undefined;
  contentType: string | undefined;
  body: string;
}

let broker: Server;
let issuer: string;
let sample: SampleServer;
let origin: string;
let asked: Asked[] = [];
let brokerStatus = 200;
let answers: Record<string, object> = {};

beforeAll(async () => {
  broker = createServer(async (incoming, outgoing) => {
    let body = '';
    for await (const chunk of incoming) body += chunk;
    asked.push({
      authorization: incoming.headers.authorization,
      contentType: incoming.headers['content-type'],
      body: `${incoming.method} ${incoming.url} ${body}`,
    });
    const token = new URLSearchParams(body).get('token') ?? '';
    outgoing.writeHead(brokerStatus, { 'content-type': 'application/json' });
    outgoing.end(JSON.stringify(answers[token] ?? { active: false }));
  });
  issuer = `http://localhost:${await listening(broker, '127.0.0.1', 0)}`;
  sample = await startSampleServer({ host: '127.0.0.1', port: 0, issuer, credential: CREDENTIAL });
  origin = new URL(sample.url).origin;
});

afterAll(async () => {
  await sample.close();
  await closed(broker);
});

beforeEach(() => {
  asked = [];
  brokerStatus = 200;
  answers = {
    'maya-reads': { active: true, sub: 'usr_maya', scope: 'notes:read', aud: sample.url },
    'maya-writes': { active: true, sub: 'usr_maya', scope: 'notes:write', aud: [sample.url] },
    'jonas-reads': { active: true, sub: 'usr_jonas', scope: 'notes:read', aud: sample.url },
    'maya-purges': { active: true, sub: 'usr_maya', scope: 'notes:read notes:purge', aud: sample.url },
    'purge-only': { active: true, sub: 'usr_maya', scope: 'notes:purge', aud: sample.url },
    elsewhere: { active: true, sub: 'usr_maya', scope: 'notes:read', aud: 'http://localhost:1/mcp' },
    'no-audience': { active: true, sub: 'usr_maya', scope: 'notes:read' },
    'no-subject': { active: true, scope: 'notes:read', aud: sample.url },
  };
});

const METADATA = () => `${origin}/.well-known/oauth-protected-resource/mcp`;
const MISSING = () => `Bearer resource_metadata="${METADATA()}", scope="notes:read"`;
const INVALID = () =>
  `Bearer error="invalid_token", error_description="The access token is unknown, expired, revoked or meant for another server", resource_metadata="${METADATA()}", scope="notes:read"`;
const INSUFFICIENT = (scope: string) =>
  `Bearer error="insufficient_scope", error_description="Ask the person for more access; a refresh cannot add any", scope="${scope}", resource_metadata="${METADATA()}"`;

const MCP_HEADERS = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
const toolCall = (name: string, args: object = {}) => ({
  jsonrpc: '2.0',
  id: 7,
  method: 'tools/call',
  params: { name, arguments: args },
});

const post = (token: string | undefined, message: unknown, headers: Record<string, string> = {}) =>
  fetch(sample.url, {
    method: 'POST',
    headers: { ...MCP_HEADERS, ...(token === undefined ? {} : { authorization: `Bearer ${token}` }), ...headers },
    body: typeof message === 'string' ? message : JSON.stringify(message),
  });

interface Reply {
  readonly result?: { readonly content: readonly { readonly text: string }[] };
  readonly error?: { readonly code: number };
}
const reply = async (response: Response) => (await response.json()) as Reply;
const text = async (response: Response) => (await reply(response)).result?.content[0]?.text;

describe('what the sample server says of itself', () => {
  it('serves the same RFC 9728 document at the path-inserted and the root address', async () => {
    const expected = {
      resource: sample.url,
      authorization_servers: [issuer],
      scopes_supported: ['notes:read'],
      bearer_methods_supported: ['header'],
      resource_name: 'Sample Notes',
    };

    const inserted = await fetch(METADATA());
    const root = await fetch(`${origin}/.well-known/oauth-protected-resource`);

    expect(sample.url).toMatch(/^http:\/\/localhost:\d+\/mcp$/);
    expect(inserted.status).toBe(200);
    expect(await inserted.json()).toEqual(expected);
    expect(await root.json()).toEqual(expected);
  });
});

describe('who is let in', () => {
  it('answers a call without credentials by a bare challenge and asks the broker nothing', async () => {
    const response = await post(undefined, toolCall('list_notes'));

    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toBe(MISSING());
    expect(asked).toEqual([]);
  });

  it.each(['GET', 'DELETE'])('challenges a %s without credentials too, session id or not', async (method) => {
    const response = await fetch(sample.url, { method, headers: { 'mcp-session-id': 'any' } });

    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toBe(MISSING());
  });

  it('shows the broker its own name and credential by HTTP Basic, and the token in the body', async () => {
    await post('maya-reads', toolCall('list_notes'));

    expect(asked).toEqual([
      {
        authorization: `Basic ${Buffer.from('notes:credential%20of%20the%20notes%20server%2C%2032%2B%20bytes').toString('base64')}`,
        contentType: 'application/x-www-form-urlencoded;charset=UTF-8',
        body: 'POST /introspect token=maya-reads&token_type_hint=access_token',
      },
    ]);
  });

  it.each(['unknown', 'elsewhere', 'no-audience', 'no-subject', 'two words'])(
    'answers the bad token "%s" by invalid_token',
    async (token) => {
      const response = await post(token, toolCall('list_notes'));

      expect(response.status).toBe(401);
      expect(response.headers.get('www-authenticate')).toBe(INVALID());
    },
  );

  it('refuses a token in the query, alone and beside a good header, without showing it to the broker', async () => {
    for (const authorization of [undefined, 'Bearer maya-reads']) {
      const response = await fetch(`${sample.url}?access_token=maya-reads`, {
        method: 'POST',
        headers: { ...MCP_HEADERS, ...(authorization === undefined ? {} : { authorization }) },
        body: JSON.stringify(toolCall('list_notes')),
      });

      expect(response.status).toBe(401);
      expect(response.headers.get('www-authenticate')).toBe(MISSING());
    }
    expect(asked).toEqual([]);
  });

  it('refuses a token in a form body', async () => {
    const body = new URLSearchParams({ access_token: 'maya-reads' });

    const response = await fetch(sample.url, { method: 'POST', body });

    expect(response.status).toBe(401);
    expect(asked).toEqual([]);
  });

  it.each([401, 404, 500])('lets nobody in when the broker answers %i', async (status) => {
    brokerStatus = status;

    const response = await post('maya-reads', toolCall('list_notes'));

    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toBe('1');
  });

  it('lets nobody in when the broker cannot be reached', async () => {
    const lonely = await startSampleServer({
      host: '127.0.0.1',
      port: 0,
      issuer: 'http://localhost:9',
      credential: CREDENTIAL,
    });

    const response = await fetch(lonely.url, {
      method: 'POST',
      headers: { ...MCP_HEADERS, authorization: 'Bearer maya-reads' },
      body: JSON.stringify(toolCall('list_notes')),
    });
    await lonely.close();

    expect(response.status).toBe(503);
  });
});

describe('how much a token may do', () => {
  it('answers add_note with a reading token by a 403 that names all scopes of the operation', async () => {
    const response = await post('maya-reads', toolCall('add_note', { text: 'hello' }));

    expect(response.status).toBe(403);
    expect(response.headers.get('www-authenticate')).toBe(INSUFFICIENT('notes:read notes:write'));
  });

  it('judges a batch by all of its calls', async () => {
    const response = await post('maya-reads', [toolCall('list_notes'), toolCall('purge_notes')]);

    expect(response.status).toBe(403);
    expect(response.headers.get('www-authenticate')).toBe(INSUFFICIENT('notes:read notes:purge'));
  });

  it('lets a token that cannot read do nothing at all', async () => {
    const response = await post('purge-only', toolCall('purge_notes'));

    expect(response.status).toBe(403);
    expect(response.headers.get('www-authenticate')).toBe(INSUFFICIENT('notes:read notes:purge'));
  });

  it('lets notes:write read, and keeps the notes of two people apart', async () => {
    const added = await post('maya-writes', toolCall('add_note', { text: 'buy ink' }));
    const mine = await post('maya-writes', toolCall('list_notes'));
    const other = await post('jonas-reads', toolCall('list_notes'));
    const purged = await post('maya-purges', toolCall('purge_notes'));

    expect(await text(added)).toBe('Added note 1.');
    expect(await text(mine)).toBe('1. buy ink');
    expect(await text(other)).toBe('No notes yet.');
    expect(await text(purged)).toBe('Deleted 1 notes.');
  });

  it('refuses a body that is not JSON and a body over 64 KiB', async () => {
    const broken = await post('maya-reads', '{"jsonrpc"');
    const huge = await post('maya-reads', toolCall('list_notes', { padding: 'x'.repeat(70_000) }));
    const streamed = await fetch(sample.url, {
      method: 'POST',
      headers: { ...MCP_HEADERS, authorization: 'Bearer maya-reads' },
      body: new Blob(['x'.repeat(70_000)]).stream(),
      duplex: 'half',
    } as RequestInit);

    expect(broken.status).toBe(400);
    expect((await reply(broken)).error?.code).toBe(-32700);
    expect(huge.status).toBe(413);
    expect(streamed.status).toBe(413);
  });

  it('has no session and no stream to open', async () => {
    const response = await fetch(sample.url, { headers: { authorization: 'Bearer maya-reads' } });

    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe('POST');
  });
});

/** `fetch` does not let a caller choose the Host header. */
const statusWithHost = (host: string) =>
  new Promise<number | undefined>((resolve, reject) => {
    const { port } = new URL(origin);
    request({ host: '127.0.0.1', port, path: '/.well-known/oauth-protected-resource/mcp', headers: { host } })
      .once('response', (response) => resolve(response.resume().statusCode))
      .once('error', reject)
      .end();
  });

describe('pages and names of other computers', () => {
  it.each([
    ['localhost', 200],
    ['LOCALHOST:1', 200],
    ['127.0.0.1:8788', 200],
    ['[::1]:8788', 200],
    ['rebind.example:8788', 403],
    ['localhost.evil.example', 403],
    ['127.0.0.1@evil.example', 400],
    ['evil.example@127.0.0.1', 400],
    ['192.168.1.2', 403],
  ])('compares the host name and not the port: %s gets %i', async (host, status) => {
    expect(await statusWithHost(host)).toBe(status);
  });

  it.each(['https://evil.example', 'null', 'http://localhost.evil.example', 'http://localhost@evil.example'])(
    'answers a page of %s by 403 even with a good token',
    async (from) => {
      const response = await post('maya-reads', toolCall('list_notes'), { origin: from });

      expect(response.status).toBe(403);
      expect(response.headers.get('access-control-allow-origin')).toBeNull();
      expect(asked).toEqual([]);
    },
  );

  it('lets a page of this computer read the challenge', async () => {
    const response = await post(undefined, toolCall('list_notes'), { origin: 'http://localhost:6274' });

    expect(response.status).toBe(401);
    expect(response.headers.get('access-control-allow-origin')).toBe('http://localhost:6274');
    expect(response.headers.get('access-control-expose-headers')).toBe('WWW-Authenticate,Mcp-Session-Id');
  });

  it('answers the preflight of MCP Inspector', async () => {
    const response = await fetch(sample.url, {
      method: 'OPTIONS',
      headers: {
        origin: 'http://localhost:6274',
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization,content-type,mcp-protocol-version',
      },
    });

    expect(response.status).toBe(204);
    expect(response.headers.get('access-control-allow-headers')).toBe(
      'authorization,content-type,last-event-id,mcp-method,mcp-name,mcp-protocol-version,mcp-session-id',
    );
  });
});

describe('with the official clients', () => {
  const requestInit = { headers: { authorization: 'Bearer maya-reads' } };

  it('lists the tools and the notes to SDK v1', async () => {
    const client = new Client({ name: 'test', version: '1.0.0' });
    const transport = new StreamableHTTPClientTransport(new URL(sample.url), { requestInit });
    await client.connect(transport as Parameters<typeof client.connect>[0]);

    const { tools } = await client.listTools();
    const notes = await client.callTool({ name: 'list_notes' });
    await client.close();

    expect(tools.map((tool) => tool.name)).toEqual(['list_notes', 'add_note', 'purge_notes']);
    expect(notes.content).toEqual([{ type: 'text', text: 'No notes yet.' }]);
  });

  it('lists the tools and the notes to the client of SDK v2', async () => {
    const client = new NewClient({ name: 'test', version: '1.0.0' });
    await client.connect(new NewTransport(new URL(sample.url), { requestInit }));

    const { tools } = await client.listTools();
    const notes = await client.callTool({ name: 'list_notes' });
    await client.close();

    expect(tools.map((tool) => tool.name)).toEqual(['list_notes', 'add_note', 'purge_notes']);
    expect(notes.content).toEqual([{ type: 'text', text: 'No notes yet.' }]);
  });
});
