/**
 * An MCP server that leaves authorization to whoever is in front of it: it believes `X-Broker-User`, keeps a notebook per
 * person, and answers in events. `progress` streams notifications before its result.
 */
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/webStandardStreamableHttp.js';
import { z } from 'zod';

export interface TrustingServer {
  readonly url: string;
  /** The headers of every request, as they arrived. */
  readonly arrived: Headers[];
  close(): Promise<void>;
}

/** `needs` answers a tool call that the scopes do not cover with 403 and this challenge; for fronts that read no bodies. */
export async function startTrustingServer(
  needs: (tool: string | undefined, scopes: readonly string[]) => string | undefined = () => undefined,
): Promise<TrustingServer> {
  const notebooks = new Map<string, string[]>();
  const arrived: Headers[] = [];
  const answer = async (request: Request): Promise<Response> => {
    arrived.push(new Headers(request.headers));
    if (request.method !== 'POST') return new Response(null, { status: 405, headers: { allow: 'POST' } });
    const message = (await request.json()) as { method?: string; params?: { name?: string } };
    const scopes = (request.headers.get('x-broker-scopes') ?? '').split(' ');
    const challenge = needs(message.method === 'tools/call' ? message.params?.name : undefined, scopes);
    if (challenge !== undefined) return new Response(null, { status: 403, headers: { 'www-authenticate': challenge } });
    const person = request.headers.get('x-broker-user') ?? 'nobody';
    const notebook = notebooks.get(person) ?? [];
    notebooks.set(person, notebook);
    const transport = new WebStandardStreamableHTTPServerTransport({});
    await serverOf(notebook).connect(transport);
    return transport.handleRequest(request, { parsedBody: message });
  };
  const server = createAdaptorServer({ fetch: answer }) as Server;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`,
    arrived,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const said = (text: string) => ({ content: [{ type: 'text' as const, text }] });

function serverOf(notebook: string[]): McpServer {
  const server = new McpServer({ name: 'trusting-notes', version: '1.0.0' });
  server.registerTool('list_notes', { description: 'List notes' }, () => said(notebook.join(', ') || 'No notes yet.'));
  server.registerTool('add_note', { description: 'Add a note', inputSchema: { text: z.string() } }, ({ text }) => {
    notebook.push(text);
    return said(`Added note ${notebook.length}.`);
  });
  server.registerTool('progress', { description: 'Counts to three' }, async (extra) => {
    const progressToken = extra._meta?.progressToken;
    for (const progress of [1, 2, 3])
      if (progressToken !== undefined)
        await extra.sendNotification({ method: 'notifications/progress', params: { progressToken, progress } });
    return said('three');
  });
  return server;
}
