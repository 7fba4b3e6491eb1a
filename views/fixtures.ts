/**
 * Every page in every state, with made-up people and apps, for the preview and the tests.
 *
 * Decides nothing. Hosts are reserved example names; no fixture holds a real ticket, person or client.
 */
import type { Child } from 'hono/jsx';
import { ConsentPage } from './consent-page.tsx';
import { ABILITIES, FORM, identityOf, REFERENCE } from './fixture-facts.ts';
import { accountFixtures, errorFixtures, handOffFixtures } from './fixtures-other.ts';
import { waitingFixtures } from './fixtures-waiting.ts';
import type { Text } from './messages/catalog.ts';
import type { ConsentModel, Frame } from './models.ts';

export interface Fixture {
  /** Kebab-case, unique; the preview's address. */
  readonly name: string;
  readonly page: (text: Text) => Child;
}

const DAY = 86_400;
const MINUTE = 60;

/** All fixtures in a frame; `frame.now` is the moment they play at. */
export function fixturesFor(frame: Frame): readonly Fixture[] {
  return [
    ...consentFixtures(frame),
    ...handOffFixtures(frame),
    ...errorFixtures(frame),
    ...accountFixtures(frame),
    ...waitingFixtures(frame),
  ];
}

function consent(frame: Frame, changes: Partial<ConsentModel>): ConsentModel {
  const identity = changes.identity ?? identityOf.siteConfirmed;
  return {
    frame: { ...frame, reportUrl: '#report' },
    form: FORM,
    screen: 'first_time',
    identity,
    resource: { name: 'Northwind Tickets', host: 'tickets.northwind.example' },
    upstream: { name: 'GitHub' },
    accountName: 'maya-k',
    useAnotherUrl: '/account/switch',
    lifetime: 90 * DAY,
    abilities: [ABILITIES.read, ABILITIES.write, ABILITIES.purge],
    alreadyAllowed: [],
    changes: [],
    allowedAt: undefined,
    expiredAt: undefined,
    removedAt: undefined,
    registeredAt: frame.now - 6 * MINUTE,
    lastConfirmedAt: undefined,
    usedHere: undefined,
    alarmBlocks: false,
    problem: undefined,
    technical: {
      clientId: 'https://quill.example/oauth/client.json',
      redirectUri: 'https://quill.example/oauth/callback',
      resource: 'https://tickets.northwind.example/mcp',
      scopes: ['tickets:read', 'tickets:write', 'tickets:purge'],
      upstreamScopes: ['read:user', 'repo'],
      registration: 'registered',
      registeredAt: frame.now - 6 * MINUTE,
      nameCodePoints: identity.name.codePoints,
      clientUri: 'https://quill.example/',
      policyUri: undefined,
      tosUri: undefined,
      reference: REFERENCE,
      expiresAt: frame.now + 10 * MINUTE,
    },
    ...changes,
  };
}

function consentFixtures(frame: Frame): readonly Fixture[] {
  const then = frame.now - 48 * DAY;
  const alarm = {
    screen: 'alarm',
    identity: identityOf.lookAlike,
    abilities: [ABILITIES.read, ABILITIES.write],
    usedHere: false,
  } as const;
  const states: Readonly<Record<string, Partial<ConsentModel>>> = {
    'consent-reviewed': { identity: identityOf.reviewed },
    'consent-forwarded': { identity: identityOf.forwarded },
    'consent-site': {},
    'consent-loopback': { identity: identityOf.loopback },
    'consent-loopback-document': { identity: identityOf.loopbackDocument },
    'consent-scheme': { identity: identityOf.scheme },
    'consent-website': { identity: identityOf.website },
    'consent-other-site': { identity: identityOf.otherSite },
    'consent-punycode': { identity: identityOf.punycode },
    'consent-address': { identity: identityOf.address },
    'consent-private': { identity: identityOf.privateNetwork },
    'consent-hostile': { identity: identityOf.hostile },
    'consent-no-name': { identity: identityOf.noName },
    'consent-account-unknown': {
      accountName: undefined,
      useAnotherUrl: undefined,
      frame: { ...frame, account: undefined },
    },
    'consent-nothing-asked': { abilities: [] },
    'consent-many': { abilities: ABILITIES.many },
    'consent-undescribed': { abilities: [ABILITIES.identity, ABILITIES.offline, ABILITIES.undescribed] },
    'consent-removed-before': { removedAt: frame.now - 2 * DAY },
    'consent-expired-before': { expiredAt: frame.now - 3 * DAY },
    'consent-stale': { problem: 'form_stale' },
    'consent-returning': { screen: 'returning', allowedAt: then, abilities: [ABILITIES.read, ABILITIES.write] },
    'consent-returning-loopback': { screen: 'returning', identity: identityOf.loopback, allowedAt: then },
    'consent-new-scopes': {
      screen: 'new_scopes',
      allowedAt: then,
      abilities: [ABILITIES.write],
      alreadyAllowed: [ABILITIES.read, ABILITIES.identity],
    },
    'consent-changed': {
      screen: 'client_changed',
      identity: identityOf.changed,
      allowedAt: then,
      abilities: [ABILITIES.read, ABILITIES.write],
      changes: [
        { what: 'destination', before: 'https://quill.example', now: 'https://quill-cdn.example.net' },
        { what: 'name', before: 'Quill', now: 'Quill Pro' },
      ],
    },
    'consent-document-away': { lastConfirmedAt: frame.now - 2 * DAY },
    'consent-document-changed': {
      screen: 'client_changed',
      allowedAt: then,
      abilities: [ABILITIES.read],
      changes: [
        { what: 'document', before: 'then', now: 'now' },
        { what: 'sign_in_method', before: 'none', now: 'private_key_jwt' },
      ],
    },
    'consent-alarm': alarm,
    'consent-alarm-missing-tick': { ...alarm, problem: 'understood_missing' },
    'consent-alarm-blocked': { ...alarm, alarmBlocks: true },
    'consent-alarm-name': { ...alarm, identity: identityOf.trickName, usedHere: undefined },
    'consent-demo': { identity: identityOf.loopback, frame: { ...frame, demo: true } },
  };
  return Object.entries(states).map(([name, changes]) => ({
    name,
    page: (text) => ConsentPage(consent(frame, changes), text),
  }));
}
