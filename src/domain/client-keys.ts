/**
 * The keys a client signs its assertions with: which sets are acceptable and which key an assertion may be checked by
 * (RFC 7517, RFC 7518 3.1, RFC 7591 2, RFC 8725; requirements ).
 *
 * Must never keep a private or symmetric member, and never let an assertion's header choose beyond our list.
 */

/** What an assertion may be signed with, here and nowhere else; no HMAC and no `none`. */
export const SIGNING_ALGORITHMS = ['RS256', 'PS256', 'ES256', 'EdDSA'] as const;
export type SigningAlgorithm = (typeof SIGNING_ALGORITHMS)[number];

/** Public members of a JWK, as the client published them. */
export type PublicJwk = Readonly<Record<string, unknown>> & { readonly kty: string };

/** How a client with `private_key_jwt` is recognised: one of `jwks` and `jwksUri`. */
export interface ClientKeys {
  readonly jwks?: readonly PublicJwk[] | undefined;
  readonly jwksUri?: string | undefined;
  /** The only algorithm this client signs with; any of ours when undefined. */
  readonly signingAlg?: SigningAlgorithm | undefined;
}

/** A set read from a `jwks_uri`. Times are epoch seconds. */
export interface KeySet {
  readonly uri: string;
  readonly keys: readonly PublicJwk[];
  readonly readAt: number;
  readonly freshUntil: number;
  /** Not asked again before this moment, whatever is missing. */
  readonly retryAt: number;
}

const MAX_KEYS = 20;
const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'];
const PUBLIC_MEMBERS = ['kty', 'crv', 'x', 'y', 'n', 'e', 'kid', 'alg', 'use', 'key_ops'];
const KEY_TYPES: Readonly<Record<SigningAlgorithm, { readonly kty: string; readonly crv?: string }>> = {
  RS256: { kty: 'RSA' },
  PS256: { kty: 'RSA' },
  ES256: { kty: 'EC', crv: 'P-256' },
  EdDSA: { kty: 'OKP', crv: 'Ed25519' },
};

export type KeysVerdict =
  | { readonly ok: true; readonly keys: readonly PublicJwk[] }
  | { readonly ok: false; readonly problem: string };

/** A JWK Set with public, asymmetric keys only; a single private or symmetric one refuses the set. */
export function judgeKeySet(value: unknown): KeysVerdict {
  const no = (problem: string): KeysVerdict => ({ ok: false, problem });
  const keys = isObject(value) ? value.keys : undefined;
  if (!Array.isArray(keys)) return no('a key set must be an object with an array "keys"');
  if (keys.length === 0 || keys.length > MAX_KEYS) return no(`a key set must hold 1 to ${MAX_KEYS} keys`);
  const kept: PublicJwk[] = [];
  for (const key of keys) {
    if (!isObject(key) || typeof key.kty !== 'string') return no('every key must be an object with a "kty"');
    if (key.kty === 'oct' || PRIVATE_MEMBERS.some((member) => key[member] !== undefined))
      return no('a key set must hold public keys only');
    if (!PUBLIC_MEMBERS.every((member) => isStorable(key[member])))
      return no('the members of a key must be plain text');
    kept.push(publicMembers(key, key.kty));
  }
  return { ok: true, keys: kept };
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Text, or a list of it, that every database keeps as it is: Postgres takes neither NUL nor half a surrogate pair. */
const isStorable = (value: unknown): boolean =>
  value === undefined ||
  value === null ||
  (Array.isArray(value) ? value : [value]).every((one) => typeof one === 'string' && !/[\0\p{Cs}]/u.test(one));

const publicMembers = (key: Readonly<Record<string, unknown>>, kty: string): PublicJwk => ({
  ...Object.fromEntries(PUBLIC_MEMBERS.flatMap((member) => (key[member] === undefined ? [] : [[member, key[member]]]))),
  kty,
});

/** The algorithm an assertion's header may use for this client; undefined when it is not one of ours or not the registered one. */
export function allowedAlgorithm(alg: unknown, registered: SigningAlgorithm | undefined): SigningAlgorithm | undefined {
  const known = SIGNING_ALGORITHMS.find((each) => each === alg);
  return registered !== undefined && known !== registered ? undefined : known;
}

/** The keys of a set that may have made a signature with this algorithm and key id; none when the id is not in it. */
export function keysFor(keys: readonly PublicJwk[], alg: SigningAlgorithm, kid: unknown): readonly PublicJwk[] {
  const { kty, crv } = KEY_TYPES[alg];
  return keys.filter(
    (key) =>
      key.kty === kty &&
      (crv === undefined || key.crv === crv) &&
      (key.alg === undefined || key.alg === alg) &&
      (key.use === undefined || key.use === 'sig') &&
      (kid === undefined || key.kid === kid),
  );
}
