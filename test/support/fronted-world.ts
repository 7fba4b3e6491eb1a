/**
 * A broker that passes on the traffic of an MCP server itself, on its own origin, and people with tokens for it.
 */
import { type BrokerSettings, startOidcSetting } from './broker.ts';
import { BrowserJar } from './browser-jar.ts';
import { freePort } from './free-port.ts';
import { type McpBackend, startMcpBackend } from './mcp-backend.ts';
import { obtainTokens } from './mcp-client.ts';

const FRONT_CREDENTIAL = 'front-credential-Kq3Vd5Xc9Bm2PfZr6Yw1Ht8';
const SCOPES = {
  'notes:read': { title: 'Read notes', risk: 'view', default: true },
  'notes:write': { title: 'Write notes', risk: 'change', implies: ['notes:read'] },
  'notes:purge': { title: 'Delete all notes', risk: 'high' },
};

export const resourceBehind = (url: string, target: string, more: Readonly<Record<string, unknown>> = {}) => ({
  url,
  name: 'Northwind Notes',
  upstream: 'corp',
  credential: FRONT_CREDENTIAL,
  scopes: SCOPES,
  proxy_to: target,
  ...more,
});

export interface FrontedWorld {
  readonly issuer: string;
  /** The resource's address: where clients go. */
  readonly url: string;
  readonly backend: McpBackend;
  readonly setting: Awaited<ReturnType<typeof startOidcSetting>>['setting'];
  /** A fresh client's access token for the person. */
  token(person?: string, scope?: string): Promise<string>;
  /** Maya’s, for another resource. */
  tokenFor(resource: string, scope: string): Promise<string>;
  /** A request with a token, a JSON body where there is one. */
  send(token: string | undefined, body?: unknown, options?: RequestInit): Promise<Response>;
  close(): Promise<void>;
}

export async function startFrontedWorld(
  front: Readonly<Record<string, unknown>> = {},
  options: BrokerSettings = {},
): Promise<FrontedWorld> {
  const backend = await startMcpBackend();
  const port = await freePort();
  const url = `http://localhost:${port}/mcp/notes`;
  const { resources: others = {}, ...settings } = (options.settings ?? {}) as { resources?: object };
  const resources = { notes: resourceBehind(url, backend.url, front), ...others };
  const world = await startOidcSetting({ ...options, settings: { ...settings, resources } }, port);
  const { issuer } = world.setting;
  return {
    issuer,
    url,
    backend,
    setting: world.setting,
    token: async (person = 'maya', scope = 'notes:read') =>
      (await obtainTokens(issuer, new BrowserJar(), person, { resource: url, scope })).tokens.access_token,
    tokenFor: async (resource, scope) =>
      (await obtainTokens(issuer, new BrowserJar(), 'maya', { resource, scope })).tokens.access_token,
    send: (token, body, { headers, ...init } = {}) =>
      fetch(url, {
        method: body === undefined ? 'GET' : 'POST',
        body: body === undefined ? null : typeof body === 'string' ? body : JSON.stringify(body),
        redirect: 'manual',
        ...init,
        headers: {
          ...(token !== undefined && { authorization: `Bearer ${token}` }),
          ...(body !== undefined && { 'content-type': 'application/json' }),
          accept: 'application/json, text/event-stream',
          ...(headers as Record<string, string>),
        },
      }),
    close: async () => {
      await world.close();
      await backend.close();
    },
  };
}

export const call = (tool: string, id = 1) => ({
  jsonrpc: '2.0',
  id,
  method: 'tools/call',
  params: { name: tool, arguments: { text: 'secret-argument' } },
});
export const listTools = { jsonrpc: '2.0', id: 7, method: 'tools/list' };
