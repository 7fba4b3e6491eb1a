/**
 * A change in the console: the page that says what it would end, the POST that does it, the page that says what it did.
 *
 * The ticket covers session, action, target and the number shown, so a form does exactly what its page said. What was
 * done travels sealed to the last page, so nobody can make it say what did not happen; a reload repeats nothing.
 */
import type { Context } from 'hono';
import { ConfirmPage, DonePage } from '../../../views/console/act-pages.tsx';
import type { Fact, Table } from '../../../views/console/models.ts';
import { type ActionName, fill, words } from '../../../views/console/words.ts';
import { seeConsolePage } from '../../browser/responder.ts';
import type { RawParameters } from '../../domain/authorization-request.ts';
import type { AppEnv } from '../../ports.ts';
import { one, readForm, readQuery, repeatedParameter } from '../../security/parameters.ts';
import { authorize } from '../authenticate.ts';
import { notFound, Refused } from '../problem.ts';
import { ACTIONS, isActionName, type Target } from './actions.ts';
import { ask, bound, consolePage, type Desk, type Inside, insideFrame } from './desk.ts';

interface Counts {
  readonly approvals: number;
  readonly users: number;
  readonly clients: number;
}

interface Report {
  readonly id: string;
  readonly at: string;
  readonly settled_by: string;
  readonly ended: Readonly<Record<string, number>>;
  readonly upstream_calls: readonly {
    upstream: string;
    outcome: string | null;
    attempts: number;
    problem: string | null;
  }[];
}

interface Done {
  readonly at: number;
  readonly name: ActionName;
  readonly target: Target;
  readonly reason: string;
  readonly report: string | null | undefined;
  readonly sessions: number | undefined;
}

/** People concerned from which on the number has to be typed. */
const MANY = 20;
const DONE_LIFE = 24 * 3600;

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
  const subject = await subjectOf(c, desk, inside, name, target);
  const counts = await countsOf(c, desk, inside, name, target);
  const people = String(counts?.users ?? 0);
  const { base } = desk.place;
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
      hidden: { ...target, people, ticket: inside.binding.ticket('console', boundTo(inside, name, target, people)) },
    },
    keepUrl: `${base}/admin${action.back(target)}`,
  };
  return consolePage(c, desk, ConfirmPage(model), problem === undefined ? 200 : 400);
}

const boundTo = (inside: Inside, name: ActionName, target: Target, people: string): string =>
  bound(inside, name, people, JSON.stringify(ACTIONS[name].target.map((member) => target[member] ?? '')));

/** What is meant, as the API knows it. Throws Refused when it is not there, or not for this administrator. */
async function subjectOf(
  c: Context<AppEnv>,
  desk: Desk,
  inside: Inside,
  name: ActionName,
  target: Target,
): Promise<readonly Fact[]> {
  const meant = Object.entries(target).map(
    ([member, text]): Fact => ({
      label: MEMBERS[member] ?? member,
      value: { kind: 'code', text },
    }),
  );
  if (target.id === undefined) return meant;
  const path = ACTIONS[name].request(target, '').path.replace(/\/sign-out$/, '');
  const thing = await ask<Readonly<Record<string, unknown>>>(c, desk, inside, { method: 'get', path });
  const named = thing.client_name ?? thing.name;
  return [
    { label: words.name, value: { kind: 'name', text: typeof named === 'string' ? named : '' } },
    ...['site', 'user', 'resource', 'upstream'].flatMap((member): readonly Fact[] => {
      const text = thing[member];
      return typeof text === 'string' ? [{ label: MEMBERS[member] ?? member, value: { kind: 'code', text } }] : [];
    }),
    ...meant,
  ];
}

const MEMBERS: Readonly<Record<string, string>> = {
  id: words.id,
  user: words.person,
  client_id: words.clientId,
  resource: words.server,
  site: words.goesTo,
  upstream: words.upstream,
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
  const { ends } = ACTIONS[name];
  if (ends === undefined) return undefined;
  const body = { ...ends(target), reason: 'dry run', dry_run: true };
  return (await ask<{ matched: Counts }>(c, desk, inside, { method: 'post', path: '/revocations', body })).matched;
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
    if (!binding.isTicket('console', boundTo(inside, name, target, people), one(parameters, 'ticket'))) throw stale;
    const action = ACTIONS[name];
    const reason = one(parameters, 'reason')?.trim() ?? '';
    if (action.needsReason && reason === '') return showConfirm(c, desk, inside, name, target, words.needReason);
    if (Number(people) > MANY && one(parameters, 'typed')?.trim() !== people)
      return showConfirm(c, desk, inside, name, target, words.wrongNumber);
    const answer = await ask<{ report?: Report | null; sessions?: number }>(
      c,
      desk,
      inside,
      action.request(target, reason),
    );
    const report = answer.report === undefined || answer.report === null ? answer.report : answer.report.id;
    const done: Done = { at: desk.deps.now(), name, target, reason, report, sessions: answer.sessions };
    const sealed = desk.deps.keys.seal(JSON.stringify(done), doneRow(inside));
    return seeConsolePage(c, desk.place.base, `/admin/done?was=${encodeURIComponent(sealed)}`);
  };

const doneRow = ({ session }: Inside): string => `console_done:${session.idHash}`;

export const donePage =
  (desk: Desk) =>
  async (c: Context<AppEnv>, inside: Inside): Promise<Response> => {
    const opened = desk.deps.keys.open(c.req.query('was') ?? '', doneRow(inside));
    const done = opened === undefined ? undefined : (JSON.parse(opened) as Done);
    if (done === undefined || desk.deps.now() - done.at > DONE_LIFE) throw notFound();
    const path = `/revocations/${encodeURIComponent(done.report ?? '')}`;
    const report = done.report ? await ask<Report>(c, desk, inside, { method: 'get', path }) : undefined;
    const model = {
      frame: insideFrame(desk, inside, undefined),
      name: done.name,
      reason: done.reason === '' ? undefined : done.reason,
      sessions: done.sessions,
      ended:
        report === undefined
          ? done.report === null && endsAccess(done.name)
            ? ('nothing' as const)
            : undefined
          : endedFacts(report),
      settled: report && settledWords(report),
      reportId: report?.id,
      upstream: report === undefined || report.upstream_calls.length === 0 ? undefined : upstreamTable(report),
      backUrl: `${desk.place.base}/admin${ACTIONS[done.name].back(done.target)}`,
    };
    return consolePage(c, desk, DonePage(model));
  };

const endsAccess = (name: ActionName): boolean => name === 'revoke_approval' || ACTIONS[name].ends !== undefined;

const settledWords = ({ at, settled_by: until }: Report): string =>
  until === at ? words.settledNow : fill(words.settledLater, { until });

const endedFacts = ({ ended }: Report): readonly Fact[] =>
  Object.entries(ended).map(([what, number]) => ({
    label: what.replaceAll('_', ' '),
    value: { kind: 'text', text: number.toLocaleString('en') },
  }));

const upstreamTable = ({ upstream_calls: calls }: Report): Table => ({
  caption: words.doneUpstream,
  columns: [words.upstream, words.state, words.details],
  rows: calls.map(({ upstream, outcome, problem }) => [
    { kind: 'code', text: upstream },
    { kind: 'text', text: outcome ?? words.doneWaiting },
    { kind: 'text', text: problem ?? words.nothing },
  ]),
});
