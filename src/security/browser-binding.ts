/**
 * What ties a request to one browser: the cookies, the form's ticket, the origin of a decision
 * (requirements B-05, B-07, B-10, B-11; RFC 6265bis `__Host-`; contract rulings 15 and 23).
 *
 * Two unrelated cookies: the browser cookie exists before consent and no callback accepts it; a journey cookie
 * exists per journey and only after consent. Values are stored as hashes, compared in constant time.
 * Must never accept the unprefixed name on https.
 */
import type { Context } from 'hono';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import { equalSecrets } from './secrets.ts';
import type { KeyRing } from './vault.ts';

/** Journey cookies one browser keeps; the oldest goes first. */
const JOURNEY_COOKIES = 8;
const JOURNEY_PREFIX = 'mcb_journey_';
/** 256 random bits, base64url: anything else in a cookie is not ours. */
const VALUE = /^[A-Za-z0-9_-]{43}$/;

/** `console`: the admin console's session, which is never a person's. */
export type BrowserCookie = 'browser' | 'session' | 'console';

export class BrowserBinding {
  readonly #secure: boolean;
  readonly #issuer: string;
  readonly #keys: KeyRing;

  constructor(site: { readonly issuer: string; readonly plainHttp: boolean }, keys: KeyRing) {
    this.#secure = !site.plainHttp;
    this.#issuer = site.issuer;
    this.#keys = keys;
  }

  read(c: Context, cookie: BrowserCookie): string | undefined {
    return valid(getCookie(c, this.#name(`mcb_${cookie}`)));
  }

  /** A session cookie of the browser: it goes when the browser closes; the server decides when it ends. */
  write(c: Context, cookie: BrowserCookie, value: string): void {
    setCookie(c, this.#name(`mcb_${cookie}`), value, this.#attributes());
  }

  clear(c: Context, cookie: BrowserCookie): void {
    deleteCookie(c, this.#name(`mcb_${cookie}`), this.#attributes());
  }

  readJourney(c: Context, journeyId: string): string | undefined {
    return valid(getCookie(c, this.#journeyName(journeyId)));
  }

  /** Sets the journey's cookie and drops the oldest ones beyond the cap. */
  writeJourney(c: Context, journeyId: string, value: string, maxAge: number): void {
    const own = this.#journeyName(journeyId);
    const others = Object.keys(getCookie(c)).filter(
      (name) => name.startsWith(this.#name(JOURNEY_PREFIX)) && name !== own,
    );
    for (const name of others.slice(0, Math.max(0, others.length - JOURNEY_COOKIES + 1)))
      deleteCookie(c, name, this.#attributes());
    setCookie(c, own, value, { ...this.#attributes(), maxAge });
  }

  clearJourney(c: Context, journeyId: string): void {
    deleteCookie(c, this.#journeyName(journeyId), this.#attributes());
  }

  /** The form's one hidden value: the same for every render of one page in one browser. */
  ticket(purpose: string, bound: string): string {
    return this.#keys.fingerprint(`ticket:${purpose}`, bound);
  }

  isTicket(purpose: string, bound: string, candidate: string | undefined): boolean {
    return candidate !== undefined && this.#keys.matches(`ticket:${purpose}`, bound, candidate);
  }

  /** Whether a POST came from a page of ours: Origin is the issuer's, or, where the browser withheld it, the fetch was same-origin. */
  isOwnPost(c: Context): boolean {
    const origin = c.req.header('origin');
    if (origin !== undefined && origin !== 'null') return origin === new URL(this.#issuer).origin;
    return c.req.header('sec-fetch-site') === 'same-origin';
  }

  #name(name: string): string {
    return this.#secure ? `__Host-${name}` : name;
  }

  #journeyName(journeyId: string): string {
    return this.#name(`${JOURNEY_PREFIX}${journeyId.slice(-16)}`);
  }

  #attributes() {
    return { path: '/', httpOnly: true, sameSite: 'Lax', secure: this.#secure } as const;
  }
}

/** Whether the value is the one whose hash was stored. */
export const isSameHash = (left: string | undefined, right: string | undefined): boolean =>
  left !== undefined && right !== undefined && equalSecrets(left, right);

const valid = (value: string | undefined): string | undefined =>
  value !== undefined && VALUE.test(value) ? value : undefined;
