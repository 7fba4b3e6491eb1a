/**
 * `tools list|show|accept`: the tools behind the built-in front, and the decision on one that has changed.
 */
import { defineCommand } from 'citty';
import { adminArguments, administering } from './administration.ts';
import { EXIT } from './exit.ts';
import { listCommandOf, showCommandOf } from './listing.ts';
import { actArguments, reasonFor } from './revoking.ts';
import type { Column } from './table.ts';
import { printable, quoted, type Terminal, toJson } from './terminal.ts';

interface Tool {
  readonly id: string;
  readonly resource: string;
  readonly name: string;
  readonly state: string;
  readonly hash: string;
  readonly changed_hash: string | null;
  readonly changed_at: string | null;
}

const COLUMNS: readonly Column<Tool>[] = [
  { title: 'ID', cell: ({ id }) => printable(id) },
  { title: 'SERVER', cell: ({ resource }) => printable(resource) },
  { title: 'TOOL', cell: ({ name }) => quoted(name), cut: true },
  { title: 'STATE', cell: ({ state }) => printable(state) },
  { title: 'CHANGED', cell: ({ changed_at: at }) => printable(at ?? '-') },
  { title: 'ACCEPTED HASH', cell: ({ hash }) => printable(hash), cut: true },
  { title: 'NEW HASH', cell: ({ changed_hash: hash }) => printable(hash ?? '-'), cut: true },
];

const pathOf = (id: string): string => `/tools/${encodeURIComponent(id)}`;

const listCommand = listCommandOf<Tool>({
  description: 'Show pinned tools, by server and name',
  path: '/tools',
  filters: {
    resource: { type: 'string', valueHint: 'KEY', description: 'Of this MCP server' },
    state: { type: 'string', valueHint: 'STATE', description: 'accepted or changed' },
  },
  columns: COLUMNS,
  noun: ['tool', 'tools'],
});

const accept = defineCommand({
  meta: { name: 'accept', description: 'Decide on a changed tool: the definition with this hash counts from now on' },
  args: {
    ...adminArguments,
    id: { type: 'positional', required: true, description: 'Tool id as list shows it' },
    hash: {
      type: 'string',
      valueHint: 'SHA256',
      description: 'Of the definition you have looked at, new or old (show has both)',
    },
    reason: actArguments.reason,
  },
  run: ({ args, data }) => {
    const terminal = data as Terminal;
    const { hash } = args;
    if (hash === undefined) {
      terminal.err('--hash is needed: of the definition that is to count, as show has it\n');
      return EXIT.usage;
    }
    return administering(terminal, args, async (administration) => {
      const reason = reasonFor(terminal, args);
      if (reason === undefined) return EXIT.usage;
      const path = `${pathOf(args.id)}/decision`;
      const tool = await administration.call<Tool>({ method: 'post', path, body: { hash, reason } });
      terminal.out(args.json ? toJson(tool) : `${quoted(tool.name)} counts as ${printable(tool.hash)}.\n`);
      return EXIT.ok;
    });
  },
});

export const toolsCommand = defineCommand({
  meta: { name: 'tools', description: 'See the tools behind the built-in front, and decide on changed ones' },
  subCommands: {
    list: listCommand,
    show: showCommandOf('Show one tool with its definitions', 'Tool id as list shows it', pathOf),
    accept,
  },
});
