/**
 * What an app keeps for the MCP client SDKs, in memory: the part of an OAuth client provider that both versions share.
 *
 * Keeps what it is handed and gives it back unchanged; where the SDK sends the person is noted and not opened.
 */
import { randomBytes } from 'node:crypto';
import { type Exchange, observedFetch } from '../../src/demo/exchange.ts';

const APP_REDIRECT = 'http://127.0.0.1:53921/callback';

export interface AppMemory<Info, Tokens, Discovery> {
  client: Info | undefined;
  tokens: Tokens | undefined;
  discovery: Discovery | undefined;
  verifier: string;
  state: string;
  /** Where the SDK wanted the person to go last. */
  authorizationUrl: URL | undefined;
  /** Set to leave the refresh token out of what the SDK is told. */
  hideRefreshToken: boolean;
}

/** A provider for either SDK over the given memory. */
export function providerOver<Info, Tokens extends { refresh_token?: string | undefined }, Discovery>(
  memory: AppMemory<Info, Tokens, Discovery>,
) {
  return {
    redirectUrl: APP_REDIRECT,
    clientMetadata: {
      client_name: 'Kite Notes',
      redirect_uris: [APP_REDIRECT],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: 'none',
    },
    state: () => {
      memory.state = randomBytes(16).toString('hex');
      return memory.state;
    },
    clientInformation: () => memory.client,
    saveClientInformation: (client: Info) => {
      memory.client = client;
    },
    tokens: () =>
      memory.hideRefreshToken && memory.tokens ? { ...memory.tokens, refresh_token: undefined } : memory.tokens,
    saveTokens: (tokens: Tokens) => {
      memory.tokens = tokens;
    },
    redirectToAuthorization: (url: URL) => {
      memory.authorizationUrl = url;
    },
    saveCodeVerifier: (verifier: string) => {
      memory.verifier = verifier;
    },
    codeVerifier: () => memory.verifier,
    discoveryState: () => memory.discovery,
    saveDiscoveryState: (discovery: Discovery) => {
      memory.discovery = discovery;
    },
    invalidateCredentials: (kind: string) => {
      if (kind === 'all' || kind === 'tokens') memory.tokens = undefined;
      if (kind === 'all' || kind === 'client') memory.client = undefined;
    },
  };
}

export const emptyMemory = <Info, Tokens, Discovery>(): AppMemory<Info, Tokens, Discovery> => ({
  client: undefined,
  tokens: undefined,
  discovery: undefined,
  verifier: '',
  state: '',
  authorizationUrl: undefined,
  hideRefreshToken: false,
});

/** `fetch` with a diary: one line per exchange, `METHOD path status`, bodies kept apart. */
export function diary() {
  const exchanges: Exchange[] = [];
  const observed = observedFetch((exchange) => exchanges.push(exchange));
  const ownProcess: typeof fetch = async (input, init) => {
    const { body, status, headers } = await observed(input, init);
    return new Response(status === 204 || status === 304 ? null : body, { status, headers });
  };
  return {
    /**
     * The servers' HTTP library puts a Response class of its own in place of the global one, and the SDKs tell an
     * answer by `instanceof Response`: in a process of their own they would meet one class only, and so they do here.
     */
    fetch: ownProcess,
    /** The lines since the last call. */
    lines: (): string[] =>
      exchanges.splice(0).map(({ method, url, sent, status }) => `${method} ${url.pathname}${grantOf(sent)} ${status}`),
  };
}

const grantOf = (sent: string): string => {
  const grant = new URLSearchParams(sent).get('grant_type');
  return grant === null ? '' : ` (${grant})`;
};
