/**
 * `POST /revoke` (RFC 7009): a client ends its own token; a refresh token takes its whole family along.
 *
 * Unknown and foreign tokens get the same 200 and change nothing, so nobody learns what exists.
 */
import type { Context } from 'hono';
import type { Trail } from '../domain/types.ts';
import type { AppDeps, AppEnv } from '../ports.ts';
import { one, readForm, repeatedParameter } from '../security/parameters.ts';
import { hashSecret } from '../security/secrets.ts';
import { authenticateClient } from './client-authentication.ts';
import { answerTokenError } from './oauth-answer.ts';

export const revokeEndpoint =
  (deps: AppDeps) =>
  async (c: Context<AppEnv>): Promise<Response> => {
    const event = c.get('event');
    const limit = deps.limits.take('tokens', event.source);
    if (!limit.ok)
      return answerTokenError(c, deps, 'revoke', {
        error: 'slow_down',
        description: 'too many requests',
        status: 429,
        retryAfter: limit.retryAfter,
      });
    const reading = await readForm(c);
    if (!reading.ok)
      return answerTokenError(c, deps, 'revoke', { error: 'invalid_request', description: reading.detail });
    const form = reading.parameters;
    if (repeatedParameter(form) !== undefined)
      return answerTokenError(c, deps, 'revoke', {
        error: 'invalid_request',
        description: 'a parameter came more than once',
      });
    const authenticated = await authenticateClient(c, form, deps);
    if (!authenticated.ok) return answerTokenError(c, deps, 'revoke', authenticated.failure);
    const token = one(form, 'token');
    if (token === undefined)
      return answerTokenError(c, deps, 'revoke', { error: 'invalid_request', description: 'token is missing' });

    const trail: Trail = {
      at: deps.now(),
      reference: event.reference,
      actor: { kind: 'client', id: authenticated.value.id },
    };
    const ended = await endToken(token, authenticated.value.id, trail, deps);
    event.note({ outcome: ended ? 'revoked' : 'nothing to revoke' });
    if (ended) deps.metrics.revoked('client');
    c.header('Cache-Control', 'no-store');
    return c.body(null, 200);
  };

async function endToken(token: string, clientId: string, trail: Trail, deps: AppDeps): Promise<boolean> {
  const hash = hashSecret(token);
  const refresh = await deps.store.findRefreshToken(hash);
  if (refresh !== undefined) {
    if (refresh.grant.clientId !== clientId) return false;
    return (await deps.store.endGrant(refresh.grant.id, 'revoked_by_client', trail)) !== undefined;
  }
  const access = await deps.store.findAccessToken(hash, trail.at);
  if (access === undefined) return deps.store.revokeMachineToken(hash, clientId, trail);
  if (access.clientId !== clientId) return false;
  return deps.store.revokeAccessToken(hash, trail);
}
