/**
 * What a person can do against an app without answering it: report a request, block the app, take a block back.
 *
 * Each form posts its ticket and what the person typed or ticked. Nothing here answers a request.
 */
import type { Child } from 'hono/jsx';
import type { BlockModel, ReportedModel, ReportModel } from './account-models.ts';
import { CardPage, ConfirmForm } from './account-pages.tsx';
import { dateTimeText, moment } from './format.tsx';
import type { Text } from './messages/catalog.ts';
import { ActionLinks, Code, shownNameText } from './parts.tsx';
import { number, plain, say } from './say.tsx';

export function ReportPage(model: ReportModel, text: Text): Child {
  const { frame, form, maxLength } = model;
  return (
    <CardPage
      frame={frame}
      text={text}
      title={plain(text, 'reportTitle')}
      lead={say(text, 'reportLead', { brand: frame.brand.name })}
    >
      <form method="post" action={form.action} class="report">
        <input type="hidden" name="ticket" value={form.ticket} />
        <label for="words">{say(text, 'reportLabel')}</label>
        <textarea id="words" name="words" maxlength={maxLength} rows={4} aria-describedby="words-hint" />
        <p class="small" id="words-hint">
          {say(text, 'reportHint', { count: number(text, maxLength) })}
        </p>
        {model.canBlock && (
          <p class="tick">
            <input type="checkbox" id="block" name="block" value="yes" aria-describedby="block-hint" />
            <label for="block">
              {say(text, 'reportBlock')}{' '}
              <span class="small" id="block-hint">
                {say(text, 'reportBlockHint')}
              </span>
            </label>
          </p>
        )}
        <p class="actions">
          <a class="button" href={model.backUrl}>
            {say(text, 'reportBack')}
          </a>
          <button class="button main" type="submit">
            {say(text, 'reportSend')}
          </button>
        </p>
      </form>
      <ReferenceLine model={model} text={text} />
    </CardPage>
  );
}

export function ReportedPage(model: ReportedModel, text: Text): Child {
  const { frame } = model;
  return (
    <CardPage
      frame={frame}
      text={text}
      title={plain(text, 'reportedTitle')}
      lead={
        <>
          {say(text, 'reportedBody', { brand: frame.brand.name })}{' '}
          {model.blocked && <strong>{say(text, 'reportedBlocked')}</strong>}
        </>
      }
    >
      <ActionLinks
        actions={[
          { url: model.backUrl, label: say(text, 'reportBack') },
          { url: frame.accountUrl, label: say(text, 'seeApps') },
        ]}
      />
      <ReferenceLine model={model} text={text} />
    </CardPage>
  );
}

/** The reference and when, for support. */
export function ReferenceLine({
  model,
  text,
}: {
  readonly model: Pick<ReportedModel, 'frame' | 'reference'>;
  readonly text: Text;
}): Child {
  const { frame, reference } = model;
  return (
    <p class="small">
      {say(text, 'reference', {
        reference: <Code>{reference}</Code>,
        date: moment(frame.now, dateTimeText(text, frame, frame.now)),
      })}
    </p>
  );
}

export function BlockPage(model: BlockModel, text: Text): Child {
  const name = shownNameText(text, model.app);
  const blocks = model.kind === 'block';
  return (
    <CardPage
      frame={model.frame}
      text={text}
      title={plain(text, blocks ? 'blockTitle' : 'unblockTitle', { name })}
      lead={say(text, blocks ? 'blockBody' : 'unblockBody')}
    >
      <ConfirmForm
        form={model.form}
        keepUrl={model.keepUrl}
        keep={say(text, 'removeKeep')}
        go={say(text, blocks ? 'blockDo' : 'unblockDo')}
      />
    </CardPage>
  );
}
