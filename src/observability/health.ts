/**
 * Whether this process lives, and whether it should be sent work.
 *
 * Alive is always 200 while it can answer. Ready means that the database answers in time and takes work, that this
 * machine's clock is within a minute of the database's, and that shutdown has not begun.
 * Must never say more than one word: these addresses are public where the listener is.
 */
import type { Hono } from 'hono';
import type { AppDeps, AppEnv } from '../ports.ts';
import { methodNotAllowed, READ_METHODS } from '../security/visit-rules.ts';

const PING_LIMIT_MS = 2_000;

/** Mounts `/healthz` and `/readyz`. */
export function mountHealth(app: Hono<AppEnv>, deps: Pick<AppDeps, 'store' | 'ready'>): void {
  const answer = (status: string) => ({
    body: `${JSON.stringify({ status })}\n`,
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store' },
  });

  app.get('/healthz', (c) => {
    const { body, headers } = answer('ok');
    return c.body(body, 200, headers);
  });
  app.get('/readyz', async (c) => {
    const status = !deps.ready() ? 'stopping' : await judge(deps.store);
    const { body, headers } = answer(status);
    return c.body(body, status === 'ready' ? 200 : 503, headers);
  });
  for (const path of ['/healthz', '/readyz']) app.all(path, (c) => methodNotAllowed(c, READ_METHODS));
}

async function judge(store: Pick<AppDeps['store'], 'ping' | 'trouble'>): Promise<string> {
  return (await answersInTime(store)) ? (store.trouble() ?? 'ready') : 'database';
}

async function answersInTime(store: Pick<AppDeps['store'], 'ping'>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(resolve, PING_LIMIT_MS, false);
  });
  const answered = store.ping().then(
    () => true,
    () => false,
  );
  const first = await Promise.race([answered, late]);
  clearTimeout(timer);
  return first;
}
