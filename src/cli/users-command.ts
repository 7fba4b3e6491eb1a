/**
 * `users list|show|sign-out|disable|enable`: people, from the command line.
 */
import { defineCommand } from 'citty';
import { adminArguments, administering } from './administration.ts';
import { EXIT } from './exit.ts';
import { listCommandOf, showCommandOf } from './listing.ts';
import { type Report, reportText } from './report-text.ts';
import { actArguments, count, reasonFor, wouldEnd } from './revoking.ts';
import type { Column } from './table.ts';
import { printable, quoted, type Terminal, toJson } from './terminal.ts';

interface User {
  readonly id: string;
  readonly upstream: string;
  readonly subject: string;
  readonly name: string;
  readonly created_at: string;
  readonly state: string;
}

const COLUMNS: readonly Column<User>[] = [
  { title: 'ID', cell: ({ id }) => printable(id) },
  { title: 'NAME', cell: ({ name }) => quoted(name), cut: true },
  { title: 'UPSTREAM', cell: ({ upstream }) => printable(upstream) },
  { title: 'SUBJECT', cell: ({ subject }) => printable(subject), cut: true },
  { title: 'SINCE', cell: ({ created_at: at }) => printable(at) },
  { title: 'STATE', cell: ({ state }) => printable(state) },
];

const id = { type: 'positional', required: true, description: 'usr_… as list shows it' } as const;
const pathOf = (userId: string): string => `/users/${encodeURIComponent(userId)}`;

const listCommand = listCommandOf<User>({
  description: 'Show people, newest first; upstream and subject together name one',
  path: '/users',
  filters: {
    upstream: { type: 'string', valueHint: 'KEY', description: 'Who sign in there' },
    subject: { type: 'string', valueHint: 'SUBJECT', description: 'Whom the upstream calls so' },
    state: { type: 'string', valueHint: 'STATE', description: 'active or disabled' },
  },
  columns: COLUMNS,
  noun: ['person', 'people'],
});

const show = showCommandOf('Show one person', id.description, pathOf);

const signOut = defineCommand({
  meta: {
    name: 'sign-out',
    description: 'End every browser session of a person, here and in the console; their approvals stay',
  },
  args: { ...adminArguments, id },
  run: ({ args, data }) =>
    administering(data as Terminal, args, async (administration) => {
      const path = `${pathOf(args.id)}/sign-out`;
      const answer = await administration.call<{ sessions: number }>({ method: 'post', path });
      (data as Terminal).out(args.json ? toJson(answer) : `Ended ${answer.sessions} sessions.\n`);
      return EXIT.ok;
    }),
});

const disable = defineCommand({
  meta: { name: 'disable', description: 'Keep a person out: ends their sessions and approvals' },
  args: { ...adminArguments, id, reason: actArguments.reason, 'dry-run': actArguments['dry-run'] },
  run: ({ args, data }) =>
    administering(data as Terminal, args, async (administration) => {
      const terminal = data as Terminal;
      const reason = reasonFor(terminal, args);
      if (reason === undefined) return EXIT.usage;
      await administration.call({ method: 'get', path: pathOf(args.id) });
      if (args['dry-run'] === true) {
        const matched = await count(administration, { user: args.id });
        wouldEnd(terminal, matched, args);
        return EXIT.ok;
      }
      const body = { state: 'disabled', reason };
      const answer = await administration.call<{ sessions: number; report: Report | null }>({
        method: 'patch',
        path: pathOf(args.id),
        body,
      });
      const words = answer.report === null ? 'No app had access.\n' : reportText(answer.report);
      terminal.out(args.json ? toJson(answer) : `Disabled; ended ${answer.sessions} sessions. ${words}`);
      return EXIT.ok;
    }),
});

const enable = defineCommand({
  meta: { name: 'enable', description: 'Let a person sign in again; nothing they had comes back' },
  args: { ...adminArguments, id, reason: actArguments.reason },
  run: ({ args, data }) =>
    administering(data as Terminal, args, async (administration) => {
      const terminal = data as Terminal;
      const reason = reasonFor(terminal, args);
      if (reason === undefined) return EXIT.usage;
      const body = { state: 'active', reason };
      const answer = await administration.call<object>({ method: 'patch', path: pathOf(args.id), body });
      terminal.out(args.json ? toJson(answer) : 'They may sign in again.\n');
      return EXIT.ok;
    }),
});

export const usersCommand = defineCommand({
  meta: { name: 'users', description: 'See people, sign them out, keep them out' },
  subCommands: { list: listCommand, show, 'sign-out': signOut, disable, enable },
});
