/**
 * Ending access in numbers: what it would end is counted first, many people are asked for, long work shows how far it is.
 *
 * More than 20 people need a person's yes or `--yes`; `--dry-run` ends nothing.
 */
import { type AdminFlags, type Administration, Refusal } from './administration.ts';
import { EXIT, type ExitCode } from './exit.ts';
import { type Counts, type Report, reportText } from './report-text.ts';
import { plural, type Terminal, toJson } from './terminal.ts';

const MANY = 20;
const PROGRESS_MS = 1_500;

export const actArguments = {
  reason: { type: 'string', valueHint: 'TEXT', description: 'Why; kept in the audit log' },
  'dry-run': { type: 'boolean', description: 'Say what would end, end nothing' },
  yes: { type: 'boolean', description: `Do not ask, even about more than ${MANY} people` },
} as const;

export interface ActFlags extends AdminFlags {
  readonly reason?: string | undefined;
  readonly 'dry-run'?: boolean | undefined;
  readonly yes?: boolean | undefined;
}

/** What is meant, as `POST /revocations` takes it. */
export type Meant = Readonly<Record<string, string | undefined>>;

interface Revoked {
  readonly matched: Counts;
  readonly report: Report | null;
}

/** A reason, or none when nothing will be done; undefined after saying that one is needed. */
export function reasonFor(terminal: Terminal, flags: ActFlags): string | undefined {
  if (flags.reason === undefined && flags['dry-run'] !== true)
    terminal.err('--reason is needed: why, in a few words\n');
  return flags.reason ?? (flags['dry-run'] === true ? 'dry run' : undefined);
}

export const count = (administration: Administration, meant: Meant): Promise<Counts> =>
  administration
    .call<Revoked>({ method: 'post', path: '/revocations', body: { ...meant, reason: 'dry run', dry_run: true } })
    .then(({ matched }) => matched);

/** Revokes all that is meant, after the count and the question it takes. */
export async function revokeMany(
  terminal: Terminal,
  administration: Administration,
  meant: Meant,
  flags: ActFlags,
): Promise<ExitCode> {
  const reason = reasonFor(terminal, flags);
  if (reason === undefined) return EXIT.usage;
  const matched = await count(administration, meant);
  if (matched.approvals === 0 || flags['dry-run'] === true) return wouldEnd(terminal, matched, flags);
  const refused = await permitted(terminal, matched, flags);
  if (refused !== undefined) return refused;
  const work = administration.call<Revoked>({ method: 'post', path: '/revocations', body: { ...meant, reason } });
  const { report } = await withProgress(terminal, administration, meant, matched, work);
  if (flags.json === true) terminal.out(toJson({ dry_run: false, matched, report }));
  else terminal.out(reportText(report));
  return report === null ? EXIT.nothingMatched : EXIT.ok;
}

/** Answers a dry run, or that there is nothing. */
export function wouldEnd(terminal: Terminal, matched: Counts, flags: ActFlags): ExitCode {
  if (flags.json === true) terminal.out(toJson({ dry_run: true, matched, report: null }));
  else terminal.out(matched.approvals === 0 ? 'Nothing matched.\n' : `Would end ${sentence(matched)}.\n`);
  return matched.approvals === 0 ? EXIT.nothingMatched : EXIT.ok;
}

/** Undefined to go on; else the exit code of who may not, or would not. */
export async function permitted(terminal: Terminal, matched: Counts, flags: ActFlags): Promise<ExitCode | undefined> {
  if (matched.users <= MANY || flags.yes === true) return undefined;
  terminal.err(`This ends ${sentence(matched)}. It cannot be undone.\n`);
  if (terminal.ask === undefined || flags.json === true) {
    terminal.err(`More than ${MANY} people: say --yes to go on, --dry-run to only look\n`);
    return EXIT.usage;
  }
  const typed = await terminal.ask(`Type ${matched.users} to go on: `);
  if (typed.trim() === String(matched.users)) return undefined;
  terminal.err('Nothing was ended.\n');
  return EXIT.problem;
}

const sentence = ({ approvals, users, clients }: Counts): string =>
  `${plural(approvals, 'approval', 'approvals')} of ${plural(users, 'person', 'people')} for ${plural(clients, 'client', 'clients')}`;

/** Counts what is left now and then, where a person watches. */
async function withProgress<T>(
  terminal: Terminal,
  administration: Administration,
  meant: Meant,
  { approvals }: Counts,
  work: Promise<T>,
): Promise<T> {
  if (!terminal.interactive) return work;
  const done = work.then(
    () => true,
    () => true,
  );
  let shown = false;
  while (!(await Promise.race([done, later(PROGRESS_MS)]))) {
    const left = await count(administration, meant).catch((error: unknown) => {
      if (error instanceof Refusal) return undefined;
      throw error;
    });
    if (left === undefined) continue;
    terminal.err(`\r${Math.max(0, approvals - left.approvals)} of ${approvals} ended …`);
    shown = true;
  }
  if (shown) terminal.err('\n');
  return work;
}

const later = (ms: number): Promise<false> =>
  new Promise((resolve) => {
    setTimeout(() => resolve(false), ms);
  });
