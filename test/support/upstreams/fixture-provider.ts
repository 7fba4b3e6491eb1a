/**
 * A provider made from a fixture file: it speaks as that provider's documentation says, and is strict about how it is
 * spoken to. One server for every preset.
 */
import { readdirSync, readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { startLoopbackServer } from './loopback-server.ts';

export interface Call {
  readonly method: string;
  /** `client`: our credentials in the way the fixture names; otherwise the Authorization header. */
  readonly auth: string;
  readonly body: Readonly<Record<string, string>> | null;
}

interface Answer {
  readonly status: number;
  readonly answer: unknown;
}

export interface ProviderFixture {
  readonly preset: string;
  readonly kind: 'oauth2' | 'oidc';
  /** Beside the client and the addresses; `{origin}` is the server's. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Upstream scopes that the granted scopes need. */
  readonly asks: readonly string[];
  readonly clientAuth: 'basic' | 'post';
  /** What discovery says about it. */
  readonly authMethods?: readonly string[];
  readonly body: 'form' | 'json';
  /** Headers it insists on. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The provider's real addresses, from its documentation. */
  readonly endpoints?: Readonly<Record<string, string>> | null;
  readonly issuer?: string;
  readonly issuerSettings?: Readonly<Record<string, unknown>>;
  /** Path of the issuer on this server. */
  readonly issuerPath?: string;
  /** Where the metadata is, and the issuer of ID tokens, where they are not at the issuer's path. */
  readonly discoveryPath?: string;
  readonly tokenIssuerPath?: string;
  /** Every authorization parameter but those of the protocol. */
  readonly authorize: Readonly<Record<string, string>>;
  readonly token: Readonly<Record<string, unknown>>;
  /** Of the ID token, beside iss, aud, exp, iat and nonce. */
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly userinfo?: { readonly method: string; readonly body?: string; readonly answer: unknown };
  readonly person: { readonly subject: string; readonly name: string };
  readonly tokens: {
    readonly scopes: readonly string[];
    readonly refreshToken: string | null;
    readonly lifetime: number | null;
  };
  readonly refreshed: Readonly<Record<string, unknown>> | null;
  readonly refreshMore?: Readonly<Record<string, string>>;
  readonly renewed: {
    readonly accessToken: string;
    readonly refreshToken: string;
    readonly scopes: readonly string[];
  } | null;
  /** What a dead refresh token is answered. */
  readonly ended: Answer | null;
  readonly revocation: (Answer & { readonly calls: readonly Call[]; readonly dead?: Answer }) | null;
}

const TYPES = { form: 'application/x-www-form-urlencoded', json: 'application/json' };
const FOLDER = join(import.meta.dirname, 'fixtures');

export const providerFixtures: readonly ProviderFixture[] = readdirSync(FOLDER).map(
  (file) => JSON.parse(readFileSync(join(FOLDER, file), 'utf8')) as ProviderFixture,
);

export const FIXTURE_CLIENT = { id: 'broker-id', secret: 'broker-secret-1' };

export interface FixtureProvider {
  readonly origin: string;
  /** Of the OpenID kind. */
  readonly issuer: string;
  readonly tokenCalls: Call[];
  readonly revocations: Call[];
  /** Replaces what the token endpoint answers to a refresh. */
  refreshAnswer: Answer | undefined;
  /** Replaces what the revocation endpoint answers; `first` once only. */
  revocationAnswers: Answer[];
  /** Whether the requests so far had the form this provider insists on; what was wrong otherwise. */
  readonly complaints: string[];
  close(): Promise<void>;
}

/** Made once: RSA keys are slow to find. */
const keys = generateKeyPair('RS256');

/** `nonce` and `nowSeconds` go into ID tokens. */
export async function startFixtureProvider(
  fixture: ProviderFixture,
  { nonce, nowSeconds }: { readonly nonce: string; readonly nowSeconds: number },
): Promise<FixtureProvider> {
  const { privateKey, publicKey } = await keys;
  const jwk = { ...(await exportJWK(publicKey)), kid: 'k1', alg: 'RS256', use: 'sig' };
  const issuerPath = fixture.issuerPath ?? '';

  const server = await startLoopbackServer((request, response) => void respond(request, response));
  const issuer = `${server.origin}${issuerPath}`;
  const provider: FixtureProvider = {
    ...{ origin: server.origin, issuer, tokenCalls: [], revocations: [], complaints: [] },
    ...{ refreshAnswer: undefined, revocationAnswers: [], close: () => server.close() },
  };
  const complain = (what: string) => void provider.complaints.push(what);

  const idToken = () =>
    new SignJWT({
      ...fixture.claims,
      iss: `${server.origin}${fixture.tokenIssuerPath ?? issuerPath}`,
      aud: FIXTURE_CLIENT.id,
      nonce,
    })
      .setProtectedHeader({ alg: 'RS256', kid: 'k1' })
      .setIssuedAt(nowSeconds)
      .setExpirationTime(nowSeconds + 300)
      .sign(privateKey);

  async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const raw = await text(request);
    const path = request.url ?? '';
    const send = ({ status, answer }: Answer) =>
      response
        .writeHead(status, { 'content-type': 'application/json' })
        .end(answer === null || answer === undefined ? undefined : JSON.stringify(answer));
    const ok = (answer: unknown) => send({ status: 200, answer });
    if (path === `${(fixture.discoveryPath ?? issuerPath).replace(/\/$/, '')}/.well-known/openid-configuration`)
      return void ok(metadata());
    if (path === '/jwks') return void ok({ keys: [jwk] });
    if (path === '/userinfo') return void send(userinfo(request, raw));
    if (path === '/token') return void send(await token(readCall(request, raw)));
    if (path === '/revoke') return void send(revoke(readCall(request, raw)));
    complain(`asked for ${path}`);
    send({ status: 404, answer: null });
  }

  const metadata = () => ({
    issuer,
    authorization_endpoint: `${server.origin}/authorize`,
    token_endpoint: `${server.origin}/token`,
    jwks_uri: `${server.origin}/jwks`,
    ...(fixture.revocation !== null && { revocation_endpoint: `${server.origin}/revoke` }),
    ...(fixture.authMethods !== undefined && { token_endpoint_auth_methods_supported: fixture.authMethods }),
    id_token_signing_alg_values_supported: ['RS256'],
  });

  function userinfo(request: IncomingMessage, raw: string): Answer {
    if (request.method !== fixture.userinfo?.method) complain(`userinfo by ${request.method}`);
    if (raw !== (fixture.userinfo?.body ?? '')) complain(`userinfo with ${raw}`);
    if (!/^Bearer \S+$/.test(request.headers.authorization ?? '')) complain('userinfo without a bearer');
    return { status: 200, answer: fixture.userinfo?.answer };
  }

  /** Takes our credentials out of the call, and complains where they are not as the fixture has it. */
  function readCall(request: IncomingMessage, raw: string): Call {
    const type = (request.headers['content-type'] ?? '').split(';')[0];
    const body: Record<string, string> | null =
      raw === '' ? null : type === 'application/json' ? JSON.parse(raw) : Object.fromEntries(new URLSearchParams(raw));
    const { client_id, client_secret, ...rest } = body ?? {};
    for (const [name, value] of Object.entries(fixture.headers ?? {}))
      if (request.headers[name] !== value) complain(`no ${name}`);
    if (body !== null && request.method === 'POST' && type !== TYPES[fixture.body]) complain(`a body as ${type}`);
    const authorization = request.headers.authorization ?? '';
    const basic = `Basic ${Buffer.from(`${FIXTURE_CLIENT.id}:${FIXTURE_CLIENT.secret}`).toString('base64')}`;
    const posted = client_id === FIXTURE_CLIENT.id && client_secret === FIXTURE_CLIENT.secret;
    const isClient =
      request.method === 'DELETE' || fixture.clientAuth === 'basic'
        ? authorization === basic
        : posted && !authorization;
    return {
      method: request.method ?? '',
      auth: isClient ? 'client' : authorization,
      body: body === null ? null : { ...(isClient ? rest : body) },
    };
  }

  async function token(call: Call): Promise<Answer> {
    provider.tokenCalls.push(call);
    if (call.auth !== 'client') return { status: 401, answer: { error: 'invalid_client' } };
    if (call.body?.grant_type === 'refresh_token')
      return provider.refreshAnswer ?? { status: 200, answer: fixture.refreshed };
    const signed = fixture.claims === undefined ? {} : { id_token: await idToken() };
    return { status: 200, answer: { ...fixture.token, ...signed } };
  }

  function revoke(call: Call): Answer {
    provider.revocations.push(call);
    return provider.revocationAnswers.shift() ?? fixture.revocation ?? { status: 404, answer: null };
  }

  return provider;
}
