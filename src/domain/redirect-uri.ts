/**
 * Redirect URIs: what may be registered, and when a requested one is the registered one.
 *
 * Matching is byte-exact (RFC 9700 2.1). The one exception is the port of http loopback redirects (RFC 8252 7.3,
 * OAuth 2.1 2.3.1): the same one of `localhost`, `127.0.0.1`, `[::1]`, same path and query, any port.
 * Must never match by prefix or pattern. The only place that mints TrustedRedirect.
 */
import { parseUrl } from './parse-url.ts';
import { hasTrueLabels } from './punycode.ts';
import type { ClientMetadata, TrustedRedirect } from './types.ts';

const LOOPBACK_HOSTS = ['localhost', '127.0.0.1', '[::1]'];
/** Schemes whose addresses run or read something in a browser; anywhere in a registration they refuse the whole call. */
const SCRIPT_LIKE = [
  'javascript',
  'data',
  'vbscript',
  'file',
  'blob',
  'about',
  'view-source',
  'intent',
  'filesystem',
  'jar',
  'mailto',
];
const ANSWER_PARAMETERS = ['code', 'state', 'iss', 'error', 'error_description', 'error_uri'];
const MAX_LENGTH = 2048;

/** http loopback URI taken apart without a parser that would normalise it. */
const LOOPBACK = /^http:\/\/(localhost|127\.0\.0\.1|\[::1\])(?::(\d{1,5}))?([/?][^#]*)?$/;
/** https URI with a plain host: no userinfo, no backslash, no fragment. */
const HTTPS = /^https:\/\/([a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\])(?::(\d{1,5}))?([/?][^#]*)?$/i;
const PRIVATE_SCHEME = /^([a-z][a-z0-9+.-]*):(?:[^#]*)$/i;
/** Visible ASCII only: anything else must be percent-encoded or punycode already. */
const PLAIN = /^[\x21-\x7e]+$/;

export type RedirectKind = 'https' | 'loopback' | 'scheme';

export type RedirectVerdict =
  | { readonly usable: true; readonly kind: RedirectKind }
  | { readonly usable: false; readonly refusesCall: boolean; readonly reason: string };

export interface RedirectPolicy {
  readonly issuer: string;
  readonly redirectSchemes: readonly string[];
  readonly applicationType: 'native' | 'web';
  readonly publicClient: boolean;
}

/** Whether this URI may be registered. `refusesCall` when its mere presence refuses the registration (ruling 29). */
export function judgeRedirect(uri: string, policy: RedirectPolicy): RedirectVerdict {
  if (isScriptLike(uri))
    return { usable: false, refusesCall: true, reason: 'its scheme can run or read content in a browser' };
  const dropped = (reason: string): RedirectVerdict => ({ usable: false, refusesCall: false, reason });
  if (uri.length > MAX_LENGTH) return dropped(`it is longer than ${MAX_LENGTH} characters`);
  if (!PLAIN.test(uri) || uri.includes('\\')) return dropped('it holds characters that must be percent-encoded');
  if (uri.includes('#')) return dropped('it has a fragment');
  if (uri.includes('*')) return dropped('it has a wildcard; register each address exactly');
  if (hasDotSegments(uri)) return dropped('its path has dot segments');
  if (!isReadable(uri)) return dropped('no browser can go there');
  if (holdsAnswerParameter(uri)) return dropped('its query holds a parameter of the answer');
  if (/^https?:/i.test(uri)) return judgeWebRedirect(uri, policy, dropped);
  return judgeSchemeRedirect(uri, policy, dropped);
}

function judgeWebRedirect(
  uri: string,
  policy: RedirectPolicy,
  dropped: (reason: string) => RedirectVerdict,
): RedirectVerdict {
  const loopback = LOOPBACK.exec(uri);
  if (loopback !== null) {
    if (!isPort(loopback[2])) return dropped('its port is not a port');
    if (isOwnOrigin(uri, policy.issuer)) return dropped("it is this server's own address");
    if (policy.applicationType === 'web') return dropped('a web application may not use a loopback address');
    return { usable: true, kind: 'loopback' };
  }
  const https = HTTPS.exec(uri);
  if (https === null) return dropped('it must be https, or http on localhost, 127.0.0.1 or [::1]');
  const host = (https[1] ?? '').toLowerCase();
  if (!isPort(https[2])) return dropped('its port is not a port');
  if (host.includes('..') || isNumericHost(host) || !isHostAsRead(uri, host)) {
    return dropped('its host is not a plain domain name');
  }
  if (policy.applicationType === 'web' && LOOPBACK_HOSTS.includes(host))
    return dropped('a web application may not use a loopback address');
  if (isOwnOrigin(uri, policy.issuer)) return dropped("it is this server's own address");
  return { usable: true, kind: 'https' };
}

function judgeSchemeRedirect(
  uri: string,
  policy: RedirectPolicy,
  dropped: (reason: string) => RedirectVerdict,
): RedirectVerdict {
  const scheme = PRIVATE_SCHEME.exec(uri)?.[1]?.toLowerCase();
  if (scheme === undefined) return dropped('it is not an absolute URI');
  if (!policy.redirectSchemes.includes(scheme)) return dropped(`the scheme ${scheme}: is not allowed here`);
  if (policy.applicationType === 'web') return dropped('a web application may not use a private scheme');
  if (!policy.publicClient) return dropped('a private scheme is for public clients only');
  return { usable: true, kind: 'scheme' };
}

/**
 * The redirect to use, exactly as requested, when it matches one of the client's registered ones; else undefined.
 * The port is ignored only for public clients, between two http loopback URIs of the same host name; it never leads to
 * an address of our own.
 */
export function trustRedirect(requested: string, client: ClientMetadata, issuer: string): TrustedRedirect | undefined {
  if (requested.length > MAX_LENGTH || isScriptLike(requested)) return undefined;
  if (!PLAIN.test(requested) || !isReadable(requested)) return undefined;
  if (isOwnOrigin(requested, issuer)) return undefined;
  const matches =
    client.redirectUris.some((registered) => registered === requested) ||
    (client.authMethod === 'none' && client.redirectUris.some((registered) => sameButPort(registered, requested)));
  return matches ? (requested as TrustedRedirect) : undefined;
}

/** Equal but for the port of an http loopback address. */
export function sameButPort(left: string, right: string): boolean {
  const [a, b] = [LOOPBACK.exec(left), LOOPBACK.exec(right)];
  if (a === null || b === null || !isPort(a[2]) || !isPort(b[2])) return false;
  return a[1] === b[1] && (a[3] ?? '') === (b[3] ?? '');
}

/** How an approval remembers a redirect: byte for byte, a loopback one without the port that changes at every start. */
export function rememberedRedirect(uri: string): string {
  const loopback = LOOPBACK.exec(uri);
  return loopback === null ? uri : `http://${loopback[1]}${loopback[3] ?? ''}`;
}

export function redirectKind(uri: string): RedirectKind {
  if (LOOPBACK.test(uri)) return 'loopback';
  return /^https:/i.test(uri) ? 'https' : 'scheme';
}

/** Where access goes, in one comparable word: the https host, any loopback address, or the private scheme. */
export function destinationOf(uri: string): string {
  const kind = redirectKind(uri);
  if (kind === 'loopback') return 'loopback';
  if (kind === 'https') return `https://${(HTTPS.exec(uri)?.[1] ?? '').toLowerCase()}`;
  return `scheme:${uri.slice(0, uri.indexOf(':')).toLowerCase()}`;
}

/** What browsers drop before they read a scheme: controls, blanks and the invisible. */
const DROPPED_BY_BROWSERS = /[\p{Cc}\p{Cf}\p{Z}]/gu;

function isScriptLike(uri: string): boolean {
  const bare = safeDecode(uri).replace(DROPPED_BY_BROWSERS, '').toLowerCase();
  return SCRIPT_LIKE.some((scheme) => bare.startsWith(`${scheme}:`));
}

function safeDecode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

const isPort = (text: string | undefined): boolean => text === undefined || (Number(text) > 0 && Number(text) <= 65535);

/** `2130706433`, `0x7f.1`, `127.1`, `0177.0.0.1`: forms a parser would turn into an address. */
const isNumericHost = (host: string): boolean =>
  /(^|\.)(0x[0-9a-f]*|\d+)$/i.test(host) && !/^(\d{1,3}\.){3}\d{1,3}$/.test(host);

const hasDotSegments = (uri: string): boolean =>
  /[/\\](\.|%2e){1,2}(;[^/?]*)?([/?\\]|$)/i.test(uri.split('?')[0] ?? '');

/** Whether every URL parser takes it; the hosts of private schemes are nobody's names. */
function isReadable(uri: string): boolean {
  const url = parseUrl(uri);
  return url !== undefined && (!/^https?:/i.test(uri) || hasTrueLabels(url.hostname));
}

/** A browser reads `010.0.0.1` as 8.0.0.1; what people are shown and what was registered must be one host. */
const isHostAsRead = (uri: string, host: string): boolean => host.startsWith('[') || new URL(uri).hostname === host;

/** Names as a client's parser reads them: `c%6fde` is `code`, and to some `;` separates. */
const holdsAnswerParameter = (uri: string): boolean =>
  [...new URLSearchParams(new URL(uri).search.replaceAll(';', '&')).keys()].some((name) =>
    ANSWER_PARAMETERS.includes(name.toLowerCase()),
  );

/** Compared as a browser does, for which port 0443 is 443. */
const isOwnOrigin = (uri: string, issuer: string): boolean => new URL(uri).origin === new URL(issuer).origin;
