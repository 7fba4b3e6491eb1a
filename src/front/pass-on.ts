/**
 * The call to the MCP server and its answer on the way back.
 *
 * The answer's head is judged before anything is handed on: no redirect, no foreign challenge, no content coding, no
 * session of somebody else. The call is on record before its caller hears of it. Must never hand on an answer whose lists
 * of tools were not examined.
 */
import { vendUpstreamToken } from '../custody/vend.ts';
import { judgeAccess } from '../domain/access.ts';
import { preparedVerification } from '../resources/assertion.ts';
import { StoreUnavailable } from '../store/store.ts';
import { answerBody } from './answer-body.ts';
import { answerError, refuseAccess } from './answers.ts';
import { NoAnswer, type ServerAnswer } from './dial.ts';
import { answerHeaders, requestHeaders, singleHeader } from './headers.ts';
import type { Operation } from './operation.ts';
import { bindSession, forgetSession } from './session.ts';
import type { Visit } from './visit.ts';

/** Puts the tool calls of the request on record, with how they ended. */
export type RecordOutcome = (
  outcome: 'answered' | 'failed' | NoAnswer['reason'] | 'no_upstream_token',
) => Promise<void>;

export async function passOn(visit: Visit, operation: Operation, record: RecordOutcome): Promise<Response> {
  const token = await upstreamToken(visit);
  if (token instanceof Response) {
    await record('no_upstream_token');
    return token;
  }
  const answer = await call(visit, operation, token);
  if (answer instanceof NoAnswer) {
    await record(answer.reason);
    return noAnswer(visit, answer);
  }
  try {
    const problem = await headProblem(visit, answer);
    await record(problem === undefined && answer.status < 300 ? 'answered' : 'failed');
    if (problem !== undefined) {
      answer.body.destroy();
      return badGateway(visit, problem);
    }
    if (visit.c.req.method === 'DELETE' && answer.status < 300) await forgetSession(visit);
    return await answerBody(visit, answer, answerHeaders(answer));
  } catch (error) {
    answer.body.destroy();
    if (error instanceof StoreUnavailable) throw error;
    return badGateway(visit, error instanceof Error ? error.message : 'unreadable');
  }
}

async function call(visit: Visit, { body }: Operation, token: string | undefined): Promise<ServerAnswer | NoAnswer> {
  const { c, resource, line } = visit;
  const { front } = resource;
  const headers = requestHeaders(c.req.raw.headers, await identityOf(visit), {
    pass: front.passHeaders,
    hasBody: body !== undefined,
  });
  const carrier = front.upstreamTokenHeader;
  if (carrier !== undefined && token !== undefined)
    headers[carrier] = carrier === 'authorization' ? `Bearer ${token}` : token;
  const { method } = c.req;
  const { search } = new URL(c.req.url);
  try {
    return await line.call({
      method: method as 'GET' | 'POST' | 'DELETE',
      query: search,
      headers,
      body,
      signal: c.req.raw.signal,
    });
  } catch (error) {
    if (error instanceof NoAnswer) return error;
    throw error;
  }
}

/** Who asks, as `/verify` says it: plain headers, and an assertion that nobody else can make. */
async function identityOf({ known, resource, deps }: Visit): Promise<Record<string, string>> {
  const { headers } = await preparedVerification(known, resource, deps);
  const named = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value] as const);
  return Object.fromEntries(named.filter(([name]) => name.startsWith('x-broker-')));
}

/** The upstream's token where the server is to get one; the refusal when there is none. */
async function upstreamToken({ c, deps, resource, known, trail }: Visit): Promise<string | undefined | Response> {
  if (resource.front.upstreamTokenHeader === undefined) return undefined;
  const given = await vendUpstreamToken(known.access, resource, trail, deps);
  if (given.state === 'vended') return given.tokens.accessToken;
  deps.metrics.refused('front', `upstream_${given.state}`);
  c.get('event').note({ outcome: 'refused', error: `upstream_${given.state}` });
  if (given.state === 'unavailable')
    return answerError(503, 'temporarily_unavailable', 'the third party does not renew its token now; try again', {
      'retry-after': String(given.retryAfter),
    });
  const refusal = judgeAccess('not_live', resource, []);
  return refusal.allowed ? answerError(500, 'server_error', 'no verdict') : refuseAccess(refusal);
}

/** Why the answer cannot be handed on; undefined when its head is in order. Binds the session it gives. */
async function headProblem(visit: Visit, answer: ServerAnswer): Promise<string | undefined> {
  if (answer.status < 200 || (answer.status >= 300 && answer.status < 400)) return `status ${answer.status}`;
  if (answer.status === 401) return 'the server wants another token than it was given';
  const coding = singleHeader(answer, 'content-encoding');
  if (coding !== undefined && coding.toLowerCase() !== 'identity') return 'the answer has a content encoding';
  const session = singleHeader(answer, 'mcp-session-id');
  if (session !== undefined && !(await bindSession(visit, session)))
    return 'the server gave a session id that is somebody else’s';
  return undefined;
}

function noAnswer({ c, deps }: Visit, failure: NoAnswer): Response {
  deps.metrics.refused('front', `server_${failure.reason}`);
  c.get('event').note({ outcome: 'failed', error: `server_${failure.reason}`, reason: failure.message });
  return failure.reason === 'timeout'
    ? answerError(504, 'gateway_timeout', 'the MCP server did not begin its answer in time')
    : answerError(502, 'bad_gateway', 'the MCP server could not be reached');
}

function badGateway({ c, deps }: Visit, reason: string): Response {
  deps.metrics.refused('front', 'bad_gateway');
  c.get('event').note({ outcome: 'failed', error: 'bad_gateway', reason });
  return answerError(502, 'bad_gateway', 'the MCP server’s answer could not be handed on');
}
