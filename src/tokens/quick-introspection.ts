/**
 * The quick way to a yes at `POST /introspect`, ahead of everything that other answers need.
 *
 * For the plain form that servers send: HTTP Basic, `token` and at most a hint. Yes is counted and not logged; all else,
 * every no included, goes on to the endpoint, which judges from the beginning. Must never answer anything but a yes that
 * the endpoint would give.
 */
import type { IncomingMessage } from 'node:http';
import type { ResourceConfig } from '../config/config.ts';
import type { AppDeps, KnownToken } from '../ports.ts';
import { headerOf, type QuickAnswer, sendPrepared } from '../security/quick-answer.ts';
import { hashSecret } from '../security/secrets.ts';
import { resourceOfBasic } from './client-authentication.ts';
import { preparedIntrospection } from './introspection-answer.ts';

const PLAIN_FORM = /^token=([A-Za-z0-9._~-]{1,4096})(?:&token_type_hint=access_token)?$/;
const MAX_FORM = 8192;
/** Spellings of right credentials remembered at once. */
const CALLERS = 256;

export function quickIntrospection(deps: AppDeps): QuickAnswer {
  const callerOf = rememberedCallers(deps);
  const count = deps.metrics.requests('POST', '/introspect', 200);
  return (request, response, handBack) => {
    const startedAt = performance.now();
    const authorization = isPlain(request) ? headerOf(request, 'authorization') : undefined;
    const resource = authorization === undefined ? undefined : callerOf(authorization);
    if (resource === undefined) return 'left';

    const answer = (known: KnownToken | undefined, body: Buffer) => {
      if (known === undefined || known.access.resource !== resource.key) return handBack(body);
      const { flat, body: said } = preparedIntrospection(known, resource, deps);
      sendPrepared(response, flat, said);
      count((performance.now() - startedAt) / 1000);
    };
    whenRead(request, (body) => {
      const token = PLAIN_FORM.exec(body.toString('latin1'))?.[1];
      if (token === undefined) return handBack(body);
      const found = deps.knownTokens.find(hashSecret(token), deps.now());
      if (!(found instanceof Promise)) return answer(found, body);
      // Trouble of the store is for the endpoint, which asks again and says so.
      found.then(
        (known) => answer(known, body),
        () => handBack(body),
      );
    });
    return 'taken';
  };
}

/** A form of an announced, small length. Node reads no more than was announced. */
const isPlain = (request: IncomingMessage): boolean =>
  headerOf(request, 'content-type') === 'application/x-www-form-urlencoded' &&
  Number(headerOf(request, 'content-length')) <= MAX_FORM;

/** The whole body; never when its sender goes away before the end. */
function whenRead(request: IncomingMessage, done: (body: Buffer) => void): void {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => done(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)));
}

/** Whose credential an `Authorization` header shows; right ones are remembered by their hash. */
function rememberedCallers(deps: AppDeps): (header: string) => ResourceConfig | undefined {
  const callers = new Map<string, ResourceConfig>();
  return (header) => {
    const key = hashSecret(header);
    const known = callers.get(key);
    if (known !== undefined) return known;
    const resource = resourceOfBasic(header, deps);
    if (resource === undefined) return undefined;
    if (callers.size >= CALLERS) callers.clear();
    callers.set(key, resource);
    return resource;
  };
}
