/**
 * `POST /register` (RFC 7591): any client may introduce itself; it gets an id of ours and, if confidential, a secret once.
 *
 * Always a new id and credentials of its own. Must never echo what was not kept, nor take an id, a secret or a
 * privilege from the registrant.
 */
import { setTimeout as wait } from 'node:timers/promises';
import type { Context } from 'hono';
import { hostedApp } from '../domain/catalog/hosted.ts';
import { STARTER_CATALOG } from '../domain/catalog/starter.ts';
import { holdsSecret, judgeMetadata } from '../domain/client.ts';
import { standingOfNew } from '../domain/quarantine.ts';
import type { Client, ClientMetadata } from '../domain/types.ts';
import type { AppDeps, AppEnv } from '../ports.ts';
import { equalSecrets, hashSecret, mintToken, newId, newSecret } from '../security/secrets.ts';
import { bearerToken, keepOutOfCaches, metadataPolicy, type Refuse, refusing } from './answer.ts';
import { clientInformation } from './client-information.ts';
import { type JsonReading, readJson } from './json-body.ts';

/** So many registrations of one program from one place stay although nobody used them; older ones go after an hour. */
const TWINS = { kept: 20, youngest: 3600 };

export const registerEndpoint =
  (deps: AppDeps) =>
  async (c: Context<AppEnv>): Promise<Response> => {
    const event = c.get('event');
    keepOutOfCaches(c);
    const refuse = refusing(c, deps);

    let reading: Promise<JsonReading> | undefined;
    const body = () => {
      reading ??= readJson(c);
      return reading;
    };
    const limit = await deps.limits.registration(event.source, async () => hostedAppOf(await body(), deps));
    if (!limit.ok) {
      c.header('Retry-After', String(limit.retryAfter));
      return refuse('slow_down', 'too many registrations from here; try again later', 429);
    }
    if (limit.afterMs !== undefined) await wait(limit.afterMs);
    if (deps.config.registration.dynamic === 'off')
      return refuse('access_denied', 'clients cannot register themselves here', 403);
    if (!mayRegister(bearerToken(c), deps))
      return refuse('invalid_token', 'registration here needs an initial access token', 401);
    return register(c, await body(), refuse, deps);
  };

async function register(c: Context<AppEnv>, body: JsonReading, refuse: Refuse, deps: AppDeps): Promise<Response> {
  const event = c.get('event');
  if (!body.ok) return refuse('invalid_client_metadata', body.detail, body.status);
  const verdict = judgeMetadata(body.value, metadataPolicy(deps.config));
  if (!verdict.ok) return refuse(verdict.error, verdict.description);

  const secret = holdsSecret(verdict.metadata.authMethod) ? newSecret() : undefined;
  const managementToken = mintToken('mt');
  const now = deps.now();
  const client: Client = {
    id: newId('mcbc'),
    kind: 'registered',
    metadata: verdict.metadata,
    secretHash: secret === undefined ? undefined : hashSecret(secret),
    createdAt: now,
    lastUsedAt: undefined,
    blockedAt: undefined,
    blockedReason: undefined,
    managementHash: hashSecret(managementToken),
    ...standingOfNew(deps.config.registration.newClients, now),
  };
  await deps.store.insertClient(
    {
      ...client,
      ...marksOf(event.source, client.metadata, deps),
      twins: TWINS,
      unapprovedCap: deps.config.registration.unapprovedCap,
    },
    { at: client.createdAt, reference: event.reference, actor: { kind: 'client', id: client.id } },
  );

  event.note({ outcome: 'registered', client_id: client.id });
  return c.json(clientInformation(client, { secret, managementToken }, deps.config.issuer), 201);
}

/** Keyed, so that the database tells nobody which address registered what. */
function marksOf(source: string, metadata: ClientMetadata, { keys }: AppDeps) {
  return {
    sourceMark: keys.fingerprint('registration-source', source),
    twinMark: keys.fingerprint('registration-twin', JSON.stringify([source, metadata])),
  };
}

function hostedAppOf(body: JsonReading, { config }: AppDeps): string | undefined {
  if (!body.ok) return undefined;
  const verdict = judgeMetadata(body.value, metadataPolicy(config));
  return verdict.ok ? hostedApp(verdict.metadata.redirectUris, [...config.catalog, ...STARTER_CATALOG]) : undefined;
}

function mayRegister(token: string | undefined, { config }: AppDeps): boolean {
  const { dynamic, initialAccessTokenHashes } = config.registration;
  if (dynamic === 'open') return true;
  return token !== undefined && initialAccessTokenHashes.some((known) => equalSecrets(hashSecret(token), known));
}
