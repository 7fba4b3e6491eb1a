/**
 * The quick way to a yes at `/introspect`, ahead of everything that other answers need.
 *
 * For the plain form that servers send: HTTP Basic, `token` and at most a hint. Yes is counted and not logged; all else,
 * every no included, goes on to the endpoint, which judges from the beginning. Must never answer anything but a yes that
 * the endpoint would give.
 */
import type { Handler } from 'hono';
import type { ResourceConfig } from '../config/config.ts';
import type { AppDeps, AppEnv } from '../ports.ts';
import { readText, sentHeaders } from '../security/parameters.ts';
import { hashSecret } from '../security/secrets.ts';
import { resourceOfBasic } from './client-authentication.ts';
import { answerActive } from './introspection-answer.ts';

const PLAIN_FORM = /^token=([A-Za-z0-9._~-]{1,4096})(?:&token_type_hint=access_token)?$/;
const MAX_FORM = 8192;
/** Spellings of right credentials remembered at once. */
const CALLERS = 256;

export function quickIntrospection(deps: AppDeps): Handler<AppEnv> {
  const callers = new Map<string, ResourceConfig>();
  const callerOf = (header: string): ResourceConfig | undefined => {
    const key = hashSecret(header);
    const known = callers.get(key);
    if (known !== undefined) return known;
    const resource = resourceOfBasic(header, deps);
    if (resource === undefined) return undefined;
    if (callers.size >= CALLERS) callers.clear();
    callers.set(key, resource);
    return resource;
  };

  return async (c, next) => {
    const startedAt = performance.now();
    const sent = sentHeaders(c);
    const authorization = sent('authorization');
    const plain =
      sent('content-type') === 'application/x-www-form-urlencoded' &&
      Number(sent('content-length')) <= MAX_FORM &&
      !c.req.url.includes('?');
    const resource = plain && authorization !== undefined ? callerOf(authorization) : undefined;
    if (resource === undefined) return next();
    const token = PLAIN_FORM.exec((await readText(c, MAX_FORM)) ?? '')?.[1];
    if (token === undefined) return next();
    const known = await foundOrNot(deps.knownTokens.find(hashSecret(token), deps.now()));
    if (known === undefined || known.access.resource !== resource.key) return next();
    deps.metrics.request('POST', '/introspect', 200, (performance.now() - startedAt) / 1000);
    return answerActive(known, resource, deps);
  };
}

/** Trouble of the store is for the endpoint, which asks again and says so. */
async function foundOrNot<T>(found: T | Promise<T | undefined>): Promise<T | undefined> {
  try {
    return await found;
  } catch {
    return undefined;
  }
}
