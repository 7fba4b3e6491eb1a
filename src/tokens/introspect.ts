/**
 * `POST /introspect` (RFC 7662): an authenticated MCP server asks about a token that was sent to it.
 *
 * A token for another audience, unknown, expired or revoked is `{"active":false}` and nothing else.
 */
import type { Context } from 'hono';
import type { AppDeps, AppEnv } from '../ports.ts';
import { one, readForm, repeatedParameter } from '../security/parameters.ts';
import { hashSecret } from '../security/secrets.ts';
import { authenticateResource } from './client-authentication.ts';
import { answerActive } from './introspection-answer.ts';
import { answerJson, answerTokenError } from './oauth-answer.ts';

export const introspectEndpoint =
  (deps: AppDeps) =>
  async (c: Context<AppEnv>): Promise<Response> => {
    const reading = await readForm(c);
    if (!reading.ok)
      return answerTokenError(c, deps, 'introspect', { error: 'invalid_request', description: reading.detail });
    const form = reading.parameters;
    if (repeatedParameter(form) !== undefined)
      return answerTokenError(c, deps, 'introspect', {
        error: 'invalid_request',
        description: 'a parameter came more than once',
      });
    const authenticated = authenticateResource(c, form, deps);
    if (!authenticated.ok) return answerTokenError(c, deps, 'introspect', authenticated.failure);
    const token = one(form, 'token');
    if (token === undefined)
      return answerTokenError(c, deps, 'introspect', { error: 'invalid_request', description: 'token is missing' });

    const resource = authenticated.value;
    const known = await deps.knownTokens.find(hashSecret(token), deps.now());
    if (known === undefined || known.access.resource !== resource.key) {
      c.get('event').note({ outcome: 'inactive' });
      return answerJson(c, { active: false });
    }
    c.get('event').note({ outcome: 'active', client_id: known.access.clientId, user: known.access.userId });
    return answerActive(known, resource, deps);
  };
