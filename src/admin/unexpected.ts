/**
 * What was not expected, as a refusal: the same for the admin API and the console, which answer it each in its own form.
 *
 * The log has the error under the request's reference; must never tell its message or stack.
 */
import type { Context } from 'hono';
import type { AppDeps, AppEnv } from '../ports.ts';
import { brokeOff } from '../security/broken-off.ts';
import { StoreUnavailable } from '../store/store.ts';
import { Refused } from './problem.ts';

const RETRY_SECONDS = '2';

/** The refusal itself when that is what was thrown; a 400, 503 or 500 otherwise. */
export function refusalFor(error: unknown, c: Context<AppEnv>, { log }: Pick<AppDeps, 'log'>): Refused {
  if (error instanceof Refused) return error;
  const { reference } = c.get('event');
  if (brokeOff(c, error)) return new Refused(400, 'invalid_request', 'The request broke off.');
  if (error instanceof StoreUnavailable) {
    log.error({ reference, message: error.message }, 'database unavailable');
    return new Refused(503, 'unavailable', 'The database is away; try again.', {
      headers: { 'retry-after': RETRY_SECONDS },
    });
  }
  log.error({ reference, err: error }, 'unexpected failure');
  return new Refused(500, 'internal', 'Something failed that should not; the log has it under this reference.');
}
