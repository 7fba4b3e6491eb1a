/**
 * The admin API called from inside the process, by whom this process itself vouches for: the console and the command line.
 *
 * The very calls of `/admin/v1`, with their roles, limits, schemas and audit rows, so that there is no second copy of
 * what an administrator may do; and their addresses, so that what no address of ours holds is not there. Must never be
 * reachable over a network: it asks for no key.
 */
import { type Context, Hono } from 'hono';
import type { AppDeps, AppEnv, RequestEvent } from '../ports.ts';
import { isPlainPath } from '../security/visit-rules.ts';
import type { Caller } from './authenticate.ts';
import type { Method } from './call.ts';
import { mountAdmin } from './mount.ts';
import { answerProblem, notFound } from './problem.ts';

/** Who calls, and the event whose reference the audit rows carry. */
export interface Calling {
  readonly caller: Caller;
  readonly event: RequestEvent;
}

export interface AdminRequest {
  readonly method: Method;
  /** Under `/admin/v1`, segments encoded. */
  readonly path: string;
  /** What is undefined or empty is not sent. */
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly body?: unknown;
  /** The version that is meant, and no other. */
  readonly ifMatch?: string | undefined;
}

/** The headers of a call, by whichever way it goes. */
export const headersOf = ({ body, ifMatch }: AdminRequest): Record<string, string> => ({
  ...(body !== undefined && { 'content-type': 'application/json' }),
  ...(ifMatch !== undefined && { 'if-match': `"${ifMatch}"` }),
});

/** Answers as the API does: JSON, or a problem. Never throws for what was asked. */
export type CallAdmin = (calling: Calling, request: AdminRequest) => Promise<Response>;

const PREFIX = '/admin/v1';

const callingOf = ({ env }: Context<AppEnv>): Calling => env as Calling;

export function openInProcess(deps: AppDeps): CallAdmin {
  const app = new Hono<AppEnv>();
  app.use((c, next) => {
    c.set('event', callingOf(c).event);
    return isPlainPath(c.req.url) ? next() : Promise.resolve(answerProblem(c, notFound()));
  });
  mountAdmin(app, PREFIX, deps, (c) => callingOf(c).caller);
  return async (calling, request) => {
    const { method, path, query, body } = request;
    return app.fetch(
      new Request(`http://in-process${PREFIX}${path}${queryText(query)}`, {
        method: method.toUpperCase(),
        headers: headersOf(request),
        ...(body !== undefined && { body: JSON.stringify(body) }),
      }),
      calling,
    );
  };
}

/** `?name=value…`, or nothing. */
export function queryText(query: AdminRequest['query'] = {}): string {
  const given = Object.entries(query).filter((entry): entry is [string, string] => (entry[1] ?? '') !== '');
  return given.length === 0 ? '' : `?${new URLSearchParams(given)}`;
}
