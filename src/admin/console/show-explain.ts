/**
 * The console's page of two questions: what became of a request that a person has a reference of, and what would become
 * of one that is not made. Asking changes nothing.
 */
import type { Context } from 'hono';
import type { Cell, Fact, Question } from '../../../views/console/models.ts';
import { ExplainPage } from '../../../views/console/pages.tsx';
import { words } from '../../../views/console/words.ts';
import type { AppEnv } from '../../ports.ts';
import { one, readQuery } from '../../security/parameters.ts';
import { Refused } from '../problem.ts';
import { ask, consolePage, type Desk, type Inside, insideFrame } from './desk.ts';
import { type Item, textOf, timeCell } from './lists.ts';

type Given = (name: string) => string;

/** What the dry run takes, with what it is called here. */
const REQUEST = [
  ['client_id', words.clientId],
  ['redirect_uri', words.redirect],
  ['resource', words.serverUrl],
  ['scope', words.scope],
  ['user', words.person],
] as const;

export const explainPage =
  (desk: Desk) =>
  async (c: Context<AppEnv>, inside: Inside): Promise<Response> => {
    const reading = readQuery(c);
    if (!reading.ok) throw new Refused(reading.status, 'invalid_request', reading.detail);
    const given: Given = (name) => one(reading.parameters, name)?.trim() ?? '';
    const model = {
      frame: insideFrame(desk, inside, 'explain'),
      action: `${desk.place.base}/admin/explain`,
      questions: [await flowQuestion(c, desk, inside, given), await requestQuestion(c, desk, inside, given)],
    };
    return consolePage(c, desk, ExplainPage(model));
  };

interface Flow {
  readonly cause: string;
  readonly what: string;
  readonly fix: string;
  readonly steps: readonly Item[];
}

async function flowQuestion(c: Context<AppEnv>, desk: Desk, inside: Inside, given: Given): Promise<Question> {
  const reference = given('reference');
  const asked: Question = {
    title: words.explainReference,
    button: words.explainDo,
    fields: [{ name: 'reference', label: words.reference, value: reference }],
    answer: undefined,
    problem: undefined,
  };
  if (reference === '') return asked;
  const path = `/explain/${encodeURIComponent(reference)}`;
  return orProblem(asked, async () => {
    const { what, fix, cause, steps } = await ask<Flow>(c, desk, inside, { method: 'get', path });
    const table = {
      caption: words.steps,
      columns: [words.time, words.step, words.statusCode, words.outcome],
      rows: steps.map((step): readonly Cell[] => [
        timeCell(step.at),
        { kind: 'code', text: textOf(step.endpoint) },
        { kind: 'text', text: textOf(step.status) },
        { kind: 'text', text: [step.outcome, step.error, step.reason].map(textOf).filter(Boolean).join(' · ') },
      ]),
    };
    return { answer: [fact(words.what, what), fact(words.fix, fix), fact(words.cause, cause)], table };
  });
}

async function requestQuestion(c: Context<AppEnv>, desk: Desk, inside: Inside, given: Given): Promise<Question> {
  const asked: Question = {
    title: words.explainRequest,
    button: words.explainDo,
    fields: REQUEST.map(([name, label]) => ({ name, label, value: given(name) })),
    answer: undefined,
    problem: undefined,
  };
  if (given('client_id') === '') return asked;
  const filled = REQUEST.map(([name]) => [name, given(name)] as const).filter(([, value]) => value !== '');
  const body = Object.fromEntries(filled);
  return orProblem(asked, async () => {
    const verdict = await ask<Item>(c, desk, inside, { method: 'post', path: '/explain', body });
    const { answer, rule, detail } = verdict;
    return { answer: [fact(words.answer, answer), fact(words.rule, rule), fact(words.details, detail)] };
  });
}

const fact = (label: string, value: unknown): Fact => ({ label, value: { kind: 'text', text: textOf(value) } });

/** A question that the API refuses stays on its page, with the reason. */
async function orProblem(asked: Question, answer: () => Promise<Partial<Question>>): Promise<Question> {
  try {
    return { ...asked, ...(await answer()) };
  } catch (error) {
    if (!(error instanceof Refused) || error.status >= 500 || error.status === 403) throw error;
    return { ...asked, problem: error.message };
  }
}
