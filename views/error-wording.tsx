/**
 * The words and links of each error code; one exhaustive table, so a new code cannot be without a page.
 *
 * Decides wording only. A fact the caller does not know shortens the sentence instead of being guessed.
 */
import type { Child } from 'hono/jsx';
import { moment, timeText } from './format.tsx';
import type { Text } from './messages/catalog.ts';
import type { ErrorCode, ErrorModel } from './models.ts';
import type { Action } from './parts.tsx';
import { Code } from './parts.tsx';
import { plain, say, sayCount } from './say.tsx';

export interface ErrorWording {
  readonly title: string;
  /** One paragraph each. */
  readonly body: readonly Child[];
  readonly actions: readonly Action[];
}

type Wording = (model: ErrorModel, text: Text) => ErrorWording;

const DEFAULT_OPEN_MINUTES = 10;

export function errorWording(model: ErrorModel, text: Text): ErrorWording {
  return WORDING[model.code](model, text);
}

const apps = ({ links }: ErrorModel, text: Text): Action => ({ url: links.account, label: say(text, 'seeApps') });
const again = ({ links }: ErrorModel, text: Text): Action => ({
  url: links.tryAgain,
  label: say(text, 'tryAgain'),
  main: true,
});
const back = ({ links }: ErrorModel, text: Text): Action => ({
  url: links.backToApp,
  label: say(text, 'handDeniedGo'),
});

function upstreamName({ facts }: ErrorModel, text: Text): string {
  return facts.upstreamName ?? plain(text, 'upstreamPlain');
}

function decided(model: ErrorModel, text: Text): Child {
  const { decision, decidedAt, subject } = model.facts;
  if (decision === undefined || decidedAt === undefined) return say(text, 'decidedPlain');
  const allowed = decision === 'allow';
  const time = moment(decidedAt, timeText(text, model.frame, decidedAt));
  if (subject === undefined) return say(text, allowed ? 'decidedAllowedAt' : 'decidedDeniedAt', { time });
  const values = { subject: <Code>{subject}</Code>, time };
  return say(text, allowed ? 'decidedAllowed' : 'decidedDenied', values);
}

const WORDING: Readonly<Record<ErrorCode, Wording>> = {
  request_expired: (model, text) => ({
    title: plain(text, 'expiredTitle'),
    body: [
      <>
        {sayCount(text, 'expiredBody', model.facts.openMinutes ?? DEFAULT_OPEN_MINUTES)} {say(text, 'expiredDo')}
      </>,
    ],
    actions: [apps(model, text)],
  }),
  request_decided: (model, text) => ({
    title: plain(text, 'decidedTitle'),
    body: [decided(model, text), say(text, 'decidedDo')],
    actions: [
      { url: model.links.removeThis, label: say(text, 'decidedRemove') },
      { ...apps(model, text), main: true },
    ],
  }),
  browser_mismatch: (_model, text) => ({
    title: plain(text, 'browserTitle'),
    body: [say(text, 'browserBody'), say(text, 'browserWarning')],
    actions: [],
  }),
  cookie_missing: (model, text) => ({
    title: plain(text, 'cookieTitle'),
    body: [
      model.facts.cookieHost === undefined
        ? say(text, 'cookieBodyPlain')
        : say(text, 'cookieBody', { host: <Code>{model.facts.cookieHost}</Code> }),
    ],
    actions: [again(model, text)],
  }),
  form_stale: (model, text) => ({
    title: plain(text, 'staleTitle'),
    body: [say(text, 'staleBody')],
    actions: [again(model, text)],
  }),
  client_unknown: (_model, text) => ({
    title: plain(text, 'unknownTitle'),
    body: [
      <>
        {say(text, 'unknownBody')} {say(text, 'unknownDo')}
      </>,
    ],
    actions: [],
  }),
  redirect_mismatch: (_model, text) => ({
    title: plain(text, 'mismatchTitle'),
    body: [
      <>
        {say(text, 'mismatchBody')} {say(text, 'mismatchDo')}
      </>,
    ],
    actions: [],
  }),
  client_blocked: (model, text) => ({
    title: plain(text, 'blockedTitle', { brand: model.frame.brand.name }),
    body: [
      say(text, 'blockedBody'),
      ...(model.facts.reason === undefined
        ? []
        : [say(text, 'blockedReason', { reason: <bdi>{model.facts.reason}</bdi> })]),
    ],
    actions: [apps(model, text)],
  }),
  app_blocked: (model, text) => ({
    title: plain(text, 'ownBlockTitle'),
    body: [say(text, 'ownBlockBody')],
    actions: [{ url: model.links.account, label: say(text, 'ownBlockSee'), main: true }],
  }),
  user_not_allowed: (model, text) => ({
    title:
      model.facts.resourceName === undefined
        ? plain(text, 'notAllowedTitlePlain')
        : plain(text, 'notAllowedTitle', { resource: model.facts.resourceName }),
    body: [
      <>
        {model.facts.accountName !== undefined &&
          say(text, 'notAllowedBody', { account: <bdi>{model.facts.accountName}</bdi> })}{' '}
        {say(text, 'notAllowedDo')}
      </>,
    ],
    actions: [{ url: model.links.useAnother, label: say(text, 'useAnotherAccount'), main: true }, back(model, text)],
  }),
  upstream_denied: (model, text) => {
    const upstream = upstreamName(model, text);
    return {
      title: plain(text, 'upstreamDeniedTitle', { upstream }),
      body: [say(text, 'upstreamDeniedBody', { upstream })],
      actions: [
        { url: model.links.tryAgain, label: say(text, 'upstreamDeniedAgain', { upstream }), main: true },
        back(model, text),
      ],
    };
  },
  upstream_unavailable: (model, text) => {
    const upstream = upstreamName(model, text);
    return {
      title: plain(text, 'upstreamDownTitle', { upstream }),
      body: [
        <>
          {say(text, 'upstreamDownBody', { upstream })} {say(text, 'startAgain')}
        </>,
      ],
      actions: [again(model, text), back(model, text)],
    };
  },
  request_invalid: (model, text) => ({
    title: plain(text, 'invalidTitle'),
    body: [
      <>
        {say(text, 'invalidBody')} {say(text, 'startAgain')}
      </>,
    ],
    actions: [back(model, text)],
  }),
  client_unapproved: (model, text) => ({
    title: plain(text, 'unapprovedTitle'),
    body: [say(text, 'unapprovedBody')],
    actions: [back(model, text)],
  }),
  rate_limited: (model, text) => ({
    title: plain(text, 'rateTitle'),
    body: [sayCount(text, 'rateBody', Math.max(1, Math.ceil((model.facts.retryAfterSeconds ?? 60) / 60)))],
    actions: [],
  }),
  prompt_limit: (model, text) => ({
    title: plain(text, 'promptTitle'),
    body: [
      say(text, 'promptBody'),
      sayCount(text, 'rateBody', Math.max(1, Math.ceil((model.facts.retryAfterSeconds ?? 300) / 60))),
    ],
    actions: [apps(model, text)],
  }),
  not_found: (model, text) => ({
    title: plain(text, 'notFoundTitle'),
    body: [say(text, 'notFoundBody')],
    actions: [apps(model, text)],
  }),
  internal: (model, text) => ({
    title: plain(text, 'internalTitle'),
    body: [say(text, 'internalBody')],
    actions: [again(model, text)],
  }),
};
