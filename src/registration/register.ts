/**
 * `POST /register` (RFC 7591): any client may introduce itself; it gets an id of ours and, if confidential, a secret once.
 *
 * Always a new id and credentials of its own. Must never echo what was not kept, nor take an id, a secret or a
 * privilege from the registrant.
 */
import type { Context } from 'hono';
import { judgeMetadata } from '../domain/client.ts';
import type { Client, ClientMetadata } from '../domain/types.ts';
import type { AppDeps, AppEnv } from '../ports.ts';
import { readText } from '../security/parameters.ts';
import { equalSecrets, hashSecret, newId, newSecret } from '../security/secrets.ts';

const MAX_BODY = 16 * 1024;

type RegistrationError =
  | 'invalid_redirect_uri'
  | 'invalid_client_metadata'
  | 'invalid_token'
  | 'access_denied'
  | 'slow_down';

export const registerEndpoint =
  (deps: AppDeps) =>
  async (c: Context<AppEnv>): Promise<Response> => {
    const event = c.get('event');
    c.header('Cache-Control', 'no-store');
    c.header('Pragma', 'no-cache');
    const refuse = (error: RegistrationError, description: string, status: 400 | 401 | 403 | 413 | 429 = 400) => {
      event.note({ outcome: 'refused', error, reason: description });
      deps.metrics.refused('register', error);
      return c.json({ error, error_description: description }, status);
    };

    const limit = deps.limits.take('registrations', event.source);
    if (!limit.ok) {
      c.header('Retry-After', String(limit.retryAfter));
      return refuse('slow_down', 'too many registrations from here; try again later', 429);
    }
    if (deps.config.registration.dynamic === 'off')
      return refuse('access_denied', 'clients cannot register themselves here', 403);
    if (!mayRegister(c.req.header('authorization'), deps)) {
      c.header('WWW-Authenticate', 'Bearer error="invalid_token"');
      return refuse('invalid_token', 'registration here needs an initial access token', 401);
    }
    const body = await readJson(c);
    if (!body.ok) return refuse('invalid_client_metadata', body.detail, body.status);

    const { issuer, plainHttp, registration } = deps.config;
    const verdict = judgeMetadata(body.value, {
      issuer,
      redirectSchemes: registration.redirectSchemes,
      allowHttpLinks: plainHttp,
    });
    if (!verdict.ok) return refuse(verdict.error, verdict.description);

    const secret = verdict.metadata.authMethod.startsWith('client_secret_') ? newSecret() : undefined;
    const client: Client = {
      id: newId('mcbc'),
      kind: 'registered',
      metadata: verdict.metadata,
      secretHash: secret === undefined ? undefined : hashSecret(secret),
      createdAt: deps.now(),
      lastUsedAt: undefined,
      blockedAt: undefined,
      blockedReason: undefined,
    };
    await deps.store.insertClient(client, {
      at: client.createdAt,
      reference: event.reference,
      actor: { kind: 'client', id: client.id },
    });

    event.note({ outcome: 'registered', client_id: client.id });
    return c.json(registrationAnswer(client, secret), 201);
  };

function mayRegister(header: string | undefined, deps: AppDeps): boolean {
  if (deps.config.registration.dynamic === 'open') return true;
  const token = /^bearer +(\S+)$/i.exec(header ?? '')?.[1];
  return (
    token !== undefined &&
    deps.config.registration.initialAccessTokenHashes.some((known) => equalSecrets(hashSecret(token), known))
  );
}

type JsonReading =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly detail: string; readonly status: 400 | 413 };

async function readJson(c: Context<AppEnv>): Promise<JsonReading> {
  if (!/^application\/json(\s*;|\s*$)/i.test(c.req.header('content-type') ?? '')) {
    return { ok: false, detail: 'the body must be application/json', status: 400 };
  }
  const text = await readText(c, MAX_BODY);
  if (text === undefined) return { ok: false, detail: `the body is longer than ${MAX_BODY} bytes`, status: 413 };
  try {
    return { ok: true, value: JSON.parse(text) };
  } catch {
    return { ok: false, detail: 'the body is not JSON', status: 400 };
  }
}

/** All metadata as registered (RFC 7591 3.2.1), with the reduced redirect set. */
function registrationAnswer(client: Client, secret: string | undefined): object {
  return {
    client_id: client.id,
    client_id_issued_at: client.createdAt,
    ...(secret === undefined ? {} : { client_secret: secret, client_secret_expires_at: 0 }),
    ...metadataMembers(client.metadata),
  };
}

function metadataMembers(metadata: ClientMetadata): object {
  const members = {
    redirect_uris: metadata.redirectUris,
    client_name: metadata.name,
    application_type: metadata.applicationType,
    token_endpoint_auth_method: metadata.authMethod,
    grant_types: metadata.grantTypes,
    response_types: ['code'],
    scope: metadata.scope,
    client_uri: metadata.clientUri,
    logo_uri: metadata.logoUri,
    policy_uri: metadata.policyUri,
    tos_uri: metadata.tosUri,
    contacts: metadata.contacts.length === 0 ? undefined : metadata.contacts,
    software_id: metadata.softwareId,
    software_version: metadata.softwareVersion,
    jwks: metadata.jwks === undefined ? undefined : { keys: metadata.jwks },
    jwks_uri: metadata.jwksUri,
    token_endpoint_auth_signing_alg: metadata.signingAlg,
    ...metadata.localized,
  };
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}
