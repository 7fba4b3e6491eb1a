/**
 * Who is calling a back-channel endpoint: a client or a resource (RFC 6749 2.3; RFC 7662 2.1).
 *
 * One method per request, and it must be the registered one. Unknown, blocked and wrongly authenticated clients get
 * the same 401 `invalid_client`, on which real clients register again.
 * Must never authorize by a `client_id` field that authentication did not confirm.
 */
import type { Context } from 'hono';
import type { ResourceConfig } from '../config/config.ts';
import type { RawParameters } from '../domain/authorization-request.ts';
import { heldMetadata, isUsable } from '../domain/client.ts';
import { mustWait } from '../domain/quarantine.ts';
import type { Client, ClientAuthMethod, ClientMetadata, TokenHash, Trail } from '../domain/types.ts';
import type { AppDeps, AppEnv } from '../ports.ts';
import { one } from '../security/parameters.ts';
import { equalSecrets, hashSecret } from '../security/secrets.ts';
import { assertedClient, checkAssertion, JWT_BEARER } from './client-assertion.ts';
import type { TokenError } from './oauth-answer.ts';

interface Credentials {
  readonly id: string;
  /** Basic may carry the secret form-urlencoded (RFC 6749 2.3.1) or, as most tools send it, plain (RFC 7617): both readings. */
  readonly secrets: readonly string[];
  readonly method: ClientAuthMethod;
  readonly assertion?: string;
}

export type Authentication<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly failure: TokenError };

/** The authenticated client of this request. */
export async function authenticateClient(
  c: Context<AppEnv>,
  form: RawParameters,
  deps: AppDeps,
): Promise<Authentication<Client>> {
  const presented = readCredentials(c, form);
  if (!presented.ok) return presented;
  const { id, secrets, method, assertion } = presented.value;
  const refused = (reason: string): Authentication<Client> => ({
    ok: false,
    failure: {
      error: 'invalid_client',
      description: 'client authentication failed',
      reason,
      basicTried: method === 'client_secret_basic',
    },
  });

  const client = await deps.store.findClient(id);
  if (client === undefined) return refused('unknown client');
  c.get('event').note({ client_id: client.id });
  if (client.blockedAt !== undefined) return refused('blocked client');
  if (mustWait(client, undefined)) return refused('the client waits for an administrator');
  if (!isUsable(client)) return refused('its metadata document is withdrawn');
  const { reference, source } = c.get('event');
  const trail: Trail = { at: deps.now(), reference, actor: { kind: 'client', id: client.id } };
  const excluded = client.kind === 'document' ? await deps.clients.exclusion(client.id, trail) : undefined;
  if (excluded !== undefined) return refused(excluded);
  const metadata = await metadataFor(form, client, deps);
  if (metadata.authMethod !== method) return refused(`used ${method}, registered ${metadata.authMethod}`);
  if (method === 'none') return { ok: true, value: client };
  if (assertion !== undefined) {
    const problem = await checkAssertion(assertion, client, metadata, source, deps);
    return problem === undefined ? { ok: true, value: client } : refused(problem);
  }
  return isOneOf(secrets, client.secretHash) ? { ok: true, value: client } : refused('wrong secret');
}

/** How the client authenticates: as it is registered, but for a code as its document said when the code was asked for. */
async function metadataFor(form: RawParameters, client: Client, deps: AppDeps): Promise<ClientMetadata> {
  const code = one(form, 'grant_type') === 'authorization_code' ? one(form, 'code') : undefined;
  if (client.kind !== 'document' || code === undefined) return client.metadata;
  const record = await deps.store.findCode(hashSecret(code));
  return record?.clientId === client.id ? heldMetadata(client, record.clientSnapshot) : client.metadata;
}

/** The authenticated MCP server (its id is the resource key). */
export function authenticateResource(
  c: Context<AppEnv>,
  form: RawParameters,
  deps: AppDeps,
): Authentication<ResourceConfig> {
  const presented = readCredentials(c, form);
  if (!presented.ok) return presented;
  const { id, secrets, method } = presented.value;
  const resource = deps.config.resources.get(id);
  if (resource === undefined || !isOneOf(secrets, resource.credentialHash)) {
    return {
      ok: false,
      failure: {
        error: 'invalid_client',
        description: 'resource authentication failed',
        reason: `resource credential refused (${method})`,
        basicTried: true,
      },
    };
  }
  c.get('event').note({ resource: resource.key });
  return { ok: true, value: resource };
}

/** The resource whose id and credential a Basic header carries; undefined for anything else. */
export function resourceOfBasic(header: string, { config }: Pick<AppDeps, 'config'>): ResourceConfig | undefined {
  const basic = readBasic(header);
  const resource = basic && config.resources.get(basic.id);
  return resource !== undefined && isOneOf(basic?.secrets ?? [], resource.credentialHash) ? resource : undefined;
}

/** Whom a request names as its client, before anything is proved. */
export function namedClient(c: Context<AppEnv>, form: RawParameters): string | undefined {
  const presented = readCredentials(c, form);
  return presented.ok ? presented.value.id : undefined;
}

const isOneOf = (secrets: readonly string[], known: TokenHash | undefined): boolean =>
  known !== undefined && secrets.some((secret) => equalSecrets(hashSecret(secret), known));

function readCredentials(c: Context<AppEnv>, form: RawParameters): Authentication<Credentials> {
  const header = c.req.header('authorization');
  const id = one(form, 'client_id');
  const secret = one(form, 'client_secret');
  const invalid = (description: string): Authentication<Credentials> => ({
    ok: false,
    failure: { error: 'invalid_request', description },
  });
  const unknown = (description: string, basicTried: boolean): Authentication<Credentials> => ({
    ok: false,
    failure: { error: 'invalid_client', description, basicTried },
  });

  const assertion = one(form, 'client_assertion');
  const assertionType = one(form, 'client_assertion_type');
  if (assertion !== undefined || assertionType !== undefined) {
    if (header !== undefined || secret !== undefined) return invalid('use one client authentication method');
    if (assertion === undefined || assertionType !== JWT_BEARER)
      return unknown('client authentication needs an assertion of type jwt-bearer', false);
    const asserted = assertedClient(assertion);
    if (asserted === undefined || (id !== undefined && id !== asserted))
      return unknown('the assertion does not name this client', false);
    return { ok: true, value: { id: asserted, secrets: [], method: 'private_key_jwt', assertion } };
  }
  if (header === undefined) {
    if (id === undefined) return unknown('name the client', false);
    return {
      ok: true,
      value: {
        id,
        secrets: secret === undefined ? [] : [secret],
        method: secret === undefined ? 'none' : 'client_secret_post',
      },
    };
  }
  if (secret !== undefined) return invalid('use one client authentication method');
  const basic = readBasic(header);
  if (basic === undefined) return unknown('the Authorization header is not HTTP Basic', true);
  if (id !== undefined && id !== basic.id) return invalid('client_id differs from the authenticated client');
  return { ok: true, value: { ...basic, method: 'client_secret_basic' } };
}

/** RFC 7617; the scheme's case does not matter and a colon in the secret survives. */
function readBasic(header: string): { readonly id: string; readonly secrets: readonly string[] } | undefined {
  const match = /^basic +([A-Za-z0-9+/]+={0,2})$/i.exec(header.trim());
  if (match === null) return undefined;
  const text = Buffer.from(match[1] ?? '', 'base64').toString('utf8');
  const cut = text.indexOf(':');
  if (cut < 1) return undefined;
  const [id, secret] = [formDecoded(text.slice(0, cut)), text.slice(cut + 1)];
  // No id of ours holds NUL, and Postgres cannot even look for one.
  if (id.includes('\u0000')) return undefined;
  return { id, secrets: [...new Set([formDecoded(secret), secret])] };
}

function formDecoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return text;
  }
}
