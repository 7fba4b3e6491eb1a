/**
 * `rules list|add|remove`: sites and names that are refused whatever registers, from the command line.
 */
import { defineCommand } from 'citty';
import { type AdminFlags, type Administration, adminArguments, administering } from './administration.ts';
import { EXIT, type ExitCode } from './exit.ts';
import { type Counts, type Report, reportText } from './report-text.ts';
import { type ActFlags, actArguments, permitted, reasonFor, wouldEnd } from './revoking.ts';
import { type Column, table } from './table.ts';
import { printable, quoted, type Terminal, toJson } from './terminal.ts';

interface Rule {
  readonly id: string;
  readonly kind: string;
  readonly pattern: string;
  readonly reason: string;
  readonly created_at: string;
  readonly created_by: string | null;
}

const COLUMNS: readonly Column<Rule>[] = [
  { title: 'ID', cell: ({ id }) => printable(id) },
  { title: 'KIND', cell: ({ kind }) => printable(kind) },
  { title: 'PATTERN', cell: ({ pattern }) => quoted(pattern) },
  { title: 'REASON', cell: ({ reason }) => quoted(reason), cut: true },
  { title: 'SINCE', cell: ({ created_at: at }) => printable(at) },
  { title: 'BY', cell: ({ created_by: by }) => printable(by ?? '-') },
];

const listCommand = defineCommand({
  meta: { name: 'list', description: 'Show all rules, newest first' },
  args: adminArguments,
  run: ({ args, data }) =>
    administering(data as Terminal, args, async (administration) => {
      const terminal = data as Terminal;
      const answer = await administration.call<{ items: readonly Rule[] }>({ method: 'get', path: '/blocks' });
      const { items } = answer;
      const people = items.length === 0 ? 'There is no rule.\n' : table(COLUMNS, items, terminal.width);
      terminal.out(args.json ? toJson(answer) : people);
      return items.length === 0 ? EXIT.nothingMatched : EXIT.ok;
    }),
});

interface Added {
  readonly rule: Rule | null;
  readonly matched: Counts;
  readonly reports: readonly Report[];
}

const add = defineCommand({
  meta: { name: 'add', description: 'Refuse a site or a name whatever registers, and end the access it has' },
  args: {
    ...adminArguments,
    site: { type: 'string', valueHint: 'SITE', description: 'A host with all under it, loopback, or scheme:NAME' },
    name: { type: 'string', valueHint: 'PATTERN', description: 'Names that fit: * is any text, ? one character' },
    keep: { type: 'boolean', description: 'Let the access there is live on; refuse what is new' },
    ...actArguments,
  },
  run: ({ args, data }) => {
    const terminal = data as Terminal;
    const { site, name, keep } = args;
    if ((site === undefined) === (name === undefined)) {
      terminal.err('Name one of --site and --name\n');
      return EXIT.usage;
    }
    const rule = { site, name, revoke: keep !== true };
    return administering(terminal, args, (administration) => addRule(terminal, administration, rule, args));
  },
});

async function addRule(
  terminal: Terminal,
  administration: Administration,
  rule: { readonly revoke: boolean },
  flags: ActFlags,
): Promise<ExitCode> {
  const reason = reasonFor(terminal, flags);
  if (reason === undefined) return EXIT.usage;
  const post = (dryRun: boolean) =>
    administration.call<Added>({ method: 'post', path: '/blocks', body: { ...rule, reason, dry_run: dryRun } });
  const { matched } = await post(true);
  if (flags['dry-run'] === true) {
    wouldEnd(terminal, matched, flags);
    return EXIT.ok;
  }
  const refused = rule.revoke ? await permitted(terminal, matched, flags) : undefined;
  if (refused !== undefined) return refused;
  const added = await post(false);
  const ended = added.reports.map((report) => reportText(report)).join('');
  const words = `Refused from now on: rule ${printable(added.rule?.id ?? '')}.\n${ended}`;
  terminal.out(flags.json ? toJson(added) : words);
  return EXIT.ok;
}

const remove = defineCommand({
  meta: { name: 'remove', description: 'Take a rule back; nothing that was ended comes back' },
  args: {
    ...adminArguments,
    id: { type: 'positional', required: true, description: 'rul_… as list shows it' },
    reason: actArguments.reason,
  },
  run: ({ args, data }) =>
    administering(data as Terminal, args, (administration) => removeRule(data as Terminal, administration, args)),
});

async function removeRule(
  terminal: Terminal,
  administration: Administration,
  flags: AdminFlags & { readonly id: string; readonly reason?: string | undefined },
): Promise<ExitCode> {
  const reason = reasonFor(terminal, flags);
  if (reason === undefined) return EXIT.usage;
  const path = `/blocks/${encodeURIComponent(flags.id)}`;
  const answer = await administration.call<object>({ method: 'delete', path, body: { reason } });
  terminal.out(flags.json ? toJson(answer) : 'Taken back; it may ask again.\n');
  return EXIT.ok;
}

export const rulesCommand = defineCommand({
  meta: { name: 'rules', description: 'Refuse sites and names whatever registers' },
  subCommands: { list: listCommand, add, remove },
});
