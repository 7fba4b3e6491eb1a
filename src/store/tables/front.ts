/** Tables of the built-in front: the tools as they were first seen, the sessions of older MCP revisions. Conventions: ../schema.ts. */
import type { HiddenKind } from '../../domain/tool-pin.ts';
import type { TokenHash } from '../../domain/types.ts';
import type { Kit } from '../kit.ts';

export function frontTables(k: Kit) {
  const mcpTools = k.table(
    'mcp_tools',
    {
      id: k.text('id').primaryKey(),
      resource: k.text('resource').notNull(),
      name: k.text('name').notNull(),
      /** The accepted definition: as first seen, or as an admin accepted it. */
      acceptedHash: k.text('accepted_hash').notNull(),
      acceptedText: k.text('accepted_text'),
      acceptedHidden: k.json<readonly HiddenKind[]>('accepted_hidden').notNull(),
      firstSeenAt: k.time('first_seen_at').notNull(),
      acceptedAt: k.time('accepted_at').notNull(),
      /** The latest other definition, until an admin has decided. */
      changedHash: k.text('changed_hash'),
      changedText: k.text('changed_text'),
      changedHidden: k.json<readonly HiddenKind[]>('changed_hidden'),
      changedAt: k.time('changed_at'),
    },
    (t) => [k.uniqueIndex('mcp_tools_name').on(t.resource, t.name)],
  );

  const mcpSessions = k.table(
    'mcp_sessions',
    {
      /** Hash of resource and session id: the id alone is the server's to choose. */
      idHash: k.text('id_hash').$type<TokenHash>().primaryKey(),
      resource: k.text('resource').notNull(),
      userId: k.text('user_id').notNull(),
      clientId: k.text('client_id').notNull(),
      createdAt: k.time('created_at').notNull(),
      lastSeenAt: k.time('last_seen_at').notNull(),
    },
    (t) => [k.index('mcp_sessions_seen').on(t.lastSeenAt)],
  );

  return { mcpTools, mcpSessions };
}
