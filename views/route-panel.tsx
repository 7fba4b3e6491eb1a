/**
 * Who asks and where access goes: the two stops of the route, in words a person can check (requirements B-04, B-20).
 *
 * Decides wording by tier and kind of destination. Must never shorten a host or turn a client's URI into a link.
 */
import type { Child } from 'hono/jsx';
import type { Destination } from '../src/domain/destination.ts';
import type { AlarmSignal, Identity } from '../src/domain/identity.ts';
import { agoText, dateTimeText, dayText, listOf, moment } from './format.tsx';
import { Icon, type IconName } from './icons.tsx';
import type { Text } from './messages/catalog.ts';
import type { ConsentModel } from './models.ts';
import { Code, Pill, quotedName, Tile } from './parts.tsx';
import { number, say } from './say.tsx';

interface PanelProps {
  readonly model: ConsentModel;
  readonly text: Text;
}

export function RoutePanel({ model, text }: PanelProps): Child {
  const { identity } = model;
  const reviewed = identity.tier === 'reviewed' && identity.catalogName !== undefined;
  const name = reviewed ? <bdi>{identity.catalogName}</bdi> : quotedName(text, identity.name);
  const letter = reviewed ? identity.catalogName?.[0]?.toUpperCase() : identity.name.initial;
  return (
    <dl class={`route ${identity.tier}`}>
      <div class="stop">
        <dt>
          <Tile tier={identity.tier} letter={letter} />
          {say(text, reviewed ? 'labelApp' : 'labelCallsItself')}
        </dt>
        <dd>
          <p class="name">
            <span>{name}</span> <Pill tier={identity.tier}>{pillText(model, text)}</Pill>
          </p>
          <p class="small">{nameFacts(model, text)}</p>
          {model.lastConfirmedAt !== undefined && (
            <p class="small">
              {say(text, 'appLastConfirmed', { date: lastConfirmed(model.lastConfirmedAt, model, text) })}
            </p>
          )}
        </dd>
      </div>
      <div class="stop">
        <dt>
          <Tile tier={identity.tier === 'alarm' ? 'alarm' : 'reviewed'} icon={destinationIcon(identity.destination)} />
          {say(text, 'labelGoesTo')}
        </dt>
        <dd>
          <p class="name">{destinationName(identity.destination, text)}</p>
          {destinationFacts(model, text).map((line) => (
            <p class="small">{line}</p>
          ))}
        </dd>
      </div>
    </dl>
  );
}

const lastConfirmed = (at: number, { frame }: ConsentModel, text: Text): Child =>
  moment(at, dateTimeText(text, frame, at));

function pillText({ identity, frame }: ConsentModel, text: Text): Child {
  if (identity.tier === 'reviewed') return say(text, 'pillReviewed', { brand: frame.brand.name });
  if (identity.tier === 'site_confirmed') return say(text, 'pillSite');
  if (identity.tier === 'not_confirmed') return say(text, 'pillName');
  return say(text, looksLike(identity) ? 'pillLooksLike' : 'pillSuspicious');
}

function looksLike(identity: Identity): Extract<AlarmSignal, { kind: 'looks_like' }> | undefined {
  return identity.alarms.find((signal) => signal.kind === 'looks_like');
}

function nameFacts(model: ConsentModel, text: Text): Child {
  const { identity, frame } = model;
  if (identity.tier === 'reviewed') return say(text, 'appReviewed', { brand: frame.brand.name });
  if (identity.name.cut) return say(text, 'nameCut', { count: number(text, identity.name.length) });
  if (identity.name.cleaned) return say(text, 'nameCleaned');
  if (model.allowedAt !== undefined && model.screen === 'new_scopes') {
    return say(text, 'appAllowedBefore', { date: moment(model.allowedAt, dayText(text, frame, model.allowedAt)) });
  }
  if (identity.tier === 'site_confirmed') {
    return say(text, 'appSite', { site: <Code>{identity.publisher}</Code>, brand: frame.brand.name });
  }
  return unconfirmedFacts(model, text);
}

function unconfirmedFacts(model: ConsentModel, text: Text): Child {
  const { identity, frame, registeredAt } = model;
  const { kind } = identity.destination;
  if (identity.tier === 'not_confirmed') {
    if (identity.publisher !== undefined && kind !== 'site') {
      return say(text, 'appSaysFrom', { site: <Code>{identity.publisher}</Code> });
    }
    if (kind === 'loopback') return say(text, 'appNormalComputer');
    if (kind === 'scheme') return say(text, 'appNormalDevice');
    if (identity.catalogName !== undefined)
      return say(text, 'appKnownSite', { name: <bdi>{identity.catalogName}</bdi> });
  }
  if (registeredAt === undefined) return say(text, 'appChoseName');
  return say(text, 'appRegistered', { ago: moment(registeredAt, agoText(text, frame, registeredAt)) });
}

const DESTINATION_ICON: Readonly<Record<Destination['kind'], IconName>> = {
  site: 'globe',
  address: 'server',
  private: 'network',
  loopback: 'computer',
  scheme: 'device',
};

function destinationIcon(destination: Destination): IconName {
  return DESTINATION_ICON[destination.kind];
}

/** The big line: the owner's domain, or what kind of place it is. */
export function destinationName(destination: Destination, text: Text): Child {
  switch (destination.kind) {
    case 'site':
      return <Code big>{destination.registrable}</Code>;
    case 'address':
      return say(text, 'goesAddress', { host: <Code>{destination.host}</Code> });
    case 'private':
      return say(text, 'goesPrivate');
    case 'loopback':
      return say(text, 'goesComputer');
    case 'scheme':
      return say(text, 'goesScheme', { scheme: <Code>{`${destination.scheme}:`}</Code> });
  }
}

/** The small lines: what the whole address is, and what is known about it. */
function destinationFacts(model: ConsentModel, text: Text): readonly Child[] {
  const { destination } = model.identity;
  return [siteVerdict(model, text), ...addressLines(destination, text)].filter((line) => line !== undefined);
}

/** The exact address below the big line, as far as it says more. */
export function addressLines(destination: Destination, text: Text): readonly Child[] {
  if (destination.kind === 'scheme') return [say(text, 'goesClaimed')];
  const { host, port } = destination;
  const values = { host: <Code>{host}</Code>, port: <bdi dir="ltr">{port}</bdi> };
  if (destination.kind === 'loopback') {
    return [port === undefined ? say(text, 'goesLoopbackNoPort', values) : say(text, 'goesLoopback', values)];
  }
  if (destination.kind !== 'site') return [port === undefined ? values.host : say(text, 'goesPort', values)];
  const full = port === undefined ? host : `${host}:${port}`;
  return [
    full === destination.registrable ? undefined : say(text, 'goesFull', { host: <Code>{full}</Code> }),
    destination.displayedAs === undefined
      ? undefined
      : say(text, 'goesDisplayedAs', { host: <bdi>{destination.displayedAs}</bdi> }),
  ].filter((line) => line !== undefined);
}

function siteVerdict({ identity, frame, screen }: ConsentModel, text: Text): Child {
  const other = looksLike(identity);
  if (other) {
    if (other.sites.length === 0) return say(text, 'goesNotKnown', { name: <bdi>{other.name}</bdi> });
    const sites = listOf(
      text,
      other.sites.map((site) => <Code>{site}</Code>),
    );
    return say(text, 'goesNotListed', { name: <bdi>{other.name}</bdi>, sites });
  }
  if (identity.tier === 'reviewed' && identity.forwards)
    return say(text, 'goesForwards', { name: <bdi>{identity.catalogName}</bdi> });
  if (identity.destination.kind !== 'site') return undefined;
  if (identity.tier === 'reviewed') {
    return say(text, 'goesReviewed', { brand: frame.brand.name, name: <bdi>{identity.catalogName}</bdi> });
  }
  if (screen === 'returning' || screen === 'new_scopes') return say(text, 'goesSame');
  if (identity.publisher === identity.destination.registrable) return say(text, 'goesSameSite');
  if (identity.publisher !== undefined)
    return say(text, 'goesOtherSite', { publisher: <Code>{identity.publisher}</Code> });
  return say(text, 'goesWebsite');
}

/** The one calm warning a page may carry. */
export function Note({ model, text }: PanelProps): Child {
  const [note] = model.identity.notes;
  if (note === undefined) return null;
  const sentence = {
    publisher_differs: () => say(text, 'notePublisher', { publisher: <Code>{model.identity.publisher}</Code> }),
    private_network: () => say(text, 'notePrivate'),
    claims_authority: () => say(text, 'noteAuthority', { brand: model.frame.brand.name }),
    first_use_of_site: () => say(text, 'noteFirst'),
  }[note.kind]();
  return (
    <p class="note">
      <Icon name="warning" />
      <span>{sentence}</span>
    </p>
  );
}
