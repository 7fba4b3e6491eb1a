/**
 * What every grant at `/token` is handed and answers, and the one check they share: the resource (RFC 8707 2.2).
 *
 * Must never be reached before the client is authenticated and allowed the grant type.
 */
import { judgeResource, type RawParameters } from '../domain/authorization-request.ts';
import type { Client, Resource, Trail } from '../domain/types.ts';
import type { AppDeps } from '../ports.ts';
import type { TokenError } from './oauth-answer.ts';

export interface GrantRequest {
  readonly form: RawParameters;
  readonly client: Client;
  readonly trail: Trail;
  /** Notes which request opened the flow that this one belongs to. */
  readonly flow: (reference: string) => void;
  readonly deps: AppDeps;
}

export type GrantAnswer =
  | { readonly ok: true; readonly body: object; readonly resource: string; readonly userId: string | undefined }
  | { readonly ok: false; readonly failure: TokenError };

/**
 * `resource` at the token endpoint may only repeat the grant's own (RFC 8707 2.2). Checked before anything is consumed.
 */
export function resourceOfGrant(
  form: RawParameters,
  grantResource: string,
  deps: AppDeps,
): { readonly ok: true; readonly resource: Resource } | { readonly ok: false; readonly failure: TokenError } {
  const resource = deps.config.resources.get(grantResource);
  if (resource === undefined)
    return { ok: false, failure: { error: 'invalid_target', description: 'the resource is no longer protected here' } };
  const named = (form.get('resource') ?? []).filter((value) => value !== '');
  if (named.length === 0) return { ok: true, resource };
  const judged = judgeResource(named, [...deps.config.resources.values()]);
  if (!judged.ok || judged.value.key !== grantResource) {
    return {
      ok: false,
      failure: { error: 'invalid_target', description: 'the resource is not the one that was approved' },
    };
  }
  return { ok: true, resource };
}
