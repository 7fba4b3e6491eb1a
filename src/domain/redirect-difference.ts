/** In which part a requested redirect differs from the nearest registered one; for words, never for a match. */
import { parseUrl } from './parse-url.ts';

export type RedirectDifference = 'scheme' | 'host' | 'port' | 'trailing slash' | 'letter case' | 'path' | 'query';

const PARTS = ['scheme', 'host', 'port', 'path', 'query'] as const;

/** The part that is mended first to be near the registered address that has most in common; undefined where none is comparable. */
export function redirectDifference(asked: string, registered: readonly string[]): RedirectDifference | undefined {
  const wanted = partsOf(asked);
  if (wanted === undefined) return undefined;
  const known = registered.flatMap((uri) => partsOf(uri) ?? []);
  const shared = (parts: Parts) => {
    const first = PARTS.findIndex((part) => parts[part] !== wanted[part]);
    return first < 0 ? PARTS.length : first;
  };
  const nearest = known.sort((left, right) => shared(right) - shared(left))[0];
  if (nearest === undefined) return undefined;
  const part = PARTS[shared(nearest)];
  if (part !== 'path') return part;
  if (bare(wanted.path) === bare(nearest.path)) return 'trailing slash';
  return wanted.path.toLowerCase() === nearest.path.toLowerCase() ? 'letter case' : 'path';
}

type Parts = Readonly<Record<(typeof PARTS)[number], string>>;

function partsOf(uri: string): Parts | undefined {
  const url = parseUrl(uri);
  if (url === undefined) return undefined;
  const { protocol, hostname, port, pathname, search } = url;
  // Any port is the registered one on loopback (RFC 8252 7.3).
  const loopback = protocol === 'http:' && ['localhost', '127.0.0.1', '[::1]'].includes(hostname);
  return { scheme: protocol, host: hostname, port: loopback ? '' : port, path: pathname, query: search };
}

/** Without the slashes at its end. A regular expression would try each slash of a long row anew. */
function bare(path: string): string {
  let end = path.length;
  while (path[end - 1] === '/') end -= 1;
  return path.slice(0, end);
}
