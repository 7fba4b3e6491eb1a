/**
 * Protected resource metadata (RFC 9728): where a resource's document is, and what it says.
 *
 * Says no more than a client needs to begin: the default scopes, never all of them, never `offline_access`
 * (requirements D-01 to D-05). Must never depend on a request.
 */
import { defaultScopes } from './scope.ts';
import type { Resource } from './types.ts';

const WELL_KNOWN = '/.well-known/oauth-protected-resource';
const PARTS = /^([a-z]+:\/\/[^/?]+)([^?]*)(\?.*)?$/;

interface Place {
  readonly origin: string;
  /** Path and query of the document: the well-known part goes between host and path (RFC 9728 section 3.1). */
  readonly path: string;
}

function placeOf(resource: Pick<Resource, 'url'>): Place {
  const [, origin = '', path = '', query = ''] = PARTS.exec(resource.url) ?? [];
  return { origin, path: `${WELL_KNOWN}${path === '/' ? '' : path}${query}` };
}

/** The document's address on the resource's own host; what challenges name. */
export function resourceMetadataUrl(resource: Pick<Resource, 'url'>): string {
  const { origin, path } = placeOf(resource);
  return `${origin}${path}`;
}

/** The document's path, without host and query. */
export const resourceMetadataPath = (resource: Pick<Resource, 'url'>): string =>
  placeOf(resource).path.replace(/\?.*$/, '');

/** The resource's origin: scheme and host. */
export const resourceOrigin = (resource: Pick<Resource, 'url'>): string => placeOf(resource).origin;

export const resourceMetadata = (resource: Resource, issuer: string): Readonly<Record<string, unknown>> => ({
  resource: resource.url,
  authorization_servers: [issuer],
  scopes_supported: defaultScopes(resource),
  bearer_methods_supported: ['header'],
  resource_name: resource.name,
});
