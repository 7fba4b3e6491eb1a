/**
 * How anything leaves towards a browser: pages under their policy, and every `Location` and `Refresh` we ever send.
 *
 * A redirect goes to our own pages, to a ClientAnswer, or to the upstream a connector named; there is no fourth way
 * (RFC 9700 4.11, 4.12: 303 after a form, never 307).
 */
import type { Context } from 'hono';
import type { Child } from 'hono/jsx';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { documentOf } from '../../views/layout.tsx';
import type { ClientAnswer } from '../domain/types.ts';
import type { AppDeps, AppEnv } from '../ports.ts';
import { pageHeaders } from '../security/page-policy.ts';

export interface PageOptions {
  readonly status?: ContentfulStatusCode;
  readonly hasForm?: boolean;
  readonly isolated?: boolean;
  /** Where the page goes by itself at once; the page also shows it as a link. */
  readonly continueTo?: ClientAnswer | URL;
  readonly retryAfter?: number;
}

/** Answers one HTML page. */
export function answerPage(c: Context<AppEnv>, deps: AppDeps, page: Child, options: PageOptions = {}): Response {
  const policy = {
    hasForm: options.hasForm ?? false,
    isolated: options.isolated ?? false,
    secure: !deps.config.plainHttp,
  };
  for (const [name, value] of Object.entries(pageHeaders(policy))) c.header(name, value);
  if (options.continueTo !== undefined) c.header('Refresh', `0; url=${String(options.continueTo)}`);
  if (options.retryAfter !== undefined) c.header('Retry-After', String(options.retryAfter));
  return c.body(documentOf(page), options.status ?? 200);
}

/** 303 to a page of ours; `path` begins with a slash. */
export function seeOwnPage(c: Context<AppEnv>, deps: AppDeps, path: string): Response {
  return see(c, ownPath(deps, path));
}

/** 303 to an https or loopback client. Private schemes get a page instead (ruling 2). */
export const seeClient = (c: Context<AppEnv>, answer: ClientAnswer): Response => see(c, answer);

/** 303 to a page of the console, which may be below another base than the issuer's. */
export const seeConsolePage = (c: Context<AppEnv>, base: string, path: string): Response => see(c, `${base}${path}`);

/** The path under the issuer's own path. */
export const ownPath = (deps: AppDeps, path: string): string =>
  `${new URL(deps.config.issuer).pathname.replace(/\/$/, '')}${path}`;

function see(c: Context<AppEnv>, location: string): Response {
  c.header('Cache-Control', 'no-store');
  c.header('Referrer-Policy', 'no-referrer');
  c.header('Location', location);
  return c.body(null, 303);
}
