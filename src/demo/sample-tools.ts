/**
 * The sample MCP server's tools: a notebook in memory, one per person.
 *
 * Must never show one person's notes to another: a tool sees only the notebook it was made with.
 * The MCP SDK is a development dependency, so it is imported when the demo runs and not before.
 */
import type { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { z } from 'zod';

const NOTE_LENGTH = 500;
const NOTES_PER_PERSON = 100;

/** Makes the MCP server that answers one request with this notebook. Scopes have been judged before. */
export type ToolServer = (notebook: string[]) => McpServer;

const said = (text: string) => ({ content: [{ type: 'text' as const, text }] });

/** Loads the SDK. Throws ERR_MODULE_NOT_FOUND where development dependencies are not installed. */
export async function loadToolServer(): Promise<ToolServer> {
  const { McpServer } = await import('@modelcontextprotocol/sdk/server/mcp.js');
  return (notebook) => {
    const server = new McpServer({ name: 'sample-notes', version: '1.0.0' });
    server.registerTool('list_notes', { description: 'List my notes (needs notes:read)' }, () =>
      said(notebook.length === 0 ? 'No notes yet.' : notebook.map((note, at) => `${at + 1}. ${note}`).join('\n')),
    );
    server.registerTool(
      'add_note',
      {
        description: 'Add a note (needs notes:write)',
        inputSchema: { text: z.string().trim().min(1).max(NOTE_LENGTH).describe('What to remember') },
      },
      ({ text }) => {
        if (notebook.length >= NOTES_PER_PERSON) return { ...said('The notebook is full.'), isError: true };
        notebook.push(text);
        return said(`Added note ${notebook.length}.`);
      },
    );
    server.registerTool('purge_notes', { description: 'Delete all my notes (needs notes:purge)' }, () => {
      const count = notebook.splice(0).length;
      return said(`Deleted ${count} notes.`);
    });
    return server;
  };
}
