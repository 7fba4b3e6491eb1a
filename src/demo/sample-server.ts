/**
 * A sample MCP server that the broker protects: Streamable HTTP at `/mcp`, on a loopback port of its own.
 *
 * It is what an operator's MCP server looks like from outside: RFC 9728 metadata at both well-known addresses, a
 * challenge without a token, introspection for every request, a 403 that names the scopes of the whole operation.
 * Must never act on a session id, on a token from the URL, or for a page or host name that is not of this computer.
 */
import type { Server } from 'node:http';
import { createAdaptorServer } from '@hono/node-server';
import { type Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { cors } from 'hono/cors';
import { closed, isLoopbackAuthority, isLoopbackOrigin, listening, nameOf } from './loopback.ts';
import {
  bearerToken,
  type Caller,
  challenges,
  covers,
  introspect,
  resourceMetadata,
  scopesNeeded,
} from './sample-access.ts';
import { loadToolServer, type ToolServer } from './sample-tools.ts';

const RESOURCE_KEY = 'notes';
const MCP_PATH = '/mcp';
const METADATA_PATH = '/.well-known/oauth-protected-resource';
const BODY_BYTES = 64 * 1024;

export interface SampleServerOptions {
  /** Loopback host to listen on, without brackets. */
  readonly host: string;
  /** 0 picks a free port. */
  readonly port: number;
  /** The broker's issuer, without a trailing slash. */
  readonly issuer: string;
  /** This server's own secret at the broker; its id there is `notes`. */
  readonly credential: string;
}

export interface SampleServer {
  /** Canonical resource identifier: what clients connect to and what tokens are for. */
  readonly url: string;
  close(): Promise<void>;
}

/** Starts the sample server. Rejects when the port is taken or the MCP SDK is not installed. */
export async function startSampleServer(options: SampleServerOptions): Promise<SampleServer> {
  const toolServer = await loadToolServer();
  const answer = await loadAnswer(toolServer);
  const app = new Hono();
  const server = createAdaptorServer({ fetch: app.fetch }) as Server;
  const port = await listening(server, options.host, options.port);
  const origin = `http://${nameOf(options.host)}:${port}`;
  addRoutes(app, origin, options, answer);
  return { url: `${origin}${MCP_PATH}`, close: () => closed(server) };
}

type Answer = (request: Request, message: unknown, notebook: string[]) => Promise<Response>;

/** One MCP server and transport per request: nothing of one person's request can reach another's. */
async function loadAnswer(toolServer: ToolServer): Promise<Answer> {
  const { WebStandardStreamableHTTPServerTransport } = await import(
    '@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js'
  );
  return async (request, message, notebook) => {
    const server = toolServer(notebook);
    const transport = new WebStandardStreamableHTTPServerTransport({ enableJsonResponse: true });
    await server.connect(transport);
    try {
      return await transport.handleRequest(request, { parsedBody: message });
    } finally {
      await server.close();
    }
  };
}

function addRoutes(app: Hono, origin: string, options: SampleServerOptions, answer: Answer): void {
  const url = `${origin}${MCP_PATH}`;
  const challenge = challenges(`${origin}${METADATA_PATH}${MCP_PATH}`);
  const notebooks = new Map<string, string[]>();

  app.use(async (c, next) => {
    const from = c.req.header('origin');
    const local = isLoopbackAuthority(c.req.header('host')) && (from === undefined || isLoopbackOrigin(from));
    return local ? next() : c.json({ error: 'This server answers programs and pages of this computer only.' }, 403);
  });
  app.use(localPages);
  app.get(METADATA_PATH, (c) => c.json(resourceMetadata(url, options.issuer)));
  app.get(`${METADATA_PATH}${MCP_PATH}`, (c) => c.json(resourceMetadata(url, options.issuer)));

  app.all(MCP_PATH, bodyLimit({ maxSize: BODY_BYTES }), async (c) => {
    const caller = await authenticate(c, { ...options, resourceKey: RESOURCE_KEY, audience: url }, challenge);
    if (caller instanceof Response) return caller;
    if (c.req.method !== 'POST') return c.body(null, 405, { allow: 'POST' });
    const message = parseJson(await c.req.text());
    if (message === undefined) return c.json(parseError, 400);

    const needed = scopesNeeded(message);
    if (!covers(caller.scopes, needed)) {
      return refuse(c, 403, 'insufficient_scope', challenge.insufficient(needed));
    }

    const notebook = notebooks.get(caller.subject) ?? [];
    notebooks.set(caller.subject, notebook);
    return answer(c.req.raw, message, notebook);
  });
}

/** What MCP Inspector and other clients that run in a page need to read (Fetch standard, CORS protocol). */
const localPages = cors({
  origin: (origin) => (isLoopbackOrigin(origin) ? origin : undefined),
  allowMethods: ['GET', 'POST', 'DELETE'],
  allowHeaders: [
    'authorization',
    'content-type',
    'last-event-id',
    'mcp-method',
    'mcp-name',
    'mcp-protocol-version',
    'mcp-session-id',
  ],
  exposeHeaders: ['WWW-Authenticate', 'Mcp-Session-Id'],
});

const parseError = { jsonrpc: '2.0', id: null, error: { code: -32700, message: 'Parse error: Invalid JSON' } };

async function authenticate(
  c: Context,
  settings: Parameters<typeof introspect>[1],
  challenge: ReturnType<typeof challenges>,
): Promise<Caller | Response> {
  // A token in a URL ends up in logs and histories: the request is refused before any token is looked at.
  const token = c.req.query('access_token') === undefined ? bearerToken(c.req.header('authorization')) : undefined;
  if (token === undefined)
    return refuse(c, 401, 'unauthorized', challenge.missing, 'Unauthorized: send an access token');
  const verdict = await introspect(token, settings);
  if (verdict.kind === 'inactive') return refuse(c, 401, 'invalid_token', challenge.invalid);
  if (verdict.kind === 'unavailable') return c.json({ error: 'temporarily_unavailable' }, 503, { 'retry-after': '1' });
  return verdict.caller;
}

/** Some MCP clients begin to ask the person only where the body says “Unauthorized”. */
const refuse = (c: Context, status: 401 | 403, error: string, challenge: string, description?: string): Response =>
  c.json({ error, error_description: description }, status, {
    'www-authenticate': challenge,
    'cache-control': 'no-store',
  });

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
