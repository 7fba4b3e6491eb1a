/**
 * The page after a change: what it did.
 *
 * What was done travels sealed to it, so nobody can make it say what did not happen, and a reload repeats nothing.
 */
import type { Context } from 'hono';
import { DonePage } from '../../../views/console/act-pages.tsx';
import type { Fact, Table } from '../../../views/console/models.ts';
import { type ActionName, fill, words } from '../../../views/console/words.ts';
import { seeConsolePage } from '../../browser/responder.ts';
import type { AppEnv } from '../../ports.ts';
import { notFound } from '../problem.ts';
import { ACTIONS, type Target } from './actions.ts';
import { ask, consolePage, type Desk, type Inside, insideFrame } from './desk.ts';

export interface Report {
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
  /** Of several reports together. */
  readonly ended: Report['ended'] | undefined;
  readonly sessions: number | undefined;
}

const DONE_LIFE = 24 * 3600;

/** Leads to the page that says what was done. */
export function showDone(c: Context<AppEnv>, desk: Desk, inside: Inside, done: Omit<Done, 'at'>): Response {
  const sealed = desk.deps.keys.seal(JSON.stringify({ ...done, at: desk.deps.now() }), doneRow(inside));
  return seeConsolePage(c, desk.place.base, `/admin/done?was=${encodeURIComponent(sealed)}`);
}

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
          ? done.ended !== undefined
            ? endedFacts(done.ended)
            : done.report === null && endsAccess(done.name)
              ? ('nothing' as const)
              : undefined
          : endedFacts(report.ended),
      settled: report && settledWords(report),
      reportId: report?.id,
      upstream: report === undefined || report.upstream_calls.length === 0 ? undefined : upstreamTable(report),
      backUrl: `${desk.place.base}/admin${ACTIONS[done.name].back(done.target)}`,
    };
    return consolePage(c, desk, DonePage(model));
  };

const endsAccess = (name: ActionName): boolean => name === 'revoke_approval' || ACTIONS[name].counts !== undefined;

const settledWords = ({ at, settled_by: until }: Report): string =>
  until === at ? words.settledNow : fill(words.settledLater, { until });

/** Each count over all of them. */
export const summed = (reports: readonly Report[]): Report['ended'] =>
  reports.reduce<Record<string, number>>((sum, { ended }) => {
    for (const [what, number] of Object.entries(ended)) sum[what] = (sum[what] ?? 0) + number;
    return sum;
  }, {});

const endedFacts = (ended: Report['ended']): readonly Fact[] =>
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
