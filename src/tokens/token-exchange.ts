/**
 * Grant `urn:ietf:params:oauth:grant-type:token-exchange` (RFC 8693): an authenticated MCP server, with an access token
 * that was sent to it, gets the upstream's token of that very grant (requirement D-20).
 *
 * For resources with their own credential alone; no client can authenticate here, whatever it is registered for. Every
 * exchange is on record in the unit that finds token and upstream grant still live, so a revocation that has been
 * answered wins. Must never tell a foreign, expired, revoked and unknown subject token apart.
 */
import type { Context } from 'hono';
import type { ResourceConfig } from '../config/config.ts';
import { vendUpstreamToken } from '../custody/vend.ts';
import { judgeResource, type RawParameters } from '../domain/authorization-request.ts';
import { formatScope } from '../domain/scope.ts';
import { ACCESS_TOKEN_TYPE, asksForNoMore } from '../domain/token-exchange.ts';
import type { AccessToken, Trail } from '../domain/types.ts';
import type { AppDeps, AppEnv } from '../ports.ts';
import { one } from '../security/parameters.ts';
import { hashSecret } from '../security/secrets.ts';
import type { UpstreamTokens } from '../upstream/connector.ts';
import { authenticateClient, authenticateResource, namedClient } from './client-authentication.ts';
import type { GrantAnswer } from './grant-request.ts';
import type { TokenError } from './oauth-answer.ts';

const ASK_AGAIN = 'answer the MCP client 401 invalid_token, so that it asks the person again';

interface Exchange {
  readonly form: RawParameters;
  readonly resource: ResourceConfig;
  readonly deps: AppDeps;
  readonly trail: Trail;
}

export async function exchangeToken(c: Context<AppEnv>, form: RawParameters, deps: AppDeps): Promise<GrantAnswer> {
  const id = namedClient(c, form);
  if (id === undefined || !deps.config.resources.has(id)) return refuseClient(c, form, deps);
  const authenticated = authenticateResource(c, form, deps);
  if (!authenticated.ok) return authenticated;
  const resource = authenticated.value;
  const { reference } = c.get('event');
  const trail: Trail = { at: deps.now(), reference, actor: { kind: 'resource', id: resource.key } };
  const asked: Exchange = { form, resource, deps, trail };

  const malformed = malformation(asked);
  if (malformed !== undefined) return refused(malformed);
  const subject = await deps.store.findAccessToken(hashSecret(one(form, 'subject_token') ?? ''), trail.at);
  if (subject === undefined || subject.resource !== resource.key) return refused(notValid());
  const excluded = await deps.clients.exclusion(subject.clientId, trail);
  if (excluded !== undefined) return refused({ ...notValid(), reason: excluded });
  c.get('event').note({ client_id: subject.clientId, user: subject.userId });
  if (!asksForNoMore(one(form, 'scope'), subject.scopes, resource))
    return refused({ error: 'invalid_scope', description: 'the subject token does not allow this scope' });
  return issue(asked, subject);
}

/** Anybody but a resource: a client that proves who it is learns that this is not for it. */
async function refuseClient(c: Context<AppEnv>, form: RawParameters, deps: AppDeps): Promise<GrantAnswer> {
  const authenticated = await authenticateClient(c, form, deps);
  if (!authenticated.ok) return authenticated;
  return refused({ error: 'unauthorized_client', description: 'token exchange is for MCP servers alone' });
}

/** What RFC 8693 2.1 wants of a request, and what this endpoint can do of it. */
function malformation({ form, resource, deps }: Exchange): TokenError | undefined {
  const invalid = (description: string): TokenError => ({ error: 'invalid_request', description });
  if (one(form, 'subject_token') === undefined) return invalid('subject_token is missing');
  if (one(form, 'subject_token_type') !== ACCESS_TOKEN_TYPE)
    return invalid(`subject_token_type must be ${ACCESS_TOKEN_TYPE}`);
  const wanted = one(form, 'requested_token_type');
  if (wanted !== undefined && wanted !== ACCESS_TOKEN_TYPE)
    return invalid(`requested_token_type can only be ${ACCESS_TOKEN_TYPE}`);
  if (one(form, 'actor_token') !== undefined || one(form, 'actor_token_type') !== undefined)
    return invalid('actor tokens are not supported');

  const audience = one(form, 'audience');
  const named = (form.get('resource') ?? []).filter((value) => value !== '');
  const judged = named.length === 0 ? undefined : judgeResource(named, [...deps.config.resources.values()]);
  const otherResource = judged !== undefined && !(judged.ok && judged.value.key === resource.key);
  const otherAudience = audience !== undefined && ![resource.upstream, resource.key, resource.url].includes(audience);
  if (otherResource || otherAudience)
    return { error: 'invalid_target', description: `tokens are given for the upstream ${resource.upstream} alone` };
  return undefined;
}

async function issue({ resource, deps, trail }: Exchange, subject: AccessToken): Promise<GrantAnswer> {
  const vended = await vendUpstreamToken(subject, resource, trail, deps);
  switch (vended.state) {
    case 'vended':
      return { ok: true, body: answerOf(vended.tokens, vended.at), resource: resource.key, userId: subject.userId };
    case 'not_live':
      return refused(notValid());
    case 'unavailable':
      return refused({
        error: 'temporarily_unavailable',
        description: 'the upstream cannot refresh its token now; access is kept, try again later',
        status: 503,
        retryAfter: vended.retryAfter,
      });
    case 'ended':
      return refused({
        error: 'interaction_required',
        description: `the upstream has ended this access; ${ASK_AGAIN}`,
      });
    case 'excess':
      return refused({
        error: 'invalid_scope',
        description: `the upstream gave a token that can do more than the subject token; ${ASK_AGAIN}`,
        reason: `the upstream token carries ${vended.carried} beside what was allowed`,
      });
  }
}

/** RFC 8693 2.2.1. `scope` is what the upstream says its token can do; without `expires_in` it does not say when it ends. */
const answerOf = (tokens: UpstreamTokens, now: number): object => ({
  access_token: tokens.accessToken,
  issued_token_type: ACCESS_TOKEN_TYPE,
  token_type: 'Bearer',
  ...(tokens.accessExpiresAt === undefined ? {} : { expires_in: Math.max(0, tokens.accessExpiresAt - now) }),
  scope: formatScope(tokens.scopes),
});

const refused = (failure: TokenError): GrantAnswer => ({ ok: false, failure });

/** RFC 8693 2.2.2 has one word for every subject token that is not acceptable. */
const notValid = (): TokenError => ({
  error: 'invalid_request',
  description: `the subject token is not valid for this resource; ${ASK_AGAIN}`,
});
