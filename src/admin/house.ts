/** The audit log, as pages or as lines, and the state of the house. */
import { z } from 'zod';
import { revocationBound } from '../domain/revocation-bound.ts';
import type { AuditFilter, AuditRow, Store } from '../store/store.ts';
import { version } from '../version.ts';
import { call } from './call.ts';
import { readCursor, writeCursor } from './cursor.ts';
import {
  auditSchema,
  clientId,
  iso,
  moment,
  pageOf,
  paging,
  secondsOf,
  statusSchema,
  userId,
  word,
} from './schemas.ts';

const NDJSON = 'application/x-ndjson';
const EXPORT_ROWS = 500;

const listAudit = call({
  id: 'listAudit',
  method: 'get',
  path: '/audit',
  summary: 'The audit log, newest first; as NDJSON without paging everything that matches, from the cursor on',
  role: 'reader',
  also: NDJSON,
  query: z.strictObject({
    since: moment.optional(),
    user: userId.optional(),
    client_id: clientId.optional(),
    event: word.optional(),
    reference: word.optional(),
    ...paging,
  }),
  answer: pageOf(auditSchema),
  run: async ({ deps, accept }, { query }) => {
    const [seq] = readCursor(deps.keys, 'audit', query, query.cursor) ?? [];
    const filter = {
      ...(query.user !== undefined && { userId: query.user }),
      ...(query.client_id !== undefined && { clientId: query.client_id }),
      ...(query.event !== undefined && { event: query.event }),
      ...(query.reference !== undefined && { reference: query.reference }),
      ...(query.since !== undefined && { since: secondsOf(query.since) }),
      ...(seq !== undefined && { before: Number(seq) }),
    };
    if (accept.includes(NDJSON)) return exportAudit(deps.store, filter);
    const found = await deps.store.listAudit({ ...filter, limit: query.limit + 1 });
    const items = found.slice(0, query.limit);
    const last = found.length > query.limit ? items.at(-1) : undefined;
    return {
      items: items.map(auditOf),
      next_cursor: last === undefined ? null : writeCursor(deps.keys, 'audit', query, [last.seq]),
    };
  },
});

const showStatus = call({
  id: 'showStatus',
  method: 'get',
  path: '/status',
  summary: 'Version, storage, keys, migrations, counts',
  role: 'reader',
  answer: statusSchema,
  run: async ({ deps: { config, store, keys, now } }) => {
    const at = now();
    const { clients, users } = await store.countPeople();
    const live = await store.countRegistry({}, at);
    const sealed = await store.countSealed(at);
    return {
      version,
      issuer: config.issuer,
      mode: config.mode,
      at: iso(at),
      storage: { engine: store.engine },
      migrations: store.migrationState(),
      keys: {
        current: keys.currentKeyId,
        ring: [...keys.keyIds],
        sealed: sealed.map(({ table, keyId, rows }) => ({ table, key: keyId, rows })),
      },
      counts: {
        active_approvals: live.approvals,
        people_with_approvals: live.users,
        clients: clients.all,
        blocked_clients: clients.blocked,
        users: users.all,
        disabled_users: users.disabled,
      },
      revocation_within: Object.fromEntries(
        [...config.resources].map(([key, resource]) => [key, revocationBound(resource, config.tokens.access)]),
      ),
    };
  },
});

export const houseCalls = [listAudit, showStatus];

/** One row a line, read in steps as the reader takes them, so that no log is too long. */
async function exportAudit(store: Pick<Store, 'listAudit'>, filter: Omit<AuditFilter, 'limit'>): Promise<Response> {
  // The first step before the answer begins, so that a database that is away can still be told.
  let rows = await store.listAudit({ ...filter, limit: EXPORT_ROWS });
  const body = new ReadableStream<Uint8Array>({
    pull: async (controller) => {
      if (rows.length > 0)
        controller.enqueue(Buffer.from(rows.map((row) => `${JSON.stringify(auditOf(row))}\n`).join(''), 'utf8'));
      const last = rows.at(-1);
      if (last === undefined || rows.length < EXPORT_ROWS) return controller.close();
      rows = await store.listAudit({ ...filter, before: last.seq, limit: EXPORT_ROWS });
    },
  });
  return new Response(body, { headers: { 'content-type': NDJSON } });
}

const auditOf = (row: AuditRow): z.output<typeof auditSchema> => ({
  id: row.id,
  seq: row.seq,
  at: iso(row.at),
  event: row.event,
  actor: { kind: row.actorKind, id: row.actorId ?? null },
  user: row.userId ?? null,
  client_id: row.clientId ?? null,
  resource: row.resource ?? null,
  reference: row.reference,
  details: { ...row.details },
  seal: row.seal ?? null,
});
