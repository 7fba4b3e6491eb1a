/**
 * The broker's signing keys: made here, sealed at rest, published as a key set (RFC 7517, RFC 7518, RFC 8037, RFC 9068).
 *
 * Which one signs is decided by src/domain/signing-keys.ts from the rows that all instances share. The header's
 * algorithm and type are ours, never taken from a token. Must never publish a private member.
 */
import { type CryptoKey, calculateJwkThumbprint, exportJWK, generateKeyPair, importJWK, SignJWT } from 'jose';
import type { Config } from '../config/config.ts';
import { sealedRow } from '../domain/sealed.ts';
import { KEY_SET_MAX_AGE, signingPlan } from '../domain/signing-keys.ts';
import type { Seconds } from '../domain/types.ts';
import type { Signer } from '../ports.ts';
import { type PreparedDocument, preparedJson } from '../security/prepared-document.ts';
import type { KeyRing } from '../security/vault.ts';
import type { SigningKeyRow, Store } from '../store/store.ts';

export type SigningAlgorithm = Config['tokens']['signingAlg'];

interface OpenKey extends SigningKeyRow {
  readonly key: CryptoKey | Uint8Array;
}

interface State {
  readonly at: Seconds;
  readonly signs: OpenKey;
  readonly jwks: PreparedDocument;
}

/** Opens the signing keys, making one on the first start. Throws when the configured secrets do not open one that is needed. */
export async function openSigner(
  store: Store,
  keys: KeyRing,
  { signingAlg, access }: Pick<Config['tokens'], 'signingAlg' | 'access'>,
  now: () => Seconds,
): Promise<Signer> {
  const opened = new Map<string, OpenKey>();
  const look = async (): Promise<readonly OpenKey[]> => {
    const rows = await store.listSigningKeys();
    for (const row of rows) if (!opened.has(row.kid)) opened.set(row.kid, await open(row, keys));
    return rows.map((row) => ({ ...row, key: (opened.get(row.kid) as OpenKey).key }));
  };
  let known = await look();
  if (!known.some(({ alg, retiredAt }) => alg === signingAlg && retiredAt === undefined)) {
    await store.keepSigningKey(await newSigningKey(signingAlg, keys, now()));
    known = await look();
  }

  let state: State | undefined;
  const current = (): State => {
    const at = now();
    if (state?.at === at) return state;
    const { signs, published } = signingPlan(known, signingAlg, access, at);
    if (signs === undefined) throw new Error('there is no signing key');
    const body = { keys: published.map(({ publicJwk }) => publicJwk) };
    state = { at, signs, jwks: preparedJson(body, KEY_SET_MAX_AGE) };
    return state;
  };
  current();
  return {
    get jwks() {
      return current().jwks;
    },
    sign: (claims, typ) => {
      const { alg, kid, key } = current().signs;
      return new SignJWT(claims).setProtectedHeader({ alg, typ, kid }).sign(key);
    },
    refresh: async () => {
      known = await look();
      state = undefined;
    },
  };
}

async function open(row: SigningKeyRow, keys: KeyRing): Promise<OpenKey> {
  const text = keys.open(row.privateSealed, sealedRow.signingKey(row.kid));
  if (text === undefined) throw new Error(`the signing key ${row.kid} does not open with the configured secrets`);
  return { ...row, key: await importJWK(JSON.parse(text), row.alg) };
}

/** A key pair that nobody has seen yet, its private half sealed. */
export async function newSigningKey(alg: SigningAlgorithm, keys: KeyRing, createdAt: Seconds): Promise<SigningKeyRow> {
  const pair = await generateKeyPair(alg, { extractable: true });
  const publicJwk = await exportJWK(pair.publicKey);
  const kid = await calculateJwkThumbprint(publicJwk);
  const privateSealed = keys.seal(JSON.stringify(await exportJWK(pair.privateKey)), sealedRow.signingKey(kid));
  return {
    kid,
    alg,
    publicJwk: { ...publicJwk, kid, alg, use: 'sig' },
    privateSealed,
    createdAt,
    retiredAt: undefined,
  };
}
