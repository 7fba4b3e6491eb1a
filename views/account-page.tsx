/**
 * Apps with access: one row for each app a person allowed, and the way to remove it.
 *
 * Decides grouping by the caller's `unused`. Remove leads to a page that asks first; this page changes nothing.
 */
import type { Child } from 'hono/jsx';
import type { AccountApp, AccountModel, AccountNotice, BlockedApp } from './account-models.ts';
import { AppRow } from './account-row.tsx';
import { dayText, durationText, moment } from './format.tsx';
import { Icon } from './icons.tsx';
import { Page } from './layout.tsx';
import type { Text } from './messages/catalog.ts';
import type { Frame } from './models.ts';
import { shownName, shownNameText } from './parts.tsx';
import { destinationName } from './route-panel.tsx';
import { plain, say, sayCount } from './say.tsx';

export function AccountPage(model: AccountModel, text: Text): Child {
  const { frame, apps } = model;
  const title = plain(text, 'appsWithAccess');
  return (
    <Page frame={frame} text={text} title={title} width="wide">
      <h1>{title}</h1>
      {apps.length > 0 && <p class="lead">{say(text, 'accountLead', { brand: frame.brand.name })}</p>}
      {model.notice && <Notice notice={model.notice} frame={frame} text={text} />}
      {apps.length === 0 && <p class="card empty">{say(text, 'emptyList', { brand: frame.brand.name })}</p>}
      <Group
        id="recent"
        heading={say(text, 'recentTitle')}
        apps={apps.filter((app) => !app.unused)}
        frame={frame}
        text={text}
      />
      <Group
        id="unused"
        heading={say(text, 'unusedTitle')}
        extra={say(text, 'worthRemoving')}
        apps={apps.filter((app) => app.unused)}
        frame={frame}
        text={text}
      />
      {apps.length > 0 && <RemoveEverything model={model} text={text} />}
      {model.blocked !== undefined && model.blocked.length > 0 && (
        <Blocked blocked={model.blocked} frame={frame} text={text} />
      )}
      <ul class="links">
        {model.activityUrl !== undefined && (
          <li>
            <a href={model.activityUrl}>{say(text, 'activityLink')}</a>
          </li>
        )}
        {model.downloadUrl !== undefined && (
          <li>
            <a href={model.downloadUrl}>{say(text, 'downloadLink')}</a>
          </li>
        )}
        {model.receiptsUrl !== undefined && (
          <li>
            <a href={model.receiptsUrl}>{say(text, 'receiptsLink')}</a>
          </li>
        )}
      </ul>
    </Page>
  );
}

interface GroupProps {
  readonly id: string;
  readonly heading: Child;
  readonly extra?: Child;
  readonly apps: readonly AccountApp[];
  readonly frame: Frame;
  readonly text: Text;
}

function Group({ id, heading, extra, apps, frame, text }: GroupProps): Child {
  if (apps.length === 0) return null;
  return (
    <section aria-labelledby={id}>
      <div class="group">
        <h2 id={id}>{heading}</h2>
        <span>
          {sayCount(text, 'appCount', apps.length)}
          {extra !== undefined && <> · {extra}</>}
        </span>
      </div>
      <div class="card rows">
        {apps.map((app, at) => (
          <AppRow app={app} id={`${id}-${at}`} frame={frame} text={text} />
        ))}
      </div>
    </section>
  );
}

function RemoveEverything({ model, text }: { readonly model: AccountModel; readonly text: Text }): Child {
  return (
    <section class="card everything" aria-labelledby="everything">
      <div>
        <h2 id="everything">{say(text, 'wrongTitle')}</h2>
        <p class="small">{say(text, 'wrongBody')}</p>
      </div>
      <a class="button small danger" href={model.removeAllUrl}>
        {sayCount(text, 'removeAll', model.apps.length)}
      </a>
    </section>
  );
}

/** What the person blocked, and the way back. */
function Blocked({
  blocked,
  frame,
  text,
}: Pick<GroupProps, 'frame' | 'text'> & { blocked: readonly BlockedApp[] }): Child {
  return (
    <section aria-labelledby="blocked">
      <div class="group">
        <h2 id="blocked">{say(text, 'blockedListTitle')}</h2>
      </div>
      <ul class="card rows activity">
        {blocked.map((app) => (
          <li>
            <span class="small">
              {say(text, 'blockedOn', { date: moment(app.blockedAt, dayText(text, frame, app.blockedAt)) })}
            </span>
            <span>
              {shownName(text, app)} · {destinationName(app.destination, text)}
            </span>
            <a href={app.unblockUrl} aria-label={plain(text, 'unblockNamed', { name: shownNameText(text, app) })}>
              {say(text, 'unblock')}
            </a>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** What just happened; the address of the page after a removal ends in `#notice`, so focus goes here. */
function Notice({
  notice,
  frame,
  text,
}: {
  readonly notice: AccountNotice;
  readonly frame: Frame;
  readonly text: Text;
}): Child {
  if (notice.kind === 'nothing_to_remove') {
    return (
      <p class="notice" role="status" id="notice" tabindex={-1}>
        <Icon name="done" />
        <span>{say(text, 'removedNothing')}</span>
      </p>
    );
  }
  if (notice.kind === 'blocked' || notice.kind === 'unblocked') {
    const key = notice.kind === 'blocked' ? 'blockedNotice' : 'unblockedNotice';
    return (
      <p class="notice" role="status" id="notice" tabindex={-1}>
        <Icon name="done" />
        <span>
          {say(text, key, { name: <bdi>{notice.appName ?? plain(text, 'unnamed')}</bdi> })}
          {notice.endsWithin > 0 && (
            <> {say(text, 'removedSoon', { duration: durationText(text, notice.endsWithin) })}</>
          )}
        </span>
      </p>
    );
  }
  const { upstream } = notice;
  const all = notice.kind === 'removed_all' || notice.appName === undefined;
  return (
    <p class="notice" role="status" id="notice" tabindex={-1}>
      <Icon name="done" />
      <span>
        {all ? say(text, 'removedAllNotice') : say(text, 'removedNotice', { name: <bdi>{notice.appName}</bdi> })}{' '}
        {notice.endsWithin === 0
          ? say(text, all ? 'removedAllNow' : 'removedNow')
          : say(text, all ? 'removedAllSoon' : 'removedSoon', { duration: durationText(text, notice.endsWithin) })}{' '}
        {upstream?.cancelled === true && say(text, 'removedUpstream', { upstream: upstream.name })}
        {upstream?.cancelled === false &&
          say(text, 'removedUpstreamNot', { upstream: upstream.name, brand: frame.brand.name })}
      </span>
    </p>
  );
}
