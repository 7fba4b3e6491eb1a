/**
 * The frame of every page: language and direction, brand, skip link, main part, help.
 *
 * Decides nothing. Must never hold a script, a style attribute, an event handler or anything from another origin:
 * the page's policy is `default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'`.
 */
import type { Child } from 'hono/jsx';
import type { Text } from './messages/catalog.ts';
import type { Frame, LanguageLink } from './models.ts';
import { plain, say } from './say.tsx';

export interface PageProps {
  readonly frame: Frame;
  readonly text: Text;
  /** The words of the H1; the brand is added. */
  readonly title: string;
  /** `narrow`: one card. `wide`: lists. `wide console`: tables. */
  readonly width?: 'narrow' | 'wide' | 'wide console';
  readonly children?: Child;
}

export function Page(props: PageProps): Child {
  const { frame, text } = props;
  return (
    <html lang={text.tag} dir={text.dir}>
      <head>
        <meta charset="utf-8" />
        <title>{`${props.title} · ${frame.brand.name}`}</title>
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="robots" content="noindex" />
        {frame.stylesheets.map((url) => (
          <link rel="stylesheet" href={url} />
        ))}
      </head>
      <body class={props.width ?? 'narrow'}>
        <a class="skip" href="#main">
          {say(text, 'skip')}
        </a>
        {frame.demo && <aside class="demo">{say(text, 'demo')}</aside>}
        <Header frame={frame} text={text} />
        <main id="main">{props.children}</main>
        <Footer frame={frame} text={text} />
      </body>
    </html>
  );
}

function Header({ frame, text }: { readonly frame: Frame; readonly text: Text }): Child {
  const { brand, account } = frame;
  return (
    <header class="top">
      <p class="brand">
        {brand.logoUrl === undefined ? (
          <span class="monogram" aria-hidden="true">
            {/[\p{L}\p{N}]/u.exec(brand.name)?.[0]}
          </span>
        ) : (
          <img class="logo" src={brand.logoUrl} alt="" width="30" height="30" />
        )}
        <span>{brand.name}</span>
      </p>
      {account && (
        <div class="who">
          <span>{say(text, 'signedInAs', { name: <bdi>{account.name}</bdi> })}</span>
          {account.signOut && (
            <form method="post" action={account.signOut.action}>
              <input type="hidden" name="ticket" value={account.signOut.ticket} />
              <button class="as-link" type="submit">
                {say(text, 'signOut')}
              </button>
            </form>
          )}
        </div>
      )}
    </header>
  );
}

function Footer({ frame, text }: { readonly frame: Frame; readonly text: Text }): Child {
  const { whyUrl, reportUrl, brand, languages = [] } = frame;
  const hasLinks = whyUrl !== undefined || reportUrl !== undefined || brand.supportUrl !== undefined;
  if (!hasLinks && brand.paragraph === undefined && languages.length === 0) return null;
  return (
    <footer>
      {brand.paragraph !== undefined && <p class="house">{brand.paragraph}</p>}
      {hasLinks && <HelpLinks frame={frame} text={text} />}
      {languages.length > 0 && <Languages languages={languages} text={text} />}
    </footer>
  );
}

/** Each language in its own words, as a link to this very page. */
function Languages({ languages, text }: { readonly languages: readonly LanguageLink[]; readonly text: Text }): Child {
  const current = text.tag.split('-')[0];
  return (
    <nav class="languages" aria-label={plain(text, 'language')}>
      <ul>
        {languages.map(({ tag, name, url }) => (
          <li>
            <a
              href={url}
              lang={tag}
              hreflang={tag}
              dir="auto"
              aria-current={tag.split('-')[0] === current ? 'true' : undefined}
            >
              {name}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}

function HelpLinks({ frame, text }: { readonly frame: Frame; readonly text: Text }): Child {
  const { whyUrl, reportUrl, brand } = frame;
  return (
    <nav aria-label={plain(text, 'footer')}>
      <ul>
        {whyUrl !== undefined && (
          <li>
            <a href={whyUrl}>{say(text, 'whyLink')}</a>
          </li>
        )}
        {reportUrl !== undefined && (
          <li>
            <a href={reportUrl}>{say(text, 'reportLink')}</a>
          </li>
        )}
        {brand.supportUrl !== undefined && (
          <li>
            <a href={brand.supportUrl} rel="noreferrer">
              {say(text, 'helpLink', { brand: brand.name })}
            </a>
          </li>
        )}
      </ul>
    </nav>
  );
}

/** The bytes to send for a page: doctype and markup. */
export function documentOf(page: Child): string {
  return `<!doctype html>${String(page)}`;
}
