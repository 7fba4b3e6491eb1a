/**
 * A refusal of the admin API as `application/problem+json` (RFC 9457).
 *
 * Must never tell what is not the caller's to know: "not yours" and "not there" are the same problem.
 */
import type { Context } from 'hono';
import { z } from 'zod';
import type { AppEnv } from '../ports.ts';

export type ProblemStatus = 400 | 401 | 403 | 404 | 405 | 409 | 412 | 413 | 414 | 415 | 422 | 428 | 429 | 500 | 503;

/** What every refusal answers. */
export const problemSchema = z.object({
  type: z.literal('about:blank'),
  title: z.string().meta({ description: 'The problem in a word that stays the same, such as invalid_request.' }),
  status: z.int(),
  detail: z.string(),
  reference: z.string().meta({ description: 'Finds the request in the log.' }),
  errors: z.array(z.object({ member: z.string(), problem: z.string() })).optional(),
});

/** Thrown wherever a call has to be refused; answered in one place. */
export class Refused extends Error {
  override readonly name = 'Refused';
  readonly status: ProblemStatus;
  readonly title: string;
  readonly errors: readonly { readonly member: string; readonly problem: string }[] | undefined;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: ProblemStatus,
    title: string,
    detail: string,
    more: { errors?: Refused['errors']; headers?: Refused['headers'] } = {},
  ) {
    super(detail);
    this.status = status;
    this.title = title;
    this.errors = more.errors;
    this.headers = more.headers ?? {};
  }
}

/** For what is not there and for what this key may not see. */
export const notFound = (): Refused => new Refused(404, 'not_found', 'There is no such thing, or not for this key.');

export function answerProblem(c: Context<AppEnv>, { status, title, message, errors, headers }: Refused): Response {
  const { reference } = c.get('event');
  const problem: z.output<typeof problemSchema> = {
    type: 'about:blank',
    title,
    status,
    detail: message,
    reference,
    ...(errors === undefined ? {} : { errors: [...errors] }),
  };
  return c.body(`${JSON.stringify(problem)}\n`, status, {
    'content-type': 'application/problem+json',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...headers,
  });
}
