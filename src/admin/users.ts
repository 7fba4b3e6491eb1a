/** People: listing, showing, signing out, disabling and enabling. */
import { z } from 'zod';
import type { User } from '../domain/types.ts';
import { call } from './call.ts';
import { readCursor, writeCursor } from './cursor.ts';
import { notFound } from './problem.ts';
import { reportOf } from './reports.ts';
import { iso, isoOrNull, pageOf, paging, reason, reportSchema, upstreamKey, userSchema, word } from './schemas.ts';
import { seenBy, unchanged, userVersion } from './version.ts';

const listUsers = call({
  id: 'listUsers',
  method: 'get',
  path: '/users',
  summary: 'People, newest first; upstream and subject together name one person',
  role: 'reader',
  query: z.strictObject({
    upstream: upstreamKey.optional(),
    subject: word.optional(),
    state: z.enum(['active', 'disabled']).optional(),
    ...paging,
  }),
  answer: pageOf(userSchema),
  run: async ({ deps }, { query }) => {
    const [at, id] = readCursor(deps.keys, 'users', query, query.cursor) ?? [];
    const before = at === undefined ? undefined : { at: Number(at), id: String(id) };
    const found = await deps.store.listUsers(query, { limit: query.limit + 1, before });
    const items = found.slice(0, query.limit);
    const last = found.length > query.limit ? items.at(-1) : undefined;
    return {
      items: items.map(userOf),
      next_cursor: last === undefined ? null : writeCursor(deps.keys, 'users', query, [last.createdAt, last.id]),
    };
  },
});

const showUser = call({
  id: 'showUser',
  method: 'get',
  path: '/users/{id}',
  summary: 'One person',
  role: 'reader',
  answer: userSchema,
  etag: ({ version }) => version,
  run: async ({ deps }, { path }) => {
    const user = await deps.store.findUser(path.id ?? '');
    if (user === undefined) throw notFound();
    return userOf(user);
  },
});

const signOutUser = call({
  id: 'signOutUser',
  method: 'post',
  path: '/users/{id}/sign-out',
  summary: 'End every browser session of a person, here and in the console; their approvals stay',
  role: 'revoker',
  body: z.strictObject({}),
  bodyOptional: true,
  answer: z.object({ sessions: z.int() }),
  run: async ({ deps, trail }, { path }) => {
    const id = path.id ?? '';
    if ((await deps.store.findUser(id)) === undefined) throw notFound();
    return { sessions: await deps.store.signOutUser(id, trail) };
  },
});

const changeUser = call({
  id: 'changeUser',
  method: 'patch',
  path: '/users/{id}',
  summary: 'Disable a person, which ends their sessions and approvals, or let them sign in again',
  role: 'admin',
  conditional: true,
  body: z.strictObject({ state: z.enum(['active', 'disabled']), reason }),
  answer: z.object({ user: userSchema, sessions: z.int(), report: reportSchema.nullable() }),
  run: async (setting, { path, body }) => {
    const { store, metrics } = setting.deps;
    const id = path.id ?? '';
    const seen = seenBy(setting, userVersion);
    if (body.state === 'active') {
      const user = unchanged(await store.enableUser(id, body.reason, setting.trail, seen));
      if (user === undefined) throw notFound();
      return { user: userOf(user), sessions: 0, report: null };
    }
    const disabled = unchanged(await store.disableUser(id, body.reason, setting.trail, seen));
    if (disabled === undefined) throw notFound();
    const { user, sessions, ended } = disabled;
    if (ended.approvals > 0) metrics.revoked('user_disabled');
    return { user: userOf(user), sessions, report: await reportOf(setting, ended.revocation) };
  },
});

export const userCalls = [listUsers, showUser, signOutUser, changeUser];

const userOf = (user: User): z.output<typeof userSchema> => ({
  ...{ id: user.id, upstream: user.upstream, subject: user.subject, name: user.name },
  created_at: iso(user.createdAt),
  state: user.disabledAt === undefined ? 'active' : 'disabled',
  disabled_at: isoOrNull(user.disabledAt),
  version: userVersion(user),
});
