/**
 * Which sentence a consent page opens with, by screen and by what is proved about the app.
 *
 * Decides wording only. Must never put the self-chosen name into a heading: `Subject` does not carry it.
 */
import type { Child } from 'hono/jsx';
import type { Identity } from '../src/domain/identity.ts';
import type { Text } from './messages/catalog.ts';
import type { ConsentModel, ConsentScreenKind } from './models.ts';
import { plain, say } from './say.tsx';

type HeadedScreen = Exclude<ConsentScreenKind, 'alarm'>;
type Place = 'Named' | 'Computer' | 'Device';

const OPENING = {
  first_time: 'ask',
  returning: 'again',
  new_scopes: 'more',
  client_changed: 'changed',
} as const satisfies Readonly<Record<HeadedScreen, string>>;

/** The H1, for the page with each name isolated, and as the plain text of the title. It holds proved words only. */
export function headingOf(model: ConsentModel, text: Text): { readonly markup: Child; readonly plain: string } {
  const { identity } = model;
  if (model.screen === 'alarm') return { markup: say(text, 'alarmTitle'), plain: plain(text, 'alarmTitle') };
  const moved =
    model.screen === 'client_changed' ? model.changes.find((change) => change.what === 'destination') : undefined;
  const place = moved === undefined ? placeOf(identity) : placeOfWord(moved.before);
  const subject = moved === undefined ? subjectText(identity) : moved.before.replace('https://', '');
  const key = `${OPENING[model.screen]}${place}` as const;
  const direction = identity.subject.kind === 'app' ? undefined : 'ltr';
  return {
    markup: say(text, key, {
      subject: <bdi dir={direction}>{subject}</bdi>,
      resource: <bdi>{model.resource.name}</bdi>,
    }),
    plain: plain(text, key, { subject, resource: model.resource.name }),
  };
}

/** A moved app is named by the place that was allowed: the new one never was. */
function placeOfWord(destination: string): Place {
  if (destination === 'loopback') return 'Computer';
  return destination.startsWith('scheme:') ? 'Device' : 'Named';
}

/** Whom the page may name: a catalogue name, an owner's domain, an address. Empty for programs on a device. */
function subjectText(identity: Identity): string {
  const { subject } = identity;
  if (subject.kind === 'app') return subject.name;
  if (subject.kind === 'site') return subject.domain;
  return subject.kind === 'address' ? subject.host : '';
}

function placeOf(identity: Identity): Place {
  if (identity.subject.kind === 'this_computer') return 'Computer';
  return identity.subject.kind === 'this_device' ? 'Device' : 'Named';
}

/** "Continue only if you started this": stronger for programs on a device, which anything could imitate. */
export function startedKey(identity: Identity): 'leadSite' | 'leadComputer' | 'leadDevice' {
  if (identity.subject.kind === 'this_computer') return 'leadComputer';
  return identity.subject.kind === 'this_device' ? 'leadDevice' : 'leadSite';
}

/** The labels of the two buttons, refusal first. */
export function decisionKeys(screen: ConsentScreenKind) {
  const pairs = {
    first_time: ['deny', 'allow'],
    returning: ['notGoOn', 'goOn'],
    new_scopes: ['keep', 'allowMore'],
    client_changed: ['deny', 'allowChanges'],
    alarm: ['deny', 'allowAnyway'],
  } as const satisfies Readonly<Record<ConsentScreenKind, readonly [string, string]>>;
  return pairs[screen];
}
