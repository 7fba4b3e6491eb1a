/**
 * The person of the walk: a small browser without JavaScript that reads pages, presses buttons and follows redirects.
 *
 * It sends what a browser sends on a navigation (cookies, Origin on a POST, Fetch Metadata) and stops where a redirect
 * leads to the app's own redirect URI. Must never send what the page it stands on did not offer.
 */
import { request } from 'node:http';
import { type CookieJar, createCookieJar } from './cookie-jar.ts';
import type { Exchange, FetchSite, Observer } from './exchange.ts';
import { type Form, formsOf, headingOf, linksOf } from './html.ts';

const REDIRECT_LIMIT = 10;
const TIMEOUT_MS = 10_000;

export interface Page {
  readonly url: URL;
  readonly status: number;
  readonly html: string;
  readonly heading: string;
  readonly referrerPolicy: string;
  /** Where the page's `Refresh` header leads. */
  readonly refresh: URL | undefined;
}

/** Where a navigation ends: on a page, or at the app's redirect URI, which is read and not requested. */
export type Landing = { readonly at: 'page'; readonly page: Page } | { readonly at: 'app'; readonly url: URL };

export interface Person {
  /** Opens an address the way an app or a typed address does: no initiator. */
  open(url: URL): Promise<Landing>;
  /** Follows the page's `Refresh` header. Throws when the page has none, or no link to the same place beside it. */
  follow(page: Page): Promise<Landing>;
  /** Presses the one button or link that `wanted` picks. Throws when it picks none or several. */
  press(page: Page, wanted: (label: string, value: string) => boolean): Promise<Landing>;
}

interface Navigation {
  readonly url: URL;
  readonly method: 'GET' | 'POST';
  readonly body: string;
  readonly from: Page | undefined;
}

/** `observe` sees every exchange; `appRedirect` is the address (origin and path) where the walk is over. */
export function createPerson(appRedirect: URL, observe: Observer): Person {
  const jar = createCookieJar();
  const go = (navigation: Navigation) => navigate(navigation, appRedirect, jar, observe);
  const get = (url: URL, from: Page | undefined) => go({ url, method: 'GET', body: '', from });

  return {
    open: (url) => get(url, undefined),
    follow: (page) => {
      const target = page.refresh;
      if (target === undefined) throw new Error(`the page "${page.heading}" has no Refresh header`);
      if (!linksOf(page.html).some(({ href }) => new URL(href, page.url).href === target.href)) {
        throw new Error(`the page "${page.heading}" has no link to where its Refresh header leads`);
      }
      return get(target, page);
    },
    press: (page, wanted) => {
      const choices = choicesOn(page).filter(({ label, value }) => wanted(label, value));
      const [choice] = choices;
      if (choice === undefined || choices.length > 1) {
        throw new Error(`the page "${page.heading}" (${page.status}) has ${choices.length} such buttons, not one`);
      }
      return go(choice.navigation);
    },
  };
}

function choicesOn(page: Page) {
  const buttons = formsOf(page.html).flatMap((form) =>
    form.buttons.map(({ name, value, label }) => ({
      label,
      value,
      navigation: submission(page, form, name === undefined ? form.fields : [...form.fields, [name, value]]),
    })),
  );
  const links = linksOf(page.html).map(({ href, label }) => ({
    label,
    value: '',
    navigation: { url: new URL(href, page.url), method: 'GET' as const, body: '', from: page },
  }));
  return [...buttons, ...links];
}

function submission(page: Page, form: Form, fields: Form['fields']): Navigation {
  const url = new URL(form.action, page.url);
  const encoded = new URLSearchParams(fields.map(([name, value]): [string, string] => [name, value])).toString();
  if (form.method === 'post') return { url, method: 'POST', body: encoded, from: page };
  url.search = encoded;
  return { url, method: 'GET', body: '', from: page };
}

async function navigate(start: Navigation, appRedirect: URL, jar: CookieJar, observe: Observer): Promise<Landing> {
  let { url, method, body } = start;
  let site = fetchSite(start.from?.url, url);
  for (let hop = 0; hop < REDIRECT_LIMIT; hop += 1) {
    const exchange = await send({ ...start, url, method, body }, site, jar);
    observe(exchange);
    const location = exchange.headers.get('location');
    if (exchange.status < 300 || exchange.status > 399 || location === null)
      return { at: 'page', page: pageOf(exchange) };
    url = new URL(location, url);
    if (url.origin === appRedirect.origin && url.pathname === appRedirect.pathname) return { at: 'app', url };
    // Across a redirect a browser keeps the widest relation seen so far.
    site = widest(site, fetchSite(start.from?.url, url));
    if (exchange.status !== 307 && exchange.status !== 308) [method, body] = ['GET', ''];
  }
  throw new Error(`more than ${REDIRECT_LIMIT} redirects, the last to ${url.origin}${url.pathname}`);
}

function pageOf({ url, status, headers, received: html }: Exchange): Page {
  const target = /^\s*\d+\s*;\s*url=\s*(.+?)\s*$/i.exec(headers.get('refresh') ?? '')?.[1];
  return {
    url,
    status,
    html,
    heading: headingOf(html),
    referrerPolicy: headers.get('referrer-policy') ?? 'strict-origin-when-cross-origin',
    refresh: target === undefined ? undefined : new URL(target, url),
  };
}

/** Fetch Metadata (W3C): the relation of the page that started the navigation to where it goes. */
function fetchSite(from: URL | undefined, to: URL): FetchSite {
  if (from === undefined) return 'none';
  if (from.origin === to.origin) return 'same-origin';
  return from.protocol === to.protocol && from.hostname === to.hostname ? 'same-site' : 'cross-site';
}

const WIDTH: readonly FetchSite[] = ['none', 'same-origin', 'same-site', 'cross-site'];
const widest = (one: FetchSite, other: FetchSite): FetchSite =>
  WIDTH.indexOf(one) > WIDTH.indexOf(other) ? one : other;

/** The Origin of a form post: `null` where the page's referrer policy hides it (Fetch standard, 4.4). */
function originHeader({ from, url }: Navigation): string {
  if (from === undefined || from.referrerPolicy === 'no-referrer') return 'null';
  return from.referrerPolicy === 'same-origin' && from.url.origin !== url.origin ? 'null' : from.url.origin;
}

async function send(navigation: Navigation, site: FetchSite, jar: CookieJar): Promise<Exchange> {
  const { url, method, body } = navigation;
  const cookie = jar.header(url, method, site);
  const headers: Record<string, string> = {
    accept: 'text/html',
    'accept-language': 'en',
    'sec-fetch-site': site,
    'sec-fetch-mode': 'navigate',
    'sec-fetch-dest': 'document',
    'sec-fetch-user': '?1',
    ...(cookie === undefined ? {} : { cookie }),
    ...(method === 'POST'
      ? { 'content-type': 'application/x-www-form-urlencoded', origin: originHeader(navigation) }
      : {}),
  };
  const started = performance.now();
  const answer = await exchangeOver(url, method, headers, body);
  jar.store(url, answer.headers.getSetCookie());
  return { by: 'person', method, url, sent: body, ...answer, ms: performance.now() - started };
}

/** Over node:http, because `fetch` does not let a program set the headers that only browsers set. */
function exchangeOver(url: URL, method: string, headers: Record<string, string>, body: string) {
  return new Promise<Pick<Exchange, 'status' | 'headers' | 'received'>>((resolve, reject) => {
    const outgoing = request(url, { method, headers, signal: AbortSignal.timeout(TIMEOUT_MS) }, async (incoming) => {
      const received = new Headers();
      for (const [name, values = []] of Object.entries(incoming.headersDistinct)) {
        for (const value of values) received.append(name, value);
      }
      const chunks: Buffer[] = [];
      try {
        for await (const chunk of incoming) chunks.push(chunk);
        resolve({
          status: incoming.statusCode ?? 0,
          headers: received,
          received: Buffer.concat(chunks).toString('utf8'),
        });
      } catch (error) {
        reject(error);
      }
    });
    outgoing.once('error', reject);
    outgoing.end(body);
  });
}
