/**
 * The pages of whoever is not in the console yet: sign in, the one-time link, signed out.
 *
 * Opening a link's page consumes nothing, so that a preview of it by a mail or chat program does no harm.
 */
import type { Child } from 'hono/jsx';
import { CardPage } from '../account-pages.tsx';
import type { FormTarget, Frame } from '../models.ts';
import { ActionLinks, Code } from '../parts.tsx';
import type { EnterModel } from './models.ts';
import { TEXT } from './parts.tsx';
import { fill, words } from './words.ts';

/** A sentence that ends with the command to run. */
const withCommand = (sentence: string): Child => (
  <>
    {fill(sentence)}
    <Code>{words.command}</Code>
  </>
);

export function EnterPage({ frame, choices, demo }: EnterModel): Child {
  return (
    <CardPage
      frame={frame}
      text={TEXT}
      title={words.enterTitle}
      lead={choices.length > 0 ? words.enterLead : demo ? words.enterDemo : withCommand(words.enterNobody)}
    >
      {choices.length > 0 && (
        <>
          <ActionLinks
            actions={choices.map(({ upstream, url }) => ({
              url,
              label: fill(words.enterWith, { upstream }),
              main: true,
            }))}
          />
          <p class="after">{withCommand(words.enterLink)}</p>
        </>
      )}
    </CardPage>
  );
}

export function LinkPage(model: {
  readonly frame: Frame;
  readonly role: string;
  readonly until: string;
  readonly form: FormTarget;
}): Child {
  return (
    <CardPage
      frame={model.frame}
      text={TEXT}
      title={words.linkTitle}
      lead={fill(words.linkLead, { role: model.role, until: model.until })}
    >
      <form method="post" action={model.form.action}>
        <input type="hidden" name="ticket" value={model.form.ticket} />
        <p class="actions">
          <button class="button main" type="submit">
            {words.linkDo}
          </button>
        </p>
      </form>
    </CardPage>
  );
}

export const SpentLinkPage = ({ frame, demo }: { readonly frame: Frame; readonly demo: boolean }): Child => (
  <CardPage
    frame={frame}
    text={TEXT}
    title={words.linkSpent}
    lead={demo ? words.linkSpentDemo : withCommand(words.linkSpentLead)}
  />
);

export const ConsoleSignedOutPage = ({ frame, url }: { readonly frame: Frame; readonly url: string }): Child => (
  <CardPage frame={frame} text={TEXT} title={words.signedOut} lead={words.signedOutLead}>
    <ActionLinks actions={[{ url, label: words.signInAgain }]} />
  </CardPage>
);
