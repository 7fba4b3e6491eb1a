/**
 * What a token exchange may ask for and give (RFC 8693; requirements A-90, C-15, D-20; threat T-F13).
 *
 * An MCP server gets the upstream's token of exactly the grant its subject token belongs to, and only while that token
 * can do no more than the subject token allows. Must never widen anything.
 */
import { isSubset, parseScope, type ScopeHierarchy, upstreamScopes, withImplied, withIncluded } from './scope.ts';
import type { Resource } from './types.ts';

export const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
export const ACCESS_TOKEN_TYPE = 'urn:ietf:params:oauth:token-type:access_token';

/**
 * Whether the request asks for no more than the subject token allows, in our scopes or in those of the upstream that
 * they stand for. No scope asked asks for nothing special.
 */
export function asksForNoMore(asked: string | undefined, subject: readonly string[], resource: Resource): boolean {
  const scopes = parseScope(asked ?? '');
  return (
    scopes !== undefined && isSubset(scopes, [...withImplied(subject, resource), ...upstreamScopes(subject, resource)])
  );
}

/**
 * The upstream scopes a token carries beyond what the subject token stands for, as when an upstream adds up what an
 * account has given to several clients. Counted are the scopes that the configuration maps to; what an upstream adds of
 * its own (another spelling, a profile) means nothing here.
 */
export function excessScopes(
  carried: readonly string[],
  subject: readonly string[],
  resource: Resource,
  settings: {
    /** Asked on every hop, whatever is granted. */
    readonly always: readonly string[];
    readonly resources: Iterable<Resource>;
    readonly hierarchy: ScopeHierarchy;
  },
): readonly string[] {
  const allowed = withIncluded([...settings.always, ...upstreamScopes(subject, resource)], settings.hierarchy);
  const known = new Set(
    [...settings.resources]
      .filter(({ upstream }) => upstream === resource.upstream)
      .flatMap((one) => [...one.scopes.values()].flatMap((scope) => scope.upstream)),
  );
  return carried.filter((scope) => known.has(scope) && !allowed.has(scope));
}
