/**
 * The small pages around "Apps with access": confirm a removal, sign in, signed out, activity, why we ask.
 *
 * Each form posts its ticket and nothing else. The button that keeps things as they are comes first.
 */
import type { Child } from 'hono/jsx';
import type {
  ActivityKind,
  ActivityModel,
  RemoveAllModel,
  RemoveModel,
  SignedOutModel,
  SignInModel,
  WhyModel,
} from './account-models.ts';
import { dateTimeText, durationText, moment } from './format.tsx';
import { Page } from './layout.tsx';
import type { Text } from './messages/catalog.ts';
import type { FormTarget, Frame } from './models.ts';
import { ActionLinks, quotedName, shownName, shownNameText } from './parts.tsx';
import { plain, plainCount, say, sayCount } from './say.tsx';

interface CardProps {
  readonly frame: Frame;
  readonly text: Text;
  readonly title: string;
  readonly lead: Child;
  readonly children?: Child;
}

export function CardPage({ frame, text, title, lead, children }: CardProps): Child {
  return (
    <Page frame={frame} text={text} title={title}>
      <div class="card">
        <div class="opening">
          <h1>{title}</h1>
          <p class="lead">{lead}</p>
        </div>
        <div class="body">{children}</div>
      </div>
    </Page>
  );
}

export function ConfirmForm(props: {
  readonly form: FormTarget;
  readonly keepUrl: string;
  readonly keep: Child;
  readonly go: Child;
}): Child {
  return (
    <form method="post" action={props.form.action}>
      <input type="hidden" name="ticket" value={props.form.ticket} />
      <p class="actions">
        <a class="button" href={props.keepUrl}>
          {props.keep}
        </a>
        <button class="button danger-main" type="submit">
          {props.go}
        </button>
      </p>
    </form>
  );
}

export function RemovePage(model: RemoveModel, text: Text): Child {
  const { frame, app } = model;
  const lead =
    model.endsWithin === 0
      ? say(text, 'removeNow')
      : say(text, 'removeSoon', { duration: durationText(text, model.endsWithin) });
  return (
    <CardPage
      frame={frame}
      text={text}
      title={plain(text, 'removeTitle', { name: shownNameText(text, app) })}
      lead={lead}
    >
      <ConfirmForm
        form={model.form}
        keepUrl={model.keepUrl}
        keep={say(text, 'removeKeep')}
        go={say(text, 'removeDo')}
      />
    </CardPage>
  );
}

export function RemoveAllPage(model: RemoveAllModel, text: Text): Child {
  const { frame, apps } = model;
  const lead =
    model.endsWithin === 0
      ? say(text, 'removeAllNow')
      : say(text, 'removeAllSoon', { duration: durationText(text, model.endsWithin) });
  return (
    <CardPage frame={frame} text={text} title={plainCount(text, 'removeAllTitle', apps.length)} lead={lead}>
      <ul class="names">
        {apps.map((app) => (
          <li>{shownName(text, app)}</li>
        ))}
      </ul>
      <ConfirmForm
        form={model.form}
        keepUrl={model.keepUrl}
        keep={say(text, 'removeKeep')}
        go={sayCount(text, 'removeAllDo', apps.length)}
      />
    </CardPage>
  );
}

export function SignInPage(model: SignInModel, text: Text): Child {
  const actions = model.choices.map((choice, at) => ({
    url: choice.url,
    label: say(text, 'signInWith', { upstream: choice.upstreamName }),
    main: at === 0 && model.choices.length === 1,
  }));
  return (
    <CardPage frame={model.frame} text={text} title={plain(text, 'signInTitle')} lead={say(text, 'signInBody')}>
      <ActionLinks actions={actions} />
    </CardPage>
  );
}

export function SignedOutPage(model: SignedOutModel, text: Text): Child {
  return (
    <CardPage frame={model.frame} text={text} title={plain(text, 'signedOutTitle')} lead={say(text, 'signedOutBody')}>
      <ActionLinks actions={[{ url: model.signInUrl, label: say(text, 'signInAgain'), main: true }]} />
    </CardPage>
  );
}

const ACTIVITY = {
  allowed: 'actAllowed',
  allowed_more: 'actAllowedMore',
  denied: 'actDenied',
  denied_more: 'actDeniedMore',
  warned: 'actWarned',
  removed: 'actRemoved',
  removed_by_admin: 'actRemovedByAdmin',
  ended: 'actEnded',
  renewed: 'actRenewed',
  signed_in: 'actSignedIn',
  signed_out: 'actSignedOut',
  reported: 'actReported',
  blocked: 'actBlocked',
  unblocked: 'actUnblocked',
} as const satisfies Readonly<Record<ActivityKind, string>>;

export function ActivityPage(model: ActivityModel, text: Text): Child {
  const { frame, entries } = model;
  const title = plain(text, 'activityTitle');
  return (
    <Page frame={frame} text={text} title={title} width="wide">
      <h1>{title}</h1>
      <p class="lead">{say(text, entries.length === 0 ? 'activityEmpty' : 'activityLead')}</p>
      {entries.length > 0 && (
        <ol class="card activity">
          {entries.map((entry) => (
            <li>
              <span class="small">{moment(entry.at, dateTimeText(text, frame, entry.at))}</span>
              <span>{activitySentence(entry, text)}</span>
            </li>
          ))}
        </ol>
      )}
      {frame.accountUrl !== undefined && (
        <p class="links">
          <a href={frame.accountUrl}>{say(text, 'activityBack')}</a>
        </p>
      )}
    </Page>
  );
}

function activityApp({ app }: ActivityModel['entries'][number], text: Text): Child {
  if (app?.catalogName !== undefined) return <bdi>{app.catalogName}</bdi>;
  return app === undefined || app.name.name === '' ? say(text, 'anApp') : quotedName(text, app.name);
}

function activitySentence(entry: ActivityModel['entries'][number], text: Text): Child {
  const app = activityApp(entry, text);
  const resource = <bdi>{entry.resourceName}</bdi>;
  if (entry.kind === 'renewed') return sayCount(text, ACTIVITY.renewed, entry.count, { app });
  if (entry.kind === 'allowed' || entry.kind === 'allowed_more')
    return say(text, ACTIVITY[entry.kind], { app, resource });
  if (entry.kind === 'signed_in' || entry.kind === 'signed_out') return say(text, ACTIVITY[entry.kind]);
  return say(text, ACTIVITY[entry.kind], { app });
}

/** "Why am I seeing this?": the whole idea in six sentences, without a script. */
export function WhyPage(model: WhyModel, text: Text): Child {
  const { frame, resourceName, upstreamName } = model;
  const link =
    frame.accountUrl === undefined ? (
      say(text, 'appsWithAccess')
    ) : (
      <a href={frame.accountUrl}>{say(text, 'appsWithAccess')}</a>
    );
  const works = resourceName !== undefined && upstreamName !== undefined;
  return (
    <CardPage
      frame={frame}
      text={text}
      title={plain(text, 'whyTitle')}
      lead={
        works
          ? say(text, 'whyWorks', { resource: <bdi>{resourceName}</bdi>, upstream: upstreamName })
          : say(text, 'whyAsk')
      }
    >
      {works && <p>{say(text, 'whyAsk')}</p>}
      <p>{say(text, 'whyStops')}</p>
      <p>{say(text, 'whyCheck')}</p>
      <p>
        <strong>{say(text, 'whyDeny', { deny: say(text, 'deny') })}</strong>
      </p>
      <p>{say(text, 'whyUndo', { link })}</p>
    </CardPage>
  );
}
