/**
 * A client that goes away in the middle of its request: no failure of ours, and nobody is there to be answered.
 *
 * Must never hide another error: the request has to be incomplete, and the reading of it what failed.
 */
import type { IncomingMessage } from 'node:http';
import type { Context } from 'hono';

/** Whether this error is that the body of the request ended too early. */
export function brokeOff(c: Context, error: unknown): boolean {
  const { incoming } = (c.env ?? {}) as { readonly incoming?: IncomingMessage };
  if (incoming === undefined || incoming.complete || !incoming.destroyed) return false;
  return (error as NodeJS.ErrnoException).code === 'ECONNRESET';
}
