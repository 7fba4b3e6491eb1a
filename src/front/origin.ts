/**
 * Which web pages may call an MCP server through the built-in front (MCP transports, DNS rebinding; Fetch, CORS protocol).
 *
 * Programs send no `Origin` and pass. A page passes when its origin is listed, and then may read the challenge. Must never
 * answer with an origin that is not allowed, nor let a page send cookies (requirement D-18, threat T-G15).
 */

const METHODS = 'GET, POST, DELETE';
const READABLE = 'WWW-Authenticate, Mcp-Session-Id, Mcp-Protocol-Version, Retry-After';
/** Beside these, names that begin with `mcp-`. */
const SENDABLE = new Set(['accept', 'authorization', 'content-type', 'last-event-id', 'traceparent', 'tracestate']);

export type OriginVerdict =
  | { readonly allowed: true; readonly headers: Readonly<Record<string, string>> }
  | { readonly allowed: false };

/** `origin` is the header as it came; `anyLoopback` lets every page of this computer in. */
export function judgeOrigin(
  origin: string | undefined,
  settings: { readonly allowed: readonly string[]; readonly anyLoopback: boolean },
): OriginVerdict {
  const vary = { vary: 'Origin' };
  if (origin === undefined) return { allowed: true, headers: vary };
  if (!settings.allowed.includes(origin) && !(settings.anyLoopback && isLoopbackOrigin(origin)))
    return { allowed: false };
  return {
    allowed: true,
    headers: { ...vary, 'access-control-allow-origin': origin, 'access-control-expose-headers': READABLE },
  };
}

const isLoopbackOrigin = (origin: string): boolean =>
  /^https?:\/\/(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?$/.test(origin);

/** What a preflight is answered, beside the verdict's own headers. */
export function preflightHeaders(asked: string | undefined, pass: readonly string[]): Record<string, string> {
  const names = (asked ?? '')
    .toLowerCase()
    .split(',')
    .map((name) => name.trim());
  const granted = names.filter((name) => SENDABLE.has(name) || /^mcp-[a-z0-9-]+$/.test(name) || pass.includes(name));
  return {
    'access-control-allow-methods': METHODS,
    'access-control-allow-headers': (granted.length > 0 ? granted : [...SENDABLE]).join(', '),
    'access-control-max-age': '600',
  };
}
