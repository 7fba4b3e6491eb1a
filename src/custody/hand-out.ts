/**
 * The upstream's token for the MCP server that an access token is for (requirements C-15, D-20; threat T-F13).
 *
 * Fresh, of the very grant of the access token, and only while it can do no more than that token allows. Every handing
 * out is on record in the unit that finds token and upstream grant still live, so a revocation that has been answered
 * wins. Must never hand out without that record.
 */
import { excessScopes } from '../domain/token-exchange.ts';
import type { AccessToken, Resource, Seconds, Trail } from '../domain/types.ts';
import type { AppDeps } from '../ports.ts';
import type { UpstreamTokens } from '../upstream/connector.ts';
import { freshTokens } from './fresh-tokens.ts';

export type HandOut =
  | { readonly state: 'given'; readonly tokens: UpstreamTokens; readonly at: Seconds }
  /** The upstream's part is over; the grant is, too. */
  | { readonly state: 'ended' }
  | { readonly state: 'unavailable'; readonly retryAfter: number }
  /** The upstream's token can do these beside what the access token allows. */
  | { readonly state: 'excess'; readonly scopes: readonly string[] }
  /** The access token ended while the upstream was asked. */
  | { readonly state: 'not_live' };

type Deps = Pick<AppDeps, 'config' | 'store' | 'keys' | 'connectors' | 'log' | 'metrics' | 'now'>;

/** `subject` is an access token of `resource` that was live a moment ago. Audits `upstream_token.issued`. */
export async function handOut(subject: AccessToken, resource: Resource, trail: Trail, deps: Deps): Promise<HandOut> {
  const fresh = await freshTokens(subject.grantId, trail, deps);
  if (fresh.state !== 'fresh') return fresh;
  const { tokens, upstreamGrantId } = fresh;
  const upstream = deps.config.upstreams.get(resource.upstream);
  const excess = excessScopes(tokens.scopes, subject.scopes, resource, {
    always: upstream?.scopes ?? [],
    resources: deps.config.resources.values(),
    hierarchy: upstream?.facts.scopeHierarchy ?? {},
  });
  if (excess.length > 0) return { state: 'excess', scopes: excess };

  const at = deps.now();
  const { accessExpiresAt, scopes } = tokens;
  const { tokenHash } = subject;
  const record = { tokenHash, resource: resource.key, upstreamGrantId, scopes, accessExpiresAt };
  const live = await deps.store.recordExchange(record, { ...trail, at });
  return live ? { state: 'given', tokens, at } : { state: 'not_live' };
}
