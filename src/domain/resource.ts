/**
 * Resource identifiers: which protected MCP server a request means (RFC 8707 section 2; MCP canonical server URI).
 *
 * Canonical form: scheme and host in lower case, the scheme's own port dropped, one slash of an empty path dropped;
 * path and query otherwise byte-exact. Look-up is exact: never by prefix, never by origin.
 */
import type { Resource } from './types.ts';

const SHAPE = /^(https?):\/\/(\[[0-9a-f:.]+\]|[^/?#@\\\s:]+)(?::(\d{1,5}))?([/?][^#\s]*)?$/i;

/** The canonical identifier, or undefined when the text is not an absolute http(s) URI without userinfo and fragment. */
export function canonicalResource(text: string): string | undefined {
  const match = SHAPE.exec(text);
  if (match === null) return undefined;
  const scheme = (match[1] ?? '').toLowerCase();
  const host = (match[2] ?? '').toLowerCase();
  const ownPort = scheme === 'https' ? '443' : '80';
  const port = match[3] === undefined || match[3] === ownPort ? '' : `:${match[3]}`;
  const rest = match[4] === undefined || match[4] === '/' ? '' : match[4];
  return `${scheme}://${host}${port}${rest}`;
}

/** The resource with this identifier or alias, after canonicalisation. */
export function findResource<R extends Resource>(resources: Iterable<R>, requested: string): R | undefined {
  const canonical = canonicalResource(requested);
  if (canonical === undefined) return undefined;
  for (const resource of resources) {
    if (resource.url === canonical || resource.aliases.includes(canonical)) return resource;
  }
  return undefined;
}
