/**
 * What every page shares: brand, language, account line, links. Facts for views/, no markup.
 */
import type { Context } from 'hono';
import { pickText, type Text } from '../../views/messages/catalog.ts';
import type { Frame } from '../../views/models.ts';
import type { Session } from '../domain/types.ts';
import type { AppDeps, AppEnv } from '../ports.ts';
import { logoPath, stylesheetPath } from './assets.ts';
import { ownPath } from './responder.ts';

/** The page's frame for this visitor. */
export function frameOf(deps: AppDeps, session: Session | undefined, signOutTicket?: string): Frame {
  const own = (path: string) => ownPath(deps, path);
  const { brand } = deps.config;
  return {
    brand: {
      name: brand.name,
      logoUrl: brand.logo === undefined ? undefined : own(logoPath(brand.logo)),
      supportUrl: brand.supportUrl,
    },
    stylesheets: [own(stylesheetPath(brand.accent))],
    demo: deps.config.mode === 'demo',
    timeZone: 'UTC',
    now: deps.now(),
    account:
      session === undefined
        ? undefined
        : {
            name: session.user.name,
            signOut:
              signOutTicket === undefined ? undefined : { action: own('/account/sign-out'), ticket: signOutTicket },
          },
    whyUrl: own('/help/why'),
    accountUrl: own('/account'),
    reportUrl: undefined,
  };
}

/** The words for this request: `ui_locales` first, then Accept-Language, then English. */
export const textFor = (c: Context<AppEnv>): Text =>
  pickText({
    uiLocales: c.req.query('ui_locales'),
    acceptLanguage: c.req.header('accept-language'),
    fallback: undefined,
  });
