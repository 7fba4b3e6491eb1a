/**
 * Which scopes an operation needs, told from its method and path as the backend will read them (requirements D-14, D-16;
 * threats T-G03, T-G06).
 *
 * A path that two readers could take for different ones is refused, not normalised: dot segments, doubled or encoded
 * slashes, backslashes, path parameters, a second layer of escapes, anything but ASCII. So is one that only another case or a
 * trailing slash would bring under another rule. Must never look at the query, but to see that no token is in it.
 */

export interface AccessRule {
  /** In capitals; none stands for all. */
  readonly methods: readonly string[];
  /** Exact, or with `/*` at its end for the path before it and all below. */
  readonly path: string;
  /** All scopes the operation needs. */
  readonly scopes: readonly string[];
}

export interface Operation {
  readonly method: string;
  /** Path and query as the proxy received them, or an absolute address. */
  readonly target: string;
}

export type Requirement =
  | { readonly kind: 'scopes'; readonly scopes: readonly string[] }
  /** No backend and no rule can be sure what is meant, or no rule speaks of it. */
  | { readonly kind: 'refused'; readonly reason: string }
  /** An access token came in the query, where it is logged by everybody on its way (RFC 6750 section 2.3). */
  | { readonly kind: 'token_in_query' };

const refused = (reason: string): Requirement => ({ kind: 'refused', reason });

/** What the operation needs by these rules, of which there is at least one. */
export function requirementOf(operation: Operation, rules: readonly AccessRule[]): Requirement {
  const method = operation.method;
  if (!/^[A-Z]{1,20}$/.test(method)) return refused('the method is not a plain one');
  const [rawPath = '', ...queries] = operation.target.split('?');
  if (queries.some(namesToken)) return { kind: 'token_in_query' };
  const path = plainPath(rawPath);
  if (path === undefined) return refused('the path can be read in more than one way');
  const exact = rules.find((rule) => fits(rule, method, path));
  if (exact === undefined) return refused('no rule speaks of this operation');
  const folded = rules.find((rule) => fitsFolded(rule, method, path));
  return exact === folded
    ? { kind: 'scopes', scopes: exact.scopes }
    : refused('in another case or without the slash at its end the path is under another rule');
}

const namesToken = (query: string): boolean =>
  query.split(/[&;]/).some((pair) => decoded(pair.split('=')[0] ?? '')?.toLowerCase() === 'access_token');

/** The path with its escapes undone, or undefined when a backend could read it in another way. */
function plainPath(raw: string): string | undefined {
  if (!raw.startsWith('/') || /%(2f|5c|00)/i.test(raw)) return undefined;
  const path = decoded(raw);
  if (path === undefined || !/^[\x20-\x7e]*$/.test(path) || /[\\;%#?]/.test(path)) return undefined;
  const segments = path.split('/').slice(1);
  const last = segments.length - 1;
  const odd = segments.some((segment, index) => /^\.+$/.test(segment) || (segment === '' && index !== last));
  return odd ? undefined : path;
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

function fits({ methods, path: pattern }: AccessRule, method: string, path: string): boolean {
  if (methods.length > 0 && !methods.includes(method)) return false;
  if (!pattern.endsWith('/*')) return path === pattern;
  const base = pattern.slice(0, -2);
  return path === base || path.startsWith(`${base}/`);
}

const folded = (path: string): string => path.toLowerCase().replace(/(.)\/$/, '$1');

const fitsFolded = (rule: AccessRule, method: string, path: string): boolean =>
  fits({ ...rule, path: folded(rule.path) }, method, folded(path));
