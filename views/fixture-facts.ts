/**
 * The made-up apps, abilities and identities the fixtures are built from.
 *
 * Decides nothing. Names of kind `DisplayName` are written by hand here as the cleaning would leave them.
 */
import type { Destination } from '../src/domain/destination.ts';
import type { CleanedName } from '../src/domain/display-name.ts';
import type { Identity } from '../src/domain/identity.ts';
import type { DisplayName, ScopeRisk, Seconds } from '../src/domain/types.ts';
import type { AccountApp } from './account-models.ts';
import type { Ability } from './models.ts';

function named(name: string, changes: Partial<CleanedName> = {}): CleanedName {
  return {
    name: name as DisplayName,
    initial: /[\p{L}\p{N}]/u.exec(name)?.[0].toUpperCase(),
    cleaned: false,
    hidden: false,
    cut: false,
    length: name.length,
    codePoints: undefined,
    ...changes,
  };
}

export const REFERENCE = 'req_7Q2MX4';
export const FORM = { action: '/consent/preview', ticket: 'ticket-of-the-preview' };

export const NAMES = {
  quill: named('Quill'),
  editor: named('Quill Editor'),
  lookAlike: named('Qui11 Desktop'),
  empty: named('', { cleaned: true, length: 3, codePoints: 'U+200B U+200B U+200B' }),
};

function ability(
  scope: string,
  title: string | undefined,
  description: string | undefined,
  risk: ScopeRisk,
  more: Partial<Ability> = {},
): Ability {
  return {
    scope,
    title,
    description,
    risk,
    optional: false,
    ticked: false,
    upstreamScopes: [],
    standard: undefined,
    ...more,
  };
}

const read = ability('tickets:read', 'Read tickets, comments and attachments', 'In projects you can see.', 'view', {
  upstreamScopes: ['repo:read'],
});
const write = ability(
  'tickets:write',
  'Create and edit tickets',
  'Teammates will see these changes as made by you.',
  'change',
  { upstreamScopes: ['repo'] },
);
const purge = ability('tickets:purge', 'Delete tickets', 'Deleted tickets can’t be restored.', 'high', {
  optional: true,
});
const undescribed = ability('files.export', undefined, undefined, 'change');
const identity = ability('openid', undefined, undefined, 'view', { standard: 'identity' });
const offline = ability('offline_access', undefined, undefined, 'view', { standard: 'offline' });

export const ABILITIES = {
  read,
  write,
  purge,
  undescribed,
  identity,
  offline,
  many: [
    identity,
    ability('email', undefined, undefined, 'view', { standard: 'identity' }),
    offline,
    read,
    ...['projects', 'boards', 'reports', 'calendars', 'people'].map((word) =>
      ability(`${word}:read`, `See ${word}`, undefined, 'view'),
    ),
    write,
    ability('boards:write', 'Change boards', 'Move, add and archive cards.', 'change', {
      optional: true,
      ticked: true,
    }),
    purge,
    undescribed,
  ],
};

const quillSite: Destination = {
  kind: 'site',
  host: 'quill.example',
  registrable: 'quill.example',
  displayedAs: undefined,
  port: undefined,
};
const computer: Destination = { kind: 'loopback', host: '127.0.0.1', port: '33418' };
const links: Destination = { kind: 'scheme', scheme: 'quill' };

function site(host: string, registrable: string, displayedAs?: string): Destination {
  return { kind: 'site', host, registrable, displayedAs, port: undefined };
}

const plainIdentity: Identity = {
  tier: 'not_confirmed',
  subject: { kind: 'this_computer' },
  name: NAMES.editor,
  destination: computer,
  publisher: undefined,
  catalogName: undefined,
  forwards: false,
  alarms: [],
  notes: [],
};

function atSite(destination: Destination, changes: Partial<Identity> = {}): Identity {
  const domain = destination.kind === 'site' ? destination.registrable : '';
  return { ...plainIdentity, subject: { kind: 'site', domain }, destination, ...changes };
}

const LONG_HOST = `${'a'.repeat(59)}.login-northwind-example-com.login-northwind-example-com.evil.example`;

export const identityOf = {
  reviewed: {
    ...plainIdentity,
    tier: 'reviewed',
    subject: { kind: 'app', name: 'Quill' },
    name: NAMES.quill,
    destination: quillSite,
    catalogName: 'Quill',
  },
  forwarded: {
    ...plainIdentity,
    tier: 'reviewed',
    subject: { kind: 'app', name: 'Quill' },
    name: NAMES.quill,
    destination: quillSite,
    catalogName: 'Quill',
    forwards: true,
  },
  siteConfirmed: atSite(quillSite, { tier: 'site_confirmed', name: NAMES.quill, publisher: 'quill.example' }),
  loopback: plainIdentity,
  loopbackDocument: { ...plainIdentity, publisher: 'quill.example' },
  scheme: { ...plainIdentity, subject: { kind: 'this_device' }, destination: links },
  website: atSite(site('cb.vendor.example', 'vendor.example'), {
    name: named('Vendor Notes'),
    notes: [{ kind: 'first_use_of_site' }],
  }),
  otherSite: atSite(site('cb.vendor.example', 'vendor.example'), {
    name: NAMES.quill,
    publisher: 'quill.example',
    notes: [{ kind: 'publisher_differs', publisher: 'quill.example' }],
  }),
  punycode: atSite(site('xn--quill-7ob.example', 'xn--quill-7ob.example', 'quilł.example'), { name: named('Notes') }),
  address: {
    ...plainIdentity,
    subject: { kind: 'address', host: '203.0.113.5' },
    destination: { kind: 'address', host: '203.0.113.5', port: '8443' },
  },
  privateNetwork: {
    ...plainIdentity,
    subject: { kind: 'address', host: '10.0.4.7' },
    destination: { kind: 'private', host: '10.0.4.7', port: '8443' },
    notes: [{ kind: 'private_network' }],
  },
  hostile: atSite(site(LONG_HOST, 'evil.example'), {
    name: named('Quill Editor for Teams, Enterprise Clou…', { cut: true, length: 512 }),
    notes: [{ kind: 'claims_authority' }],
  }),
  noName: { ...plainIdentity, name: NAMES.empty },
  changed: atSite(site('quill-cdn.example.net', 'quill-cdn.example.net'), { name: named('Quill Pro') }),
  lookAlike: atSite(site('quill-login.example.net', 'quill-login.example.net'), {
    tier: 'alarm',
    name: NAMES.lookAlike,
    alarms: [{ kind: 'looks_like', name: 'Quill', of: 'catalog', sites: ['quill.example'] }],
  }),
  trickName: {
    ...plainIdentity,
    tier: 'alarm',
    name: named('Nоtes notes.example', {
      cleaned: true,
      hidden: true,
      codePoints: 'N U+043E t e s U+202E U+0020 n o t e s . e x a m p l e',
    }),
    alarms: [{ kind: 'hidden_characters' }, { kind: 'mixed_scripts' }, { kind: 'contains_url' }],
  },
} satisfies Readonly<Record<string, Identity>>;

/** Three rows: reviewed, not confirmed on two computers, unused for long. */
export function accountApps(now: Seconds): readonly AccountApp[] {
  const DAY = 86_400;
  const shared = { upstreamName: 'GitHub', accountName: 'maya-k', catalogName: undefined, approvals: [] };
  const connection = (days: number, at: number) => ({
    resourceName: 'Northwind Tickets',
    destinations: [computer],
    grantedAt: now - days * DAY,
    lastUsedAt: undefined,
    expiresAt: now + (90 - days) * DAY,
    removeUrl: `/account/remove/${at}`,
  });
  return [
    {
      ...shared,
      tier: 'reviewed',
      name: NAMES.quill,
      catalogName: 'Quill',
      destinations: [quillSite],
      abilities: [read, write, identity],
      servers: [{ name: 'Northwind Tickets', endsWithin: 0 }],
      grantedAt: now - 48 * DAY,
      lastUsedAt: now - 2 * 3600,
      expiresAt: now + 42 * DAY,
      unused: false,
      removeUrl: '/account/remove/quill',
    },
    {
      ...shared,
      tier: 'not_confirmed',
      name: NAMES.editor,
      destinations: [computer],
      abilities: [read, write, { ...purge, optional: false }],
      servers: [
        { name: 'Northwind Tickets', endsWithin: 0 },
        { name: 'Northwind Docs', endsWithin: 600 },
      ],
      grantedAt: now - 8 * DAY,
      lastUsedAt: now - DAY,
      expiresAt: now + 82 * DAY,
      unused: false,
      approvals: [connection(8, 1), connection(6, 2)],
      removeUrl: '/account/remove/quill-editor',
    },
    {
      ...shared,
      tier: 'site_confirmed',
      name: named('Ledger Agent'),
      destinations: [site('agents.ledger.example', 'ledger.example')],
      abilities: [read],
      servers: [{ name: 'Northwind Billing', endsWithin: 0 }],
      grantedAt: now - 84 * DAY,
      lastUsedAt: now - 77 * DAY,
      expiresAt: now + 6 * DAY,
      unused: true,
      removeUrl: '/account/remove/ledger',
    },
  ];
}
