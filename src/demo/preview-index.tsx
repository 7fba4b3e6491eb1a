/**
 * The preview's table of contents: one link per page state, with the language and theme to see it in.
 */
import type { Child } from 'hono/jsx';

interface Contents {
  readonly names: readonly string[];
  readonly languages: readonly string[];
  readonly themes: readonly string[];
  readonly language: string;
  readonly theme: string;
  readonly stylesheets: readonly string[];
}

/** Languages' own names for themselves. */
const nameOf = (tag: string): string => new Intl.DisplayNames([tag], { type: 'language' }).of(tag) ?? tag;

export function previewIndex(contents: Contents): Child {
  const { language, theme } = contents;
  const link = (lang: string, shown: string) => `/preview?lang=${lang}&theme=${shown}`;
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>Page preview</title>
        {contents.stylesheets.map((href) => (
          <link rel="stylesheet" href={href} />
        ))}
      </head>
      <body>
        <main class="preview">
          <h1>Page preview</h1>
          <p>Every page in every state, with made-up people and apps. Nothing you press here has an effect.</p>
          <nav aria-label="Language">
            <p>
              Language:{' '}
              {contents.languages.map((tag) => (
                <>
                  <a href={link(tag, theme)} lang={tag} aria-current={tag === language ? 'true' : undefined}>
                    {nameOf(tag)}
                  </a>{' '}
                </>
              ))}
            </p>
          </nav>
          <nav aria-label="Theme">
            <p>
              Theme:{' '}
              {contents.themes.map((shown) => (
                <>
                  <a href={link(language, shown)} aria-current={shown === theme ? 'true' : undefined}>
                    {shown}
                  </a>{' '}
                </>
              ))}
            </p>
          </nav>
          <ul>
            {contents.names.map((name) => (
              <li>
                <a href={`/preview/${name}?lang=${language}&theme=${theme}`}>{name.replaceAll('-', ' ')}</a>
              </li>
            ))}
          </ul>
        </main>
      </body>
    </html>
  );
}
