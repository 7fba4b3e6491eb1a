/**
 * Protected resource metadata (RFC 9728) of every resource, for proxies that pass the well-known address of a resource's
 * host on to us, and for resources on our own host (requirements D-01 to D-05).
 *
 * At `/metadata/{resource}` each by its key; at the well-known addresses where it is plain which resource is meant: by
 * the path, and for equal paths by our own origin or by the host that was asked. The root form names the only resource.
 * Must never say anything that is not configured; the host only chooses among whole documents.
 */
import type { Hono } from 'hono';
import type { ResourceConfig } from '../config/config.ts';
import { resourceMetadata, resourceMetadataPath, resourceOrigin } from '../domain/resource-metadata.ts';
import type { AppDeps, AppEnv } from '../ports.ts';
import { mountDocument, type PreparedDocument, type Published, preparedJson } from '../security/prepared-document.ts';

const ROOT = '/.well-known/oauth-protected-resource';

interface Place {
  readonly origin: string;
  readonly document: PreparedDocument;
}

/** The documents and where they are. */
export function resourceDocuments({ config }: Pick<AppDeps, 'config'>): readonly Published[] {
  const issuer = new URL(config.issuer);
  const base = issuer.pathname.replace(/\/$/, '');
  const places = new Map<string, Place[]>();
  const put = (path: string, place: Place) => places.set(path, [...(places.get(path) ?? []), place]);
  const resources = [...config.resources.values()];
  const byKey: Published[] = [];
  for (const resource of resources) {
    const document = preparedJson(resourceMetadata(resource, config.issuer));
    const place = { origin: resourceOrigin(resource), document };
    put(resourceMetadataPath(resource), place);
    if (resources.length === 1 && resourceMetadataPath(resource) !== ROOT) put(ROOT, place);
    byKey.push({ path: `${base}/metadata/${keyOf(resource)}`, document: () => document });
  }
  return [...byKey, ...[...places].map(([path, there]) => ({ path, document: chooser(there, issuer.origin) }))];
}

/** Mounts the documents ahead of all middleware. */
export function mountResourceMetadata(app: Hono<AppEnv>, deps: Pick<AppDeps, 'config'>): void {
  const published = resourceDocuments(deps);
  const known = new Map(published.map(({ path, document }) => [path, document]));
  for (const one of published) if (!one.path.startsWith(ROOT)) mountDocument(app, one);
  // Not one route each: a resource's path may hold what means something to a router.
  for (const path of [ROOT, `${ROOT}/*`])
    mountDocument(app, { path, document: (host, asked) => known.get(asked)?.(host, asked) });
}

const keyOf = ({ key }: ResourceConfig): string => encodeURIComponent(key);

/** Which of several documents is meant: ours by origin, else the one of the host that was asked. */
function chooser(places: readonly Place[], ownOrigin: string): Published['document'] {
  const [only, ...others] = places;
  if (others.length === 0) return () => only?.document;
  const own = places.filter(({ origin }) => origin === ownOrigin);
  const byHost = new Map(places.map(({ origin, document }) => [origin.replace(/^https?:\/\//, ''), document]));
  return (host) => byHost.get((host() ?? '').toLowerCase()) ?? own[0]?.document;
}
