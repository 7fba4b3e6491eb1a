/**
 * Where a redirect URI sends access, as facts a page can put into words (MCP: the page shows the redirect's host).
 *
 * Decides the kind of place (website, bare address, private network, this computer, an app's own links) and which
 * part of a host names its owner. Must never decide whether a redirect is allowed: domain/redirect-uri does.
 */
import { parseUrl } from './parse-url.ts';
import { decodeDomain } from './punycode.ts';

/**
 * The owner's domain of an ASCII host name by the Public Suffix List, private section included, so that
 * `evil.pages.dev` is its own owner. `undefined` for a name without one. Passed in: domain/ imports no package.
 */
export type RegistrableDomain = (host: string) => string | undefined;

export interface SiteDestination {
  readonly kind: 'site';
  /** Full ASCII host (`xn--` form), without port. */
  readonly host: string;
  /** The owner's domain; the full host when the list knows none. */
  readonly registrable: string;
  /** How the host would be displayed, when that differs from `host`. */
  readonly displayedAs: string | undefined;
  /** Only when the URI carries one. */
  readonly port: string | undefined;
}

/** A server with no name, at a public or private network address; or a name that exists inside a network only. */
export interface AddressDestination {
  readonly kind: 'address' | 'private';
  readonly host: string;
  readonly port: string | undefined;
}

export interface LoopbackDestination {
  readonly kind: 'loopback';
  /** As the URL parser spells it: `127.1` arrives as `127.0.0.1`. */
  readonly host: string;
  readonly port: string | undefined;
}

export interface SchemeDestination {
  readonly kind: 'scheme';
  /** Without the colon. */
  readonly scheme: string;
}

export type Destination = SiteDestination | AddressDestination | LoopbackDestination | SchemeDestination;

const IPV4 = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/;
const PRIVATE_SUFFIX = /(^|\.)(local|internal|intranet|lan|home|corp|home\.arpa|localdomain|test)$/;

/**
 * The destination of a redirect URI, or `undefined` when it is no URI at all.
 * Every spelling of loopback the URL parser folds (`127.1`, `0x7f.1`, `[::1]`, mapped IPv6, `localhost`) is one kind.
 */
export function describeDestination(
  redirectUri: string,
  registrableDomain: RegistrableDomain,
): Destination | undefined {
  const url = parseUrl(redirectUri);
  if (url === undefined) return undefined;
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    return { kind: 'scheme', scheme: url.protocol.slice(0, -1) };
  }
  const host = url.hostname.replace(/\.$/, '');
  const port = url.port === '' ? undefined : url.port;
  const place = placeOf(host);
  if (place !== 'site') return { kind: place, host, port };
  const displayed = decodeDomain(host);
  return {
    kind: 'site',
    host,
    registrable: registrableDomain(host) ?? host,
    displayedAs: displayed === host ? undefined : displayed,
    port,
  };
}

/** One comparable word for a destination, as `ClientFace.destination` holds it; a loopback port is left out (RFC 8252 7.3). */
export function destinationWord(destination: Destination): string {
  if (destination.kind === 'loopback') return 'loopback';
  if (destination.kind === 'scheme') return `scheme:${destination.scheme}`;
  return `https://${destination.host}${destination.port === undefined ? '' : `:${destination.port}`}`;
}

function placeOf(host: string): 'site' | 'address' | 'private' | 'loopback' {
  if (host === 'localhost' || host.endsWith('.localhost')) return 'loopback';
  const four = IPV4.exec(host);
  if (four) return placeOfIpv4(four.slice(1).map(Number));
  if (host.startsWith('[')) return placeOfIpv6(host.slice(1, -1));
  return !host.includes('.') || PRIVATE_SUFFIX.test(host) ? 'private' : 'site';
}

function placeOfIpv4(octets: readonly number[]): 'address' | 'private' | 'loopback' {
  const [first = 0, second = 0] = octets;
  if (first === 127) return 'loopback';
  const isPrivate =
    first === 10 ||
    first === 0 ||
    (first === 172 && second >= 16 && second <= 31) ||
    (first === 192 && second === 168) ||
    (first === 169 && second === 254) ||
    (first === 100 && second >= 64 && second <= 127);
  return isPrivate ? 'private' : 'address';
}

/** The URL parser has already compressed the address, so a mapped IPv4 always reads `::ffff:hhhh:hhhh`. */
function placeOfIpv6(address: string): 'address' | 'private' | 'loopback' {
  if (address === '::1') return 'loopback';
  const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(address);
  if (mapped) {
    const high = Number.parseInt(mapped[1] ?? '', 16);
    const low = Number.parseInt(mapped[2] ?? '', 16);
    return placeOfIpv4([high >> 8, high & 255, low >> 8, low & 255]);
  }
  return /^(f[cd]|fe[89ab])/.test(address) || address === '::' ? 'private' : 'address';
}
