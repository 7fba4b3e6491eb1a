/**
 * `POST /token`: reads the request strictly, authenticates the client, hands over to the grant (RFC 6749 3.2).
 *
 * Must never accept a repeated parameter, a grant type the client is not registered for, or an answer without no-store.
 */
import type { Context } from 'hono';
import { anyOwnScopes } from '../domain/machine-token.ts';
import { TOKEN_EXCHANGE } from '../domain/token-exchange.ts';
import type { ClientGrantType, Trail } from '../domain/types.ts';
import type { AppDeps, AppEnv } from '../ports.ts';
import { one, readForm, repeatedParameter } from '../security/parameters.ts';
import { redeemAuthorizationCode } from './authorization-code.ts';
import { authenticateClient } from './client-authentication.ts';
import { grantToClient } from './client-credentials.ts';
import type { GrantAnswer, GrantRequest } from './grant-request.ts';
import { answerJson, answerTokenError, type TokenError } from './oauth-answer.ts';
import { refreshAccess } from './refresh-token.ts';
import { exchangeToken } from './token-exchange.ts';

type GrantHandler = (request: GrantRequest) => Promise<GrantAnswer>;

const GRANTS: Readonly<Record<ClientGrantType, GrantHandler>> = {
  authorization_code: redeemAuthorizationCode,
  refresh_token: refreshAccess,
  client_credentials: grantToClient,
};

export const tokenEndpoint =
  (deps: AppDeps) =>
  async (c: Context<AppEnv>): Promise<Response> => {
    const event = c.get('event');
    const refuse = (failure: TokenError) => answerTokenError(c, deps, 'token', failure);

    const limit = deps.limits.take('tokens', event.source);
    if (!limit.ok)
      return refuse({
        error: 'slow_down',
        description: 'too many requests',
        status: 429,
        retryAfter: limit.retryAfter,
      });
    const reading = await readForm(c);
    if (!reading.ok)
      return refuse({
        error: 'invalid_request',
        description: reading.detail,
        ...(reading.status === 413 ? { status: 413 } : {}),
      });
    const form = reading.parameters;
    const repeated = repeatedParameter(form, ['resource']);
    if (repeated !== undefined)
      return refuse({ error: 'invalid_request', description: 'a parameter came more than once' });

    const grantType = one(form, 'grant_type');
    if (grantType === TOKEN_EXCHANGE) return answerGrant(c, deps, grantType, await exchangeToken(c, form, deps));
    const authenticated = await authenticateClient(c, form, deps);
    if (!authenticated.ok) return refuse(authenticated.failure);
    const client = authenticated.value;
    if (grantType === undefined) return refuse({ error: 'invalid_request', description: 'grant_type is missing' });
    if (!isOffered(grantType, deps))
      return refuse({ error: 'unsupported_grant_type', description: 'this grant type is not supported' });
    event.note({ grant_type: grantType });
    if (!client.metadata.grantTypes.includes(grantType)) {
      return refuse({ error: 'unauthorized_client', description: 'the client is not registered for this grant type' });
    }

    const trail: Trail = { at: deps.now(), reference: event.reference, actor: { kind: 'client', id: client.id } };
    const flow = (reference: string) => event.note({ flow: reference });
    return answerGrant(c, deps, grantType, await GRANTS[grantType]({ form, client, trail, flow, deps }));
  };

function answerGrant(c: Context<AppEnv>, deps: AppDeps, grantType: string, answer: GrantAnswer): Response {
  c.get('event').note({ grant_type: grantType });
  if (!answer.ok) return answerTokenError(c, deps, 'token', answer.failure);
  c.get('event').note({
    outcome: 'issued',
    resource: answer.resource,
    ...(answer.userId !== undefined && { user: answer.userId }),
  });
  deps.metrics.tokensIssued(grantType);
  return answerJson(c, answer.body);
}

/** As metadata says: a client's own grant only where the configuration gives it to somebody. */
const isOffered = (text: string, { config }: AppDeps): text is ClientGrantType =>
  Object.hasOwn(GRANTS, text) && (text !== 'client_credentials' || anyOwnScopes(config.registration.clients));
