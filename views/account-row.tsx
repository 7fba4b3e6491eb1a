/**
 * One app of the account page: who it is, when it was used, what it can do, where access goes, Remove.
 *
 * Decides wording only. Every Remove names its app to assistive technology, so rows with equal buttons stay apart.
 */
import type { Child } from 'hono/jsx';
import { abilityText } from './abilities.tsx';
import type { AccountApp, AccountApproval } from './account-models.ts';
import { dateTimeText, dayText, durationText, listOf, moment, nearDay, timeText } from './format.tsx';
import type { Text } from './messages/catalog.ts';
import type { Frame } from './models.ts';
import { Pill, shownName, shownNameText, Tile } from './parts.tsx';
import { addressLines, destinationName } from './route-panel.tsx';
import { plain, say, sayCount } from './say.tsx';

interface RowProps {
  readonly app: AccountApp;
  readonly id: string;
  readonly frame: Frame;
  readonly text: Text;
}

export function AppRow({ app, id, frame, text }: RowProps): Child {
  const letter = app.tier === 'reviewed' ? app.catalogName?.[0]?.toUpperCase() : app.name.initial;
  return (
    <article class="row" aria-labelledby={id}>
      <Tile tier={app.tier} letter={letter} />
      <div class="row-name">
        <h3 id={id}>{shownName(text, app)}</h3>
        <Pill tier={app.tier}>{pillText({ app, frame, text })}</Pill>
        <p class="tags">{riskTags(app, text)}</p>
      </div>
      <div class="row-facts">
        <p>
          <strong>{usedText({ app, frame, text })}</strong>
        </p>
        <p class="small">
          {say(text, 'allowedEnds', {
            from: moment(app.grantedAt, dayText(text, frame, app.grantedAt, 'short')),
            until: moment(app.expiresAt, dayText(text, frame, app.expiresAt, 'short')),
          })}
        </p>
        {app.approvals.length > 1 && <p class="small">{sayCount(text, 'connections', app.approvals.length)}</p>}
        <p class="small">
          {listOf(
            text,
            app.servers.map(({ name }) => <bdi>{name}</bdi>),
          )}
        </p>
      </div>
      <a
        class="button small danger row-remove"
        href={app.removeUrl}
        aria-label={plain(text, 'removeNamed', { name: rowName(app, text) })}
      >
        {say(text, 'remove')}
      </a>
      <RowDetails app={app} frame={frame} text={text} />
    </article>
  );
}

/** Names with equal text are told apart by where access goes; a program on this computer is the plain case. */
function rowName(app: AccountApp, text: Text): string {
  const [first] = app.destinations;
  const name = shownNameText(text, app);
  if (first === undefined || first.kind === 'loopback') return name;
  if (first.kind === 'scheme') return `${name} (${first.scheme}:)`;
  return `${name} (${first.kind === 'site' ? first.registrable : first.host})`;
}

type InnerProps = Omit<RowProps, 'id'>;

function pillText({ app, frame, text }: InnerProps): Child {
  if (app.tier === 'reviewed') return say(text, 'pillReviewed', { brand: frame.brand.name });
  const [first] = app.destinations;
  if (app.tier === 'site_confirmed') {
    return first?.kind === 'site'
      ? say(text, 'pillSiteNamed', { site: <bdi dir="ltr">{first.registrable}</bdi> })
      : say(text, 'pillSite');
  }
  return say(text, app.tier === 'alarm' ? 'pillLooksLike' : 'pillName');
}

function riskTags(app: AccountApp, text: Text): Child {
  const risks = new Set(
    app.abilities.map((ability) =>
      ability.title === undefined && ability.standard === undefined ? 'change' : ability.risk,
    ),
  );
  return (
    <>
      {risks.has('view') && <span class="tag">{say(text, 'riskView')}</span>}{' '}
      {risks.has('change') && <span class="tag">{say(text, 'riskChange')}</span>}{' '}
      {risks.has('high') && <span class="tag high">{say(text, 'riskHigh')}</span>}
    </>
  );
}

function usedText({ app, frame, text }: InnerProps): Child {
  const at = app.lastUsedAt;
  if (at === undefined) return say(text, 'usedNever');
  const near = nearDay(frame, at);
  if (near === undefined) return say(text, 'usedOn', { date: moment(at, dayText(text, frame, at)) });
  return say(text, near === 'today' ? 'usedToday' : 'usedYesterday', { time: moment(at, timeText(text, frame, at)) });
}

function RowDetails({ app, frame, text }: InnerProps): Child {
  return (
    <details class="row-details">
      <summary aria-label={plain(text, 'detailsOf', { name: rowName(app, text) })}>{say(text, 'details')}</summary>
      <div class="columns">
        <div>
          <h4>{say(text, 'itCan')}</h4>
          <ul class="plain">
            {app.abilities.map((ability) => (
              <li>{abilityText(ability, text)}</li>
            ))}
          </ul>
        </div>
        <div>
          <h4>{say(text, 'whereGoes')}</h4>
          <dl class="pairs">
            {app.destinations.map((destination) => (
              <div>
                <dt>{say(text, 'site')}</dt>
                <dd>
                  {destinationName(destination, text)}
                  {addressLines(destination, text).map((line) => (
                    <p class="small">{line}</p>
                  ))}
                </dd>
              </div>
            ))}
            <div>
              <dt>{say(text, 'dataFrom')}</dt>
              <dd>
                {say(text, 'dataFromValue', { upstream: app.upstreamName, account: <bdi>{app.accountName}</bdi> })}
              </dd>
            </div>
            <div>
              <dt>{say(text, 'ends')}</dt>
              <dd>{moment(app.expiresAt, dateTimeText(text, frame, app.expiresAt))}</dd>
            </div>
            <div>
              <dt>{say(text, 'onceRemoved')}</dt>
              {app.servers.map((server) => (
                <dd>{onceRemoved(server, text)}</dd>
              ))}
            </div>
          </dl>
        </div>
      </div>
      {app.approvals.length > 1 && <Connections app={app} frame={frame} text={text} />}
      {app.blockUrl !== undefined && (
        <a class="row-block" href={app.blockUrl} aria-label={plain(text, 'blockNamed', { name: rowName(app, text) })}>
          {say(text, 'blockDo')}
        </a>
      )}
    </details>
  );
}

function onceRemoved({ name, endsWithin }: AccountApp['servers'][number], text: Text): Child {
  const server = <bdi>{name}</bdi>;
  return endsWithin === 0
    ? say(text, 'onceRemovedNow', { server })
    : say(text, 'onceRemovedSoon', { server, duration: durationText(text, endsWithin) });
}

function Connections({ app, frame, text }: InnerProps): Child {
  return (
    <>
      <h4>{say(text, 'eachConnection')}</h4>
      <ul class="connections">
        {app.approvals.map((approval) => (
          <li>
            <span>
              <bdi>{approval.resourceName}</bdi> ·{' '}
              {say(text, 'allowedEnds', {
                from: moment(approval.grantedAt, dayText(text, frame, approval.grantedAt, 'short')),
                until: moment(approval.expiresAt, dayText(text, frame, approval.expiresAt, 'short')),
              })}
            </span>
            <a href={approval.removeUrl} aria-label={removeOneLabel(approval, { app, frame, text })}>
              {say(text, 'removeOne')}
            </a>
          </li>
        ))}
      </ul>
    </>
  );
}

function removeOneLabel(approval: AccountApproval, { app, frame, text }: InnerProps): string {
  return plain(text, 'removeOneNamed', {
    name: rowName(app, text),
    date: dateTimeText(text, frame, approval.grantedAt),
  });
}
