/**
 * Handing the upstream's token of one grant to the MCP server that an access token of ours came to (requirements A-90,
 * C-15, D-20): by token exchange, or with a verdict of the forward-auth.
 *
 * Every hand-over is on record in the unit that finds token and upstream grant still live, so a revocation that has been
 * answered wins. Must never hand out more than the subject token allows, nor anything to a client; who asks has been
 * authenticated as the resource by the caller.
 */
import { formatScope } from '../domain/scope.ts';
import { excessScopes } from '../domain/token-exchange.ts';
import type { AccessToken, Resource, Trail } from '../domain/types.ts';
import type { AppDeps } from '../ports.ts';
import type { UpstreamTokens } from '../upstream/connector.ts';
import { freshTokens } from './fresh-tokens.ts';

export type Vended =
  | { readonly state: 'vended'; readonly tokens: UpstreamTokens; readonly at: number }
  /** The upstream has ended this access, and so has the grant. */
  | { readonly state: 'ended' }
  | { readonly state: 'unavailable'; readonly retryAfter: number }
  /** The upstream's token can do more than the subject token; `carried` for the log. */
  | { readonly state: 'excess'; readonly carried: string }
  /** The subject token ended meanwhile. */
  | { readonly state: 'not_live' };

/** `subject` is a live access token of `resource`. Rejects as the store does. */
export async function vendUpstreamToken(
  subject: AccessToken,
  resource: Resource,
  trail: Trail,
  deps: AppDeps,
): Promise<Vended> {
  // A client's own token has no upstream behind it.
  if (subject.grantId === undefined) return { state: 'not_live' };
  const fresh = await freshTokens(subject.grantId, trail, deps);
  if (fresh.state !== 'fresh') return fresh;
  const { tokens, upstreamGrantId } = fresh;
  const carried = excessOf(tokens, subject, resource, deps);
  if (carried.length > 0) return { state: 'excess', carried: formatScope(carried) };
  const at = deps.now();
  const { accessExpiresAt, scopes } = tokens;
  const { tokenHash } = subject;
  const exchange = { tokenHash, resource: resource.key, upstreamGrantId, scopes, accessExpiresAt };
  const recorded = await deps.store.recordExchange(exchange, { ...trail, at });
  return recorded ? { state: 'vended', tokens, at } : { state: 'not_live' };
}

function excessOf(
  tokens: UpstreamTokens,
  subject: AccessToken,
  resource: Resource,
  { config }: AppDeps,
): readonly string[] {
  const upstream = config.upstreams.get(resource.upstream);
  return excessScopes(tokens.scopes, subject.scopes, resource, {
    always: upstream?.scopes ?? [],
    resources: config.resources.values(),
    hierarchy: upstream?.facts.scopeHierarchy ?? {},
  });
}
