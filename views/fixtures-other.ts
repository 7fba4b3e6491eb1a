/**
 * The fixtures of every page that is not the consent page: hand-off, errors, the account pages, the help page.
 *
 * Decides nothing. The same made-up people and apps as the consent fixtures.
 */
import { AccountPage } from './account-page.tsx';
import { ActivityPage, RemoveAllPage, RemovePage, SignedOutPage, SignInPage, WhyPage } from './account-pages.tsx';
import { DifferentAccountPage, ErrorPage } from './error-page.tsx';
import { accountApps, FORM, identityOf, NAMES, REFERENCE } from './fixture-facts.ts';
import type { Fixture } from './fixtures.ts';
import { HandOffPage } from './hand-off-page.tsx';
import type { Text } from './messages/catalog.ts';
import type { ErrorCode, ErrorModel, Frame, HandOffModel } from './models.ts';
import { BlockPage, ReportedPage, ReportPage } from './report-pages.tsx';

const DAY = 86_400;
/** An app somebody blocked. */
const LEDGER = { tier: 'not_confirmed', name: NAMES.lookAlike, catalogName: undefined } as const;
const MINUTE = 60;

export function handOffFixtures(frame: Frame): readonly Fixture[] {
  const back = (
    kind: 'allowed' | 'denied' | 'denied_after_alarm',
    identity: keyof typeof identityOf,
  ): HandOffModel => ({
    frame,
    kind,
    url: '#back',
    destination: identityOf[identity].destination,
    name: identityOf[identity].name,
    tier: identityOf[identity].tier,
    catalogName: identityOf[identity].catalogName,
  });
  const states: Readonly<Record<string, HandOffModel>> = {
    'hand-off-upstream': { frame, kind: 'to_upstream', url: '#upstream', upstreamName: 'GitHub' },
    'hand-off-scheme': back('allowed', 'scheme'),
    'hand-off-loopback': back('allowed', 'loopback'),
    'hand-off-reviewed': back('allowed', 'reviewed'),
    'hand-off-no-name': back('allowed', 'noName'),
    'hand-off-denied': back('denied', 'loopback'),
    'hand-off-denied-after-alarm': back('denied_after_alarm', 'lookAlike'),
  };
  return Object.entries(states).map(([name, model]) => ({ name, page: (text) => HandOffPage(model, text) }));
}

/** Each error code with every fact it can use. */
const ERRORS: Readonly<Record<ErrorCode, Partial<ErrorModel>>> = {
  request_expired: { nothingShared: true },
  request_decided: { facts: { decision: 'allow', decidedAt: 0, subject: 'quill.example' } },
  browser_mismatch: { nothingShared: true },
  cookie_missing: { facts: { cookieHost: 'auth.northwind.example' } },
  form_stale: {},
  client_unknown: { nothingShared: true },
  redirect_mismatch: {
    nothingShared: true,
    technical: {
      oauthError: 'invalid_request',
      asked: 'https://quill.example/oauth/callback2',
      registered: ['https://quill.example/oauth/callback'],
      differsAt: 37,
    },
  },
  client_blocked: { facts: { reason: 'It asked for more than it needs. Use Quill instead.' } },
  app_blocked: { nothingShared: true },
  user_not_allowed: { facts: { resourceName: 'Northwind Tickets', accountName: 'maya-k' } },
  upstream_denied: { nothingShared: true, facts: { upstreamName: 'GitHub' } },
  upstream_unavailable: { nothingShared: true, facts: { upstreamName: 'GitHub' } },
  request_invalid: {
    nothingShared: true,
    technical: { oauthError: 'invalid_request', description: 'code_challenge is missing' },
  },
  client_unapproved: {
    nothingShared: true,
    technical: { oauthError: 'invalid_scope', description: 'tickets:all is unknown' },
  },
  rate_limited: { facts: { retryAfterSeconds: 60 } },
  prompt_limit: { facts: { retryAfterSeconds: 300 } },
  not_found: {},
  internal: {},
};

export function errorFixtures(frame: Frame): readonly Fixture[] {
  const links = {
    tryAgain: '#again',
    account: '/account',
    removeThis: '/account#remove',
    useAnother: '/account/switch',
    backToApp: '#back',
  };
  const pages = Object.entries(ERRORS).map(([code, parts]) => {
    const facts =
      parts.facts?.decidedAt === undefined
        ? (parts.facts ?? {})
        : { ...parts.facts, decidedAt: frame.now - 5 * MINUTE };
    const model: ErrorModel = {
      frame,
      code: code as ErrorCode,
      reference: REFERENCE,
      at: frame.now,
      nothingShared: parts.nothingShared ?? false,
      facts,
      links,
      technical: parts.technical ?? {},
    };
    return { name: `error-${code.replaceAll('_', '-')}`, page: (text: Text) => ErrorPage(model, text) };
  });
  const switched = {
    frame,
    upstreamName: 'GitHub',
    expectedName: 'maya-k',
    returnedName: 'maya-personal',
    startAgainUrl: '#again',
    useReturnedUrl: '#use',
    reference: REFERENCE,
    at: frame.now,
  };
  return [...pages, { name: 'different-account', page: (text) => DifferentAccountPage(switched, text) }];
}

export function accountFixtures(frame: Frame): readonly Fixture[] {
  const signedIn: Frame = {
    ...frame,
    account: { name: 'maya@northwind.example', signOut: { action: '/account/sign-out', ticket: FORM.ticket } },
  };
  const out: Frame = { ...frame, account: undefined };
  const form = { action: '/account/remove', ticket: FORM.ticket };
  const apps = accountApps(frame.now);
  const blocked = [
    {
      ...LEDGER,
      destination: identityOf.lookAlike.destination,
      blockedAt: frame.now - 2 * DAY,
      unblockUrl: '#unblock',
    },
  ];
  const shared = {
    frame: signedIn,
    blocked,
    removeAllUrl: '/account/remove-all',
    activityUrl: '/account/activity',
    downloadUrl: '/account/approvals.json',
    receiptsUrl: '/account/receipts.json',
  };
  const removed = {
    kind: 'removed',
    appName: 'Inspector',
    endsWithin: 600,
    upstream: { name: 'GitHub', cancelled: true },
  } as const;
  const activity = [
    {
      at: frame.now - MINUTE,
      kind: 'allowed' as const,
      app: { name: NAMES.editor, catalogName: undefined },
      resourceName: 'Northwind Tickets',
      count: 1,
    },
    {
      at: frame.now - 2 * DAY,
      kind: 'warned' as const,
      app: { name: NAMES.lookAlike, catalogName: undefined },
      resourceName: undefined,
      count: 1,
    },
    {
      at: frame.now - 3 * DAY,
      kind: 'renewed' as const,
      app: { name: NAMES.quill, catalogName: 'Quill' },
      resourceName: undefined,
      count: 14,
    },
    {
      at: frame.now - 4 * DAY,
      kind: 'removed_by_admin' as const,
      app: { name: NAMES.empty, catalogName: undefined },
      resourceName: undefined,
      count: 1,
    },
    {
      at: frame.now - 4 * DAY,
      kind: 'reported' as const,
      app: { name: NAMES.lookAlike, catalogName: undefined },
      resourceName: undefined,
      count: 1,
    },
    { at: frame.now - 5 * DAY, kind: 'signed_in' as const, app: undefined, resourceName: undefined, count: 1 },
  ];
  const [first] = apps;
  return [
    { name: 'account', page: (text) => AccountPage({ ...shared, apps, notice: removed }, text) },
    {
      name: 'account-empty',
      page: (text) =>
        AccountPage(
          { ...shared, apps: [], notice: { ...removed, kind: 'removed_all', appName: undefined, endsWithin: 0 } },
          text,
        ),
    },
    ...(first === undefined
      ? []
      : [
          {
            name: 'account-remove',
            page: (text: Text) =>
              RemovePage({ frame: signedIn, form, app: first, endsWithin: 600, keepUrl: '/account' }, text),
          },
        ]),
    {
      name: 'account-remove-all',
      page: (text) => RemoveAllPage({ frame: signedIn, form, apps, endsWithin: 600, keepUrl: '/account' }, text),
    },
    {
      name: 'account-sign-in',
      page: (text) =>
        SignInPage(
          {
            frame: out,
            choices: [
              { upstreamName: 'GitHub', url: '#github' },
              { upstreamName: 'Northwind', url: '#northwind' },
            ],
          },
          text,
        ),
    },
    { name: 'account-signed-out', page: (text) => SignedOutPage({ frame: out, signInUrl: '/account' }, text) },
    {
      name: 'account-block',
      page: (text) => BlockPage({ frame: signedIn, form, kind: 'block', app: LEDGER, keepUrl: '/account' }, text),
    },
    {
      name: 'account-unblock',
      page: (text) => BlockPage({ frame: signedIn, form, kind: 'unblock', app: LEDGER, keepUrl: '/account' }, text),
    },
    {
      name: 'report',
      page: (text) =>
        ReportPage(
          { frame: signedIn, form, reference: REFERENCE, maxLength: 500, canBlock: true, backUrl: '#request' },
          text,
        ),
    },
    {
      name: 'reported',
      page: (text) => ReportedPage({ frame: signedIn, reference: REFERENCE, blocked: true, backUrl: '#request' }, text),
    },
    { name: 'account-activity', page: (text) => ActivityPage({ frame: signedIn, entries: activity }, text) },
    {
      name: 'why',
      page: (text) => WhyPage({ frame, resourceName: 'Northwind Tickets', upstreamName: 'GitHub' }, text),
    },
  ];
}
