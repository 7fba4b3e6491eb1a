/**
 * Headers of everything a browser shows: unframeable, scriptless, uncached (RFC 9700 4.16; requirements B-06, B-23; ruling 23).
 *
 * Must never be relaxed per page: a page that needs more is a page to rewrite.
 */

const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "style-src 'self'",
  "img-src 'self'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
].join('; ');

export interface PagePolicy {
  /** A page with a form keeps the referrer on our origin; with `no-referrer` Chromium would post `Origin: null`. */
  readonly hasForm: boolean;
  /** Account pages isolate their window; consent pages must not, because popup clients need their opener. */
  readonly isolated: boolean;
  /** The issuer is https. */
  readonly secure: boolean;
}

/** Every header a page answer carries. */
export function pageHeaders(policy: PagePolicy): Readonly<Record<string, string>> {
  return {
    'Content-Type': 'text/html; charset=UTF-8',
    'Content-Security-Policy': CONTENT_SECURITY_POLICY,
    'X-Frame-Options': 'DENY',
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': policy.hasForm ? 'same-origin' : 'no-referrer',
    'Cache-Control': 'no-store',
    'Permissions-Policy': 'camera=(), microphone=(), geolocation=(), payment=()',
    ...(policy.isolated ? { 'Cross-Origin-Opener-Policy': 'same-origin' } : {}),
    ...(policy.secure ? { 'Strict-Transport-Security': 'max-age=31536000' } : {}),
  };
}
