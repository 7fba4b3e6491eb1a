/**
 * What every page shares: brand, account line, links, languages to choose from. Facts for views/, no markup.
 */
import type { Context } from 'hono';
import type { Frame } from '../../views/models.ts';
import type { Session } from '../domain/types.ts';
import type { AppDeps, AppEnv } from '../ports.ts';
import { logoPath, stylesheetPath } from './assets.ts';
import { languageLinks } from './language.ts';
import { ownPath } from './responder.ts';

export { textFor } from './language.ts';

/** The page's frame for this visitor. */
export function frameOf(
  c: Context<AppEnv>,
  deps: AppDeps,
  session: Session | undefined,
  signOutTicket?: string,
): Frame {
  const own = (path: string) => ownPath(deps, path);
  const { brand } = deps.config;
  return {
    brand: {
      name: brand.name,
      logoUrl: brand.logo === undefined ? undefined : own(logoPath(brand.logo)),
      supportUrl: brand.supportUrl,
      paragraph: brand.paragraph,
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
    languages: languageLinks(c, deps),
  };
}
