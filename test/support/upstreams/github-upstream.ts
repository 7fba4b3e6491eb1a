/**
 * A third-party OAuth 2.0 server in GitHub's shape: it lets known applications through at once, answers errors with
 * 200, separates scopes by commas and names people by number. Its misbehaviour is chosen by `modes`.
 */
import { hash, randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { type LoopbackServer, startLoopbackServer } from './loopback-server.ts';
import { type LoggedRequest, logRequest } from './request-log.ts';

/** `redirect` is a 307 to the decoy; `slow` never answers; `drip` sends a byte now and then, without end; `refuse` is GitHub's 200 with an error. */
export type Misbehaviour =
  | 'none'
  | 'slow'
  | 'garbage'
  | 'status500'
  | 'status429'
  | 'redirect'
  | 'huge'
  | 'refuse'
  | 'hangup'
  | 'drip';

export interface GithubModes {
  /** `grant` redirects at once, as for an application the account already knows; `ask` shows a page first. */
  authorize: 'grant' | 'ask' | 'deny';
  token: Misbehaviour;
  user: Misbehaviour;
  /** Answer of the token endpoint: by the Accept header, or always a form. */
  format: 'accept' | 'form';
  /** Replaces members of the token answer; undefined removes one. */
  tokenMembers: Record<string, unknown>;
  /** The userinfo answer, byte for byte, instead of the account. */
  userBody: string | undefined;
  /** Adds `iss` to the authorization response. */
  iss: string | undefined;
}

export interface GithubAccount {
  readonly id: number;
  readonly login: string;
}

export interface GithubUpstream {
  readonly origin: string;
  readonly authorizationEndpoint: string;
  readonly tokenEndpoint: string;
  readonly userinfoEndpoint: string;
  readonly log: LoggedRequest[];
  /** What arrived at the address a 307 points to. */
  readonly decoyLog: LoggedRequest[];
  readonly modes: GithubModes;
  /** Who is signed in at the provider. */
  account: GithubAccount;
  seen(path: string): LoggedRequest[];
  close(): Promise<void>;
}

interface IssuedCode {
  readonly account: GithubAccount;
  readonly clientId: string;
  readonly redirectUri: string;
  readonly challenge: string | null;
  readonly scopes: readonly string[];
}

const PATHS = { authorize: '/login/oauth/authorize', token: '/login/oauth/access_token', user: '/user' };

export async function startGithubUpstream(client: {
  readonly client_id: string;
  readonly client_secret: string;
  readonly redirect_uris: readonly string[];
}): Promise<GithubUpstream> {
  const log: LoggedRequest[] = [];
  const decoyLog: LoggedRequest[] = [];
  const codes = new Map<string, IssuedCode>();
  const tokens = new Map<string, GithubAccount>();
  const modes: GithubModes = {
    ...{ authorize: 'grant', token: 'none', user: 'none', format: 'accept' },
    ...{ tokenMembers: {}, userBody: undefined, iss: undefined },
  };
  const decoy = await startLoopbackServer((request, response) => {
    logRequest(decoyLog, request);
    request.resume();
    response
      .writeHead(200, { 'content-type': 'application/json' })
      .end('{"access_token":"from-decoy","token_type":"bearer"}');
  });

  const server: LoopbackServer = await startLoopbackServer((request, response) => {
    logRequest(log, request);
    const url = new URL(request.url ?? '/', 'http://github.test');
    if (url.pathname === PATHS.authorize) return authorize(url, response);
    if (url.pathname === PATHS.token) return void exchange(request, response);
    if (url.pathname === PATHS.user) return user(request, response);
    response.writeHead(404).end();
  });

  function authorize(url: URL, response: ServerResponse): void {
    const redirectUri = url.searchParams.get('redirect_uri') ?? '';
    if (url.searchParams.get('client_id') !== client.client_id || !client.redirect_uris.includes(redirectUri)) {
      return void response.writeHead(400).end('redirect_uri mismatch');
    }
    if (modes.authorize === 'ask' && url.searchParams.get('yes') === null) {
      url.searchParams.set('yes', '1');
      return void response.writeHead(200, { 'content-type': 'text/html' }).end(`<a href="${url.search}">Authorize</a>`);
    }
    const target = new URL(redirectUri);
    if (modes.authorize === 'deny') target.searchParams.set('error', 'access_denied');
    else target.searchParams.set('code', issueCode(url, redirectUri));
    target.searchParams.set('state', url.searchParams.get('state') ?? '');
    if (modes.iss !== undefined) target.searchParams.set('iss', modes.iss);
    response.writeHead(302, { location: target.href }).end();
  }

  function issueCode(url: URL, redirectUri: string): string {
    const code = randomBytes(10).toString('hex');
    const scopes = (url.searchParams.get('scope') ?? '').split(' ').filter((scope) => scope !== '');
    const challenge = url.searchParams.get('code_challenge');
    codes.set(code, { account: upstream.account, clientId: client.client_id, redirectUri, challenge, scopes });
    return code;
  }

  async function exchange(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const form = new URLSearchParams(await text(request));
    if (misbehave(modes.token, response, decoy.origin)) return;
    const code = form.get('code') ?? '';
    const issued = codes.get(code);
    codes.delete(code);
    const answer = (members: Record<string, unknown>) => sendTokenAnswer(request, response, modes.format, members);
    if (!authenticated(request, form, client)) return answer({ error: 'incorrect_client_credentials' });
    if (issued === undefined || form.get('redirect_uri') !== issued.redirectUri || modes.token === 'refuse') {
      return answer({ error: 'bad_verification_code', error_description: 'The code passed is incorrect or expired.' });
    }
    const challenge = hash('sha256', form.get('code_verifier') ?? '', 'base64url');
    if (issued.challenge !== null && issued.challenge !== challenge) return answer({ error: 'bad_verification_code' });
    const accessToken = `gho_${randomBytes(18).toString('hex')}`;
    tokens.set(accessToken, issued.account);
    answer({ access_token: accessToken, scope: issued.scopes.join(','), token_type: 'bearer', ...modes.tokenMembers });
  }

  function user(request: IncomingMessage, response: ServerResponse): void {
    if (misbehave(modes.user, response, decoy.origin)) return;
    const account = tokens.get(request.headers.authorization?.replace('Bearer ', '') ?? '');
    if (account === undefined) return void response.writeHead(401).end('{"message":"Bad credentials"}');
    response
      .writeHead(200, { 'content-type': 'application/json' })
      .end(modes.userBody ?? JSON.stringify({ ...account, email: null }));
  }

  const upstream: GithubUpstream = {
    origin: server.origin,
    authorizationEndpoint: `${server.origin}${PATHS.authorize}`,
    tokenEndpoint: `${server.origin}${PATHS.token}`,
    userinfoEndpoint: `${server.origin}${PATHS.user}`,
    log,
    decoyLog,
    modes,
    account: { id: 583231, login: 'octocat' },
    seen: (path) => log.filter((entry) => entry.url.split('?')[0] === path),
    close: async () => {
      await server.close();
      await decoy.close();
    },
  };
  return upstream;
}

function authenticated(
  request: IncomingMessage,
  form: URLSearchParams,
  client: { client_id: string; client_secret: string },
): boolean {
  const basic = Buffer.from(request.headers.authorization?.replace('Basic ', '') ?? '', 'base64').toString('utf8');
  if (basic !== '') return basic === `${client.client_id}:${client.client_secret}`;
  return form.get('client_id') === client.client_id && form.get('client_secret') === client.client_secret;
}

/** GitHub answers a form unless JSON is asked for, and 200 even for errors. */
function sendTokenAnswer(
  request: IncomingMessage,
  response: ServerResponse,
  format: GithubModes['format'],
  members: Record<string, unknown>,
): void {
  const given = Object.entries(members).filter(([, value]) => value !== undefined);
  if (format === 'accept' && request.headers.accept?.includes('json')) {
    response
      .writeHead(200, { 'content-type': 'application/json; charset=utf-8' })
      .end(JSON.stringify(Object.fromEntries(given)));
    return;
  }
  const form = new URLSearchParams(given.map(([name, value]): [string, string] => [name, String(value)]));
  response.writeHead(200, { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' }).end(form.toString());
}

/** Whether the answer was given, or withheld, by the misbehaviour. */
export function misbehave(mode: Misbehaviour, response: ServerResponse, decoyOrigin: string): boolean {
  switch (mode) {
    case 'none':
    case 'refuse':
      return false;
    case 'slow':
      return true;
    case 'drip': {
      response.writeHead(200, { 'content-type': 'application/json' }).write('{"access_token":"');
      const drip = setInterval(() => response.write('x'), 100);
      response.on('close', () => clearInterval(drip));
      return true;
    }
    case 'hangup':
      response.destroy();
      return true;
    case 'garbage':
      response.writeHead(200, { 'content-type': 'application/json' }).end('{"access_token": "gho_unfinished');
      return true;
    case 'status500':
      response.writeHead(500, { 'content-type': 'application/json' }).end('{"error":"server_error"}');
      return true;
    case 'status429':
      response.writeHead(429, { 'retry-after': '17' }).end('slow down');
      return true;
    case 'redirect':
      response.writeHead(307, { location: `${decoyOrigin}/stolen` }).end();
      return true;
    case 'huge':
      response.writeHead(200, { 'content-type': 'application/json' }).end(`{"padding":"${'x'.repeat(300_000)}"}`);
      return true;
  }
}
