/**
 * An OpenID provider that lies on demand: every claim, header, key, member and address of its answers can be replaced.
 */
import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type CryptoKey, exportJWK, generateKeyPair, SignJWT } from 'jose';
import { type Misbehaviour, misbehave } from './github-upstream.ts';
import { startLoopbackServer } from './loopback-server.ts';
import { type LoggedRequest, logRequest } from './request-log.ts';

export interface ForgedModes {
  discovery: Misbehaviour;
  token: Misbehaviour;
  jwks: Misbehaviour;
  userinfo: Misbehaviour;
  /** Replaces members of the discovery document; undefined removes one. */
  metadata: Record<string, unknown>;
  /** Replaces claims of the ID token; undefined removes one. */
  claims: Record<string, unknown>;
  /** Replaces members of the token answer; undefined removes one. */
  tokenMembers: Record<string, unknown>;
  userinfoBody: Record<string, unknown>;
  /** Published before the real key. */
  moreKeys: readonly unknown[];
  /** Signs by this instead of the published key. */
  sign: (claims: Record<string, unknown>) => Promise<string>;
}

export interface ForgedOidc {
  readonly issuer: string;
  readonly log: LoggedRequest[];
  readonly decoyLog: LoggedRequest[];
  readonly modes: ForgedModes;
  /** Begins to sign with a new key and publishes that one alone. */
  rotateKey(): Promise<void>;
  seen(path: string): LoggedRequest[];
  close(): Promise<void>;
}

const present = (members: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));

/** Signed with a key nobody published, under the key id of the published one. */
export async function signWithForeignKey(claims: Record<string, unknown>, kid: string): Promise<string> {
  const { privateKey } = await generateKeyPair('ES256');
  return new SignJWT(claims).setProtectedHeader({ alg: 'ES256', kid }).sign(privateKey);
}

export const unsigned = (claims: Record<string, unknown>): string =>
  `${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.`;

export const signWithSecret = (claims: Record<string, unknown>, secret: string): Promise<string> =>
  new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).sign(Buffer.from(secret));

/** `nowSeconds` is the time its tokens are issued at. */
export async function startForgedOidc(options: {
  readonly clientId: string;
  readonly nonce: string;
  readonly nowSeconds: number;
}): Promise<ForgedOidc> {
  const log: LoggedRequest[] = [];
  const decoyLog: LoggedRequest[] = [];
  let key: { readonly privateKey: CryptoKey; readonly publicJwk: Record<string, unknown>; readonly kid: string };

  const rotateKey = async () => {
    const kid = randomBytes(6).toString('hex');
    const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
    key = { privateKey, kid, publicJwk: { ...(await exportJWK(publicKey)), kid, alg: 'ES256', use: 'sig' } };
  };
  await rotateKey();

  const modes: ForgedModes = {
    ...{ discovery: 'none', token: 'none', jwks: 'none', userinfo: 'none' },
    ...{ metadata: {}, claims: {}, tokenMembers: {} },
    userinfoBody: { sub: 'subject-1', name: 'Rosa from userinfo' },
    moreKeys: [],
    sign: (claims) => new SignJWT(claims).setProtectedHeader({ alg: 'ES256', kid: key.kid }).sign(key.privateKey),
  };
  const decoy = await startLoopbackServer((request, response) => {
    logRequest(decoyLog, request);
    request.resume();
    response.end('{}');
  });

  const answers: Readonly<Record<string, () => Promise<unknown> | unknown>> = {
    '/.well-known/openid-configuration': () => discoveryDocument(),
    '/token': async () => ({ ...(await tokenAnswer()), ...modes.tokenMembers }),
    '/jwks': () => ({ keys: [...modes.moreKeys, key.publicJwk] }),
    '/me': () => modes.userinfoBody,
  };
  const modeOf: Readonly<Record<string, () => Misbehaviour>> = {
    '/.well-known/openid-configuration': () => modes.discovery,
    '/token': () => modes.token,
    '/jwks': () => modes.jwks,
    '/me': () => modes.userinfo,
  };

  const server = await startLoopbackServer((request, response) => {
    logRequest(log, request);
    request.resume();
    request.on('end', () => void respond(request, response));
  });
  const issuer = server.origin;

  async function respond(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? '';
    const answer = answers[path];
    if (answer === undefined) return void response.writeHead(404).end();
    const mode = modeOf[path]?.() ?? 'none';
    if (misbehave(mode, response, decoy.origin)) return;
    const headers = { 'content-type': 'application/json' };
    if (mode === 'refuse') return void response.writeHead(400, headers).end('{"error":"invalid_grant"}');
    response.writeHead(200, headers).end(JSON.stringify(present((await answer()) as Record<string, unknown>)));
  }

  const discoveryDocument = () => ({
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    jwks_uri: `${issuer}/jwks`,
    userinfo_endpoint: `${issuer}/me`,
    response_types_supported: ['code'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['ES256', 'HS256', 'none'],
    ...modes.metadata,
  });

  async function tokenAnswer(): Promise<Record<string, unknown>> {
    const { clientId, nonce, nowSeconds } = options;
    const claims = {
      iss: issuer,
      sub: 'subject-1',
      aud: clientId,
      nonce,
      iat: nowSeconds,
      exp: nowSeconds + 300,
      name: 'Rosa',
    };
    const idToken = await modes.sign(present({ ...claims, ...modes.claims }));
    return { access_token: 'upstream-access-token', token_type: 'Bearer', expires_in: 3600, id_token: idToken };
  }

  return {
    issuer,
    log,
    decoyLog,
    modes,
    rotateKey,
    seen: (path) => log.filter((entry) => entry.url === path),
    close: async () => {
      await server.close();
      await decoy.close();
    },
  };
}
