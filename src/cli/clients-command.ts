/**
 * `clients list|show|block|unblock|delete`: the apps that may ask, from the command line.
 */
import { defineCommand } from 'citty';
import { type Administration, adminArguments, administering } from './administration.ts';
import { EXIT, type ExitCode } from './exit.ts';
import { listCommandOf, showCommandOf } from './listing.ts';
import { type Report, reportText } from './report-text.ts';
import { type ActFlags, actArguments, count, permitted, reasonFor, wouldEnd } from './revoking.ts';
import type { Column } from './table.ts';
import { printable, quoted, type Terminal, toJson } from './terminal.ts';

interface Client {
  readonly client_id: string;
  readonly kind: string;
  readonly client_name: string | null;
  readonly redirect_uris: readonly string[];
  readonly last_used_at: string | null;
  readonly state: string;
}

const COLUMNS: readonly Column<Client>[] = [
  { title: 'CLIENT ID', cell: ({ client_id: id }) => printable(id) },
  { title: 'NAME', cell: ({ client_name: name }) => (name === null ? '-' : quoted(name)), cut: true },
  { title: 'KIND', cell: ({ kind }) => printable(kind) },
  { title: 'SENDS ACCESS TO', cell: ({ redirect_uris: uris }) => printable(uris.join(' ')), cut: true },
  { title: 'LAST USED', cell: ({ last_used_at: at }) => printable(at ?? 'never') },
  { title: 'STATE', cell: ({ state }) => printable(state) },
];

const id = { type: 'positional', required: true, description: 'Client id as list shows it' } as const;
const pathOf = (clientId: string): string => `/clients/${encodeURIComponent(clientId)}`;

const listCommand = listCommandOf<Client>({
  description: 'Show clients, newest first',
  path: '/clients',
  filters: { state: { type: 'string', valueHint: 'STATE', description: 'active or blocked' } },
  columns: COLUMNS,
  noun: ['client', 'clients'],
});

const show = showCommandOf('Show one client', id.description, pathOf);

interface Ended {
  readonly client?: Client;
  readonly report: Report | null;
}

/** Counts, asks where many are concerned, then does it. */
async function end(
  terminal: Terminal,
  administration: Administration,
  clientId: string,
  flags: ActFlags,
  act: (reason: string) => Promise<Ended>,
): Promise<ExitCode> {
  const reason = reasonFor(terminal, flags);
  if (reason === undefined) return EXIT.usage;
  await administration.call({ method: 'get', path: pathOf(clientId) });
  const matched = await count(administration, { client_id: clientId });
  if (flags['dry-run'] === true) {
    if (matched.approvals > 0) return wouldEnd(terminal, matched, flags);
    terminal.out(
      flags.json ? toJson({ dry_run: true, matched, report: null }) : 'Nobody’s access would end; the client would.\n',
    );
    return EXIT.ok;
  }
  const refused = await permitted(terminal, matched, flags);
  if (refused !== undefined) return refused;
  const ended = await act(reason);
  terminal.out(
    flags.json ? toJson(ended) : `Done. ${ended.report === null ? 'Nobody had access.\n' : reportText(ended.report)}`,
  );
  return EXIT.ok;
}

const block = defineCommand({
  meta: { name: 'block', description: 'Block a client and end all its access; it stays blocked until unblock' },
  args: { ...adminArguments, id, ...actArguments },
  run: ({ args, data }) =>
    administering(data as Terminal, args, (administration) =>
      end(data as Terminal, administration, args.id, args, (reason) =>
        administration.call({ method: 'patch', path: pathOf(args.id), body: { state: 'blocked', reason } }),
      ),
    ),
});

const unblock = defineCommand({
  meta: { name: 'unblock', description: 'Let a client ask again; nothing it had comes back' },
  args: { ...adminArguments, id, reason: actArguments.reason },
  run: ({ args, data }) =>
    administering(data as Terminal, args, async (administration) => {
      const terminal = data as Terminal;
      const reason = reasonFor(terminal, args);
      if (reason === undefined) return EXIT.usage;
      const body = { state: 'active', reason };
      const answer = await administration.call<object>({ method: 'patch', path: pathOf(args.id), body });
      terminal.out(args.json ? toJson(answer) : 'It may ask again.\n');
      return EXIT.ok;
    }),
});

const remove = defineCommand({
  meta: { name: 'delete', description: 'End all access of a registered client and forget it' },
  args: { ...adminArguments, id, ...actArguments },
  run: ({ args, data }) =>
    administering(data as Terminal, args, (administration) =>
      end(data as Terminal, administration, args.id, args, (reason) =>
        administration.call({ method: 'delete', path: pathOf(args.id), body: { reason } }),
      ),
    ),
});

export const clientsCommand = defineCommand({
  meta: { name: 'clients', description: 'See, block and delete clients' },
  subCommands: { list: listCommand, show, block, unblock, delete: remove },
});
