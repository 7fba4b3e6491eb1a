/**
 * The console's pages around a change: what it would end and the button, what it ended, and what went wrong.
 *
 * The link that keeps things as they are comes first; nothing has the focus by itself.
 */
import type { Child } from 'hono/jsx';
import type { ConfirmModel, ConsoleFrame, DoneModel } from './models.ts';
import { ConsolePage, DataTable, Facts, Links } from './parts.tsx';
import { actionWords, fill, words } from './words.ts';

export function ConfirmPage(model: ConfirmModel): Child {
  const { frame, name, counts, form } = model;
  const [question, button] = actionWords[name];
  return (
    <ConsolePage frame={frame} title={question}>
      {model.problem !== undefined && (
        <p class="problem" role="alert">
          {model.problem}
        </p>
      )}
      <Facts facts={model.subject} />
      {counts !== undefined && (
        <p class="lead">
          <strong>
            {counts.approvals === 0
              ? words.confirmNone
              : fill(words.confirmCount, {
                  approvals: counts.approvals,
                  people: counts.users,
                  clients: counts.clients,
                })}
          </strong>
        </p>
      )}
      <form class="ask" method="post" action={form.action}>
        {Object.entries(form.hidden).map(([field, value]) => (
          <input type="hidden" name={field} value={value} />
        ))}
        {model.needsReason && (
          <label>
            {words.askReason}
            <input type="text" name="reason" maxlength={500} required autocomplete="off" />
          </label>
        )}
        {model.typed !== undefined && (
          <label>
            {fill(words.typeNumber, { people: model.typed })}
            <input type="text" name="typed" inputmode="numeric" maxlength={9} required autocomplete="off" />
          </label>
        )}
        <p class="actions">
          <a class="button" href={model.keepUrl}>
            {words.keep}
          </a>
          <button class="button danger-main" type="submit">
            {button}
          </button>
        </p>
      </form>
    </ConsolePage>
  );
}

export function DonePage(model: DoneModel): Child {
  const { ended, upstream } = model;
  const told = [
    ...(model.reason === undefined
      ? []
      : [{ label: words.reason, value: { kind: 'text', text: model.reason } as const }]),
    ...(model.sessions === undefined
      ? []
      : [
          {
            label: fill(words.doneSessions, { sessions: '' }),
            value: { kind: 'text', text: String(model.sessions) } as const,
          },
        ]),
    ...(model.reportId === undefined
      ? []
      : [{ label: fill(words.doneReport, { id: '' }), value: { kind: 'code', text: model.reportId } as const }]),
  ];
  return (
    <ConsolePage frame={model.frame} title={actionWords[model.name][2]}>
      {ended === 'nothing' && (
        <p class="lead" role="status">
          {words.doneNothing}
        </p>
      )}
      {model.settled !== undefined && <p class="lead">{model.settled}</p>}
      {told.length > 0 && <Facts facts={told} />}
      {Array.isArray(ended) && (
        <section>
          <h2>{words.doneEnded}</h2>
          <Facts facts={ended} />
        </section>
      )}
      {upstream !== undefined && (
        <section>
          <h2>{words.doneUpstream}</h2>
          <DataTable table={upstream} />
          <p class="small">{words.doneReload}</p>
        </section>
      )}
      <Links links={[{ label: words.back, url: model.backUrl }]} />
    </ConsolePage>
  );
}

export function ConsoleErrorPage(model: {
  readonly frame: ConsoleFrame;
  readonly detail: string;
  readonly reference: string;
  readonly backUrl: string;
}): Child {
  return (
    <ConsolePage frame={model.frame} title={words.errorTitle}>
      <p class="lead">{model.detail}</p>
      <p class="small">{fill(words.referenceIs, { reference: model.reference })}</p>
      <Links links={[{ label: words.back, url: model.backUrl }]} />
    </ConsolePage>
  );
}
