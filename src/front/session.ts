/**
 * Sessions of MCP revisions before 2026-07-28: a server's `Mcp-Session-Id` belongs to the person and client it was given to.
 *
 * The id is no credential: the token alone says who asks, and the id then has to be theirs (threat T-G10). Kept in the
 * database as a hash, so that every instance agrees. Must never tell an unknown session from somebody else's.
 */
import { hashSecret } from '../security/secrets.ts';
import type { McpSession } from '../store/store.ts';
import { rpcProblem } from './answers.ts';
import type { Visit } from './visit.ts';

const HEADER = 'mcp-session-id';

/** Undefined when the request names no session or one of its own; else the 404 after which a client begins anew. */
export async function requireOwnSession(visit: Visit): Promise<Response | undefined> {
  const own = namedSession(visit);
  if (own === undefined) return undefined;
  const { c, deps, trail } = visit;
  const found = await deps.store.findMcpSession(own.idHash, trail.at);
  if (found !== undefined && isSame(found, own)) return undefined;
  if (found !== undefined) {
    const { userId, clientId, resource } = own;
    await deps.store.recordEvent('mcp_session.refused', { userId, clientId, resource, details: {} }, trail);
  }
  deps.metrics.refused('front', 'session_not_found');
  c.get('event').note({ outcome: 'refused', error: 'session_not_found' });
  return rpcProblem(404, -32001, 'Session not found');
}

/** Binds the id that the server gave with its answer; false when it is somebody else's already. */
export async function bindSession(visit: Visit, id: string): Promise<boolean> {
  const { c, deps, trail } = visit;
  if (c.req.header(HEADER) === id) return true;
  const session = sessionOf(visit, id);
  return isSame(await deps.store.bindMcpSession(session, trail.at), session);
}

/** The client has ended its session and the server agreed. */
export async function forgetSession(visit: Visit): Promise<void> {
  const own = namedSession(visit);
  if (own !== undefined) await visit.deps.store.endMcpSession(own);
}

function namedSession(visit: Visit): McpSession | undefined {
  const id = visit.c.req.header(HEADER);
  return id === undefined ? undefined : sessionOf(visit, id);
}

const sessionOf = ({ resource, known }: Visit, id: string): McpSession => ({
  idHash: hashSecret(`${resource.key}\n${id}`),
  resource: resource.key,
  userId: known.access.userId,
  clientId: known.access.clientId,
});

const isSame = (left: McpSession, right: McpSession): boolean =>
  left.resource === right.resource && left.userId === right.userId && left.clientId === right.clientId;
