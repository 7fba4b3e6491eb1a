/**
 * Which language a page is in, and the links that change it (OIDC Core 3.1.2.1 `ui_locales`, RFC 9110 12.5.4).
 *
 * The person's own choice comes first and is remembered in a cookie that holds nothing but a language tag; then what
 * the app asked for, the browser, the operator's default, English. Links only: no script, no form.
 */
import type { Context, MiddlewareHandler } from 'hono';
import { getCookie, setCookie } from 'hono/cookie';
import { LANGUAGES, languageName, pickText, type Text } from '../../views/messages/catalog.ts';
import type { LanguageLink } from '../../views/models.ts';
import type { AppDeps, AppEnv } from '../ports.ts';
import { ownPath } from './responder.ts';

const COOKIE = 'mcb_lang';
const YEAR = 365 * 24 * 3600;

/** Remembers `?lang=` of a page address. Any other value is as good as none. */
export const rememberLanguage =
  (deps: AppDeps): MiddlewareHandler<AppEnv> =>
  async (c, next) => {
    const asked = c.req.query('lang');
    if (c.req.method === 'GET' && asked !== undefined && LANGUAGES.includes(asked))
      setCookie(c, COOKIE, asked, {
        path: '/',
        sameSite: 'Lax',
        httpOnly: true,
        secure: !deps.config.plainHttp,
        maxAge: YEAR,
      });
    return next();
  };

/** The words for this request. */
export function textFor(c: Context<AppEnv>, deps: AppDeps): Text {
  const own = [c.req.query('lang'), getCookie(c, COOKIE)].find((tag) => tag !== undefined && LANGUAGES.includes(tag));
  return pickText({
    chosen: own,
    uiLocales: c.get('uiLocales'),
    acceptLanguage: c.req.header('accept-language'),
    fallback: deps.config.defaultLocale,
    overrides: deps.config.messages,
  });
}

/** The app's wish, for every page of this request that follows. */
export const wishLanguages = (c: Context<AppEnv>, uiLocales: string | undefined): void => c.set('uiLocales', uiLocales);

/**
 * The switch: this very page in each language. A page that answers a form or a sign-in has no address to come back to;
 * `at` names one for it.
 */
export function languageLinks(c: Context<AppEnv>, deps: AppDeps, at?: string): readonly LanguageLink[] {
  const here = new URL(c.req.url);
  const isAddress = c.req.method === 'GET' && !here.pathname.startsWith(ownPath(deps, '/callback/'));
  if (at === undefined && !isAddress) return [];
  // An address that begins with two slashes would be another host's.
  const path = at ?? `/${here.pathname.replace(/^\/+/, '')}`;
  const query = at === undefined ? new URLSearchParams(here.search) : new URLSearchParams();
  return LANGUAGES.map((tag) => {
    query.set('lang', tag);
    return { tag, name: languageName(tag), url: `${path}?${query}` };
  });
}
