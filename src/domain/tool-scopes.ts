/**
 * Which scopes an operation of an MCP server needs (MCP authorization, step-up; requirements D-07, D-08).
 *
 * A tool call needs its tool's scopes, a batch all of its calls'; anything else needs no more than a good token. The set
 * is complete, since some clients replace what they hold by what a challenge names. Must never let a tool through that
 * the table leaves out, nor a name that no tool can have.
 */
import type { McpMessage } from './mcp-message.ts';
import { isToolName } from './tool-pin.ts';

/** Scopes by tool name; `*` stands for every tool without an entry of its own. */
export type ToolScopes = ReadonlyMap<string, readonly string[]>;

export type NeededScopes =
  | { readonly ok: true; readonly scopes: readonly string[] }
  /** A tool that the operator's table does not have, or that there cannot be. */
  | { readonly ok: false; readonly tool: string };

/** The union over all messages, in the order a person would be asked. Without a table tools need nothing more. */
export function neededScopes(messages: readonly McpMessage[], tools: ToolScopes | undefined): NeededScopes {
  const scopes = new Set<string>();
  for (const { tool } of messages) {
    if (tool === undefined) continue;
    if (!isToolName(tool)) return { ok: false, tool };
    if (tools === undefined) continue;
    const own = scopesOf(tool, tools);
    if (own === undefined) return { ok: false, tool };
    for (const scope of own) scopes.add(scope);
  }
  return { ok: true, scopes: [...scopes] };
}

/** What a tool needs by the table; undefined for one that the table leaves out. */
export const scopesOf = (tool: string, tools: ToolScopes): readonly string[] | undefined =>
  tools.get(tool) ?? tools.get('*');
