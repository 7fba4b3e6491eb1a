/**
 * One line for an MCP server in TypeScript: whether a request may pass, or the response to give instead.
 *
 * Web-standard Request and Response, so that it fits any framework. The token comes from the Authorization header alone
 * (RFC 6750 section 2.1); challenges are those of RFC 9728 and MCP authorization. Must never let anybody pass on a guess.
 */
import { bearerChallenge, bearerToken, type ChallengeError, describeRefusal } from '../domain/challenge.ts';
import { resourceMetadataUrl } from '../domain/resource-metadata.ts';
import { introspected } from './introspected.ts';
import type { Caller, FindCaller, VerifyOptions } from './options.ts';
import { signed } from './signed.ts';

export type Verification =
  | { readonly ok: true; readonly caller: Caller }
  /** To be answered as it is. */
  | { readonly ok: false; readonly response: Response };

const finders = new WeakMap<VerifyOptions, FindCaller>();

/** What is known of tokens and keys belongs to one object of options: make it once, not per request. */
function finderOf(options: VerifyOptions): FindCaller {
  const known = finders.get(options);
  if (known !== undefined) return known;
  const made = options.introspection === undefined ? signed(options) : introspected(options, options.introspection);
  finders.set(options, made);
  return made;
}

/** Scopes an operation needs, or how to find out; that is done only for a caller whose token is right. */
export type NeededScopes = readonly string[] | (() => readonly string[] | Promise<readonly string[]>);

/** Whether this request may do what needs these scopes. Rejects only as a function that is given for them does. */
export async function verifyRequest(
  request: Pick<Request, 'headers'>,
  options: VerifyOptions,
  needed: NeededScopes = [],
): Promise<Verification> {
  const token = bearerToken(request.headers.get('authorization') ?? undefined);
  const known = typeof needed === 'function' ? [] : needed;
  if (token === undefined) return refused(401, undefined, options, known);
  const finding = token === '' ? ({ state: 'not_live' } as const) : await finderOf(options)(token);
  if (finding.state === 'unavailable') return { ok: false, response: unavailable() };
  if (finding.state === 'not_live') return refused(401, 'invalid_token', options, known);
  const scopes = typeof needed === 'function' ? await needed() : needed;
  const held = withImplied(finding.caller.scopes, options.implies ?? {});
  if (scopes.every((scope) => held.has(scope))) return { ok: true, caller: finding.caller };
  return refused(403, 'insufficient_scope', options, scopes);
}

function withImplied(scopes: readonly string[], implies: NonNullable<VerifyOptions['implies']>): ReadonlySet<string> {
  const held = new Set<string>();
  const add = (scope: string) => {
    if (held.has(scope)) return;
    held.add(scope);
    if (Object.hasOwn(implies, scope)) for (const implied of implies[scope] ?? []) add(implied);
  };
  for (const scope of scopes) add(scope);
  return held;
}

function refused(
  status: 401 | 403,
  error: ChallengeError | undefined,
  options: VerifyOptions,
  scopes: readonly string[],
): Verification {
  const metadataUrl = options.metadataUrl ?? resourceMetadataUrl({ url: options.resource });
  const asked = scopes.length > 0 ? scopes : (options.defaultScopes ?? []);
  const headers = {
    'Cache-Control': 'no-store',
    'WWW-Authenticate': bearerChallenge({ metadataUrl, scopes: asked }, error),
    'Access-Control-Expose-Headers': 'WWW-Authenticate',
  };
  const body = error === undefined ? undefined : { error, error_description: describeRefusal(error) };
  const response =
    body === undefined ? new Response(null, { status, headers }) : Response.json(body, { status, headers });
  return { ok: false, response };
}

const unavailable = (): Response =>
  Response.json(
    { error: 'temporarily_unavailable', error_description: 'The token cannot be checked now' },
    { status: 503, headers: { 'Cache-Control': 'no-store', 'Retry-After': '2' } },
  );
