/**
 * What was not expected, answered at one place: a JSON error for programs, a page for people, the same reference for both.
 *
 * A database that is away is 503 with Retry-After and nothing half-done; anything else is a 500 that says nothing
 * about its inside (ASVS 16.5). Must never answer a stack, a message of an exception, or a success.
 */
import type { Context, MiddlewareHandler } from 'hono';
import { refusePage } from './browser/error-page.ts';
import type { AppDeps, AppEnv } from './ports.ts';
import { brokeOff } from './security/broken-off.ts';
import { StoreUnavailable } from './store/store.ts';

const RETRY_SECONDS = 2;
const FOR_PROGRAMS = /\/(token|register|revoke|introspect|verify\/.*)$/;

export function answerFailure(error: Error, c: Context<AppEnv>, deps: AppDeps): Response {
  const away = error instanceof StoreUnavailable;
  const event = c.get('event');
  if (brokeOff(c, error)) {
    event.note({ outcome: 'refused', error: 'invalid_request', reason: 'broken_off' });
    return c.body(null, 400);
  }
  deps.log.error(
    { reference: event.reference, error: error.name, message: error.message, stack: away ? undefined : error.stack },
    away ? 'database unavailable' : 'unexpected failure',
  );
  if (!FOR_PROGRAMS.test(c.req.path)) {
    return refusePage(c, deps, undefined, {
      code: 'internal',
      reason: error.name,
      status: away ? 503 : 500,
      nothingShared: false,
      ...(away ? { retryAfter: RETRY_SECONDS } : {}),
    });
  }
  const code = away ? 'temporarily_unavailable' : 'server_error';
  event.note({ outcome: 'failed', error: code, reason: error.name });
  c.header('Cache-Control', 'no-store');
  if (away) c.header('Retry-After', String(RETRY_SECONDS));
  return c.json({ error: code, error_description: `reference ${event.reference}` }, away ? 503 : 500);
}

/** Nothing is granted while this machine and its database disagree about the time (promises P5, invariant 26). */
export const onlyWithSureTime =
  ({ store }: Pick<AppDeps, 'store'>): MiddlewareHandler =>
  async (_c, next) => {
    if (store.trouble() === 'clock')
      throw new StoreUnavailable('the clocks of this machine and the database are apart');
    await next();
  };

export function answerNotFound(c: Context<AppEnv>, deps: AppDeps): Response {
  return refusePage(c, deps, undefined, { code: 'not_found', reason: 'no such address', nothingShared: false });
}
