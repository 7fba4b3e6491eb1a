/**
 * A change in the console: the page that says what it would end, and the POST that does it.
 *
 * The ticket covers session, action, target, version and the number shown, so a form does exactly what its page said.
 */
import type { Context } from 'hono';
import { ConfirmPage } from '../../../views/console/act-pages.tsx';
import type { Fact } from '../../../views/console/models.ts';
import { type ActionName, words } from '../../../views/console/words.ts';
import type { RawParameters } from '../../domain/authorization-request.ts';
import type { AppEnv } from '../../ports.ts';
import { one, readForm, readQuery, repeatedParameter } from '../../security/parameters.ts';
import { authorize } from '../authenticate.ts';
import { notFound, Refused } from '../problem.ts';
import { ACTIONS, isActionName, type Target } from './actions.ts';
import { ask, bound, consolePage, type Desk, type Inside, insideFrame } from './desk.ts';
import { type Report, showDone, summed } from './done.ts';
import { type Item, textOf, textsOf } from './lists.ts';

interface Counts {
  readonly approvals: number;
  readonly users: number;
  readonly clients: number;
}

/** What a change answers, as far as it is shown. */
interface Answer {
  readonly report?: Report | null;
  readonly reports?: readonly Report[];
  readonly sessions?: number;
}

/** People concerned from which on the number has to be typed. */
const MANY = 20;

export const confirmPage =
  (desk: Desk) =>
  async (c: Context<AppEnv>, inside: Inside): Promise<Response> => {
    const reading = readQuery(c);
    if (!reading.ok) throw new Refused(reading.status, 'invalid_request', reading.detail);
    const name = actionOf(c, inside);
    return showConfirm(c, desk, inside, name, targetOf(name, reading.parameters), undefined);
  };

/** Throws Refused for an action there is none of, or that the role does not reach. */
function actionOf(c: Context<AppEnv>, { caller }: Inside): ActionName {
  const name = c.req.param('action') ?? '';
  if (!isActionName(name)) throw notFound();
  authorize(caller, { role: ACTIONS[name].role, limited: true });
  return name;
}

function targetOf(name: ActionName, parameters: RawParameters): Target {
  const given = ACTIONS[name].target.flatMap((member) => {
    const value = one(parameters, member);
    return value === undefined ? [] : [[member, value] as const];
  });
  if (given.length === 0) throw new Refused(400, 'invalid_request', 'Nothing is named to be changed.');
  return Object.fromEntries(given);
}

async function showConfirm(
  c: Context<AppEnv>,
  desk: Desk,
  inside: Inside,
  name: ActionName,
  target: Target,
  problem: string | undefined,
): Promise<Response> {
  const action = ACTIONS[name];
  const meant = await subjectOf(c, desk, inside, name, target);
  const counts = await countsOf(c, desk, inside, name, target);
  const people = String(counts?.users ?? 0);
  const { base } = desk.place;
  const { facts: subject, version } = meant;
  const ticket = inside.binding.ticket('console', boundTo(inside, name, target, people, version));
  const model = {
    frame: insideFrame(desk, inside, undefined),
    name,
    subject,
    counts,
    needsReason: action.needsReason,
    typed: Number(people) > MANY ? Number(people) : undefined,
    problem,
    form: {
      action: `${base}/admin/do/${name}`,
      hidden: { ...target, people, version, ticket },
    },
    keepUrl: `${base}/admin${action.back(target)}`,
  };
  return consolePage(c, desk, ConfirmPage(model), problem === undefined ? 200 : 400);
}

const boundTo = (inside: Inside, name: ActionName, target: Target, people: string, version: string): string =>
  bound(inside, name, people, version, JSON.stringify(ACTIONS[name].target.map((member) => target[member] ?? '')));

/** What is meant, as the API knows it, in the version that is shown. Throws Refused when it is not there, or not for this administrator. */
async function subjectOf(
  c: Context<AppEnv>,
  desk: Desk,
  inside: Inside,
  name: ActionName,
  target: Target,
): Promise<{ readonly facts: readonly Fact[]; readonly version: string }> {
  const meant = Object.entries(target).map(
    ([member, text]): Fact => ({
      label: MEMBERS[member] ?? member,
      value: { kind: 'code', text },
    }),
  );
  const subject = ACTIONS[name].subject?.(target);
  if (subject === undefined) return { facts: meant, version: '' };
  const answer = await ask<Item>(c, desk, inside, { method: 'get', path: subject.path });
  const thing = subject.among === undefined ? answer : amongThem(answer, subject.among);
  const named = thing.client_name ?? thing.name;
  const shown = ['site', 'user', 'resource', 'upstream', 'pattern', 'client_uri'].flatMap((member): readonly Fact[] => {
    const text = thing[member];
    return typeof text === 'string' ? [{ label: MEMBERS[member] ?? member, value: { kind: 'code', text } }] : [];
  });
  const redirects = textsOf(thing.redirect_uris);
  return {
    facts: [
      ...(typeof named === 'string' ? [{ label: words.name, value: { kind: 'name', text: named } } as const] : []),
      ...shown,
      ...(redirects.length > 0
        ? [{ label: words.redirects, value: { kind: 'codes', texts: redirects } } as const]
        : []),
      ...meant,
    ],
    version: ACTIONS[name].conditional === true ? textOf(answer.version) : '',
  };
}

/** The one of this id in a list. Throws Refused when it is not there. */
function amongThem({ items }: Item, id: string): Item {
  const found = (Array.isArray(items) ? (items as readonly Item[]) : []).find((item) => item.id === id);
  if (found === undefined) throw notFound();
  return found;
}

const MEMBERS: Readonly<Record<string, string>> = {
  id: words.id,
  user: words.person,
  client_id: words.clientId,
  resource: words.server,
  site: words.goesTo,
  upstream: words.upstream,
  name: words.pattern,
  pattern: words.pattern,
  client_uri: words.website,
  hash: words.hash,
  granted_before: words.grantedBefore,
};

/** What would end, counted by the API itself. */
async function countsOf(
  c: Context<AppEnv>,
  desk: Desk,
  inside: Inside,
  name: ActionName,
  target: Target,
): Promise<Counts | undefined> {
  const request = ACTIONS[name].counts?.(target);
  return request && (await ask<{ matched: Counts }>(c, desk, inside, request)).matched;
}

export const doAction =
  (desk: Desk) =>
  async (c: Context<AppEnv>, inside: Inside): Promise<Response> => {
    const { binding } = inside;
    const reading = await readForm(c);
    const stale = new Refused(403, 'forbidden', words.staleForm);
    if (!reading.ok || repeatedParameter(reading.parameters) !== undefined || !binding.isOwnPost(c)) throw stale;
    const { parameters } = reading;
    const name = actionOf(c, inside);
    const target = targetOf(name, parameters);
    const people = one(parameters, 'people') ?? '';
    const version = one(parameters, 'version') ?? '';
    if (!binding.isTicket('console', boundTo(inside, name, target, people, version), one(parameters, 'ticket')))
      throw stale;
    const action = ACTIONS[name];
    const reason = one(parameters, 'reason')?.trim() ?? '';
    if (action.needsReason && reason === '') return showConfirm(c, desk, inside, name, target, words.needReason);
    if (Number(people) > MANY && one(parameters, 'typed')?.trim() !== people)
      return showConfirm(c, desk, inside, name, target, words.wrongNumber);
    const answer = await ask<Answer>(c, desk, inside, {
      ...action.request(target, reason),
      ifMatch: version === '' ? undefined : version,
    });
    return showDone(c, desk, inside, {
      ...{ name, target, reason, sessions: answer.sessions },
      report: answer.report === undefined || answer.report === null ? answer.report : answer.report.id,
      ended: answer.reports === undefined ? undefined : summed(answer.reports),
    });
  };
