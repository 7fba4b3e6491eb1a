/**
 * `quarantine list|accept|reject`: the clients that wait for an administrator, from the command line.
 *
 * What is accepted is what was looked at: the version the person saw goes with the decision.
 */
import { defineCommand } from 'citty';
import { type AdminFlags, type Administration, adminArguments, administering } from './administration.ts';
import { EXIT, type ExitCode } from './exit.ts';
import { facts } from './facts.ts';
import { listCommandOf } from './listing.ts';
import { type Report, reportText } from './report-text.ts';
import { actArguments, reasonFor } from './revoking.ts';
import type { Column } from './table.ts';
import { printable, quoted, type Terminal, toJson } from './terminal.ts';

interface Client {
  readonly client_id: string;
  readonly kind: string;
  readonly client_name: string | null;
  readonly redirect_uris: readonly string[];
  readonly waiting_since: string | null;
  readonly version: string;
}

interface Waiting {
  readonly client: Client;
  readonly expires_at: string | null;
  readonly requests: readonly { readonly words: string }[];
}

const COLUMNS: readonly Column<Waiting>[] = [
  { title: 'CLIENT ID', cell: ({ client }) => printable(client.client_id) },
  { title: 'NAME', cell: ({ client: { client_name: name } }) => (name === null ? '-' : quoted(name)), cut: true },
  { title: 'SENDS ACCESS TO', cell: ({ client }) => printable(client.redirect_uris.join(' ')), cut: true },
  { title: 'SINCE', cell: ({ client }) => printable(client.waiting_since ?? '-') },
  { title: 'FORGOTTEN', cell: ({ expires_at: at }) => printable(at ?? 'never') },
  { title: 'ASKED', cell: ({ requests }) => String(requests.length) },
  { title: 'LAST WORDS', cell: ({ requests: [latest] }) => (latest?.words ? quoted(latest.words) : '-'), cut: true },
  { title: 'VERSION', cell: ({ client }) => printable(client.version) },
];

const listCommand = listCommandOf<Waiting>({
  description: 'Show clients that wait, the longest waiting first, with what people said',
  path: '/quarantine',
  filters: {},
  columns: COLUMNS,
  noun: ['client waits', 'clients wait'],
});

const args = {
  ...adminArguments,
  id: { type: 'positional', required: true, description: 'Client id as list shows it' },
  reason: actArguments.reason,
  seen: { type: 'string', valueHint: 'VERSION', description: 'Only as it was looked at: the version that list shows' },
} as const;

interface Flags extends AdminFlags {
  readonly id: string;
  readonly reason?: string | undefined;
  readonly seen?: string | undefined;
}

async function decide(
  terminal: Terminal,
  administration: Administration,
  flags: Flags,
  decision: 'accept' | 'reject',
): Promise<ExitCode> {
  const reason = reasonFor(terminal, flags);
  if (reason === undefined) return EXIT.usage;
  const id = encodeURIComponent(flags.id);
  const client = await administration.call<Client>({ method: 'get', path: `/clients/${id}` });
  if (decision === 'accept' && flags.seen === undefined && client.kind === 'document') {
    const refused = await looked(terminal, client);
    if (refused !== undefined) return refused;
  }
  const answer = await administration.call<{ report: Report | null }>({
    method: 'post',
    path: `/quarantine/${id}`,
    body: { decision, reason },
    ifMatch: flags.seen ?? client.version,
  });
  const words = answer.report === null ? '' : ` ${reportText(answer.report)}`;
  const done = decision === 'accept' ? 'Accepted; everybody may use it.\n' : `Rejected and blocked.${words || '\n'}`;
  terminal.out(flags.json ? toJson(answer) : done);
  return EXIT.ok;
}

/** A document changes by itself, so a person has to see it now. Undefined to go on. */
async function looked(terminal: Terminal, client: Client): Promise<ExitCode | undefined> {
  if (terminal.ask === undefined) {
    terminal.err('Its document changes by itself: name the version you have looked at with --seen\n');
    return EXIT.usage;
  }
  terminal.err(facts(client));
  if (/^y(es)?$/i.test((await terminal.ask('Accept exactly this? (yes/no) ')).trim())) return undefined;
  terminal.err('Nothing was changed.\n');
  return EXIT.problem;
}

const decision = (name: 'accept' | 'reject', description: string) =>
  defineCommand({
    meta: { name, description },
    args,
    run: ({ args: flags, data }) =>
      administering(data as Terminal, flags, (administration) => decide(data as Terminal, administration, flags, name)),
  });

export const quarantineCommand = defineCommand({
  meta: { name: 'quarantine', description: 'See clients that wait for an administrator, and decide on them' },
  subCommands: {
    list: listCommand,
    accept: decision('accept', 'Let everybody use a client that waits, as it was looked at'),
    reject: decision('reject', 'Block a client that waits, and end what its requester gave it'),
  },
});
