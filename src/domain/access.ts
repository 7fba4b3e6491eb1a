/**
 * Whether a token opens an operation at a resource: allowed, 401, or 403 with the whole scope set to ask for.
 *
 * After RFC 6750 section 3, RFC 9728 section 5.1 and MCP authorization (requirements D-04 to D-09): the token is for
 * exactly this resource, its scopes count with what they imply. Must never tell an unknown, expired, revoked and foreign
 * token apart.
 */
import { bearerChallenge, type ChallengeError } from './challenge.ts';
import { resourceMetadataUrl } from './resource-metadata.ts';
import { defaultScopes, isSubset, withImplied } from './scope.ts';
import type { AccessToken, Resource } from './types.ts';

/** What came instead of a live token: nothing, or something that is none. */
export type NoToken = 'missing' | 'malformed' | 'not_live';

export interface Refusal {
  readonly allowed: false;
  readonly status: 401 | 403;
  /** Undefined when no token was presented. */
  readonly error: ChallengeError | undefined;
  /** The value of `WWW-Authenticate`. */
  readonly challenge: string;
}

export type Judgement = { readonly allowed: true } | Refusal;

type Facts = Pick<AccessToken, 'resource' | 'scopes'>;

/** `required` are the operation's scopes, all of them; none when any live token of the resource will do. */
export function judgeAccess(found: Facts | NoToken, resource: Resource, required: readonly string[]): Judgement {
  if (found === 'missing') return refuse(401, undefined, resource, required);
  if (typeof found === 'string' || found.resource !== resource.key)
    return refuse(401, 'invalid_token', resource, required);
  return required.length === 0 || isSubset(required, withImplied(found.scopes, resource))
    ? { allowed: true }
    : refuse(403, 'insufficient_scope', resource, required);
}

/** A token that came by a way where none may come (RFC 6750 section 2 allows the header alone here). */
export const refuseOtherWay = (resource: Resource, required: readonly string[]): Refusal =>
  refuse(401, 'invalid_request', resource, required);

function refuse(
  status: 401 | 403,
  error: ChallengeError | undefined,
  resource: Resource,
  required: readonly string[],
): Refusal {
  const scopes = required.length > 0 ? required : defaultScopes(resource);
  const challenge = bearerChallenge({ metadataUrl: resourceMetadataUrl(resource), scopes }, error);
  return { allowed: false, status, error, challenge };
}
