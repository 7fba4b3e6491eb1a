/**
 * Which headers cross the built-in front, both ways: those of MCP and those that describe a body, and no others.
 *
 * Lists of what may pass, not of what may not: a client's `X_Broker_User` or `X.Broker.User`, cookies and hop-by-hop
 * headers (RFC 9110 7.6.1) never pass because nothing names them (threat T-G05). An answer may sit on the broker's own
 * origin, so it may set no cookie and no policy there, and runs nothing when a browser opens it.
 */
import type { ServerAnswer } from './dial.ts';

const FROM_CLIENTS = new Set(['accept', 'accept-language', 'last-event-id', 'traceparent', 'tracestate', 'user-agent']);
const FROM_SERVERS = new Set(['allow', 'content-language', 'retry-after', 'x-accel-buffering']);
/** Hyphens alone: servers that fold `_` into `-` would take `mcp_method` for another header. */
const OF_MCP = /^mcp-[a-z0-9-]+$/;

/** The request's headers for the server: what passes, who asks, and nothing else. Names in lower case. */
export function requestHeaders(
  from: Headers,
  identity: Readonly<Record<string, string>>,
  options: { readonly pass: readonly string[]; readonly hasBody: boolean },
): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of from) {
    if (FROM_CLIENTS.has(name) || OF_MCP.test(name) || options.pass.includes(name)) headers[name] = value;
  }
  headers['accept-encoding'] = 'identity';
  if (options.hasBody) headers['content-type'] = 'application/json';
  return Object.assign(headers, identity);
}

/** The answer's headers for the client. */
export function answerHeaders(answer: ServerAnswer): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(answer.headers)) {
    if (value === undefined || !(FROM_SERVERS.has(name) || OF_MCP.test(name))) continue;
    for (const one of [value].flat()) headers.append(name, one);
  }
  const type = singleHeader(answer, 'content-type');
  if (type !== undefined) headers.set('content-type', type);
  headers.set('cache-control', 'no-store, no-transform');
  headers.set('x-content-type-options', 'nosniff');
  headers.set('content-security-policy', "default-src 'none'; frame-ancestors 'none'; sandbox");
  return headers;
}

/** A header that must not come twice: the first value. */
export function singleHeader(answer: ServerAnswer, name: string): string | undefined {
  const value = answer.headers[name];
  return typeof value === 'string' || value === undefined ? value : value[0];
}
