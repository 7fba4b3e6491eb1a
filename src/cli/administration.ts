/**
 * What the administrative commands work through: the calls of `/admin/v1`, whichever way they are reached.
 *
 * With `--url` over HTTP with a key, else in this process on the database of the configuration. Both answer the same,
 * because both end in the same calls. Must never print a key.
 */
import type { AdminRequest } from '../admin/in-process.ts';
import { configArgument } from './configured.ts';
import { EXIT, type ExitCode } from './exit.ts';
import { paint, printable, type Terminal, toJson } from './terminal.ts';

export interface Administration {
  /** The answer's JSON. Throws Refusal. */
  call<Answer>(request: AdminRequest): Promise<Answer>;
  close(): Promise<void>;
}

/** What the API refused, or why it could not be asked. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  /** 0 when nobody answered. */
  readonly status: number;
  readonly problem: Readonly<Record<string, unknown>>;

  constructor(status: number, detail: string, problem: Readonly<Record<string, unknown>> = {}) {
    super(detail);
    this.status = status;
    this.problem = problem;
  }
}

/** The flags of every administrative command. */
export const adminArguments = {
  ...configArgument,
  json: { type: 'boolean', description: 'Answer in JSON' },
  url: { type: 'string', valueHint: 'URL', description: 'Work through the API there (else on the database here)' },
  key: {
    type: 'string',
    valueHint: 'KEY',
    description: 'Admin key for --url (better: --key-file or BROKER_ADMIN_KEY)',
  },
  'key-file': { type: 'string', valueHint: 'FILE', description: 'File that holds the admin key for --url' },
} as const;

export interface AdminFlags {
  readonly config?: string | undefined;
  readonly json?: boolean | undefined;
  readonly url?: string | undefined;
  readonly key?: string | undefined;
  readonly 'key-file'?: string | undefined;
}

/** Opens what the flags name, works, closes; a refusal becomes words and an exit code. */
export async function administering(
  terminal: Terminal,
  flags: AdminFlags,
  work: (administration: Administration) => Promise<ExitCode>,
): Promise<ExitCode> {
  const opened = await open(terminal, flags);
  if (typeof opened === 'number') return opened;
  try {
    return await work(opened);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return refused(terminal, error, flags.json ?? false);
  } finally {
    await opened.close();
  }
}

async function open(terminal: Terminal, flags: AdminFlags): Promise<Administration | ExitCode> {
  if (flags.url !== undefined) {
    const { openRemote } = await import('./remote-administration.ts');
    return openRemote(terminal, flags);
  }
  if (flags.key !== undefined || flags['key-file'] !== undefined) {
    terminal.err('A key is for --url; on the database of a configuration none is needed\n');
    return EXIT.usage;
  }
  const { openLocal } = await import('./local-administration.ts');
  return openLocal(terminal, flags.config);
}

function refused(terminal: Terminal, { status, message, problem }: Refusal, json: boolean): ExitCode {
  if (json) terminal.out(toJson({ ok: false, status, ...problem, detail: message }));
  else terminal.err(`${paint(terminal, 'red', '✗')} ${printable(message)}\n`);
  if (!json && typeof problem.reference === 'string') terminal.err(`  Reference ${printable(problem.reference)}\n`);
  return status === 404 ? EXIT.nothingMatched : status === 400 ? EXIT.usage : EXIT.problem;
}

/** The answer of either way, read alike. Throws Refusal for everything that is not a success. */
export async function readAnswer<Answer>(response: Response): Promise<Answer> {
  const text = await response.text();
  const answer = parsed(text);
  if (response.ok && answer !== undefined) return answer as Answer;
  const problem = (answer ?? {}) as Record<string, unknown>;
  const detail = typeof problem.detail === 'string' ? problem.detail : `It answered ${response.status} and no problem.`;
  throw new Refusal(response.ok ? 0 : response.status, detail, problem);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
