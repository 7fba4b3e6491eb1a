/** Clients: listing, showing, blocking, unblocking, deleting. Blocking and deleting end everything the client has. */
import { z } from 'zod';
import type { Client } from '../domain/types.ts';
import { requireReason } from './approvals.ts';
import { call } from './call.ts';
import { readCursor, writeCursor } from './cursor.ts';
import { notFound, Refused } from './problem.ts';
import { reportOf } from './reports.ts';
import { clientSchema, iso, isoOrNull, pageOf, paging, reason, reportSchema } from './schemas.ts';
import { clientVersion, seenBy, unchanged } from './version.ts';

const listClients = call({
  id: 'listClients',
  method: 'get',
  path: '/clients',
  summary: 'Clients, newest first',
  role: 'reader',
  query: z.strictObject({ state: z.enum(['active', 'blocked']).optional(), ...paging }),
  answer: pageOf(clientSchema),
  run: async ({ deps }, { query }) => {
    const [at, id] = readCursor(deps.keys, 'clients', query, query.cursor) ?? [];
    const before = at === undefined ? undefined : { at: Number(at), id: String(id) };
    const found = await deps.store.listClients(query.state, { limit: query.limit + 1, before });
    const items = found.slice(0, query.limit);
    const last = found.length > query.limit ? items.at(-1) : undefined;
    return {
      items: items.map(clientOf),
      next_cursor: last === undefined ? null : writeCursor(deps.keys, 'clients', query, [last.createdAt, last.id]),
    };
  },
});

const showClient = call({
  id: 'showClient',
  method: 'get',
  path: '/clients/{client_id}',
  summary: 'One client',
  role: 'reader',
  answer: clientSchema,
  etag: ({ version }) => version,
  run: async ({ deps }, { path }) => {
    const client = await deps.store.findClient(path.client_id ?? '');
    if (client === undefined) throw notFound();
    return clientOf(client);
  },
});

const LEAVING =
  'This client is being removed, as its holder or the configuration asked. Block it if its id must not come back.';

const changeClient = call({
  id: 'changeClient',
  method: 'patch',
  path: '/clients/{client_id}',
  summary: 'Block a client, which ends all its access, or let it ask again; nothing it had comes back',
  role: 'admin',
  conditional: true,
  body: z.strictObject({ state: z.enum(['active', 'blocked']), reason }),
  answer: z.object({ client: clientSchema, report: reportSchema.nullable() }),
  run: async (setting, { path, body }) => {
    const { store, metrics } = setting.deps;
    const id = path.client_id ?? '';
    const seen = seenBy(setting, clientVersion);
    if (body.state === 'active') {
      const client = unchanged(await store.unblockClient(id, body.reason, setting.trail, seen));
      if (client === undefined) throw notFound();
      if (client.blockedAt !== undefined) throw new Refused(409, 'conflict', LEAVING);
      return { client: clientOf(client), report: null };
    }
    const blocked = unchanged(await store.blockClient(id, body.reason, setting.trail, seen));
    if (blocked === undefined) throw notFound();
    if (blocked.ended.approvals > 0) metrics.revoked('client_blocked');
    return { client: clientOf(blocked.client), report: await reportOf(setting, blocked.ended.revocation) };
  },
});

const deleteClient = call({
  id: 'deleteClient',
  method: 'delete',
  path: '/clients/{client_id}',
  summary: 'End all access of a registered client and forget it; the reason comes in the body or the query',
  role: 'admin',
  conditional: true,
  query: z.strictObject({ reason: reason.optional() }),
  body: z.strictObject({ reason: reason.optional() }),
  bodyOptional: true,
  answer: z.object({ report: reportSchema.nullable() }),
  run: async (setting, { path, query, body }) => {
    const why = requireReason(query.reason, body.reason);
    const { store, metrics } = setting.deps;
    const id = path.client_id ?? '';
    const client = await store.findClient(id);
    if (client === undefined) throw notFound();
    if (client.kind === 'configured')
      throw new Refused(
        409,
        'configured_client',
        'The configuration names this client: take it out there, and the next start ends all it has; or block it.',
      );
    if (client.kind === 'document')
      throw new Refused(409, 'document_client', 'Its document would bring this client back: block it.');
    const ended = unchanged(await store.deleteClient(id, why, setting.trail, seenBy(setting, clientVersion)));
    if (ended === undefined) throw new Refused(409, 'conflict', 'The client was unblocked or deleted meanwhile.');
    if (ended.approvals > 0) metrics.revoked('client_deleted');
    return { report: await reportOf(setting, ended.revocation) };
  },
});

export const clientCalls = [listClients, showClient, changeClient, deleteClient];

/** A client as the API shows it. */
export function clientOf(client: Client): z.output<typeof clientSchema> {
  const { id, kind, metadata } = client;
  return {
    client_id: id,
    kind,
    client_name: metadata.name ?? null,
    redirect_uris: [...metadata.redirectUris],
    application_type: metadata.applicationType,
    token_endpoint_auth_method: metadata.authMethod,
    client_uri: metadata.clientUri ?? null,
    software_id: metadata.softwareId ?? null,
    software_version: metadata.softwareVersion ?? null,
    created_at: iso(client.createdAt),
    last_used_at: isoOrNull(client.lastUsedAt),
    state: client.blockedAt === undefined ? 'active' : 'blocked',
    blocked_at: isoOrNull(client.blockedAt),
    blocked_reason: client.blockedReason ?? null,
    waiting_since: isoOrNull(client.quarantinedAt),
    usable_by: client.quarantinedAt === undefined ? 'everybody' : (client.usableBy ?? 'nobody'),
    requester: client.requesterId ?? null,
    version: clientVersion(client),
  };
}
