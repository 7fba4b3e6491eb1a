/**
 * Checking a signed access token with the broker's key set (RFC 9068 section 4, RFC 7517).
 *
 * Only ES256 and Ed25519, only keys the broker publishes for signing with that algorithm, only `typ: at+jwt`, our own audience alone.
 * Nothing of the token's header chooses an address or a key of its own. Must never accept a token it cannot check whole.
 */
import { createRemoteJWKSet, customFetch, decodeProtectedHeader, errors, type JWTPayload, jwtVerify } from 'jose';
import type { Caller, FindCaller, VerifyOptions } from './options.ts';

const ALGORITHMS = ['ES256', 'EdDSA', 'Ed25519'];
const CLAIMS = ['iss', 'exp', 'aud', 'sub', 'client_id', 'iat', 'jti'];
/** Header members a token of the broker has; anything else is somebody else's idea. */
const HEADER = new Set(['alg', 'typ', 'kid']);
const TIMEOUT_MS = 5_000;
/** Trouble with the broker's key set, and not with the token. */
const NO_KEYS = [errors.JWKSTimeout, errors.JWKSInvalid];

export function signed(options: VerifyOptions): FindCaller {
  const { issuer, resource, now = Date.now } = options;
  const keys = createRemoteJWKSet(new URL(`${issuer}/jwks`), {
    timeoutDuration: TIMEOUT_MS,
    cacheMaxAge: 60_000,
    cooldownDuration: 5_000,
    ...(options.fetch === undefined ? {} : { [customFetch]: options.fetch }),
  });
  return async (token) => {
    if (!isPlain(token)) return { state: 'not_live' };
    try {
      const { payload } = await jwtVerify(token, keys, {
        issuer,
        audience: resource,
        typ: 'at+jwt',
        algorithms: ALGORITHMS,
        requiredClaims: CLAIMS,
        currentDate: new Date(now()),
      });
      const caller = callerOf(payload, resource);
      return caller === undefined ? { state: 'not_live' } : { state: 'live', caller };
    } catch (error) {
      const about = error instanceof errors.JOSEError && !NO_KEYS.some((kind) => error instanceof kind);
      return about && error.code !== 'ERR_JOSE_GENERIC' ? { state: 'not_live' } : { state: 'unavailable' };
    }
  };
}

function isPlain(token: string): boolean {
  try {
    const header = decodeProtectedHeader(token);
    return Object.keys(header).every((name) => HEADER.has(name)) && typeof header.kid === 'string' && !repeats(token);
  } catch {
    return false;
  }
}

/** A member that comes twice is read in two ways by two readers; ours never writes one. */
function repeats(token: string): boolean {
  return token
    .split('.')
    .slice(0, 2)
    .some((part) => {
      const text = Buffer.from(part, 'base64url').toString('utf8');
      const names = [...text.matchAll(/"((?:[^"\\]|\\.)*)"\s*:/g)].map(([, name]) => name);
      return new Set(names).size !== names.length;
    });
}

function callerOf({ sub, aud, client_id, scope = '', exp }: JWTPayload, resource: string): Caller | undefined {
  if (aud !== resource || typeof sub !== 'string' || sub === '' || typeof client_id !== 'string') return undefined;
  if (typeof scope !== 'string' || typeof exp !== 'number') return undefined;
  return { subject: sub, clientId: client_id, scopes: scope.split(' ').filter(Boolean), expiresAt: exp };
}
