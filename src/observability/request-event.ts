/**
 * One event per request: who asked for what, how it ended, how long it took, under the reference people see.
 *
 * The reference is always ours, never a client's header. The route is the pattern, never the path as sent, so that no
 * id and no query reaches the log.
 */
import { getConnInfo } from '@hono/node-server/conninfo';
import type { Context, MiddlewareHandler } from 'hono';
import { matchedRoutes } from 'hono/route';
import type { AppDeps, AppEnv, EventFields } from '../ports.ts';
import { newId } from '../security/secrets.ts';
import { createSourceOf } from '../security/source.ts';

/** The middleware to mount first: makes `c.get('event')`, and logs and counts the request when it has been answered. */
export function requestEvents(
  deps: Pick<AppDeps, 'config' | 'log' | 'metrics' | 'trace' | 'now'>,
): MiddlewareHandler<AppEnv> {
  const sourceOf = createSourceOf(deps.config.trustedProxies, (peer) =>
    deps.log.warn({ source: peer }, 'forwarded header from a peer outside trusted_proxies ignored; warned once'),
  );

  return async (c, next) => {
    const started = performance.now();
    const reference = newId('req');
    const source = sourceOf(peerOf(c), { get: (name) => c.req.header(name) });
    const noted: EventFields = {};
    c.set('event', { reference, source, note: (fields) => Object.assign(noted, fields) });

    await next();

    const ms = performance.now() - started;
    const route = routeOf(c);
    const { method } = c.req;
    const { status } = c.res;
    deps.metrics.request(method, route, status, ms / 1000);
    const line = {
      event: 'request',
      reference,
      method: method.slice(0, 16),
      route,
      status,
      ms: Math.round(ms),
      source,
      ...noted,
    };
    const { journey, flow, outcome, error, reason, resource, user, upstream, client_id: clientId } = noted;
    deps.trace.step({
      ...{ at: deps.now(), reference, flow, journey, endpoint: route, status },
      ...{ outcome, error, reason, clientId, resource, userId: user, upstream },
    });
    if (status < 500) deps.log.info(line, 'request');
    else deps.log.error({ ...line, err: c.error }, 'request failed');
  };
}

function peerOf(c: Context): string | undefined {
  try {
    return getConnInfo(c).remote.address;
  } catch {
    return undefined;
  }
}

/** The pattern of the endpoint that answered; `unmatched` when none did. */
function routeOf(c: Context): string {
  const endpoint = matchedRoutes(c).findLast((route) => !route.path.endsWith('*'));
  return endpoint?.path ?? 'unmatched';
}
