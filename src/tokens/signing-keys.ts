/**
 * The broker's signing keys: made once, sealed at rest, published as a key set (RFC 7517, RFC 7518, RFC 9068).
 *
 * ES256 only; the header's algorithm and type are ours, never taken from a token.
 * Must never publish a private member or sign with a retired key.
 */
import { calculateJwkThumbprint, exportJWK, generateKeyPair, importJWK, SignJWT } from 'jose';
import { sealedRow } from '../domain/sealed.ts';
import type { Seconds } from '../domain/types.ts';
import type { Signer } from '../ports.ts';
import { preparedJson } from '../security/prepared-document.ts';
import type { KeyRing } from '../security/vault.ts';
import type { SigningKeyRow, Store } from '../store/store.ts';

const SIGNING_ALGORITHM = 'ES256';

/** Opens the live signing key, making it on the first start. Throws when no key of the ring opens it. */
export async function openSigner(store: Store, keys: KeyRing, now: () => Seconds): Promise<Signer> {
  const existing = (await store.listSigningKeys()).find(
    (row) => row.retiredAt === undefined && row.alg === SIGNING_ALGORITHM,
  );
  const current = existing ?? (await store.keepSigningKey(await newSigningKey(keys, now())));
  const opened = keys.open(current.privateSealed, sealedRow.signingKey(current.kid));
  if (opened === undefined) throw new Error('the signing key does not open with the configured secrets');
  const key = await importJWK(JSON.parse(opened), SIGNING_ALGORITHM);
  const published = (await store.listSigningKeys()).map((row) => row.publicJwk);

  return {
    jwks: preparedJson({ keys: published }),
    sign: (claims, typ) =>
      new SignJWT(claims).setProtectedHeader({ alg: SIGNING_ALGORITHM, typ, kid: current.kid }).sign(key),
  };
}

async function newSigningKey(keys: KeyRing, createdAt: Seconds): Promise<SigningKeyRow> {
  const pair = await generateKeyPair(SIGNING_ALGORITHM, { extractable: true });
  const publicJwk = await exportJWK(pair.publicKey);
  const kid = await calculateJwkThumbprint(publicJwk);
  const privateSealed = keys.seal(JSON.stringify(await exportJWK(pair.privateKey)), sealedRow.signingKey(kid));
  return {
    kid,
    alg: SIGNING_ALGORITHM,
    publicJwk: { ...publicJwk, kid, alg: SIGNING_ALGORITHM, use: 'sig' },
    privateSealed,
    createdAt,
    retiredAt: undefined,
  };
}
