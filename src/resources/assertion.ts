/**
 * What `/verify` says about a live token: who calls, in plain headers and in a short signed assertion for the backend.
 *
 * The assertion has a type and a short life of its own and the resource as its audience; it is in no table, so no door
 * takes it for an access token. Made once per token and half of its life. Must never hold anything of an upstream.
 */
import { formatScope } from '../domain/scope.ts';
import type { Resource } from '../domain/types.ts';
import type { AppDeps, KnownToken, PreparedVerification } from '../ports.ts';
import { flatHeaders } from '../security/quick-answer.ts';

/** Seconds; what is handed out is good for at least half of it, unless the token ends before. */
const ASSERTION_LIFE = 60;

/** The answer's headers: at once when they are prepared and fresh, else a promise. */
export function preparedVerification(
  known: KnownToken,
  resource: Resource,
  deps: Pick<AppDeps, 'config' | 'signer' | 'now'>,
): PreparedVerification | Promise<PreparedVerification> {
  const { verification } = known.prepared;
  return verification !== undefined && deps.now() < verification.goodUntil
    ? verification
    : prepare(known, resource, deps);
}

async function prepare(
  known: KnownToken,
  resource: Resource,
  { config, signer, now }: Pick<AppDeps, 'config' | 'signer' | 'now'>,
): Promise<PreparedVerification> {
  const { userId, clientId, scopes, liveUntil } = known.access;
  const at = now();
  const scope = formatScope(scopes);
  const assertion = await signer.sign(
    {
      iss: config.issuer,
      aud: resource.url,
      sub: userId,
      client_id: clientId,
      scope,
      iat: at,
      exp: Math.min(at + ASSERTION_LIFE, liveUntil),
    },
    'broker-assertion+jwt',
  );
  const headers = {
    'Cache-Control': 'no-store',
    'X-Broker-User': userId,
    'X-Broker-Client': clientId,
    'X-Broker-Scopes': scope,
    'X-Broker-Assertion': assertion,
  };
  const prepared: PreparedVerification = {
    headers,
    flat: flatHeaders(headers, ''),
    goodUntil: Math.min(at + ASSERTION_LIFE / 2, liveUntil),
  };
  known.prepared.verification = prepared;
  return prepared;
}
