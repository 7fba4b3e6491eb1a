/**
 * Rules by kind of address: who may call across origins, what counts as a person's visit, which host is ours.
 *
 * Browser pages have no CORS at all and never answer a prefetch or HEAD, which would open journeys nobody asked for
 * (requirements A-12, E11; contract rulings 19 and 20).
 */
import type { Context, MiddlewareHandler } from 'hono';
import { cors } from 'hono/cors';
import { pageHeaders } from './page-policy.ts';

/** Any origin, without credentials: for endpoints that browser-based clients call with fetch. */
export const crossOrigin: MiddlewareHandler = cors({
  origin: '*',
  allowMethods: ['POST', 'GET', 'PUT', 'DELETE', 'OPTIONS'],
  allowHeaders: ['authorization', 'content-type', 'mcp-protocol-version'],
  exposeHeaders: ['WWW-Authenticate'],
  maxAge: 600,
});

/** Only a real navigation or form post reaches a page. */
export const deliberateVisit: MiddlewareHandler = async (c, next) => {
  const purpose = `${c.req.header('sec-purpose') ?? ''} ${c.req.header('purpose') ?? ''}`;
  c.header('Cache-Control', 'no-store');
  if (/prefetch|prerender|preview/i.test(purpose)) return c.body(null, 503);
  if (c.req.method === 'HEAD') {
    c.header('Allow', 'GET');
    return c.body(null, 405);
  }
  // An image, a frame or a script's fetch is nobody's visit: a page elsewhere would open journeys by the thousand in
  // the name of its visitors. Programs send no such header.
  if ((c.req.header('sec-fetch-dest') ?? 'document') !== 'document') {
    return c.body(null, 403, pageHeaders({ hasForm: false, isolated: false, secure: false }));
  }
  return next();
};

/** How an address is asked that is only read. */
export const READ_METHODS = 'GET, HEAD';
export const isRead = ({ req }: Context): boolean => req.method === 'GET' || req.method === 'HEAD';

/** An address for programs was asked with a method it has no answer to. */
export const methodNotAllowed = (c: Context, allowed: string): Response =>
  c.json({ error: 'invalid_request', error_description: `only ${allowed} is answered here` }, 405, {
    Allow: allowed,
    'Cache-Control': 'no-store',
    'X-Content-Type-Options': 'nosniff',
  });

/** No address of ours holds NUL, and Postgres cannot even look for what does. */
export const isPlainPath = (url: string): boolean => !/^[^?#]*%00/.test(url);

/** On loopback, only our own host name: a page elsewhere must not reach us by rebinding its name. The port does not matter. */
export function ownHost(issuer: string): MiddlewareHandler {
  const names = new Set([new URL(issuer).hostname, 'localhost', '127.0.0.1', '[::1]']);
  return async (c, next) => {
    const host = (c.req.header('host') ?? '').replace(/:\d*$/, '').toLowerCase();
    return names.has(host) ? next() : c.text('this host name is not served here\n', 403);
  };
}
