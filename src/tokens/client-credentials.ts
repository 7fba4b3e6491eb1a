/**
 * Grant `client_credentials` (RFC 6749 4.4; the MCP extension of that name): a program of the operator's, for itself.
 *
 * For clients of the configuration alone, each for the scopes listed there (requirement A-87). No person, no approval, no
 * refresh token, nothing of an upstream. Must never serve a client that registered itself.
 */
import { judgeResource } from '../domain/authorization-request.ts';
import { clientSubject } from '../domain/machine-token.ts';
import { isSubset, parseScope } from '../domain/scope.ts';
import type { Resource } from '../domain/types.ts';
import { one } from '../security/parameters.ts';
import type { GrantAnswer, GrantRequest } from './grant-request.ts';
import { mintAccessToken, tokenAnswer } from './issue.ts';
import type { TokenError } from './oauth-answer.ts';

export async function grantToClient(request: GrantRequest): Promise<GrantAnswer> {
  const { form, client, trail, deps } = request;
  const listed = deps.config.registration.clients.find(({ id }) => id === client.id)?.ownScopes;
  if (
    client.kind !== 'configured' ||
    client.metadata.authMethod === 'none' ||
    listed === undefined ||
    listed.size === 0
  )
    return refused({ error: 'unauthorized_client', description: 'this client has nothing for itself' });
  const resource = resourceOf(request, [...listed.keys()]);
  const own = resource && listed.get(resource.key);
  if (resource === undefined || own === undefined)
    return refused({ error: 'invalid_target', description: 'name a resource that this client has something at' });
  const asked = one(form, 'scope');
  const scopes = asked === undefined ? own : parseScope(asked);
  if (scopes === undefined || scopes.length === 0 || !isSubset(scopes, own))
    return refused({ error: 'invalid_scope', description: 'this client does not have this scope' });

  const access = await mintAccessToken(
    { subject: clientSubject(client.id), clientId: client.id, resource, scopes },
    deps,
  );
  const token = {
    tokenHash: access.hash,
    clientId: client.id,
    resource: resource.key,
    scopes,
    issuedAt: trail.at,
    expiresAt: access.expiresAt,
  };
  if ((await deps.store.issueMachineToken(token, trail)) === undefined)
    return refused({ error: 'invalid_client', description: 'client authentication failed', reason: 'blocked client' });
  return { ok: true, body: tokenAnswer(access, scopes, undefined, deps), resource: resource.key, userId: undefined };
}

/** The one that is named, or the only one the client has something at. */
function resourceOf({ form, deps }: GrantRequest, listed: readonly string[]): Resource | undefined {
  const resources = [...deps.config.resources.values()];
  const judged = judgeResource(
    form.get('resource') ?? [],
    resources.filter(({ key }) => listed.includes(key)),
  );
  return judged.ok ? judged.value : undefined;
}

const refused = (failure: TokenError): GrantAnswer => ({ ok: false, failure });
