/**
 * The frame of every page: language and direction, brand, skip link, main part, help.
 *
 * Decides nothing. Must never hold a script, a style attribute, an event handler or anything from another origin:
 * the page's policy is `default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'`.
 */
import type { Child } from 'hono/jsx';
import type { Text } from './messages/catalog.ts';
import type { Frame } from './models.ts';
import { plain, say } from './say.tsx';

export interface PageProps {
  readonly frame: Frame;
  readonly text: Text;
  /** The words of the H1; the brand is added. */
  readonly title: string;
  /** `narrow`: one card. `wide`: lists. */
  readonly width?: 'narrow' | 'wide';
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
  const { whyUrl, reportUrl, brand } = frame;
  if (whyUrl === undefined && reportUrl === undefined && brand.supportUrl === undefined) return null;
  return (
    <footer>
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
    </footer>
  );
}

/** The bytes to send for a page: doctype and markup. */
export function documentOf(page: Child): string {
  return `<!doctype html>${String(page)}`;
}
