/** The queue of clients that wait for an administrator: who brought them, what people said, and the word that ends it. */
import { z } from 'zod';
import { call } from './call.ts';
import { clientOf } from './clients.ts';
import { readCursor, writeCursor } from './cursor.ts';
import { notFound, Refused } from './problem.ts';
import { reportOf } from './reports.ts';
import { clientSchema, iso, moment, pageOf, paging, reason, reportSchema } from './schemas.ts';
import { clientVersion, seenBy, unchanged } from './version.ts';

/** What people said of one client, at most. */
const REQUESTS_SHOWN = 20;

const waitingSchema = z.object({
  client: clientSchema,
  expires_at: moment.nullable().meta({ description: 'When it is forgotten unless somebody decides.' }),
  requests: z
    .array(z.object({ user: z.string().nullable(), reference: z.string(), words: z.string(), at: moment }))
    .meta({
      description: `What people said, newest first, at most ${REQUESTS_SHOWN}. Escape it wherever it is shown.`,
    }),
});

const listWaiting = call({
  id: 'listWaiting',
  method: 'get',
  path: '/quarantine',
  summary: 'Clients that wait to be accepted, the longest waiting first, with what people said',
  role: 'reader',
  query: z.strictObject({ ...paging }),
  answer: pageOf(waitingSchema),
  run: async ({ deps: { store, keys, config } }, { query }) => {
    const [at, id] = readCursor(keys, 'quarantine', query, query.cursor) ?? [];
    const before = at === undefined ? undefined : { at: Number(at), id: String(id) };
    const found = await store.listWaiting({ limit: query.limit + 1, before });
    const clients = found.slice(0, query.limit);
    const last = found.length > query.limit ? clients.at(-1) : undefined;
    const items = [];
    for (const client of clients) {
      const since = client.quarantinedAt ?? client.createdAt;
      const requests = await store.listAdmissionRequests(client.id, REQUESTS_SHOWN);
      items.push({
        client: clientOf(client),
        expires_at: client.usableBy === 'nobody' ? iso(since + config.registration.quarantineExpiry) : null,
        requests: requests.map(({ userId, reference, words, at: saidAt }) => ({
          ...{ user: userId ?? null, reference, words },
          at: iso(saidAt),
        })),
      });
    }
    const place = last === undefined ? undefined : [last.quarantinedAt ?? 0, last.id];
    return { items, next_cursor: place === undefined ? null : writeCursor(keys, 'quarantine', query, place) };
  },
});

const decideWaiting = call({
  id: 'decideWaiting',
  method: 'post',
  path: '/quarantine/{client_id}',
  summary:
    'Accept a client that waits, or reject it, which blocks it and ends what its requester had. Accepting a document client needs If-Match with the version that was looked at',
  role: 'admin',
  conditional: true,
  body: z.strictObject({ decision: z.enum(['accept', 'reject']), reason }),
  answer: z.object({ client: clientSchema, report: reportSchema.nullable() }),
  run: async (setting, { path, body }) => {
    const { store } = setting.deps;
    const id = path.client_id ?? '';
    const client = await store.findClient(id);
    if (client === undefined) throw notFound();
    if (client.quarantinedAt === undefined || client.blockedAt !== undefined) throw decided();
    const seen = seenBy(setting, clientVersion);
    if (body.decision === 'accept') {
      // A document changes by itself: what is accepted must be what was looked at.
      if (client.kind === 'document' && seen === undefined)
        throw new Refused(428, 'precondition_required', 'Name the version you have looked at as If-Match.');
      const admitted = unchanged(await store.admitClient(id, body.reason, setting.trail, seen));
      if (admitted === undefined) throw decided();
      return { client: clientOf(admitted), report: null };
    }
    const blocked = unchanged(await store.blockClient(id, body.reason, setting.trail, seen));
    if (blocked === undefined) throw notFound();
    return { client: clientOf(blocked.client), report: await reportOf(setting, blocked.ended.revocation) };
  },
});

const decided = () => new Refused(409, 'conflict', 'This client does not wait (any more): somebody has decided.');

export const quarantineCalls = [listWaiting, decideWaiting];
