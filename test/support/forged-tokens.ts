/**
 * Tokens that nobody issued: the table of forgeries that every door refuses alike (T-G07).
 *
 * Half of them are signed with the broker's own key, so that only what they say can give them away.
 */
import { generateKeyPairSync, sign } from 'node:crypto';
import { type CryptoKey, exportJWK, exportSPKI, generateKeyPair, importJWK, type JWTPayload, SignJWT } from 'jose';
import { sealedRow } from '../../src/domain/sealed.ts';
import type { AppDeps } from '../../src/ports.ts';

export interface Honest {
  readonly token: string;
  readonly header: Readonly<Record<string, string>>;
  readonly claims: JWTPayload;
  readonly publicJwk: Readonly<Record<string, string>>;
  /** The broker's own private key, taken from its database. */
  readonly privateJwk: Record<string, string>;
  readonly now: number;
}

/** What a genuine token of a resource with signed tokens says, and the key it is signed with. */
export async function honestToken(token: string, deps: AppDeps): Promise<Honest> {
  const [header, claims] = token
    .split('.')
    .slice(0, 2)
    .map((part) => JSON.parse(Buffer.from(part, 'base64url').toString('utf8')));
  const [row] = await deps.store.listSigningKeys();
  if (row === undefined) throw new Error('no signing key');
  const privateJwk = JSON.parse(deps.keys.open(row.privateSealed, sealedRow.signingKey(row.kid)) ?? '');
  return { token, header, claims, publicJwk: row.publicJwk as Record<string, string>, privateJwk, now: deps.now() };
}

const part = (value: unknown): string =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
const [, payloadOf, signatureOf] = [0, 1, 2].map(
  (index) => (honest: Honest) => honest.token.split('.')[index] ?? '',
) as [unknown, (honest: Honest) => string, (honest: Honest) => string];

/** Signed with the broker's key over exactly these texts. */
function genuine(honest: Honest, header: string, claims: string): string {
  const text = `${part(header)}.${part(claims)}`;
  const key = { key: honest.privateJwk, format: 'jwk', dsaEncoding: 'ieee-p1363' } as const;
  return `${text}.${sign('sha256', Buffer.from(text), key as never).toString('base64url')}`;
}
const saying =
  (changes: object, head: object = {}) =>
  (honest: Honest) =>
    genuine(honest, JSON.stringify({ ...honest.header, ...head }), JSON.stringify({ ...honest.claims, ...changes }));
const without = (name: string) => (honest: Honest) => saying({ [name]: undefined })(honest);

const signedBy = async (honest: Honest, head: object, key: CryptoKey | Uint8Array, claims: object = {}) =>
  new SignJWT({ ...honest.claims, ...claims }).setProtectedHeader({ ...honest.header, ...head } as never).sign(key);
const ownPair = async () =>
  (await generateKeyPair('ES256', { extractable: true })) as { privateKey: CryptoKey; publicKey: CryptoKey };
const stranger =
  (head: object) =>
  async (honest: Honest): Promise<string> =>
    signedBy(honest, head, (await ownPair()).privateKey);
const hmac = (secretOf: (honest: Honest) => string | Promise<string>) => async (honest: Honest) =>
  signedBy(honest, { alg: 'HS256' }, Buffer.from(await secretOf(honest)));

type Forgery = readonly [what: string, forge: (honest: Honest) => string | Promise<string>];

/** Not signed by the broker's key. */
const FOREIGN: readonly Forgery[] = [
  ['alg none, unsigned', (h) => `${part({ alg: 'none', typ: 'at+jwt' })}.${part(h.claims)}.`],
  ['alg None under our kid', (h) => `${part({ ...h.header, alg: 'None' })}.${part(h.claims)}.`],
  ['alg none with the old signature', (h) => `${part({ ...h.header, alg: 'none' })}.${payloadOf(h)}.${signatureOf(h)}`],
  [
    'HS256 with the public key as secret, PEM',
    hmac(async (h) => exportSPKI((await importJWK({ ...h.publicJwk }, 'ES256')) as CryptoKey)),
  ],
  ['HS256 with the public key as secret, JWK', hmac((h) => JSON.stringify(h.publicJwk))],
  ['HS256 with the kid as secret', hmac((h) => (h.publicJwk.kid ?? '').padEnd(32, '0'))],
  ['another key under our kid', stranger({})],
  ['another key under another kid', stranger({ kid: 'other' })],
  ['a kid that is a path', stranger({ kid: '../../../../dev/null' })],
  ['a kid that is SQL', stranger({ kid: "x' union select 1 --" })],
  [
    'a key in the header',
    async (h) => {
      const { privateKey, publicKey } = await ownPair();
      return signedBy(h, { jwk: await exportJWK(publicKey) }, privateKey);
    },
  ],
  ['a key by jku', stranger({ jku: 'https://evil.example/jwks' })],
  [
    'another curve',
    (h) => signedBy(h, { alg: 'ES384' }, generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey as never),
  ],
  [
    'RS256',
    (h) => signedBy(h, { alg: 'RS256' }, generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey as never),
  ],
  [
    'more scope under the old signature',
    (h) => `${part(h.header)}.${part({ ...h.claims, scope: 'tasks:read tasks:admin' })}.${signatureOf(h)}`,
  ],
  [
    'a later end under the old signature',
    (h) => `${part(h.header)}.${part({ ...h.claims, exp: Number(h.claims.exp) + 9999 })}.${signatureOf(h)}`,
  ],
  [
    'another type under the old signature',
    (h) => `${part({ ...h.header, typ: 'JWT' })}.${payloadOf(h)}.${signatureOf(h)}`,
  ],
  ['no signature', (h) => `${part(h.header)}.${payloadOf(h)}.`],
  ['two parts', (h) => `${part(h.header)}.${payloadOf(h)}`],
  ['a part too many', (h) => `${h.token}.${signatureOf(h)}`],
  ['nested', (h) => part(h.token)],
  ['padding added', (h) => `${h.token}=`],
  ['a signature of zeros', (h) => `${part(h.header)}.${payloadOf(h)}.${Buffer.alloc(64).toString('base64url')}`],
];

/** Signed by the broker's key, so only what they say can be wrong. */
const GENUINE: readonly Forgery[] = [
  ['expired by a second', (h) => saying({ exp: h.now - 1 })(h)],
  ['not valid before tomorrow', (h) => saying({ nbf: h.now + 86_400 })(h)],
  ['without an end', without('exp')],
  ['without an audience', without('aud')],
  ['without an issuer', without('iss')],
  ['without a person', without('sub')],
  ['without a client', without('client_id')],
  ['of another issuer', saying({ iss: 'https://evil.example' })],
  ['of our issuer with a slash', (h) => saying({ iss: `${h.claims.iss}/` })(h)],
  ['for another audience', saying({ aud: 'https://other.example/mcp' })],
  ['for several audiences', (h) => saying({ aud: [h.claims.aud, 'https://other.example/mcp'] })(h)],
  ['for an audience in a list', (h) => saying({ aud: [h.claims.aud] })(h)],
  ['without a type', saying({}, { typ: undefined })],
  ['of the type of an ID token', saying({ nonce: 'n' }, { typ: 'JWT' })],
  ['of the type of an assertion for a backend', saying({}, { typ: 'broker-assertion+jwt' })],
  ['with a critical extension', saying({}, { crit: ['exp'], exp: 1 })],
  ['with an unencoded payload', saying({}, { b64: false, crit: ['b64'] })],
  ['with a content type of its own', saying({}, { cty: 'JWT' })],
  ['without a kid', saying({}, { kid: undefined })],
  [
    'with a claim that comes twice',
    (h) => genuine(h, JSON.stringify(h.header), `{"sub":"usr_admin",${JSON.stringify(h.claims).slice(1)}`),
  ],
  [
    'with a header member that comes twice',
    (h) => genuine(h, `{"alg":"none",${JSON.stringify(h.header).slice(1)}`, JSON.stringify(h.claims)),
  ],
];

export const FORGED_TOKENS: readonly Forgery[] = [...FOREIGN, ...GENUINE];
