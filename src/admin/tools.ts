/**
 * Tools behind the built-in front: what was pinned, what has changed, and an admin's decision on exactly one definition.
 *
 * A key limited to some resources names one of them, and the tools of others are not there.
 */
import { z } from 'zod';
import type { PinnedTool } from '../store/store.ts';
import { keepToLimit } from './approvals.ts';
import { call, type Setting } from './call.ts';
import { readCursor, writeCursor } from './cursor.ts';
import { notFound, Refused } from './problem.ts';
import {
  iso,
  isoOrNull,
  pageOf,
  paging,
  pinnedToolSchema,
  reason,
  resourceKey,
  toolDefinitionsSchema,
} from './schemas.ts';

const listTools = call({
  id: 'listTools',
  method: 'get',
  path: '/tools',
  summary: 'Tools behind the built-in front, by resource and name',
  role: 'reader',
  limited: true,
  query: z.strictObject({
    resource: resourceKey.optional(),
    state: z.enum(['accepted', 'changed']).optional(),
    ...paging,
  }),
  answer: pageOf(pinnedToolSchema),
  run: async (setting, { query }) => {
    const { deps } = setting;
    keepToLimit(setting, query.resource);
    const [resource, name] = readCursor(deps.keys, 'tools', query, query.cursor) ?? [];
    const changed = query.state === undefined ? undefined : query.state === 'changed';
    const after = resource === undefined ? undefined : ([String(resource), String(name)] as const);
    const found = await deps.store.listTools({ resource: query.resource, changed }, { after, limit: query.limit + 1 });
    const items = found.slice(0, query.limit);
    const last = found.length > query.limit ? items.at(-1) : undefined;
    return {
      items: items.map(pinnedToolOf),
      next_cursor: last === undefined ? null : writeCursor(deps.keys, 'tools', query, [last.resource, last.name]),
    };
  },
});

const showTool = call({
  id: 'showTool',
  method: 'get',
  path: '/tools/{id}',
  summary: 'One tool, with its definitions as they were pinned; null where one is too long to be kept',
  role: 'reader',
  limited: true,
  answer: pinnedToolSchema.extend(toolDefinitionsSchema.shape),
  run: async (setting, { path }) => {
    const tool = await ownTool(setting, path.id);
    return {
      ...pinnedToolOf(tool),
      definition: definitionOf(tool.acceptedText),
      changed_definition: definitionOf(tool.changedText),
    };
  },
});

const decideTool = call({
  id: 'decideTool',
  method: 'post',
  path: '/tools/{id}/decision',
  summary: 'Accept the changed definition, or keep the accepted one, named by its hash; only while a change waits',
  role: 'admin',
  limited: true,
  body: z.strictObject({ hash: z.string().regex(/^[0-9a-f]{64}$/), reason }),
  answer: pinnedToolSchema,
  run: async (setting, { path, body }) => {
    const tool = await ownTool(setting, path.id);
    const decided = await setting.deps.store.decideTool(tool.id, body.hash, body.reason, setting.trail);
    if (decided === undefined)
      throw new Refused(409, 'conflict', 'No change of this tool waits, or none of its definitions has this hash.');
    return pinnedToolOf(decided);
  },
});

export const toolCalls = [listTools, showTool, decideTool];

async function ownTool({ deps, caller }: Setting, id: string | undefined): Promise<PinnedTool> {
  const tool = await deps.store.getTool(id ?? '');
  if (tool === undefined || caller.resources?.includes(tool.resource) === false) throw notFound();
  return tool;
}

const definitionOf = (text: string | undefined): Record<string, unknown> | null =>
  text === undefined ? null : (JSON.parse(text) as Record<string, unknown>);

const pinnedToolOf = (tool: PinnedTool): z.output<typeof pinnedToolSchema> => ({
  id: tool.id,
  resource: tool.resource,
  name: tool.name,
  state: tool.changedHash === undefined ? 'accepted' : 'changed',
  hash: tool.acceptedHash,
  hidden_characters: [...tool.acceptedHidden],
  first_seen_at: iso(tool.firstSeenAt),
  accepted_at: iso(tool.acceptedAt),
  changed_hash: tool.changedHash ?? null,
  changed_hidden_characters: [...(tool.changedHidden ?? [])],
  changed_at: isoOrNull(tool.changedAt),
});
