/**
 * Scopes: parsing (RFC 6749 3.3), hierarchy, what a request asks for, what a person's choice grants, what goes upstream.
 *
 * Must never grant a scope that the resource does not define or that the page did not show.
 */
import type { Resource } from './types.ts';

/** RFC 6749 3.3: printable ASCII without space, quote and backslash. */
const SCOPE_TOKEN = /^[\x21\x23-\x5b\x5d-\x7e]+$/;

/** Distinct scope tokens in request order, or undefined when one is malformed. */
export function parseScope(text: string): readonly string[] | undefined {
  const tokens = text.split(' ').filter((token) => token !== '');
  return tokens.every((token) => SCOPE_TOKEN.test(token)) ? [...new Set(tokens)] : undefined;
}

export const formatScope = (scopes: readonly string[]): string => scopes.join(' ');

export const isSubset = (part: readonly string[], whole: readonly string[]): boolean =>
  part.every((scope) => whole.includes(scope));

/** The scopes with everything they imply, transitively. */
export function withImplied(scopes: readonly string[], resource: Resource): readonly string[] {
  const all = new Set<string>();
  const visit = (name: string) => {
    if (all.has(name)) return;
    all.add(name);
    for (const implied of resource.scopes.get(name)?.implies ?? []) visit(implied);
  };
  for (const scope of scopes) visit(scope);
  return [...all];
}

/** Scopes that OpenID clients add by habit; no resource needs to define them, and they grant nothing at a resource. */
const IGNORED = new Set(['openid', 'profile', 'email', 'offline_access']);

export type RequestedScopes =
  | { readonly ok: true; readonly scopes: readonly string[]; readonly offline: boolean }
  | { readonly ok: false; readonly unknown: readonly string[] };

/**
 * What the request asks of the resource. No scope asked means the resource's default ones.
 * Unknown scopes refuse the request rather than shrink it, so that nobody is surprised later.
 */
export function requestedScopes(text: string | undefined, resource: Resource): RequestedScopes {
  const parsed = parseScope(text ?? '');
  if (parsed === undefined) return { ok: false, unknown: [text ?? ''] };
  const offline = parsed.includes('offline_access');
  const asked = parsed.filter((scope) => resource.scopes.has(scope) || !IGNORED.has(scope));
  const unknown = asked.filter((scope) => !resource.scopes.has(scope));
  if (unknown.length > 0) return { ok: false, unknown };
  const scopes = asked.length > 0 ? asked : defaultScopes(resource);
  return { ok: true, scopes, offline };
}

/** The scopes marked default; where none is, every scope that only views. */
export function defaultScopes(resource: Resource): readonly string[] {
  const all = [...resource.scopes.values()];
  const marked = all.filter((scope) => scope.default);
  return (marked.length > 0 ? marked : all.filter((scope) => scope.risk === 'view')).map((scope) => scope.name);
}

/** What an Allow grants: every requested scope the person could not untick, and the optional ones they ticked. */
export function chosenScopes(
  requested: readonly string[],
  ticked: readonly string[],
  resource: Resource,
): readonly string[] {
  return requested.filter((name) => {
    const definition = resource.scopes.get(name);
    return definition !== undefined && (!definition.optional || ticked.includes(name));
  });
}

/** The third party's scopes that these need, each once, in definition order. */
export function upstreamScopes(scopes: readonly string[], resource: Resource): readonly string[] {
  return [...new Set(withImplied(scopes, resource).flatMap((name) => resource.scopes.get(name)?.upstream ?? []))];
}

/** What each upstream scope includes, by name. */
export type ScopeHierarchy = Readonly<Record<string, readonly string[]>>;

/**
 * What the third party's grant leaves of ours: each scope whose upstream scopes, its own and those it implies, were all
 * granted; of another, the implied ones that still hold. Scopes that need nothing upstream always hold. Never wider.
 */
export function grantableScopes(
  scopes: readonly string[],
  upstreamGranted: readonly string[],
  resource: Resource,
  hierarchy: ScopeHierarchy,
): readonly string[] {
  const covered = withIncluded(upstreamGranted, hierarchy);
  const holds = (name: string) => upstreamScopes([name], resource).every((needed) => covered.has(needed));
  const left = scopes.filter(holds);
  for (const name of withImplied(scopes, resource)) {
    if (holds(name) && !withImplied(left, resource).includes(name)) left.push(name);
  }
  return left;
}

/** The scopes with everything they include at the upstream, transitively. */
export function withIncluded(granted: readonly string[], hierarchy: ScopeHierarchy): ReadonlySet<string> {
  const all = new Set<string>();
  const visit = (name: string) => {
    if (all.has(name)) return;
    all.add(name);
    if (Object.hasOwn(hierarchy, name)) for (const included of hierarchy[name] ?? []) visit(included);
  };
  for (const name of granted) visit(name);
  return all;
}
