/**
 * `mcp-consent-broker/verify`: the token check for MCP servers in TypeScript. See docs/check-tokens.md.
 *
 * Must never import anything of the broker but pure decisions.
 */
import type { MiddlewareHandler } from 'hono';
import type { Caller, VerifyOptions } from './options.ts';
import { verifyRequest } from './verify-request.ts';

export type { Caller, VerifyOptions } from './options.ts';
export { type NeededScopes, type Verification, verifyRequest } from './verify-request.ts';

/**
 * Hono middleware: lets a request pass whose token has these scopes, with `c.get('caller')`; answers all others.
 * `scopes` may be found out per request, from a clone of it, once its token is known to be right: nobody else’s body is read.
 */
export function requireToken(
  options: VerifyOptions,
  scopes: readonly string[] | ((request: Request) => readonly string[] | Promise<readonly string[]>) = [],
): MiddlewareHandler<{ Variables: { caller: Caller } }> {
  return async (c, next) => {
    const { raw } = c.req;
    const needed = typeof scopes === 'function' ? () => scopes(raw.clone()) : scopes;
    const verification = await verifyRequest(raw, options, needed);
    if (!verification.ok) return verification.response;
    c.set('caller', verification.caller);
    return next();
  };
}
