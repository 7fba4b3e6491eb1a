/**
 * The page of a person whose app waits for an administrator: what happens next, and room for a reason.
 *
 * Nothing is allowed from here, and the app is told nothing. The form posts its ticket and what the person typed.
 */
import type { Child } from 'hono/jsx';
import type { WaitingModel } from './account-models.ts';
import { CardPage } from './account-pages.tsx';
import type { Text } from './messages/catalog.ts';
import { ActionLinks } from './parts.tsx';
import { ReferenceLine } from './report-pages.tsx';
import { number, plain, say } from './say.tsx';

export function WaitingPage(model: WaitingModel, text: Text): Child {
  const { frame, form, maxLength } = model;
  const asked = form === undefined;
  return (
    <CardPage
      frame={frame}
      text={text}
      title={plain(text, asked ? 'waitAskedTitle' : 'waitTitle')}
      lead={
        <>
          {say(text, asked ? 'waitAskedBody' : 'waitBody', { brand: frame.brand.name })} {say(text, 'waitNext')}
        </>
      }
    >
      {form !== undefined && (
        <form method="post" action={form.action} class="report">
          <input type="hidden" name="ticket" value={form.ticket} />
          <label for="words">{say(text, 'waitLabel')}</label>
          <textarea id="words" name="words" maxlength={maxLength} rows={4} aria-describedby="words-hint" />
          <p class="small" id="words-hint">
            {say(text, 'reportHint', { count: number(text, maxLength) })}
          </p>
          <p class="actions">
            <button class="button main" type="submit">
              {say(text, 'waitSend', { brand: frame.brand.name })}
            </button>
          </p>
        </form>
      )}
      <ActionLinks actions={[{ url: model.againUrl, label: say(text, 'waitLook') }]} />
      <ReferenceLine model={model} text={text} />
    </CardPage>
  );
}
