/** A client that signs: a key pair of its own, the public set it publishes, and assertions as good or bad as asked. */
import { randomUUID } from 'node:crypto';
import { exportJWK, generateKeyPair, type JWTHeaderParameters, SignJWT } from 'jose';

export interface Signer {
  readonly alg: string;
  readonly kid: string;
  readonly jwks: { readonly keys: readonly Readonly<Record<string, unknown>>[] };
  /** A client assertion; `claims` and `header` replace single members, `undefined` leaves one out. */
  assertion(about: Assertion): Promise<string>;
}

export interface Assertion {
  readonly clientId: string;
  readonly audience: string;
  /** Epoch seconds. */
  readonly now: number;
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly header?: Readonly<Record<string, unknown>>;
}

export const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

export async function makeSigner(alg = 'ES256', kid = `key-${alg}`): Promise<Signer> {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
  const jwk = { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' };
  return {
    alg,
    kid,
    jwks: { keys: [jwk] },
    assertion: async ({ clientId, audience, now, claims = {}, header = {} }) => {
      const times = { iat: now, exp: now + 120, jti: randomUUID() };
      const all = { iss: clientId, sub: clientId, aud: audience, ...times, ...claims };
      return new SignJWT(without(all))
        .setProtectedHeader(without({ alg, kid, typ: 'JWT', ...header }) as unknown as JWTHeaderParameters)
        .sign(privateKey, { crit: { exp: true } });
    },
  };
}

const without = (members: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
