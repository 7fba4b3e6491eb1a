/**
 * `audit` and `status`: what happened, and the state of the house, from the command line.
 */
import { defineCommand } from 'citty';
import { adminArguments, administering } from './administration.ts';
import { auditPrune, auditVerify } from './audit-proof.ts';
import { EXIT } from './exit.ts';
import { facts } from './facts.ts';
import { list, listArguments } from './listing.ts';
import { momentOf } from './moments.ts';
import type { Column } from './table.ts';
import { printable, type Terminal, toJson } from './terminal.ts';

interface Entry {
  readonly at: string;
  readonly event: string;
  readonly actor: { readonly kind: string; readonly id: string | null };
  readonly user: string | null;
  readonly client_id: string | null;
  readonly resource: string | null;
  readonly reference: string;
  readonly details: Readonly<Record<string, unknown>>;
}

const aboutOf = ({ user, client_id: client, resource }: Entry): string =>
  [user, client, resource].filter((one) => one !== null).join(' ') || '-';

const COLUMNS: readonly Column<Entry>[] = [
  { title: 'TIME', cell: ({ at }) => printable(at) },
  {
    title: 'WHO',
    cell: ({ actor }) => printable(actor.id === null ? actor.kind : `${actor.kind} ${actor.id}`),
    cut: true,
  },
  { title: 'DID', cell: ({ event }) => printable(event) },
  { title: 'ABOUT', cell: (entry) => printable(aboutOf(entry)), cut: true },
  { title: 'DETAILS', cell: ({ details }) => printable(JSON.stringify(details)), cut: true },
  { title: 'REFERENCE', cell: ({ reference }) => printable(reference) },
];

export const audit = defineCommand({
  meta: { name: 'audit', description: 'Show the audit log, newest first' },
  subCommands: { verify: auditVerify, prune: auditPrune },
  args: {
    ...adminArguments,
    since: { type: 'string', valueHint: 'TIME', description: 'From then on: RFC 3339, or an age such as 1h' },
    user: { type: 'string', valueHint: 'ID', description: 'About this person (usr_…)' },
    client: { type: 'string', valueHint: 'ID', description: 'About this client' },
    event: { type: 'string', valueHint: 'EVENT', description: 'Only this event, such as approval.revoked' },
    reference: { type: 'string', valueHint: 'REF', description: 'Of this request (req_…)' },
    ...listArguments,
  },
  run: ({ args, data }) => {
    const terminal = data as Terminal;
    const since = momentOf(args.since, Date.now());
    if (args.since !== undefined && since === undefined) {
      terminal.err('--since is a time (2026-11-20T10:00:00Z) or an age (1h, 30d)\n');
      return EXIT.usage;
    }
    return administering(terminal, args, (administration) =>
      list<Entry>(terminal, administration, args, {
        path: '/audit',
        query: { since, user: args.user, client_id: args.client, event: args.event, reference: args.reference },
        columns: COLUMNS,
        noun: ['entry', 'entries'],
      }),
    );
  },
});

export const status = defineCommand({
  meta: { name: 'status', description: 'Show version, storage, keys, migrations and counts' },
  args: adminArguments,
  run: ({ args, data }) =>
    administering(data as Terminal, args, async (administration) => {
      const answer = await administration.call<object>({ method: 'get', path: '/status' });
      (data as Terminal).out(args.json ? toJson(answer) : facts(answer));
      return EXIT.ok;
    }),
});
