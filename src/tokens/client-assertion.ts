/**
 * `private_key_jwt`: whether a signed assertion proves the client (RFC 7523 3, OpenID Connect Core 9, RFC 8725;
 * requirements ).
 *
 * The algorithm comes from our list and the registration, the keys from the client's own set; the header only chooses
 * among them. One audience, and it is us; five minutes at most; once, in the database. Must never try a key or an
 * address that the header brings along.
 */
import { compactVerify, decodeJwt, decodeProtectedHeader, importJWK, type JWTPayload } from 'jose';
import { allowedAlgorithm, keysFor, type PublicJwk, type SigningAlgorithm } from '../domain/client-keys.ts';
import type { Client, ClientMetadata } from '../domain/types.ts';
import type { AppDeps } from '../ports.ts';
import { hashSecret } from '../security/secrets.ts';

/** The only `client_assertion_type`. */
export const JWT_BEARER = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

const MAX_LENGTH = 8 * 1024;
/** Seconds an assertion may still be good for. */
const LONGEST_LIFE = 300;
/** Seconds a client's clock may be ahead of ours. */
const CLOCK_AHEAD = 60;
const MAX_JTI = 256;
/** Keys of one set that one assertion is tried with. */
const MOST_TRIES = 4;

/** Whom an assertion claims to be from, before anything is proved; undefined when it is no such thing. */
export function assertedClient(assertion: string): string | undefined {
  const claims = assertion.length > MAX_LENGTH ? undefined : attempt(() => decodeJwt(assertion));
  return typeof claims?.sub === 'string' && claims.sub !== '' && !claims.sub.includes('\u0000')
    ? claims.sub
    : undefined;
}

/** `source` is charged for keys that have to be read. What is wrong with the assertion, for the log; undefined when it proves the client, which it then never does again. */
export async function checkAssertion(
  assertion: string,
  client: Client,
  metadata: ClientMetadata,
  source: string,
  deps: Pick<AppDeps, 'config' | 'store' | 'clients' | 'now'>,
): Promise<string | undefined> {
  const header = attempt(() => decodeProtectedHeader(assertion));
  const alg = allowedAlgorithm(header?.alg, metadata.signingAlg);
  if (header === undefined || alg === undefined) return 'the assertion is not signed as this client is registered to';
  const keys = keysFor(await deps.clients.findKeys(client, metadata, { named: header.kid, source }), alg, header.kid);
  const claims = await verified(assertion, alg, keys);
  if (claims === undefined) return 'the assertion is not signed by a key of this client';
  const now = deps.now();
  const problem = claimsProblem(claims, client.id, deps.config.issuer, now);
  if (problem !== undefined) return problem;
  const id = hashSecret(`assertion\n${client.id}\n${claims.jti}`);
  return (await deps.store.claimAssertion(id, Math.ceil(Number(claims.exp))))
    ? undefined
    : 'the assertion was used before';
}

async function verified(
  assertion: string,
  alg: SigningAlgorithm,
  keys: readonly PublicJwk[],
): Promise<JWTPayload | undefined> {
  for (const jwk of keys.slice(0, MOST_TRIES)) {
    try {
      const key = await importJWK({ ...jwk }, alg);
      await compactVerify(assertion, key, { algorithms: [alg] });
      return decodeJwt(assertion);
    } catch {
      // A key that does not import or did not sign; another may have.
    }
  }
  return undefined;
}

function claimsProblem(claims: JWTPayload, clientId: string, issuer: string, now: number): string | undefined {
  const { iss, sub, aud, exp, nbf, iat, jti } = claims;
  if (iss !== clientId || sub !== clientId) return 'iss and sub must be the client';
  if (aud !== issuer && aud !== `${issuer}/token`) return 'aud must be this server alone, as one string';
  if (!isTime(exp) || exp <= now) return 'the assertion has run out';
  if (exp > now + LONGEST_LIFE) return 'the assertion is good for too long';
  if (nbf !== undefined && !(isTime(nbf) && nbf <= now + CLOCK_AHEAD)) return 'the assertion is not good yet';
  if (iat !== undefined && !(isTime(iat) && iat <= now + CLOCK_AHEAD)) return 'the assertion comes from the future';
  if (typeof jti !== 'string' || jti === '' || jti.length > MAX_JTI) return 'the assertion has no id';
  return undefined;
}

const isTime = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);

function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
