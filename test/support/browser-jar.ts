/**
 * A browser for tests, reduced to what OAuth sees of one: cookies, navigations one hop at a time, fetch metadata.
 *
 * Follows no redirect by itself and runs no script. It speaks node:http, so that no fetch implementation stands
 * between a test and the bytes of an answer.
 */
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { buffer } from 'node:stream/consumers';

export interface JarResponse {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** The address that was asked. */
  readonly url: string;
  /** Where it points next: `Location`, or the address in a `Refresh` header; absolute. */
  readonly next: string | undefined;
}

export interface JarCookie {
  readonly name: string;
  readonly value: string;
  readonly path: string;
  readonly secure: boolean;
  readonly httpOnly: boolean;
  readonly sameSite: 'lax' | 'strict' | 'none';
  readonly expiresAt: number;
}

export interface JarOptions {
  /** Trusted besides the usual certificate authorities. */
  readonly ca?: string;
  /** Sent with every request. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Browsers share cookies between ports of a host; true keeps hosts with ports apart. Default true. */
  readonly isolatePorts?: boolean;
}

type Fields = Readonly<Record<string, string>> | readonly (readonly [string, string])[];
interface Navigation {
  readonly method: 'GET' | 'POST';
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** The page the navigation starts from; undefined is the address bar. */
  readonly from: string | undefined;
  /** Addresses that redirected to this one, in order. */
  readonly via?: readonly string[];
}

const REQUEST_MS = 15_000;

export class BrowserJar {
  readonly #cookies = new Map<string, Map<string, JarCookie>>();
  readonly #options: JarOptions;
  #page: string | undefined;
  /** The navigation under way: where it started and what it passed through. */
  #trip: { readonly from: string | undefined; readonly via: readonly string[] } = { from: undefined, via: [] };

  constructor(options: JarOptions = {}) {
    this.#options = options;
  }

  /** Types an address into the address bar: `Sec-Fetch-Site: none`. */
  get(url: string, headers: Readonly<Record<string, string>> = {}): Promise<JarResponse> {
    return this.#navigate(url, { method: 'GET', headers, from: undefined });
  }

  /** Clicks a link on the page shown last. */
  click(url: string, headers: Readonly<Record<string, string>> = {}): Promise<JarResponse> {
    return this.#navigate(url, { method: 'GET', headers, from: this.#page });
  }

  /** Submits a form from the page shown last; with no page yet, from the form's own origin. Headers given here win. */
  postForm(url: string, fields: Fields, headers: Readonly<Record<string, string>> = {}): Promise<JarResponse> {
    const entries: readonly (readonly [string, string])[] = Array.isArray(fields) ? fields : Object.entries(fields);
    const body = new URLSearchParams(entries.map(([name, value]): [string, string] => [name, value])).toString();
    return this.#navigate(url, { method: 'POST', body, headers, from: this.#page ?? url });
  }

  /** Takes the one step the response points to, by `Location` or `Refresh`. Throws when it points nowhere. */
  follow(response: JarResponse): Promise<JarResponse> {
    if (response.next === undefined) throw new Error(`${response.url} answered ${response.status} and points nowhere`);
    const redirected = response.headers.location !== undefined;
    return this.#navigate(response.next, { method: 'GET', ...(redirected ? this.#trip : { from: response.url }) });
  }

  /** Cookies this browser would send to the address, by name. */
  cookiesFor(url: string): ReadonlyMap<string, JarCookie> {
    const target = new URL(url);
    const stored = [...(this.#cookies.get(this.#host(target))?.values() ?? [])];
    const sent = stored.filter(
      (cookie) =>
        cookie.expiresAt > Date.now() &&
        (!cookie.secure || target.protocol === 'https:') &&
        pathMatches(target.pathname, cookie.path),
    );
    return new Map(sent.map((cookie) => [cookie.name, cookie]));
  }

  /** Plants or replaces a cookie, as an attacker with another subdomain or a test with a stolen value would. */
  setCookie(url: string, header: string): void {
    this.#store(new URL(url), header);
  }

  clearCookies(): void {
    this.#cookies.clear();
  }

  #host(url: URL): string {
    return this.#options.isolatePorts === false ? url.hostname : url.host;
  }

  async #navigate(address: string, navigation: Navigation): Promise<JarResponse> {
    const url = new URL(address);
    const via = navigation.via ?? [];
    const site = fetchSite(navigation.from, [...via, url.href]);
    const initiator = fetchSite(navigation.from, [url.href]);
    const cookies = [...this.cookiesFor(address).values()].filter((cookie) =>
      travels(cookie, initiator, navigation.method),
    );
    const headers: Record<string, string> = {
      accept: 'text/html,application/xhtml+xml',
      'sec-fetch-dest': 'document',
      'sec-fetch-mode': 'navigate',
      'sec-fetch-site': site,
      'sec-fetch-user': '?1',
      ...(cookies.length > 0 && { cookie: cookies.map(({ name, value }) => `${name}=${value}`).join('; ') }),
      ...(navigation.method === 'POST' && {
        origin: new URL(navigation.from ?? address).origin,
        'content-type': 'application/x-www-form-urlencoded',
        'content-length': String(Buffer.byteLength(navigation.body ?? '')),
      }),
      ...this.#options.headers,
      ...navigation.headers,
    };
    const { status, headers: received, body } = await this.#exchange(url, navigation, headers);
    for (const header of received['set-cookie'] ?? []) this.#store(url, header);
    const target =
      received.location ?? /^\s*\d+\s*[;,]\s*url\s*=\s*(.+)$/i.exec(received.refresh?.toString() ?? '')?.[1];
    if (received.location === undefined) this.#page = url.href;
    this.#trip = { from: navigation.from, via: [...via, url.href] };
    const next = target === undefined ? undefined : new URL(target.replace(/^["']|["']$/g, ''), url).href;
    return { status, headers: received, body, url: url.href, next };
  }

  async #exchange(url: URL, navigation: Navigation, headers: Record<string, string>) {
    const open = url.protocol === 'https:' ? httpsRequest : httpRequest;
    const options = {
      method: navigation.method,
      headers,
      timeout: REQUEST_MS,
      agent: false,
      ...(this.#options.ca && { ca: this.#options.ca }),
    };
    return new Promise<{ status: number; headers: IncomingHttpHeaders; body: string }>((resolve, reject) => {
      const outgoing = open(url, options, (incoming) => {
        buffer(incoming).then(
          (bytes) =>
            resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body: bytes.toString('utf8') }),
          reject,
        );
      });
      outgoing.on('timeout', () => outgoing.destroy(new Error(`${url.host} did not answer in ${REQUEST_MS} ms`)));
      outgoing.on('error', reject);
      outgoing.end(navigation.body);
    });
  }

  /** RFC 6265bis 5.6 and 5.7, with the rules of the `__Host-` and `__Secure-` prefixes. */
  #store(url: URL, header: string): void {
    const [pair = '', ...attributes] = header.split(';').map((part) => part.trim());
    const separator = pair.indexOf('=');
    const name = pair.slice(0, separator);
    const value = pair.slice(separator + 1);
    const given = new Map(attributes.map((attribute) => splitAttribute(attribute)));
    const secure = given.has('secure');
    const path = given.get('path')?.startsWith('/') ? (given.get('path') ?? '/') : defaultPath(url.pathname);
    if (secure && url.protocol !== 'https:') return;
    if (/^__(host|secure)-/i.test(name) && !secure) return;
    if (/^__host-/i.test(name) && (given.has('domain') || path !== '/')) return;
    const jar = this.#cookies.get(this.#host(url)) ?? new Map<string, JarCookie>();
    this.#cookies.set(this.#host(url), jar);
    const sameSite = given.get('samesite')?.toLowerCase();
    jar.set(`${name}\n${path}`, {
      name,
      value,
      path,
      secure,
      httpOnly: given.has('httponly'),
      sameSite: sameSite === 'strict' || sameSite === 'none' ? sameSite : 'lax',
      expiresAt: expiry(given.get('max-age'), given.get('expires')),
    });
  }
}

function splitAttribute(attribute: string): [string, string] {
  const [name = '', ...rest] = attribute.split('=');
  return [name.trim().toLowerCase(), rest.join('=').trim()];
}

function expiry(maxAge: string | undefined, expires: string | undefined): number {
  if (maxAge !== undefined && /^-?\d+$/.test(maxAge)) return Date.now() + Number(maxAge) * 1000;
  if (expires !== undefined) return Date.parse(expires);
  return Number.POSITIVE_INFINITY;
}

const defaultPath = (pathname: string): string => pathname.slice(0, Math.max(1, pathname.lastIndexOf('/')));

const pathMatches = (asked: string, path: string): boolean =>
  asked === path || (asked.startsWith(path) && (path.endsWith('/') || asked.charAt(path.length) === '/'));

type Site = 'none' | 'same-origin' | 'same-site' | 'cross-site';

/**
 * `Sec-Fetch-Site` (Fetch Metadata 2.3): the worst relation between the starting page and any address of the trip.
 * Sites are compared by scheme and host: tests use no registrable domains.
 */
function fetchSite(from: string | undefined, addresses: readonly string[]): Site {
  if (from === undefined) return 'none';
  const source = new URL(from);
  const targets = addresses.map((address) => new URL(address));
  if (targets.every((target) => target.origin === source.origin)) return 'same-origin';
  const sameSite = targets.every(
    (target) => target.protocol === source.protocol && target.hostname === source.hostname,
  );
  return sameSite ? 'same-site' : 'cross-site';
}

function travels(cookie: JarCookie, site: Site, method: string): boolean {
  if (site !== 'cross-site' || cookie.sameSite === 'none') return true;
  return cookie.sameSite === 'lax' && method === 'GET';
}
