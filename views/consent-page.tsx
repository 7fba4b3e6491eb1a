/**
 * The consent page in all its variants: first time, returning, more access, changed app, alarm.
 *
 * One POST form, one hidden input (the ticket). The refusal is the first button in the source, so Enter refuses.
 * Buttons carry no id and nothing takes focus (requirements B-22). Must never show the self-chosen name outside
 * quotes, and never a client's URI as a link.
 */
import type { Child } from 'hono/jsx';
import { AbilityList, FoldedAbilities, staysOpen } from './abilities.tsx';
import { AlarmBlock, Understood } from './alarm.tsx';
import { ChangeTable } from './changes.tsx';
import { decisionKeys, headingOf, startedKey } from './consent-wording.tsx';
import { dateTimeText, dayText, durationText, moment } from './format.tsx';
import { Page } from './layout.tsx';
import type { Text } from './messages/catalog.ts';
import type { Ability, ConsentModel } from './models.ts';
import { Code, code, codes, TechnicalList } from './parts.tsx';
import { Note, RoutePanel } from './route-panel.tsx';
import { number, plain, say, sayCount } from './say.tsx';

interface Props {
  readonly model: ConsentModel;
  readonly text: Text;
}

export function ConsentPage(model: ConsentModel, text: Text): Child {
  const heading = headingOf(model, text);
  const title =
    model.problem === 'understood_missing' ? plain(text, 'errorTitle', { title: heading.plain }) : heading.plain;
  return (
    <Page frame={model.frame} text={text} title={title}>
      <div class="card">
        <form method="post" action={model.form.action}>
          <input type="hidden" name="ticket" value={model.form.ticket} />
          {model.screen === 'alarm' ? (
            <AlarmBlock model={model} text={text} heading={heading.markup} />
          ) : (
            <Opening model={model} text={text} heading={heading.markup} />
          )}
          <div class="body">
            <RoutePanel model={model} text={text} />
            <Note model={model} text={text} />
            <Abilities model={model} text={text} />
            <Facts model={model} text={text} />
            {model.screen === 'alarm' && !model.alarmBlocks && <Understood model={model} text={text} />}
            <Decision model={model} text={text} />
          </div>
        </form>
        <Technical model={model} text={text} />
      </div>
    </Page>
  );
}

function Opening({ model, text, heading }: Props & { readonly heading: Child }): Child {
  const { frame, identity, screen } = model;
  const proved = identity.tier === 'reviewed' || identity.tier === 'site_confirmed';
  const day = (at: number) => moment(at, dayText(text, frame, at));
  return (
    <div class="opening">
      {model.problem === 'form_stale' && (
        <p class="notice" role="alert">
          {say(text, 'problemStale')}
        </p>
      )}
      <h1>{heading}</h1>
      <p class="lead">
        {model.removedAt !== undefined && <>{say(text, 'leadRemoved', { date: day(model.removedAt) })} </>}
        {model.expiredAt !== undefined && <>{say(text, 'leadExpired', { date: day(model.expiredAt) })} </>}
        {screen === 'first_time' && say(text, startedKey(identity))}
        {screen === 'returning' &&
          (model.allowedAt === undefined
            ? say(text, startedKey(identity))
            : say(text, 'leadAgain', { date: day(model.allowedAt) }))}
        {screen === 'new_scopes' &&
          (model.changes.length > 0 ? say(text, 'leadChanged') : sayCount(text, 'leadMore', model.abilities.length))}
        {screen === 'client_changed' && say(text, 'leadChanged')}
        {!proved && (screen === 'first_time' || screen === 'returning') && (
          <> {say(text, 'leadLink', { deny: say(text, decisionKeys(screen)[0]) })}</>
        )}
      </p>
    </div>
  );
}

/** A high-impact choice starts unticked, whatever the caller thought; a page that comes again keeps what was chosen. */
function startingTicks(model: ConsentModel): readonly Ability[] {
  if (model.problem !== undefined || model.screen === 'returning') return model.abilities;
  return model.abilities.map((ability) => ({ ...ability, ticked: ability.ticked && ability.risk !== 'high' }));
}

function Abilities({ model, text }: Props): Child {
  const shared = { text, upstreamName: model.upstream.name };
  const abilities = startingTicks(model);
  const allowed = model.alreadyAllowed;
  if (model.screen === 'returning' || model.screen === 'client_changed') {
    const open = abilities.filter(staysOpen);
    const rest = [...abilities.filter((ability) => !staysOpen(ability)), ...allowed];
    return (
      <>
        <ChangeTable model={model} text={text} />
        {open.length > 0 && <AbilityList {...shared} abilities={open} choices />}
        <FoldedAbilities
          {...shared}
          abilities={rest}
          choices={false}
          summary={say(text, 'canSame', { count: number(text, rest.length) })}
        />
      </>
    );
  }
  return (
    <>
      <ChangeTable model={model} text={text} />
      <h2>{abilitiesHeading(model, text)}</h2>
      {abilities.length === 0 && <p>{say(text, 'canNothing', { resource: <bdi>{model.resource.name}</bdi> })}</p>}
      {abilities.length > 0 && <AbilityList {...shared} abilities={abilities} choices />}
      <FoldedAbilities
        {...shared}
        abilities={allowed}
        choices={false}
        summary={say(text, 'canAlready', { count: number(text, allowed.length) })}
      />
    </>
  );
}

function abilitiesHeading({ screen, identity }: ConsentModel, text: Text): Child {
  if (screen === 'alarm') return say(text, 'canWould');
  if (screen === 'new_scopes') return say(text, 'canNew');
  return identity.subject.kind === 'app'
    ? say(text, 'canNamed', { name: <bdi>{identity.subject.name}</bdi> })
    : say(text, 'can');
}

function Facts({ model, text }: Props): Child {
  const upstream = <bdi>{model.upstream.name}</bdi>;
  return (
    <dl class="facts">
      <div>
        <dt>{say(text, 'account')}</dt>
        <dd>
          {model.accountName === undefined ? (
            say(text, 'accountUnknown', { upstream })
          ) : (
            <strong>{say(text, 'accountOn', { account: <bdi>{model.accountName}</bdi>, upstream })}</strong>
          )}{' '}
          {model.useAnotherUrl !== undefined && <a href={model.useAnotherUrl}>{say(text, 'useAnother')}</a>}
        </dd>
      </div>
      <div>
        <dt>{say(text, 'server')}</dt>
        <dd>
          <Code>{breakable(model.resource.host)}</Code>
        </dd>
      </div>
      <div>
        <dt>{say(text, 'lasts')}</dt>
        <dd>{say(text, 'lastsValue', { duration: durationText(text, model.lifetime) })}</dd>
      </div>
    </dl>
  );
}

/** A host that may break after its dots, and nowhere else while it fits. */
function breakable(host: string): Child {
  return host.split('.').map((label, at) => (at === 0 ? label : [<wbr />, `.${label}`]));
}

function Decision({ model, text }: Props): Child {
  const { screen, frame } = model;
  const [deny, allow] = decisionKeys(screen);
  const isAlarm = screen === 'alarm';
  const link =
    frame.accountUrl === undefined ? (
      say(text, 'appsWithAccess')
    ) : (
      <a href={frame.accountUrl}>{say(text, 'appsWithAccess')}</a>
    );
  return (
    <>
      <p class="actions">
        <button class={isAlarm ? 'button main' : 'button'} type="submit" name="decision" value="deny" formnovalidate>
          {say(text, deny)}
        </button>
        {!(isAlarm && model.alarmBlocks) && (
          <button class={isAlarm ? 'button settle' : 'button main settle'} type="submit" name="decision" value="allow">
            {say(text, allow)}
          </button>
        )}
      </p>
      <div class="after">
        {isAlarm && <p>{say(text, 'alarmRecorded', { brand: frame.brand.name })}</p>}
        {screen === 'new_scopes' && <p>{say(text, 'keepNote')}</p>}
        {screen === 'client_changed' && <p>{say(text, 'changedNote', { link })}</p>}
        {!isAlarm && <p>{say(text, 'next', { upstream: model.upstream.name })}</p>}
        {(screen === 'first_time' || screen === 'returning') && <p>{say(text, 'undo', { link })}</p>}
      </div>
    </>
  );
}

function Technical({ model, text }: Props): Child {
  const { technical, frame, upstream } = model;
  const registered =
    technical.registeredAt === undefined
      ? say(text, 'techRegistered')
      : say(text, 'techRegisteredAt', {
          date: moment(technical.registeredAt, dateTimeText(text, frame, technical.registeredAt)),
        });
  const registration = { registered, document: say(text, 'techDocument'), configured: say(text, 'techConfigured') };
  return (
    <TechnicalList
      text={text}
      rows={[
        { label: say(text, 'techClientId'), value: code(technical.clientId) },
        { label: say(text, 'techRedirectUri'), value: code(technical.redirectUri) },
        { label: say(text, 'techResource'), value: code(technical.resource) },
        { label: say(text, 'techScopes'), value: codes(technical.scopes) },
        { label: say(text, 'techUpstreamScopes', { upstream: upstream.name }), value: codes(technical.upstreamScopes) },
        { label: say(text, 'techRegistration'), value: registration[technical.registration] },
        { label: say(text, 'techNameSent'), value: code(technical.nameCodePoints) },
        { label: say(text, 'techWebsite'), value: code(technical.clientUri) },
        { label: say(text, 'techPolicy'), value: code(technical.policyUri) },
        { label: say(text, 'techTerms'), value: code(technical.tosUri) },
        { label: say(text, 'techReference'), value: code(technical.reference) },
        {
          label: say(text, 'techExpires'),
          value: moment(technical.expiresAt, dateTimeText(text, frame, technical.expiresAt)),
        },
      ]}
    />
  );
}
