/**
 * The built-in front of one MCP server: who asks, for what, whether they may, and then the traffic itself.
 *
 * Every request is judged by its own token, never by a session id (requirements D-10 to D-12), and by what its body asks
 * for, which is read whole before anything is passed on; answers are streamed. The address behind is the operator's, the
 * client's path never goes there. Must never pass on a client's credentials, cookies or claims of identity.
 */
import type { ServerResponse } from 'node:http';
import type { Context } from 'hono';
import { judgeAccess, type Refusal, refuseOtherWay } from '../domain/access.ts';
import type { McpMessage } from '../domain/mcp-message.ts';
import type { AppDeps, AppEnv, KnownToken } from '../ports.ts';
import { type AccessVerdict, accessVerdict } from '../resources/access-verdict.ts';
import { brokeOff } from '../security/broken-off.ts';
import { StoreUnavailable } from '../store/store.ts';
import { answerError, refuseAccess, rpcRefusal } from './answers.ts';
import type { ServerLine } from './dial.ts';
import { readOperation } from './operation.ts';
import { judgeOrigin, preflightHeaders } from './origin.ts';
import { passOn } from './pass-on.ts';
import { requireOwnSession } from './session.ts';
import { createUnderWay, type UnderWay } from './under-way.ts';
import type { FrontedResource, Visit } from './visit.ts';

const METHODS = 'GET, POST, DELETE';
const RETRY_SECONDS = '2';

/** Answers everything under the resource's path. Never rejects: what is not expected is a JSON error with a reference. */
export function frontEndpoint(
  resource: FrontedResource,
  line: ServerLine,
  deps: AppDeps,
): (c: Context<AppEnv>) => Promise<Response> {
  const underWay = createUnderWay();
  return async (c) => {
    const event = c.get('event');
    event.note({ resource: resource.key });
    const { front } = resource;
    const anyLoopback = resource.url.startsWith('http:');
    const origin = judgeOrigin(c.req.header('origin'), { allowed: front.allowedOrigins, anyLoopback });
    if (!origin.allowed) {
      deps.metrics.refused('front', 'forbidden_origin');
      event.note({ outcome: 'refused', error: 'forbidden_origin' });
      return answerError(403, 'forbidden_origin', 'This page may not call this server.');
    }
    const answer = await answerOwn(c, resource, line, deps, underWay).catch((error: Error) =>
      answerUnexpected(error, c, deps),
    );
    for (const [name, value] of Object.entries(origin.headers)) answer.headers.append(name, value);
    return answer;
  };
}

async function answerOwn(
  c: Context<AppEnv>,
  resource: FrontedResource,
  line: ServerLine,
  deps: AppDeps,
  underWay: UnderWay,
): Promise<Response> {
  const { method } = c.req;
  if (method === 'OPTIONS')
    return new Response(null, {
      status: 204,
      headers: preflightHeaders(c.req.header('access-control-request-headers'), resource.front.passHeaders),
    });
  if (method !== 'GET' && method !== 'POST' && method !== 'DELETE')
    return answerError(405, 'method_not_allowed', `Only ${METHODS} here.`, { allow: METHODS });
  const verdict = await judgeToken(c, resource, deps);
  if (!verdict.allowed) return refused(c, deps, verdict);
  const { outgoing } = (c.env ?? {}) as { outgoing?: ServerResponse };
  if (!underWay.begin(verdict.known.access.userId, outgoing)) {
    deps.metrics.refused('front', 'too_many_under_way');
    c.get('event').note({ outcome: 'refused', error: 'too_many_under_way' });
    return answerError(429, 'too_many_under_way', 'Too many answers of this server are under way.', {
      'retry-after': RETRY_SECONDS,
    });
  }
  return judged({ c, deps, resource, line, known: verdict.known, trail: trailOf(c, deps, verdict.known) });
}

/** A token in the URL ends up in logs and histories: such a request is refused whatever else it carries. */
function judgeToken(
  c: Context<AppEnv>,
  resource: FrontedResource,
  deps: AppDeps,
): AccessVerdict | Promise<AccessVerdict> {
  const names = [...new URL(c.req.url).searchParams.keys()].map((name) => name.toLowerCase());
  if (names.includes('access_token')) return refuseOtherWay(resource, []);
  return accessVerdict({ authorization: c.req.header('authorization'), resource, required: [] }, deps);
}

const trailOf = (c: Context<AppEnv>, deps: AppDeps, { access }: KnownToken): Visit['trail'] => ({
  at: deps.now(),
  reference: c.get('event').reference,
  actor: { kind: 'client', id: access.clientId },
});

/** The token is good; now what is asked with it. */
async function judged(visit: Visit): Promise<Response> {
  const { c, deps, resource, known } = visit;
  c.get('event').note({ client_id: known.access.clientId, user: known.access.userId });
  const operation = await readOperation(c, resource.front);
  if (!operation.ok) {
    deps.metrics.refused('front', operation.error);
    c.get('event').note({ outcome: 'refused', error: operation.error, reason: operation.problem });
    return operation.answer;
  }
  const { messages } = operation;
  const needed = operation.needed;
  if (!needed.ok) {
    await recordCalls(visit, messages, 'not_offered');
    return rpcRefusal(operation, -32602, `Unknown tool: ${needed.tool}`);
  }
  const sufficient = judgeAccess(known.access, resource, needed.scopes);
  if (!sufficient.allowed) {
    await recordCalls(visit, messages, 'insufficient_scope');
    return refused(c, deps, sufficient);
  }
  const foreign = await requireOwnSession(visit);
  if (foreign !== undefined) return foreign;
  const held = await heldTool(visit, messages);
  if (held !== undefined) {
    await recordCalls(visit, messages, 'held');
    return rpcRefusal(
      operation,
      -32010,
      `The tool ${held} has changed since it was approved. It is held until an administrator accepts the change.`,
    );
  }
  return passOn(visit, operation, (outcome) => recordCalls(visit, messages, outcome));
}

function refused(c: Context<AppEnv>, deps: AppDeps, refusal: Refusal): Response {
  const error = refusal.error ?? 'missing_token';
  deps.metrics.refused('front', error);
  c.get('event').note({ outcome: 'refused', error });
  return refuseAccess(refusal);
}

/** The first tool called that has changed and waits for an admin. */
async function heldTool({ deps, resource }: Visit, messages: readonly McpMessage[]): Promise<string | undefined> {
  if (resource.front.toolChanges !== 'hold') return undefined;
  for (const { tool } of messages) {
    const pinned = tool === undefined ? undefined : await deps.store.findTool(resource.key, tool);
    if (pinned?.changedHash !== undefined) return tool;
  }
  return undefined;
}

/** Every tool call is on record with its name and how it ended, before its caller hears of it; never its arguments. */
async function recordCalls(
  { deps, resource, known, trail }: Visit,
  messages: readonly McpMessage[],
  outcome: string,
): Promise<void> {
  const { userId, clientId } = known.access;
  for (const { tool } of messages) {
    if (tool === undefined) continue;
    deps.metrics.toolCalled(resource.key, outcome);
    const details = { tool: auditText(tool), outcome };
    await deps.store.recordEvent('tool.called', { userId, clientId, resource: resource.key, details }, trail);
  }
}

/** A client's text as a database keeps it: short, no control characters, whole code points. */
const auditText = (text: string): string => text.slice(0, 200).replace(/[\p{Cc}\p{Cs}]/gu, '\uFFFD');

/** A JSON error that tells the reference and nothing of the error, which the log has. */
export function answerUnexpected(error: Error, c: Context<AppEnv>, deps: AppDeps): Response {
  const away = error instanceof StoreUnavailable;
  const { reference } = c.get('event');
  if (brokeOff(c, error)) {
    c.get('event').note({ outcome: 'refused', error: 'invalid_request', reason: 'broken_off' });
    return answerError(400, 'invalid_request', 'the request broke off');
  }
  deps.log.error(
    { reference, error: error.name, message: error.message, stack: away ? undefined : error.stack },
    away ? 'database unavailable' : 'unexpected failure',
  );
  c.get('event').note({ outcome: 'failed', error: away ? 'temporarily_unavailable' : 'server_error' });
  return away
    ? answerError(503, 'temporarily_unavailable', `reference ${reference}`, { 'retry-after': RETRY_SECONDS })
    : answerError(500, 'server_error', `reference ${reference}`);
}
