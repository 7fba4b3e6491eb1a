/**
 * The app of the walk: the official MCP client SDK (v1) with an OAuth client provider in memory.
 *
 * Everything on the wire is the SDK's own doing; this file stores what the SDK hands it and notes where it wants to
 * send the person. Must never print or persist what it holds.
 */
import type { OAuthClientProvider, OAuthDiscoveryState } from '@modelcontextprotocol/sdk/client/auth.js';
import type { Client } from '@modelcontextprotocol/sdk/client/index.js';
import type { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { OAuthClientInformationMixed, OAuthTokens } from '@modelcontextprotocol/sdk/shared/auth.js';
import { newSecret } from '../security/secrets.ts';
import { type Observer, observedFetch } from './exchange.ts';

export interface McpApp {
  /** Connects and starts a session; without a token the SDK goes as far as the authorization URL and throws. */
  connect(): Promise<void>;
  /** Calls a tool and gives the text of its answer. */
  call(tool: string, args?: Record<string, unknown>): Promise<string>;
  /** Where the SDK sent the person last, and the state it sent along. Throws when it sent nobody. */
  authorizationRequest(): { readonly url: URL; readonly state: string };
  /** Hands the callback's code to the SDK. */
  finish(code: string): Promise<void>;
  /** Lets the SDK renew the tokens. */
  refresh(): Promise<void>;
  /** RFC 7009, which the SDK has no call for: the whole grant by its refresh token. */
  revoke(): Promise<void>;
  /** What is held now, to compare with later; not for printing. */
  tokens(): OAuthTokens | undefined;
  close(): Promise<void>;
}

interface Held {
  client: OAuthClientInformationMixed | undefined;
  tokens: OAuthTokens | undefined;
  verifier: string;
  state: string;
  authorizationUrl: URL | undefined;
  discovery: OAuthDiscoveryState | undefined;
  /** Set by a 403 for want of scope, until new tokens come. */
  steppingUp: boolean;
}

const NOTHING_YET: Readonly<Held> = {
  client: undefined,
  tokens: undefined,
  verifier: '',
  state: '',
  authorizationUrl: undefined,
  discovery: undefined,
  steppingUp: false,
};

/** Loads the SDK and makes an app for the MCP server at `server`, called back at `redirectUri`. */
export async function createMcpApp(server: URL, redirectUri: URL, name: string, observe: Observer): Promise<McpApp> {
  const { Client } = await import('@modelcontextprotocol/sdk/client/index.js');
  const { StreamableHTTPClientTransport } = await import('@modelcontextprotocol/sdk/client/streamableHttp.js');
  const { auth } = await import('@modelcontextprotocol/sdk/client/auth.js');
  const held: Held = { ...NOTHING_YET };
  const authProvider = createProvider(held, redirectUri, name);
  const fetch = observedFetch((exchange) => {
    if (exchange.status === 403) held.steppingUp = true;
    observe(exchange);
  });
  const connection: { client?: Client; transport?: StreamableHTTPClientTransport } = {};

  return {
    connect: async () => {
      connection.client = new Client({ name, version: '1.0.0' });
      connection.transport = new StreamableHTTPClientTransport(server, { authProvider, fetch });
      // The SDK's own class and interface disagree under exactOptionalPropertyTypes.
      await connection.client.connect(connection.transport as Parameters<Client['connect']>[0]);
    },
    call: async (tool, args = {}) => {
      const answer = await connection.client?.callTool({ name: tool, arguments: args });
      return firstText(answer?.content);
    },
    authorizationRequest: () => {
      if (held.authorizationUrl === undefined) throw new Error('the SDK did not ask for an authorization');
      return { url: held.authorizationUrl, state: held.state };
    },
    finish: async (code) => connection.transport?.finishAuth(code),
    refresh: async () => {
      await auth(authProvider, { serverUrl: server, fetchFn: fetch });
    },
    revoke: async () => {
      const endpoint = revocationEndpoint(held.discovery);
      const body = { token: held.tokens?.refresh_token ?? '', client_id: held.client?.client_id ?? '' };
      await fetch(endpoint, { method: 'POST', body: new URLSearchParams(body) });
    },
    tokens: () => held.tokens,
    close: async () => connection.client?.close(),
  };
}

function createProvider(held: Held, redirectUri: URL, name: string): OAuthClientProvider {
  return {
    redirectUrl: redirectUri.href,
    clientMetadata: {
      client_name: name,
      redirect_uris: [redirectUri.href],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: 'none',
    },
    state: () => {
      held.state = newSecret();
      return held.state;
    },
    clientInformation: () => held.client,
    saveClientInformation: (client) => {
      held.client = client;
    },
    // The SDK answers a 403 by a refresh when it has a refresh token, and a refresh never widens a grant: without
    // one it asks the person, which is what a step-up is.
    tokens: () => (held.steppingUp && held.tokens ? withoutRefreshToken(held.tokens) : held.tokens),
    saveTokens: (tokens) => {
      held.tokens = tokens;
      held.steppingUp = false;
    },
    redirectToAuthorization: (url) => {
      held.authorizationUrl = url;
    },
    saveCodeVerifier: (verifier) => {
      held.verifier = verifier;
    },
    codeVerifier: () => held.verifier,
    discoveryState: () => held.discovery,
    saveDiscoveryState: (discovery) => {
      held.discovery = discovery;
    },
    invalidateCredentials: (kind) => {
      if (kind === 'all' || kind === 'tokens') held.tokens = undefined;
      if (kind === 'all' || kind === 'client') held.client = undefined;
    },
  };
}

const withoutRefreshToken = ({ refresh_token: _hidden, ...rest }: OAuthTokens): OAuthTokens => rest;

function revocationEndpoint(discovery: OAuthDiscoveryState | undefined): string {
  const metadata: Record<string, unknown> = { ...discovery?.authorizationServerMetadata };
  const endpoint = metadata.revocation_endpoint;
  if (typeof endpoint !== 'string') throw new Error('the server metadata names no revocation_endpoint');
  return endpoint;
}

function firstText(content: unknown): string {
  const [first] = Array.isArray(content) ? content : [];
  return typeof first?.text === 'string' ? first.text : '';
}
