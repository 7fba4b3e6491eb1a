/**
 * What introspection says about a live token (RFC 7662 section 2.2), as bytes that are made once per token.
 *
 * Must never be asked for by anybody but the token's own resource.
 */
import { formatScope } from '../domain/scope.ts';
import type { Resource } from '../domain/types.ts';
import type { AppDeps, KnownToken, PreparedIntrospection } from '../ports.ts';
import { flatHeaders } from '../security/quick-answer.ts';

const HEADERS = { 'Content-Type': 'application/json', 'Cache-Control': 'no-store', Pragma: 'no-cache' };

export function preparedIntrospection(
  known: KnownToken,
  resource: Resource,
  { config }: Pick<AppDeps, 'config'>,
): PreparedIntrospection {
  const { introspection } = known.prepared;
  if (introspection !== undefined) return introspection;
  const body = JSON.stringify({
    active: true,
    scope: formatScope(known.access.scopes),
    client_id: known.access.clientId,
    sub: known.access.userId,
    aud: resource.url,
    iss: config.issuer,
    token_type: 'Bearer',
    iat: known.access.issuedAt,
    exp: known.access.expiresAt,
  });
  const prepared = { body, flat: flatHeaders(HEADERS, body) };
  known.prepared.introspection = prepared;
  return prepared;
}

export const answerActive = (known: KnownToken, resource: Resource, deps: Pick<AppDeps, 'config'>): Response =>
  new Response(preparedIntrospection(known, resource, deps).body, { headers: HEADERS });
