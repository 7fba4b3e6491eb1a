/** JWT confusion at introspection: Hono CVE-2026-22817 and 22818, libjwt CVE-2026-44699. */
import { generateKeyPairSync } from 'node:crypto';
import { type CryptoKey, exportJWK, exportSPKI, generateKeyPair, importJWK, type JWTPayload, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startGithubSetting, TASKS_CREDENTIAL, TASKS_URL } from '../support/broker.ts';
import { openDatabase } from '../support/database.ts';
import { obtainTokens } from '../support/journey-steps.ts';
import { introspect } from '../support/mcp-client.ts';

let world: Awaited<ReturnType<typeof startGithubSetting>>;
let honest: string;
let claims: JWTPayload;
let header: Record<string, string>;
let publicJwk: Record<string, string>;
beforeAll(async () => {
  world = await startGithubSetting({ twoResources: true });
  const { tokens } = await obtainTokens(world.setting.issuer, {
    changes: { resource: TASKS_URL, scope: 'tasks:read' },
  });
  honest = tokens.access_token;
  [header, claims] = honest
    .split('.')
    .slice(0, 2)
    .map((part) => JSON.parse(Buffer.from(part, 'base64url').toString('utf8')));
  const set = (await (await fetch(`${world.setting.issuer}/jwks`)).json()) as { keys: Record<string, string>[] };
  publicJwk = set.keys[0] ?? {};
});
afterAll(() => world.close());

const part = (value: unknown): string =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
const [, payload, signature] = [0, 1, 2].map((index) => () => honest.split('.')[index] ?? '');
const signed = async (
  changes: JWTPayload,
  head: Record<string, unknown>,
  key: CryptoKey | Uint8Array,
): Promise<string> =>
  new SignJWT({ ...claims, ...changes }).setProtectedHeader({ ...header, ...head } as never).sign(key);
const ownKey = async () =>
  (await generateKeyPair('ES256', { extractable: true })) as { privateKey: CryptoKey; publicKey: CryptoKey };

const FORGERIES: readonly (readonly [string, () => string | Promise<string>])[] = [
  ['alg none, unsigned', () => `${part({ alg: 'none', typ: 'at+jwt' })}.${part(claims)}.`],
  ['alg None under our kid', () => `${part({ ...header, alg: 'None' })}.${part(claims)}.`],
  ['alg none with the old signature', () => `${part({ ...header, alg: 'none' })}.${payload?.()}.${signature?.()}`],
  [
    'HS256 with the public key as secret, PEM',
    async () =>
      signed({}, { alg: 'HS256' }, Buffer.from(await exportSPKI((await importJWK(publicJwk, 'ES256')) as CryptoKey))),
  ],
  [
    'HS256 with the public key as secret, JWK',
    () => signed({}, { alg: 'HS256' }, Buffer.from(JSON.stringify(publicJwk))),
  ],
  [
    'HS256 with the kid as secret',
    () => signed({}, { alg: 'HS256' }, Buffer.from((publicJwk.kid ?? '').padEnd(32, '0'))),
  ],
  ['another key under our kid', async () => signed({}, {}, (await ownKey()).privateKey)],
  ['another key under another kid', async () => signed({}, { kid: 'other' }, (await ownKey()).privateKey)],
  ['a kid that is a path', async () => signed({}, { kid: '../../../../dev/null' }, (await ownKey()).privateKey)],
  ['a kid that is SQL', async () => signed({}, { kid: "x' union select 1 --" }, (await ownKey()).privateKey)],
  [
    'a key in the header',
    async () => {
      const { privateKey, publicKey } = await ownKey();
      return signed({}, { jwk: await exportJWK(publicKey) }, privateKey);
    },
  ],
  ['a key by jku', async () => signed({}, { jku: 'https://evil.example/jwks' }, (await ownKey()).privateKey)],
  [
    'another curve',
    () => signed({}, { alg: 'ES384' }, generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey as never),
  ],
  [
    'RS256',
    () => signed({}, { alg: 'RS256' }, generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey as never),
  ],
  [
    'more scope under the old signature',
    () => `${part(header)}.${part({ ...claims, scope: 'tasks:read tasks:admin' })}.${signature?.()}`,
  ],
  [
    'a later end under the old signature',
    () => `${part(header)}.${part({ ...claims, exp: Number(claims.exp) + 9999 })}.${signature?.()}`,
  ],
  ['another type under the old signature', () => `${part({ ...header, typ: 'JWT' })}.${payload?.()}.${signature?.()}`],
  ['no signature', () => `${part(header)}.${payload?.()}.`],
  ['two parts', () => `${part(header)}.${payload?.()}`],
  ['a part too many', () => `${honest}.${signature?.()}`],
  ['nested', () => part(honest)],
  ['padding added', () => `${honest}=`],
  ['an empty signature of zeros', () => `${part(header)}.${payload?.()}.${Buffer.alloc(64).toString('base64url')}`],
];

describe('T-G07 a token that we did not issue is inactive', () => {
  it('ours is active', async () => {
    expect(header).toEqual({ alg: 'ES256', typ: 'at+jwt', kid: publicJwk.kid });
    expect(await introspect(world.setting.issuer, honest, 'tasks', TASKS_CREDENTIAL)).toMatchObject({
      active: true,
      aud: TASKS_URL,
    });
  });

  it.each(FORGERIES)('%s', async (_what, forge) => {
    const token = await forge();
    expect(token).not.toBe(honest);
    expect(await introspect(world.setting.issuer, token, 'tasks', TASKS_CREDENTIAL)).toEqual({ active: false });
  });

  it('rightly signed with our own key, but never issued', async () => {
    const { broker, issuer, clock } = world.setting;
    const forged = await broker.deps.signer.sign({ ...claims, jti: 'jti_other', exp: clock.now() + 3600 }, 'at+jwt');
    expect(await introspect(issuer, forged, 'tasks', TASKS_CREDENTIAL)).toEqual({ active: false });
  });

  it('expired, although its own claim says otherwise', async () => {
    const { issuer, clock, databaseFile } = world.setting;
    const db = openDatabase(databaseFile);
    expect(db.run('update access_tokens set expires_at = ?', clock.now())).toBe(1);
    expect(await introspect(issuer, honest, 'tasks', TASKS_CREDENTIAL)).toEqual({ active: false });
    expect(db.run('update access_tokens set expires_at = ?', clock.now() + 600)).toBe(1);
    db.close();
    expect(await introspect(issuer, honest, 'tasks', TASKS_CREDENTIAL)).toMatchObject({ active: true });
  });
});
