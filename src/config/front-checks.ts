/**
 * Where the built-in front can stand: on a path that is nobody else's, for a server that is not the broker itself.
 *
 * Judged on the file as written, like all of checks.ts. Must never let one address have two meanings.
 */
import { parseUrl } from '../domain/parse-url.ts';
import { isLoopback } from './addresses.ts';
import { frontSettings } from './front-schema.ts';
import { valueAt } from './issues.ts';
import type { ProblemCode } from './problems.ts';
import { parseListener } from './scalars.ts';
import type { SettingPath } from './tree.ts';

type Report = (path: SettingPath, code: ProblemCode, problem: string, fix: string) => void;

/** First segments of the broker's own addresses, under the issuer's path or at the root. */
export const OWN_SEGMENTS: ReadonlySet<string> = new Set([
  ...['.well-known', 'account', 'admin', 'assets', 'authorize', 'callback', 'consent', 'healthz', 'help', 'introspect'],
  ...['jwks', 'language', 'metadata', 'metrics', 'preview', 'readyz', 'register', 'revoke', 'token', 'verify'],
]);

const PLAIN_PATH = /^(\/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+$/;

/** Reports every resource whose front would be ambiguous, unsafe or without effect. */
export function checkFronts(root: unknown, report: Report): void {
  const resources = valueAt(root, ['resources']);
  if (typeof resources !== 'object' || resources === null) return;
  for (const [key, resource] of Object.entries(resources)) {
    const at = (name: string): SettingPath => ['resources', key, name];
    const target = parsed(valueAt(resource, ['proxy_to']));
    if (valueAt(resource, ['proxy_to']) === undefined) withoutEffect(resource, at, report);
    if (target === undefined) continue;
    checkTarget(root, resource, target, at, report);
    checkPlace(root, resource, at, report);
    checkTools(resource, at, report);
  }
}

const parsed = (value: unknown): URL | undefined => (typeof value === 'string' ? parseUrl(value) : undefined);

type At = (name: string) => SettingPath;

function withoutEffect(resource: unknown, at: At, report: Report): void {
  for (const name of Object.keys(frontSettings)) {
    if (valueAt(resource, [name]) === undefined) continue;
    report(at(name), 'E130', `${name} has no effect without proxy_to`, 'add proxy_to, or remove it');
  }
}

function checkTarget(root: unknown, resource: unknown, target: URL, at: At, report: Report): void {
  const plainAllowed = [true, 'true'].includes(valueAt(resource, ['proxy_plain_http']) as boolean);
  if (target.protocol === 'http:' && !isLoopback(target) && !plainAllowed)
    report(
      at('proxy_to'),
      'E130',
      'proxy_to is plain http on another host, where people’s data would be readable on the way',
      'use https, or set proxy_plain_http: true when that network is yours alone',
    );
  const listen = parseListener(valueAt(root, ['listen']) ?? { host: '127.0.0.1', port: 8787 });
  const issuer = parsed(valueAt(root, ['issuer']));
  const ownPort =
    isLoopback(target) && listen !== undefined && listen.port !== 0 && Number(target.port) === listen.port;
  if (ownPort || target.origin === issuer?.origin)
    report(at('proxy_to'), 'E130', 'proxy_to is the broker itself', 'write the address of the MCP server');
}

function checkPlace(root: unknown, resource: unknown, at: At, report: Report): void {
  const issuer = parsed(valueAt(root, ['issuer']));
  const url = parsed(valueAt(resource, ['url']));
  const problem = issuer === undefined || url === undefined ? undefined : placeProblem(issuer, url);
  if (problem !== undefined)
    report(at('url'), 'E130', problem, 'choose a path such as /mcp/notes, or a host name of its own');
}

/** On the issuer's origin a front is told by its path; elsewhere by its host, which has to be another than the issuer's. */
function placeProblem(issuer: URL, url: URL): string | undefined {
  if (url.search !== '') return 'behind the built-in front a resource has no query';
  if (url.pathname !== '/' && !PLAIN_PATH.test(url.pathname))
    return 'this path has more than letters, digits, . _ ~ and -';
  if (url.origin !== issuer.origin)
    return url.host === issuer.host ? 'this is the issuer’s host with another scheme' : undefined;
  const base = issuer.pathname.replace(/\/$/, '');
  const below = url.pathname.startsWith(`${base}/`) ? url.pathname.slice(base.length) : '/';
  const own = [url.pathname, below].some((path) => OWN_SEGMENTS.has(path.split('/')[1]?.toLowerCase() ?? ''));
  return own || url.pathname === '/' || url.pathname === base
    ? `${url.pathname} is where the broker’s own addresses are`
    : undefined;
}

function checkTools(resource: unknown, at: At, report: Report): void {
  const tools = valueAt(resource, ['tools']);
  const scopes = Object.keys((valueAt(resource, ['scopes']) as object | undefined) ?? {});
  if (typeof tools !== 'object' || tools === null) return;
  for (const [tool, needed] of Object.entries(tools)) {
    for (const scope of Array.isArray(needed) ? needed : []) {
      if (typeof scope !== 'string' || scopes.includes(scope)) continue;
      report([...at('tools'), tool], 'E130', `"${scope}" is not a scope of this resource`, 'define it under scopes');
    }
  }
}
