/**
 * What a token endpoint's answer says (RFC 6749 5.1, 5.2), in whichever of the known shapes it says it.
 *
 * Tolerates what servers do (200 with an error, form-encoded answers, no token type, scopes with commas or as a list,
 * tokens one level down), and nothing else. Must never take a token of another type than the preset names.
 */
import type { Seconds } from '../domain/types.ts';
import type { UpstreamTokens } from './connector.ts';
import type { ProviderFacts } from './provider.ts';
import { nonsense, refused, uniqueScopes } from './upstream-call.ts';

export type Fields = Readonly<Record<string, unknown>>;

export const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value : undefined;

const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The value under a dotted path: a member of exactly that name, or one level down for each dot. */
export function valueAt(fields: Fields, path: string): unknown {
  if (Object.hasOwn(fields, path)) return fields[path];
  const dot = path.indexOf('.');
  if (dot < 0) return undefined;
  const name = path.slice(0, dot);
  const inner = Object.hasOwn(fields, name) ? fields[name] : undefined;
  return isObject(inner) ? valueAt(inner, path.slice(dot + 1)) : undefined;
}

/** A token answer as JSON or as form fields, whichever the body is. */
export async function readFields(response: Response): Promise<Fields> {
  const text = (await response.text()).trim();
  if (text.startsWith('{')) return parseObject(text);
  const type = response.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase();
  if (type !== 'application/x-www-form-urlencoded' && type !== 'text/plain')
    throw nonsense('token answer is neither JSON nor a form');
  return Object.fromEntries(new URLSearchParams(text));
}

/**
 * JSON with long integers kept as text: read as numbers they would lose their last digits, and two people could
 * become one.
 */
export function parseObject(text: string): Fields {
  if (!isObject(parseJson(text))) throw nonsense('answer is not an object');
  const exact = text.replace(/"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g, (token) =>
    /^-?\d{16,}$/.test(token) ? `"${token}"` : token,
  );
  return parseJson(exact) as Fields;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw nonsense('answer is not JSON');
  }
}

/** The error code of an answer; some call the member `code`. */
export const errorIn = (fields: Fields, status: number): string | undefined =>
  textOf(fields.error) ?? (status >= 400 ? textOf(fields.code) : undefined);

/** The refusal in an answer, if it is one; the provider's own words for a dead grant become `invalid_grant`. */
export function requireSuccess(fields: Fields, status: number, facts: ProviderFacts): void {
  const error = errorIn(fields, status);
  if (error !== undefined) {
    const ended = facts.tokenAnswer.endedErrors.includes(error);
    throw refused(ended ? 'invalid_grant' : error, `token endpoint, status ${status}`);
  }
  if (status !== 200 && status !== 201) throw nonsense(`token endpoint answered ${status} without an error`);
}

/** The person's tokens. `asked` are the scopes of the request; `now` is epoch seconds. */
export function readTokens(
  fields: Fields,
  facts: ProviderFacts,
  asked: readonly string[],
  now: Seconds,
): UpstreamTokens {
  const { at, types } = facts.tokenAnswer;
  const nested = at === undefined ? undefined : valueAt(fields, at);
  const own = isObject(nested) && textOf(nested.access_token) !== undefined ? nested : fields;
  const accessToken = textOf(own.access_token);
  if (accessToken === undefined) throw nonsense('no access token');
  const tokenType = (
    textOf(own.token_type) ??
    (at === undefined || own === nested ? types[0] : '') ??
    ''
  ).toLowerCase();
  if (!types.includes(tokenType)) throw nonsense('unknown token type');
  const lifetime = Number(own.expires_in ?? Number.NaN);
  return {
    accessToken,
    refreshToken: textOf(own.refresh_token),
    tokenType: 'bearer',
    accessExpiresAt: Number.isFinite(lifetime) && lifetime > 0 ? now + Math.floor(lifetime) : undefined,
    scopes: grantedScopes(reportedScopes(own.scope), asked, facts),
  };
}

function reportedScopes(scope: unknown): readonly string[] | undefined {
  if (typeof scope === 'string') return uniqueScopes(scope.split(/[\s,]+/).filter((one) => one !== ''));
  return Array.isArray(scope) ? uniqueScopes(scope.filter((one) => typeof one === 'string')) : undefined;
}

/** What was granted: as reported, with the scopes this provider grants in silence or names without their prefix. */
export function grantedScopes(
  reported: readonly string[] | undefined,
  asked: readonly string[],
  facts: ProviderFacts,
): readonly string[] {
  const { reportsScope, unreportedScopes, scopePrefix } = facts.tokenAnswer;
  if (reported === undefined || !reportsScope) return asked;
  const silent = asked.filter((scope) => unreportedScopes.includes(scope));
  const shortened = asked.filter(
    (scope) =>
      scopePrefix !== undefined && scope.startsWith(scopePrefix) && reported.includes(scope.slice(scopePrefix.length)),
  );
  return uniqueScopes(reported, silent, shortened);
}
