/**
 * A broker, a third party behind it and a real MCP server in front of it: what a client meets in the field.
 *
 * The upstream is the OpenID provider or the GitHub-shaped server; the person is Maya, or whoever is signed in at GitHub.
 */
import { startSampleServer } from '../../src/demo/sample-server.ts';
import { type BrokerSettings, NOTES_CREDENTIAL, startGithubSetting, startOidcSetting } from './broker.ts';
import type { BrowserJar, JarResponse } from './browser-jar.ts';
import { freePort } from './free-port.ts';
import { decide } from './mcp-client.ts';
import { signInAs } from './upstreams/oidc-upstream.ts';

export type UpstreamKind = 'OpenID provider' | 'GitHub-shaped server';
export const UPSTREAM_KINDS: readonly UpstreamKind[] = ['OpenID provider', 'GitHub-shaped server'];

export interface ProtectedWorld {
  readonly issuer: string;
  /** The MCP server's address and canonical resource identifier. */
  readonly serverUrl: string;
  /** How often a browser has been at the upstream's authorization endpoint. */
  visits(): number;
  /** Presses Allow, with these optional scopes ticked, and goes on until the answer leaves for the client. */
  allow(jar: BrowserJar, page: JarResponse, optional?: readonly string[]): Promise<URL>;
  /** Calls a tool of the MCP server with a plain request. */
  callTool(accessToken: string, tool: string, args?: object): Promise<Response>;
  close(): Promise<void>;
}

export async function startProtectedWorld(kind: UpstreamKind, options: BrokerSettings = {}): Promise<ProtectedWorld> {
  const port = await freePort();
  const settings = { ...options, notesUrl: `http://localhost:${port}/mcp` };
  const backed = kind === 'OpenID provider' ? await startOpenid(settings) : await startGithub(settings);
  const { issuer } = backed.world.setting;
  const server = await startSampleServer({ host: '127.0.0.1', port, issuer, credential: NOTES_CREDENTIAL });
  return {
    issuer,
    serverUrl: server.url,
    visits: backed.visits,
    allow: async (jar, page, optional = []) => {
      const ticked = optional.map((scope): [string, string] => ['scope', scope]);
      const handOff = await jar.follow(await decide(jar, page, 'allow', ticked));
      const home = await jar.follow(await backed.signIn(jar, handOff));
      if (home.next === undefined)
        throw new Error(`no way back to the client: ${home.status} ${home.body.slice(0, 500)}`);
      return new URL(home.next);
    },
    callTool: (accessToken, tool, args = {}) => callTool(server.url, accessToken, tool, args),
    close: async () => {
      await server.close();
      await backed.world.close();
    },
  };
}

async function startOpenid(options: BrokerSettings) {
  const world = await startOidcSetting(options);
  return {
    world,
    visits: () => world.upstream.seen('/auth').length,
    signIn: (jar: BrowserJar, handOff: JarResponse) => signInAs('maya', jar, handOff.next ?? ''),
  };
}

async function startGithub(options: BrokerSettings) {
  const world = await startGithubSetting(options);
  return {
    world,
    visits: () => world.upstream.seen('/login/oauth/authorize').length,
    signIn: (jar: BrowserJar, handOff: JarResponse) => jar.follow(handOff),
  };
}

const callTool = (url: string, accessToken: string, tool: string, args: object): Promise<Response> =>
  fetch(url, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${accessToken}`,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: tool, arguments: args } }),
  });
