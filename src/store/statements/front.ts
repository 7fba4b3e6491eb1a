/** Statements about pinned tools and about sessions of older MCP revisions. */
import { and, asc, eq, gt, isNotNull, isNull, lt, ne, or, sql } from 'drizzle-orm';
import type { Seconds, TokenHash } from '../../domain/types.ts';
import { given } from '../statement.ts';
import type { McpSession, SeenTool } from '../store.ts';

type Seen = SeenTool & { resource: string; now: Seconds };

export const listOwnTools = given<{ resource: string }>()('tool_list_own', (db, t, p) =>
  db
    .select({ name: t.mcpTools.name, acceptedHash: t.mcpTools.acceptedHash, changedHash: t.mcpTools.changedHash })
    .from(t.mcpTools)
    .where(eq(t.mcpTools.resource, p.resource)),
);

export const insertTool = given<Seen & { id: string }>()('tool_insert', (db, t, p) =>
  db
    .insert(t.mcpTools)
    .values({
      id: p.id,
      resource: p.resource,
      name: p.name,
      acceptedHash: p.hash,
      acceptedText: p.text,
      acceptedHidden: p.hidden,
      firstSeenAt: p.now,
      acceptedAt: p.now,
    })
    .onConflictDoNothing()
    .returning({ id: t.mcpTools.id }),
);

/** The row if this execution noted the change: another definition than the accepted one and than the last change. */
export const noteChange = given<Seen>()('tool_note_change', (db, t, p) =>
  db
    .update(t.mcpTools)
    .set({ changedHash: p.hash, changedText: p.text, changedHidden: p.hidden, changedAt: p.now })
    .where(
      and(
        eq(t.mcpTools.resource, p.resource),
        eq(t.mcpTools.name, p.name),
        ne(t.mcpTools.acceptedHash, p.hash),
        or(isNull(t.mcpTools.changedHash), ne(t.mcpTools.changedHash, p.hash)),
      ),
    )
    .returning(),
);

export const findTool = given<{ resource: string; name: string }>()('tool_find', (db, t, p) =>
  db
    .select()
    .from(t.mcpTools)
    .where(and(eq(t.mcpTools.resource, p.resource), eq(t.mcpTools.name, p.name))),
);

export const getTool = given<{ id: string }>()('tool_get', (db, t, p) =>
  db.select().from(t.mcpTools).where(eq(t.mcpTools.id, p.id)),
);

interface Listing {
  resource: string;
  afterResource: string;
  afterName: string;
  limit: number;
}

/** One statement per set of filters; `undefined` in the key means any. */
const listing = (name: string, ofResource: boolean, changed: boolean | undefined) =>
  given<Listing>()(name, (db, t, p) =>
    db
      .select()
      .from(t.mcpTools)
      .where(
        and(
          ofResource ? eq(t.mcpTools.resource, p.resource) : undefined,
          changed === undefined
            ? undefined
            : changed
              ? isNotNull(t.mcpTools.changedHash)
              : isNull(t.mcpTools.changedHash),
          or(
            gt(t.mcpTools.resource, p.afterResource),
            and(eq(t.mcpTools.resource, p.afterResource), gt(t.mcpTools.name, p.afterName)),
          ),
        ),
      )
      .orderBy(asc(t.mcpTools.resource), asc(t.mcpTools.name))
      .limit(p.limit),
  );

export const toolListings = [
  { ofResource: false, changed: undefined, statement: listing('tool_list', false, undefined) },
  { ofResource: false, changed: true, statement: listing('tool_list_changed', false, true) },
  { ofResource: false, changed: false, statement: listing('tool_list_accepted', false, false) },
  { ofResource: true, changed: undefined, statement: listing('tool_list_of', true, undefined) },
  { ofResource: true, changed: true, statement: listing('tool_list_of_changed', true, true) },
  { ofResource: true, changed: false, statement: listing('tool_list_of_accepted', true, false) },
] as const;

/** What SQLite prepares at open. */
export const toolListingStatements = toolListings.map(({ statement }) => statement);

interface Decision {
  id: string;
  hash: string;
  now: Seconds;
}

export const acceptChange = given<Decision>()('tool_accept', (db, t, p) =>
  db
    .update(t.mcpTools)
    .set({
      acceptedHash: sql`${t.mcpTools.changedHash}`,
      acceptedText: sql`${t.mcpTools.changedText}`,
      acceptedHidden: sql`${t.mcpTools.changedHidden}`,
      acceptedAt: p.now,
      changedHash: null,
      changedText: null,
      changedHidden: null,
      changedAt: null,
    })
    .where(and(eq(t.mcpTools.id, p.id), eq(t.mcpTools.changedHash, p.hash)))
    .returning(),
);

export const dismissChange = given<Decision>()('tool_dismiss', (db, t, p) =>
  db
    .update(t.mcpTools)
    .set({ acceptedAt: p.now, changedHash: null, changedText: null, changedHidden: null, changedAt: null })
    .where(and(eq(t.mcpTools.id, p.id), eq(t.mcpTools.acceptedHash, p.hash), isNotNull(t.mcpTools.changedHash)))
    .returning(),
);

export const insertMcpSession = given<McpSession & { now: Seconds }>()('mcp_session_insert', (db, t, p) =>
  db
    .insert(t.mcpSessions)
    .values({
      idHash: p.idHash,
      resource: p.resource,
      userId: p.userId,
      clientId: p.clientId,
      createdAt: p.now,
      lastSeenAt: p.now,
    })
    .onConflictDoNothing(),
);

export const findMcpSession = given<{ idHash: TokenHash }>()('mcp_session_find', (db, t, p) =>
  db.select().from(t.mcpSessions).where(eq(t.mcpSessions.idHash, p.idHash)),
);

export const touchMcpSession = given<{ idHash: TokenHash; now: Seconds; seenBefore: Seconds }>()(
  'mcp_session_touch',
  (db, t, p) =>
    db
      .update(t.mcpSessions)
      .set({ lastSeenAt: p.now })
      .where(and(eq(t.mcpSessions.idHash, p.idHash), lt(t.mcpSessions.lastSeenAt, p.seenBefore))),
);

export const endMcpSession = given<McpSession>()('mcp_session_end', (db, t, p) =>
  db
    .delete(t.mcpSessions)
    .where(
      and(
        eq(t.mcpSessions.idHash, p.idHash),
        eq(t.mcpSessions.userId, p.userId),
        eq(t.mcpSessions.clientId, p.clientId),
      ),
    ),
);
