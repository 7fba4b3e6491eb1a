/**
 * `GET /verify/{resource}`: a reverse proxy asks whether a request may pass (forward-auth; contract ruling 17).
 *
 * 200 with who is calling, in headers the backend may believe; 401 and 403 with the challenge for the client. Decided by
 * the token in the Authorization header, the resource in the path and, where the resource has rules, what a trusted
 * proxy says was asked for. The proxy proves itself by the resource's credential, unless we listen on loopback.
 * Must never look at a body, a query, or a header of the original request that did not come from a trusted proxy.
 */
import type { Context } from 'hono';
import type { ResourceConfig } from '../config/config.ts';
import { vendUpstreamToken } from '../custody/vend.ts';
import { judgeAccess, type Refusal } from '../domain/access.ts';
import { describeRefusal } from '../domain/challenge.ts';
import type { AppDeps, AppEnv, KnownToken } from '../ports.ts';
import { accessVerdict } from './access-verdict.ts';
import { askedOf, callerProof, requirements } from './asking.ts';
import { preparedVerification } from './assertion.ts';

type Asked = Context<AppEnv>;

export function verifyEndpoint(deps: AppDeps): (c: Asked) => Promise<Response> {
  const proven = callerProof(deps);
  const needed = requirements(deps);
  return async (c) => {
    const resource = deps.config.resources.get(c.req.param('resource') ?? '');
    if (resource === undefined) return forbidden(c, deps, 'there is no such resource', 404);
    c.get('event').note({ resource: resource.key });
    const asked = askedOf(c);
    const caller = proven(asked, resource);
    if (caller === 'refused') return forbidden(c, deps, 'the caller did not show the credential of the resource');
    const required = needed(asked, resource);
    if (!required.ok)
      return required.refusal === undefined
        ? forbidden(c, deps, required.reason)
        : challenged(c, deps, required.refusal);
    const verdict = await accessVerdict(
      { authorization: asked.header('authorization'), resource, required: required.scopes },
      deps,
    );
    if (!verdict.allowed) return challenged(c, deps, verdict);
    const { known } = verdict;
    c.get('event').note({ outcome: 'allowed', client_id: known.access.clientId, user: known.access.userId });
    const { headers } = await preparedVerification(known, resource, deps);
    if (!resource.upstreamToken || caller !== 'proven') return new Response(null, { headers });
    return withUpstreamToken(c, deps, resource, known, headers);
  };
}

async function withUpstreamToken(
  c: Asked,
  deps: AppDeps,
  resource: ResourceConfig,
  { access }: KnownToken,
  headers: Readonly<Record<string, string>>,
): Promise<Response> {
  const { reference } = c.get('event');
  const trail = { at: deps.now(), reference, actor: { kind: 'resource', id: resource.key } } as const;
  const vended = await vendUpstreamToken(access, resource, trail, deps);
  switch (vended.state) {
    case 'vended':
      return new Response(null, { headers: { ...headers, 'X-Broker-Upstream-Token': vended.tokens.accessToken } });
    case 'unavailable':
      c.get('event').note({ outcome: 'failed', reason: 'the upstream cannot refresh its token now' });
      return c.body(null, 503, { 'Cache-Control': 'no-store', 'Retry-After': String(vended.retryAfter) });
    case 'excess':
      c.get('event').note({ reason: `the upstream token carries ${vended.carried} beside what was allowed` });
      return challenged(c, deps, judgeAccess('not_live', resource, []) as Refusal);
    case 'ended':
    case 'not_live':
      return challenged(c, deps, judgeAccess('not_live', resource, []) as Refusal);
  }
}

/** For the client: the proxy passes status and challenge on. */
function challenged(c: Asked, deps: AppDeps, { status, error, challenge }: Refusal): Response {
  c.get('event').note({ outcome: 'refused', error: error ?? 'no_token' });
  deps.metrics.refused('verify', error ?? 'no_token');
  const headers = {
    'Cache-Control': 'no-store',
    'WWW-Authenticate': challenge,
    'Access-Control-Allow-Origin': '*',
    'Access-Control-Expose-Headers': 'WWW-Authenticate',
  };
  return error === undefined
    ? c.body(null, status, headers)
    : c.json({ error, error_description: describeRefusal(error) }, status, headers);
}

/** Not a matter of tokens: no challenge, so that no client asks its person in vain. */
function forbidden(c: Asked, deps: AppDeps, reason: string, status: 403 | 404 = 403): Response {
  c.get('event').note({ outcome: 'refused', error: 'forbidden', reason });
  deps.metrics.refused('verify', 'forbidden');
  return c.text(status === 404 ? 'no such resource\n' : 'forbidden\n', status, { 'Cache-Control': 'no-store' });
}
