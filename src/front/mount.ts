/**
 * Where the built-in fronts stand: by path on the issuer's own origin, by host name everywhere else.
 *
 * A request for a fronted host reaches that host's resources and nothing of the broker, whatever its path. The host only
 * chooses among configured names; no address is built from it. Which places are free was judged with the configuration.
 */
import { Hono, type MiddlewareHandler } from 'hono';
import type { Config } from '../config/config.ts';
import type { AppDeps, AppEnv } from '../ports.ts';
import { answerError } from './answers.ts';
import { openLine, type ServerLine } from './dial.ts';
import { answerUnexpected, frontEndpoint } from './front.ts';
import type { FrontedResource } from './visit.ts';

const frontedOf = (config: Config): readonly FrontedResource[] =>
  [...config.resources.values()].flatMap((resource) =>
    resource.front === undefined ? [] : [{ ...resource, front: resource.front }],
  );

/** A line to every server behind a front. */
export const openLines = (config: Config): ReadonlyMap<string, ServerLine> =>
  new Map(frontedOf(config).map(({ key, front }) => [key, openLine(front.target, front.firstByteMs)]));

/** The `Host` values that mean a fronted resource away from the issuer's origin. */
export function frontedHosts(config: Config): ReadonlySet<string> {
  const origin = new URL(config.issuer).origin;
  return new Set(frontedOf(config).flatMap((resource) => (originOf(resource) === origin ? [] : hostNames(resource))));
}

/** Mounts the fronts of resources on the issuer's origin. */
export function mountFronts(app: Hono<AppEnv>, deps: AppDeps): void {
  const origin = new URL(deps.config.issuer).origin;
  for (const resource of frontedOf(deps.config)) if (originOf(resource) === origin) mount(app, resource, deps);
}

/**
 * Sends requests for a fronted host to its resources alone. To be mounted before everything else; `prepare` mounts what
 * every host has: the request's event first, then public documents. Undefined when no resource is fronted on another host.
 */
export function frontHosts(deps: AppDeps, prepare: (app: Hono<AppEnv>) => void): MiddlewareHandler<AppEnv> | undefined {
  const origin = new URL(deps.config.issuer).origin;
  const apps = new Map<string, Hono<AppEnv>>();
  for (const resource of frontedOf(deps.config)) {
    if (originOf(resource) === origin) continue;
    const names = hostNames(resource);
    const app = apps.get(names[0] ?? '') ?? hostApp(prepare, deps);
    for (const name of names) apps.set(name, app);
    mount(app, resource, deps);
  }
  if (apps.size === 0) return undefined;
  return (c, next) => {
    const app = apps.get((c.req.header('host') ?? '').toLowerCase());
    return app === undefined ? next() : Promise.resolve(app.fetch(c.req.raw, c.env));
  };
}

/** As `Host` may say it: the default port too. */
function hostNames({ url }: FrontedResource): readonly string[] {
  const { host, port, protocol } = new URL(url);
  return port === '' ? [host, `${host}:${protocol === 'https:' ? 443 : 80}`] : [host];
}

const originOf = ({ url }: FrontedResource): string => new URL(url).origin;

function hostApp(prepare: (app: Hono<AppEnv>) => void, deps: AppDeps): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  prepare(app);
  app.notFound(() => answerError(404, 'not_found', 'There is no such address.'));
  app.onError((error, c) => answerUnexpected(error, c, deps));
  return app;
}

function mount(app: Hono<AppEnv>, resource: FrontedResource, deps: AppDeps): void {
  const line = deps.serverLines.get(resource.key);
  if (line === undefined) throw new Error(`no line to the server of ${resource.key}`);
  app.all(new URL(resource.url).pathname, frontEndpoint(resource, line, deps));
}
