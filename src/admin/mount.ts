/**
 * `/admin/v1`: authenticates, authorizes, reads strictly, runs the call, answers JSON or a problem.
 *
 * The key comes first: without one nobody learns which addresses there are. Must never answer a page, a message of an
 * exception, or anything a cache may keep.
 */
import type { Context, Hono } from 'hono';
import { z } from 'zod';
import type { AppDeps, AppEnv } from '../ports.ts';
import { readQuery, readText } from '../security/parameters.ts';
import { approvalCalls } from './approvals.ts';
import { authenticate, authorize, type Caller } from './authenticate.ts';
import { blockCalls } from './blocks.ts';
import { type Call, call, isRepeatable, type Setting } from './call.ts';
import { clientCalls } from './clients.ts';
import { explainCalls } from './explain.ts';
import { houseCalls } from './house.ts';
import { openApiDocument, segmentsOf } from './open-api.ts';
import { answerProblem, notFound, Refused } from './problem.ts';
import { proofCalls } from './proof.ts';
import { quarantineCalls } from './quarantine.ts';
import { onlyOnce } from './repeat.ts';
import { toolCalls } from './tools.ts';
import { refusalFor } from './unexpected.ts';
import { userCalls } from './users.ts';
import { readIfMatch } from './version.ts';

const MAX_BODY = 16 * 1024;

type Handler = (c: Context<AppEnv>) => Promise<Response>;

/** Who is calling. Throws Refused for whom it does not know. */
export type Authenticate = (c: Context<AppEnv>, deps: AppDeps) => Promise<Caller> | Caller;

/** Mounts every call under `prefix` (which ends in `/admin/v1`) and answers all else there. Callers carry a key unless told otherwise. */
export function mountAdmin(
  app: Hono<AppEnv>,
  prefix: string,
  deps: AppDeps,
  identify: Authenticate = authenticate,
): void {
  const calls: readonly Call[] = [
    ...approvalCalls,
    ...clientCalls,
    ...quarantineCalls,
    ...blockCalls,
    ...userCalls,
    ...proofCalls,
    ...explainCalls,
    ...toolCalls,
    ...houseCalls,
  ];
  const document = openApiDocument(calls, prefix);
  const describe = call({
    id: 'describe',
    method: 'get',
    path: '/openapi.json',
    summary: 'This document',
    role: 'reader',
    limited: true,
    answer: z.record(z.string(), z.unknown()),
    run: () => ({ ...document }),
  });

  const answering = answeringFor(deps, identify);
  const all = [...calls, describe];
  for (const each of all) app.on(each.method.toUpperCase(), routeOf(prefix, each.path), answering(runCall(each)));
  for (const path of new Set(all.map((each) => each.path))) {
    const allowed = all.filter((each) => each.path === path).map(({ method }) => method.toUpperCase());
    app.all(
      routeOf(prefix, path),
      answering(() => refuseMethod(allowed.join(', '))),
    );
  }
  for (const path of [prefix, `${prefix}/*`])
    app.all(
      path,
      answering(() => {
        throw notFound();
      }),
    );
}

const routeOf = (prefix: string, path: string): string => prefix + path.replaceAll(/\{([a-z_]+)\}/g, ':$1');

function refuseMethod(allow: string): never {
  throw new Refused(405, 'method_not_allowed', `Only ${allow} here.`, { headers: { allow } });
}

/** Authenticates, and turns whatever is thrown into a problem. */
const answeringFor =
  (deps: AppDeps, identify: Authenticate) =>
  (work: (c: Context<AppEnv>, setting: Setting) => Promise<Response> | Response): Handler =>
  async (c) => {
    const event = c.get('event');
    try {
      const caller = await identify(c, deps);
      event.note({ outcome: 'answered', reason: `admin key ${caller.id}` });
      const trail = {
        at: deps.now(),
        reference: event.reference,
        actor: { kind: caller.kind ?? 'admin', id: caller.id },
      } as const;
      const accept = c.req.header('accept') ?? '';
      const later = /(^|,)\s*respond-async\s*(,|;|$)/i.test(c.req.header('prefer') ?? '');
      return await work(c, { deps, caller, trail, accept, later, ifMatch: undefined });
    } catch (error) {
      const refused = refusalFor(error, c, deps);
      event.note({ outcome: 'refused', error: refused.title });
      deps.metrics.refused('admin', refused.title);
      return answerProblem(c, refused);
    }
  };

const runCall =
  (each: Call) =>
  async (c: Context<AppEnv>, setting: Setting): Promise<Response> => {
    authorize(setting.caller, { role: each.role, limited: each.limited ?? false });
    const ifMatch = c.req.header('if-match');
    if (ifMatch !== undefined && !each.conditional && each.method !== 'get')
      throw new Refused(400, 'invalid_request', 'This call takes no If-Match.');
    const query = readMembers(each.query ?? z.strictObject({}), queryOf(c));
    const sent = each.body === undefined ? {} : await bodyOf(c, each.bodyOptional);
    const body = each.body === undefined ? {} : readMembers(each.body, sent);
    const path = Object.fromEntries(segmentsOf(each.path).map((name) => [name, c.req.param(name) ?? '']));
    const conditioned = { ...setting, ifMatch: each.conditional ? readIfMatch(ifMatch) : undefined };
    const work = async () =>
      responseOf(each, await each.run(conditioned, { path, query: query as never, body: body as never }));
    const key = isRepeatable(each) ? c.req.header('idempotency-key') : undefined;
    if (key === undefined) return sealedOff(await work());
    const same = [each.id, JSON.stringify([path, sent]), ifMatch ?? '', String(setting.later)];
    return sealedOff(await onlyOnce(key, setting, same, work));
  };

function responseOf({ etag }: Call, answer: unknown): Response {
  if (answer instanceof Response) return answer;
  const headers = etag === undefined ? undefined : { etag: `"${etag(answer as never)}"` };
  return new Response(`${JSON.stringify(answer)}\n`, headers && { headers });
}

/** JSON unless it says otherwise, for this caller alone. */
function sealedOff(response: Response): Response {
  const type = response.headers.get('content-type');
  if (type === null || type.startsWith('text/plain')) response.headers.set('content-type', 'application/json');
  response.headers.set('cache-control', 'no-store');
  response.headers.set('x-content-type-options', 'nosniff');
  return response;
}

function readMembers(schema: z.ZodObject, sent: unknown): unknown {
  const read = schema.safeParse(sent);
  if (read.success) return read.data;
  const errors = read.error.issues.map(({ path, message }) => ({ member: path.join('.'), problem: message }));
  throw new Refused(400, 'invalid_request', errors[0]?.problem ?? 'The request does not fit.', { errors });
}

function queryOf(c: Context<AppEnv>): unknown {
  const reading = readQuery(c);
  if (!reading.ok) throw new Refused(reading.status, 'invalid_request', reading.detail);
  const members = [...reading.parameters];
  const twice = members.find(([, values]) => values.length > 1);
  if (twice !== undefined) throw new Refused(400, 'invalid_request', 'A parameter came more than once.');
  return Object.fromEntries(members.map(([name, [value]]) => [name, value]));
}

async function bodyOf(c: Context<AppEnv>, optional: boolean): Promise<unknown> {
  const text = await readText(c, MAX_BODY);
  if (text === undefined) throw new Refused(413, 'too_large', `The body is longer than ${MAX_BODY} bytes.`);
  if (text === '' && optional) return {};
  if (!/^application\/json(\s*;\s*charset="?utf-8"?)?\s*$/i.test(c.req.header('content-type') ?? ''))
    throw new Refused(415, 'unsupported_media_type', 'Send application/json.');
  try {
    return JSON.parse(text);
  } catch {
    throw new Refused(400, 'invalid_request', 'The body is not JSON.');
  }
}
