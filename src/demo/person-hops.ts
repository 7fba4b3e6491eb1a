/**
 * What the person meets on the way, in words and as checks: consent page, hand-off, sign-in, callback.
 *
 * Must never put a code, a state or a ticket into a line.
 */
import type { Exchange } from './exchange.ts';
import { formsOf, headingOf, textOf, withoutDetails } from './html.ts';
import type { Hop } from './trail.ts';

export interface ConsentExpectation {
  /** What the page must ask about, outside anything folded away. */
  readonly shows: string;
  readonly hides: readonly string[];
  /** Whether anybody has been at the upstream since the app sent the person here. */
  readonly visitedUpstream: () => boolean;
}

const under =
  (method: string, origin: string, path: string) =>
  ({ by, ...exchange }: Exchange): boolean =>
    by === 'person' &&
    exchange.method === method &&
    exchange.url.origin === origin &&
    exchange.url.pathname.startsWith(path);

const isRedirect = ({ status }: Exchange): boolean => status >= 300 && status < 400;

/** Our own page, before anything went upstream: one form, one hidden input, not to be framed. */
export const asked = (issuer: string, name: string, { shows, hides, visitedUpstream }: ConsentExpectation): Hop => ({
  name,
  expected: `the broker's own page, asking about "${shows}" and not about ${hides.map((title) => `"${title}"`).join(' or ')}, with nothing sent upstream yet`,
  matches: (exchange) => under('GET', issuer, '/')(exchange) && !isRedirect(exchange),
  judge: ({ status, headers, received }) => {
    const seen = textOf(withoutDetails(received));
    const [form, ...others] = formsOf(received);
    const fair = form?.method === 'post' && form.hiddenNames.length === 1 && others.length === 0;
    const unframed = headers.get('content-security-policy')?.includes("frame-ancestors 'none'") === true;
    const right = seen.includes(shows) && !hides.some((title) => seen.includes(title));
    return status === 200 && fair && unframed && right && !visitedUpstream()
      ? `"${headingOf(received)}" is asked first; nobody was sent upstream yet`
      : undefined;
  },
});

export const decided = (issuer: string): Hop => ({
  name: 'approve',
  expected: 'a 303 to a page of the broker itself',
  matches: under('POST', issuer, '/consent/'),
  judge: ({ status, headers, url }) =>
    status === 303 && new URL(headers.get('location') ?? 'about:blank', url).origin === issuer
      ? '303 to the hand-off page, same origin'
      : undefined,
});

export const handedOff = (issuer: string, upstreamIssuer: string): Hop => ({
  name: 'hand-off',
  expected: 'a 200 whose Refresh header leads to the practice upstream',
  matches: under('GET', issuer, '/consent/'),
  judge: ({ status, headers }) =>
    status === 200 && headers.get('refresh')?.toLowerCase().includes(`url=${upstreamIssuer}`) === true
      ? '200 with Refresh and a link, on to the practice sign-in'
      : undefined,
});

export const metUpstream = (upstreamIssuer: string): Hop => ({
  name: 'practice sign-in',
  expected: 'the practice upstream to ask who this is',
  matches: (exchange) => under('GET', new URL(upstreamIssuer).origin, '/')(exchange) && !isRedirect(exchange),
  judge: ({ status, received }) =>
    status === 200 && textOf(received).includes('Maya') ? `"${headingOf(received)}"` : undefined,
});

/** RFC 6749 4.1.2 and RFC 9207: straight to the app, with `code`, the app's `state` and `iss`. */
export const calledBack = (issuer: string, redirectUri: URL, state: () => string): Hop => ({
  name: 'callback',
  expected: `a 303 to ${redirectUri.href} with code, the app's own state and iss`,
  matches: under('GET', issuer, '/callback/'),
  judge: ({ status, headers, url }) => {
    const target = new URL(headers.get('location') ?? 'about:blank', url);
    const { searchParams: query } = target;
    const home = target.origin === redirectUri.origin && target.pathname === redirectUri.pathname;
    return status === 303 && home && query.has('code') && query.get('state') === state() && query.get('iss') === issuer
      ? 'Maya is back; 303 to the app with code, state and iss'
      : undefined;
  },
});
