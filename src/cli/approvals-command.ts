/**
 * `approvals list|show|revoke`: the registry from the command line.
 */
import { defineCommand } from 'citty';
import { type Administration, adminArguments, administering } from './administration.ts';
import { EXIT, type ExitCode } from './exit.ts';
import { listCommandOf, showCommandOf } from './listing.ts';
import { momentOf } from './moments.ts';
import { type Report, reportText } from './report-text.ts';
import { type ActFlags, actArguments, reasonFor, revokeMany, wouldEnd } from './revoking.ts';
import type { Column } from './table.ts';
import { printable, quoted, type Terminal, toJson } from './terminal.ts';

interface Approval {
  readonly id: string;
  readonly user: string;
  readonly client_name: string;
  readonly resource: string;
  readonly site: string;
  readonly scopes: readonly string[];
  readonly granted_at: string;
  readonly last_used_at: string | null;
  readonly state: string;
}

const filters = {
  user: { type: 'string', valueHint: 'ID', description: 'Of this person (usr_…)' },
  client: { type: 'string', valueHint: 'ID', description: 'Of this client' },
  resource: { type: 'string', valueHint: 'KEY', description: 'For this MCP server' },
  site: { type: 'string', valueHint: 'SITE', description: 'Where access goes: a host, loopback, scheme:NAME' },
} as const;

const COLUMNS: readonly Column<Approval>[] = [
  { title: 'ID', cell: ({ id }) => printable(id) },
  { title: 'APP', cell: ({ client_name: name }) => quoted(name), cut: true },
  { title: 'USER', cell: ({ user }) => printable(user) },
  { title: 'SERVER', cell: ({ resource }) => printable(resource), cut: true },
  { title: 'GOES TO', cell: ({ site }) => printable(site), cut: true },
  { title: 'MAY', cell: ({ scopes }) => printable(scopes.join(' ')), cut: true },
  { title: 'SINCE', cell: ({ granted_at: at }) => printable(at) },
  { title: 'LAST USED', cell: ({ last_used_at: at }) => printable(at ?? 'never') },
  { title: 'STATE', cell: ({ state }) => printable(state) },
];

const listCommand = listCommandOf<Approval>({
  description: 'Show approvals, newest first',
  path: '/approvals',
  filters: { ...filters, state: { type: 'string', valueHint: 'STATE', description: 'active, expired or revoked' } },
  columns: COLUMNS,
  noun: ['approval', 'approvals'],
});

const id = { type: 'positional', required: true, description: 'apr_… as list shows it' } as const;

const show = showCommandOf('Show one approval', id.description, (one) => `/approvals/${encodeURIComponent(one)}`);

const revoke = defineCommand({
  meta: { name: 'revoke', description: 'End one approval, or all that match the filters, and everything under them' },
  args: {
    ...adminArguments,
    id: { ...id, required: false, description: 'apr_…; or name filters instead' },
    ...filters,
    before: { type: 'string', valueHint: 'TIME', description: 'Granted before: RFC 3339, or an age such as 90d' },
    ...actArguments,
  },
  run: ({ args, data }) => {
    const terminal = data as Terminal;
    const before = momentOf(args.before, Date.now());
    const { user, client, resource, site } = args;
    const filtered = [user, client, resource, site, args.before].some((one) => one !== undefined);
    const wrong =
      args.before !== undefined && before === undefined
        ? '--before is a time (2026-11-20T10:00:00Z) or an age (90d, 12h)'
        : filtered === (args.id !== undefined)
          ? 'Name one approval, or at least one filter, not both'
          : undefined;
    if (wrong !== undefined) {
      terminal.err(`${wrong}\n`);
      return EXIT.usage;
    }
    return administering(terminal, args, (administration) =>
      args.id === undefined
        ? revokeMany(
            terminal,
            administration,
            { user, client_id: client, resource, site, granted_before: before },
            args,
          )
        : revokeOne(terminal, administration, args.id, args),
    );
  },
});

async function revokeOne(
  terminal: Terminal,
  administration: Administration,
  approvalId: string,
  flags: ActFlags,
): Promise<ExitCode> {
  const reason = reasonFor(terminal, flags);
  if (reason === undefined) return EXIT.usage;
  const path = `/approvals/${encodeURIComponent(approvalId)}`;
  const { state } = await administration.call<Approval>({ method: 'get', path });
  const live = state === 'active' ? 1 : 0;
  if (flags['dry-run'] === true || live === 0)
    return wouldEnd(terminal, { approvals: live, users: live, clients: live }, flags);
  const { report } = await administration.call<{ report: Report | null }>({ method: 'delete', path, body: { reason } });
  terminal.out(flags.json === true ? toJson({ report }) : reportText(report));
  return report === null ? EXIT.nothingMatched : EXIT.ok;
}

export const approvalsCommand = defineCommand({
  meta: { name: 'approvals', description: 'See what people allowed, and end it' },
  subCommands: { list: listCommand, show, revoke },
});
