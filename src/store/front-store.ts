/**
 * The store's verbs for the built-in front: pinned tools and the sessions of older MCP revisions. Promises: store.ts.
 */
import type { HiddenKind } from '../domain/tool-pin.ts';
import type { Seconds, TokenHash, Trail } from '../domain/types.ts';

/** A tool as a server lists it now. */
export interface SeenTool {
  readonly name: string;
  /** SHA-256 over all that counts of it. */
  readonly hash: string;
  /** What was hashed, to be shown to who decides; undefined where it is too long to keep. */
  readonly text: string | undefined;
  readonly hidden: readonly HiddenKind[];
}

/** `accepted`: as first seen, or as an admin accepted it. `unpinned`: one more than a resource may have. */
export type ToolState = 'accepted' | 'changed' | 'unpinned';

export interface ToolSighting {
  readonly state: ToolState;
  /** This call saw it first, or saw this change first. */
  readonly news: boolean;
}

export interface PinnedTool {
  readonly id: string;
  readonly resource: string;
  readonly name: string;
  readonly acceptedHash: string;
  readonly acceptedText: string | undefined;
  readonly acceptedHidden: readonly HiddenKind[];
  readonly firstSeenAt: Seconds;
  readonly acceptedAt: Seconds;
  /** Set while a change waits for an admin. */
  readonly changedHash: string | undefined;
  readonly changedText: string | undefined;
  readonly changedHidden: readonly HiddenKind[] | undefined;
  readonly changedAt: Seconds | undefined;
}

export interface McpSession {
  readonly idHash: TokenHash;
  readonly resource: string;
  readonly userId: string;
  readonly clientId: string;
}

export interface FrontStore {
  /**
   * Compares what a server lists with what is kept; keeps what is seen for the first time, at most 1000 tools of a
   * resource. Answers in the order given. Writes only when there is news. Audits `tool.pinned` and `tool.changed`, the
   * latter with the old and the new hash.
   */
  observeTools(resource: string, tools: readonly SeenTool[], trail: Trail): Promise<readonly ToolSighting[]>;
  findTool(resource: string, name: string): Promise<PinnedTool | undefined>;
  getTool(id: string): Promise<PinnedTool | undefined>;
  /** By resource and name; of one resource, of one state, after a place in that order. */
  listTools(
    filter: { readonly resource: string | undefined; readonly changed: boolean | undefined },
    page: { readonly after: readonly [resource: string, name: string] | undefined; readonly limit: number },
  ): Promise<readonly PinnedTool[]>;
  /**
   * An admin's decision on the tool's definition with exactly this hash: the changed one becomes the accepted one, or the
   * accepted one is kept and the change put aside. Undefined when neither has this hash, or nothing waits.
   * Audits `tool.accepted` or `tool.change_dismissed` with the hashes.
   */
  decideTool(id: string, hash: string, reason: string, trail: Trail): Promise<PinnedTool | undefined>;
  /** Binds a session id to a person and client, for good. Answers whose it is; an id that is taken keeps its owner. */
  bindMcpSession(session: McpSession, now: Seconds): Promise<McpSession>;
  /** Whose session it is; touches it at most once an hour. */
  findMcpSession(idHash: TokenHash, now: Seconds): Promise<McpSession | undefined>;
  /** Forgets a session of this person and client. */
  endMcpSession(session: McpSession): Promise<void>;
}
