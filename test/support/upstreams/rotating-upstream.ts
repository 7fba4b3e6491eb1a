/**
 * An OAuth 2.0 server that rotates refresh tokens strictly: a spent one ends the whole family, as GitHub Apps, Entra and
 * Auth0 do. It asks nobody anything, keeps count of what it is asked, and can be busy, down or forgetful on demand.
 */
import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { startLoopbackServer } from './loopback-server.ts';

interface Family {
  readonly account: string;
  readonly scopes: readonly string[];
  live: boolean;
  refreshToken: string | undefined;
  accessToken: string;
}

export interface RotatingModes {
  /** `busy`: 429 with Retry-After 7. `lost`: does the work, then breaks the connection. */
  token: 'answer' | 'busy' | 'down' | 'lost' | 'misconfigured';
  revocation: 'answer' | 'down';
  /** Milliseconds a refresh takes. */
  slowness: number;
  expiresIn: number | undefined;
  givesRefreshToken: boolean;
  /** Adds up all an account has given to our client, whichever journey it was. */
  addsUp: boolean;
}

export interface RotatingUpstream {
  readonly origin: string;
  /** Who signs in next. */
  account: string;
  readonly modes: RotatingModes;
  /** Refresh requests, answered or not. */
  readonly refreshes: number;
  /** Tokens that revocation was asked for, in order. */
  readonly revocations: readonly string[];
  /** Every token it has ever given out. */
  readonly given: ReadonlySet<string>;
  /** Whether an access token works there now. */
  isLive(accessToken: string): boolean;
  /** The account's owner takes everything back on the upstream's own pages. */
  forget(account: string): void;
  close(): Promise<void>;
}

export async function startRotatingUpstream(client: {
  readonly client_id: string;
  readonly client_secret: string;
}): Promise<RotatingUpstream> {
  const codes = new Map<string, Family>();
  const families: Family[] = [];
  const given = new Set<string>();
  const revocations: string[] = [];
  let refreshes = 0;
  const modes: RotatingModes = {
    ...{ token: 'answer', revocation: 'answer', slowness: 0 },
    ...{ expiresIn: 3600, givesRefreshToken: true, addsUp: false },
  };
  const mint = (kind: string) => {
    const token = `up${kind}_${randomBytes(18).toString('hex')}`;
    given.add(token);
    return token;
  };
  const renew = (family: Family) => {
    family.accessToken = mint('at');
    family.refreshToken = modes.givesRefreshToken ? mint('rt') : undefined;
    return family;
  };

  function authorize(url: URL, response: ServerResponse): void {
    const code = randomBytes(10).toString('hex');
    const asked = (url.searchParams.get('scope') ?? '').split(' ').filter((scope) => scope !== '');
    const before = modes.addsUp ? families.filter(({ account }) => account === upstream.account) : [];
    const scopes = [...new Set([...asked, ...before.flatMap((family) => family.scopes)])];
    codes.set(code, { account: upstream.account, scopes, live: true, refreshToken: undefined, accessToken: '' });
    const target = new URL(url.searchParams.get('redirect_uri') ?? '');
    target.searchParams.set('code', code);
    target.searchParams.set('state', url.searchParams.get('state') ?? '');
    response.writeHead(302, { location: target.href }).end();
  }

  const json = (response: ServerResponse, status: number, body: object, headers: Record<string, string> = {}) =>
    void response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));

  function isOurs(request: IncomingMessage): boolean {
    const pair = Buffer.from(request.headers.authorization?.slice('Basic '.length) ?? '', 'base64').toString();
    return pair === `${client.client_id}:${client.client_secret}`;
  }

  async function token(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const form = new URLSearchParams(await text(request));
    const refreshing = form.get('grant_type') === 'refresh_token';
    if (refreshing) {
      refreshes += 1;
      await new Promise((resolve) => setTimeout(resolve, modes.slowness));
    }
    if (!isOurs(request) || modes.token === 'misconfigured') return json(response, 401, { error: 'invalid_client' });
    if (modes.token === 'busy') return json(response, 429, {}, { 'retry-after': '7' });
    if (modes.token === 'down') return json(response, 503, {});
    const family = refreshing ? rotated(form.get('refresh_token') ?? '') : redeemed(form.get('code') ?? '');
    if (modes.token === 'lost') return void response.destroy();
    if (family === undefined) return json(response, 400, { error: 'invalid_grant' });
    json(response, 200, {
      access_token: family.accessToken,
      token_type: 'bearer',
      ...(modes.expiresIn === undefined ? {} : { expires_in: modes.expiresIn }),
      ...(family.refreshToken === undefined ? {} : { refresh_token: family.refreshToken }),
      scope: scopesNow(family).join(' '),
    });
  }

  const scopesNow = (family: Family): readonly string[] =>
    modes.addsUp
      ? [...new Set(families.filter(({ account }) => account === family.account).flatMap(({ scopes }) => scopes))]
      : family.scopes;

  function redeemed(code: string): Family | undefined {
    const family = codes.get(code);
    codes.delete(code);
    if (family !== undefined) families.push(renew(family));
    return family;
  }

  const spent = new Map<string, Family>();
  function rotated(refreshToken: string): Family | undefined {
    const replayed = spent.get(refreshToken);
    if (replayed !== undefined) replayed.live = false;
    const family = families.find((one) => one.live && one.refreshToken === refreshToken);
    if (family === undefined) return undefined;
    spent.set(refreshToken, family);
    return renew(family);
  }

  async function revoke(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const asked = new URLSearchParams(await text(request)).get('token') ?? '';
    revocations.push(asked);
    if (modes.revocation === 'down') return json(response, 503, {});
    for (const family of families)
      if (family.refreshToken === asked || family.accessToken === asked) family.live = false;
    response.writeHead(200).end();
  }

  function user(request: IncomingMessage, response: ServerResponse): void {
    const asked = request.headers.authorization?.slice('Bearer '.length);
    const family = families.find((one) => one.live && one.accessToken === asked);
    if (family === undefined) return void json(response, 401, {});
    json(response, 200, { id: family.account, login: family.account });
  }

  const server = await startLoopbackServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://upstream.test');
    const rooms: Readonly<Record<string, () => unknown>> = {
      '/authorize': () => authorize(url, response),
      '/token': () => token(request, response),
      '/revoke': () => revoke(request, response),
      '/user': () => user(request, response),
    };
    const room = rooms[url.pathname];
    if (room === undefined) response.writeHead(404).end();
    else room();
  });

  const upstream: RotatingUpstream = {
    origin: server.origin,
    account: 'maya',
    modes,
    get refreshes() {
      return refreshes;
    },
    revocations,
    given,
    isLive: (accessToken) => families.some((one) => one.live && one.accessToken === accessToken),
    forget: (account) => {
      for (const family of families) if (family.account === account) family.live = false;
    },
    close: () => server.close(),
  };
  return upstream;
}
