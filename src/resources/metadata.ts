/**
 * Protected resource metadata (RFC 9728) of every resource, for proxies that pass the well-known address of a resource's
 * host on to us, and for resources on our own host (requirements D-01 to D-05).
 *
 * At `/metadata/{resource}` each by its key; at the well-known addresses where it is plain which resource is meant: by
 * the path, and for equal paths by our own origin or by the host that was asked. The root form names the only resource.
 * Must never say anything that is not configured; the host only chooses among whole documents.
 */
import type { Context, Hono } from 'hono';
import type { ResourceConfig } from '../config/config.ts';
import { resourceMetadata, resourceMetadataPath, resourceOrigin } from '../domain/resource-metadata.ts';
import type { AppDeps, AppEnv } from '../ports.ts';
import { sentHeaders } from '../security/parameters.ts';
import { mountDocument, type PreparedDocument, preparedJson } from '../security/prepared-document.ts';

const ROOT = '/.well-known/oauth-protected-resource';

interface Place {
  readonly origin: string;
  readonly document: PreparedDocument;
}

/** Mounts the documents ahead of all middleware. */
export function mountResourceMetadata(app: Hono<AppEnv>, { config }: Pick<AppDeps, 'config'>): void {
  const issuer = new URL(config.issuer);
  const base = issuer.pathname.replace(/\/$/, '');
  const places = new Map<string, Place[]>();
  const put = (path: string, place: Place) => places.set(path, [...(places.get(path) ?? []), place]);
  const resources = [...config.resources.values()];
  for (const resource of resources) {
    const document = preparedJson(resourceMetadata(resource, config.issuer));
    const place = { origin: resourceOrigin(resource), document };
    put(resourceMetadataPath(resource), place);
    if (resources.length === 1 && resourceMetadataPath(resource) !== ROOT) put(ROOT, place);
    mountDocument(app, `${base}/metadata/${keyOf(resource)}`, () => document);
  }
  const choosers = new Map([...places].map(([path, there]) => [path, chooser(there, issuer.origin)]));
  // Not one route each: a resource's path may hold what means something to a router.
  const meant = (c: Context<AppEnv>) => choosers.get(c.req.path)?.(c);
  for (const pattern of [ROOT, `${ROOT}/*`]) mountDocument(app, pattern, meant);
}

const keyOf = ({ key }: ResourceConfig): string => encodeURIComponent(key);

/** Which of several documents is meant: ours by origin, else the one of the host that was asked. */
function chooser(places: readonly Place[], ownOrigin: string): (c: Context<AppEnv>) => PreparedDocument | undefined {
  const [only, ...others] = places;
  if (others.length === 0) return () => only?.document;
  const own = places.filter(({ origin }) => origin === ownOrigin);
  const byHost = new Map(places.map(({ origin, document }) => [origin.replace(/^https?:\/\//, ''), document]));
  return (c: Context<AppEnv>): PreparedDocument | undefined =>
    byHost.get((sentHeaders(c)('host') ?? '').toLowerCase()) ?? own[0]?.document;
}
