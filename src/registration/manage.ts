/**
 * `GET`, `PUT`, `DELETE /register/{client_id}` (RFC 7592): a client looks after its own registration.
 *
 * Whoever holds the registration access token of this very client may; it is replaced at every update. An unknown
 * client, a wrong token, another client's token and a blocked client get the same 401; whoever has begun to end a
 * registration may only go on with that. An update is judged whole, as a registration is; where new clients wait for an
 * administrator, a changed one waits again, and none changes while it waits. Must never lift a block, nor end a client that
 * an administrator blocked, nor change one of the configuration, nor what an administrator has accepted.
 */
import type { Context } from 'hono';
import { holdsSecret, judgeMetadata } from '../domain/client.ts';
import { DEREGISTERED } from '../domain/own-block.ts';
import { type Standing, showsAnother, standingOfNew } from '../domain/quarantine.ts';
import type { Client, ClientMetadata, TokenHash, Trail } from '../domain/types.ts';
import type { AppDeps, AppEnv } from '../ports.ts';
import { equalSecrets, hashSecret, mintToken, newSecret } from '../security/secrets.ts';
import { bearerToken, keepOutOfCaches, metadataPolicy, refusing } from './answer.ts';
import { clientInformation } from './client-information.ts';
import { readJson } from './json-body.ts';

/** The client whose token came, and the token. */
interface Held {
  readonly client: Client;
  readonly token: string;
}

type Action = (c: Context<AppEnv>, held: Held, deps: AppDeps) => Promise<Response>;

export const readRegistration = (deps: AppDeps) => managed(deps, read);
export const updateRegistration = (deps: AppDeps) => managed(deps, update);
export const deleteRegistration = (deps: AppDeps) => managed(deps, remove, isLeaving);

const isLeaving = ({ blockedReason }: Client): boolean => blockedReason === DEREGISTERED;

/** `admits` says which of the blocked clients may. */
const managed =
  (deps: AppDeps, action: Action, admits: (blocked: Client) => boolean = () => false) =>
  async (c: Context<AppEnv>): Promise<Response> => {
    keepOutOfCaches(c);
    const limit = deps.limits.take('tokens', c.get('event').source);
    if (!limit.ok) return slowDown(c, deps, limit.retryAfter);
    const held = await holder(c, deps);
    if (held === undefined || (held.client.blockedAt !== undefined && !admits(held.client)))
      return unauthorized(c, deps);
    c.get('event').note({ client_id: held.client.id });
    return action(c, held, deps);
  };

function slowDown(c: Context<AppEnv>, deps: AppDeps, retryAfter: number): Response {
  c.header('Retry-After', String(retryAfter));
  return refusing(c, deps)('slow_down', 'too many requests; try again later', 429);
}

async function holder(c: Context<AppEnv>, deps: AppDeps): Promise<Held | undefined> {
  const token = bearerToken(c);
  if (token === undefined) return undefined;
  const client = await deps.store.findClient(c.req.param('client_id') ?? '');
  const matches = equalSecrets(hashSecret(token), client?.managementHash ?? '');
  return client?.kind === 'registered' && matches ? { client, token } : undefined;
}

const unauthorized = (c: Context<AppEnv>, deps: AppDeps): Response =>
  refusing(c, deps)('invalid_token', 'the registration access token is not one of this client', 401);

async function read(c: Context<AppEnv>, { client, token }: Held, deps: AppDeps): Promise<Response> {
  c.get('event').note({ outcome: 'read' });
  return c.json(clientInformation(client, { secret: undefined, managementToken: token }, deps.config.issuer));
}

async function update(c: Context<AppEnv>, { client, token }: Held, deps: AppDeps): Promise<Response> {
  const refuse = refusing(c, deps);
  // Per client, whatever addresses it comes from: each update is a row of the audit log.
  const limit = deps.limits.take('registration_updates', client.id);
  if (!limit.ok) return slowDown(c, deps, limit.retryAfter);
  if (client.quarantinedAt !== undefined)
    return refuse('access_denied', 'this client waits for an administrator and cannot change meanwhile', 403);
  const body = await readJson(c);
  if (!body.ok) return refuse('invalid_client_metadata', body.detail, body.status);
  const verdict = judgeMetadata(body.value, metadataPolicy(deps.config));
  if (!verdict.ok) return refuse(verdict.error, verdict.description);
  // Judged: the body is an object.
  const sent = body.value as Readonly<Record<string, unknown>>;
  if (sent.client_id !== client.id) return refuse('invalid_client_metadata', 'client_id must be that of this client');
  const secret = secretAfter(client, verdict.metadata, sent.client_secret);
  if (secret === undefined) return refuse('invalid_client_metadata', 'client_secret is not that of this client');

  const managementToken = mintToken('mt');
  const change = {
    metadata: verdict.metadata,
    secretHash: secret.hash,
    heldHash: hashSecret(token),
    nextHash: hashSecret(managementToken),
    standing: standingAfter(client, verdict.metadata, deps),
  };
  const updated = await deps.store.updateClient(client.id, change, trailOf(c, client, deps));
  if (updated === undefined) return unauthorized(c, deps);
  c.get('event').note({ outcome: 'updated' });
  return c.json(clientInformation(updated, { secret: secret.shown, managementToken }, deps.config.issuer));
}

/** What was accepted is what was seen: whoever shows another face is new to whoever accepts. */
const standingAfter = ({ metadata }: Client, next: ClientMetadata, { config, now }: AppDeps): Standing =>
  showsAnother(metadata, next) ? standingOfNew(config.registration.newClients, now()) : {};

interface SecretAfter {
  readonly hash: TokenHash | undefined;
  /** What the answer may repeat. */
  readonly shown: string | undefined;
}

/**
 * A client that begins to authenticate gets a secret, one that stops loses it, any other keeps its own: whoever is about
 * to lose an answer must not be locked out by it. A secret may be repeated (RFC 7592 2.2) and never chosen.
 */
function secretAfter(client: Client, { authMethod }: ClientMetadata, sent: unknown): SecretAfter | undefined {
  const current = client.secretHash;
  const given = typeof sent === 'string' ? sent : undefined;
  const isOwn = given !== undefined && current !== undefined && equalSecrets(hashSecret(given), current);
  if (sent !== undefined && sent !== null && !isOwn) return undefined;
  if (!holdsSecret(authMethod)) return { hash: undefined, shown: undefined };
  if (current !== undefined) return { hash: current, shown: given };
  const made = newSecret();
  return { hash: hashSecret(made), shown: made };
}

async function remove(c: Context<AppEnv>, { client, token }: Held, deps: AppDeps): Promise<Response> {
  const ended = await deps.store.closeRegistration(client.id, hashSecret(token), trailOf(c, client, deps));
  if (ended === undefined) return unauthorized(c, deps);
  if (ended.approvals > 0) deps.metrics.revoked('client_deleted');
  c.get('event').note({ outcome: 'deleted' });
  return c.body(null, 204);
}

const trailOf = (c: Context<AppEnv>, client: Client, deps: AppDeps): Trail => ({
  at: deps.now(),
  reference: c.get('event').reference,
  actor: { kind: 'client', id: client.id },
});
