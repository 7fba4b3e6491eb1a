/**
 * A browser's cookie jar in small (RFC 6265bis): host-only cookies by host name, path and age.
 *
 * As in a browser, a port does not separate cookies. `Domain` is not supported: nothing here may share across hosts.
 */
import type { FetchSite } from './exchange.ts';

interface Cookie {
  readonly host: string;
  readonly path: string;
  readonly name: string;
  readonly value: string;
  readonly sameSite: string;
  /** Epoch milliseconds; Infinity for a session cookie. */
  readonly expiresAt: number;
}

export interface CookieJar {
  /** The `Cookie` header for a navigation, or undefined when there is nothing to send. */
  header(url: URL, method: 'GET' | 'POST', site: FetchSite): string | undefined;
  store(url: URL, setCookies: readonly string[]): void;
}

export function createCookieJar(): CookieJar {
  let cookies: Cookie[] = [];
  return {
    header(url, method, site) {
      const sent = cookies.filter(
        (cookie) =>
          cookie.host === url.hostname &&
          pathMatches(url.pathname, cookie.path) &&
          cookie.expiresAt > Date.now() &&
          sameSiteAllows(cookie.sameSite, method, site),
      );
      sent.sort((one, other) => other.path.length - one.path.length);
      return sent.length === 0 ? undefined : sent.map(({ name, value }) => `${name}=${value}`).join('; ');
    },
    store(url, setCookies) {
      for (const text of setCookies) {
        const cookie = readCookie(url, text);
        const replaced = ({ host, path, name }: Cookie) =>
          host === cookie.host && path === cookie.path && name === cookie.name;
        cookies = [...cookies.filter((old) => !replaced(old)), cookie];
      }
    },
  };
}

function readCookie(url: URL, text: string): Cookie {
  const [pair = '', ...parts] = text.split(';');
  const attributes = new Map(
    parts.map((part) => splitAtEquals(part)).map(([name, value]) => [name.toLowerCase(), value]),
  );
  const [name, value] = splitAtEquals(pair);
  const path = attributes.get('path');
  return {
    host: url.hostname,
    path: path?.startsWith('/') ? path : url.pathname.replace(/\/[^/]*$/, '') || '/',
    name,
    value,
    sameSite: attributes.get('samesite')?.toLowerCase() ?? 'lax',
    expiresAt: expiry(attributes.get('max-age'), attributes.get('expires')),
  };
}

function expiry(maxAge: string | undefined, expires: string | undefined): number {
  if (maxAge !== undefined) return Date.now() + Number(maxAge) * 1_000;
  return expires === undefined ? Number.POSITIVE_INFINITY : Date.parse(expires);
}

function splitAtEquals(text: string): [string, string] {
  const at = text.indexOf('=');
  return at < 0 ? [text.trim(), ''] : [text.slice(0, at).trim(), text.slice(at + 1).trim()];
}

const pathMatches = (path: string, of: string): boolean =>
  path === of || (path.startsWith(of) && (of.endsWith('/') || path[of.length] === '/'));

function sameSiteAllows(sameSite: string, method: 'GET' | 'POST', site: FetchSite): boolean {
  if (site !== 'cross-site' || sameSite === 'none') return true;
  return sameSite === 'lax' && method === 'GET';
}
