/**
 * `explain`: what is behind a configuration problem, behind a reference that a person saw, or what would become of a request.
 */
import { defineCommand } from 'citty';
import { problemCodes } from '../config/problems.ts';
import { type AdminFlags, adminArguments, administering } from './administration.ts';
import { EXIT, type ExitCode } from './exit.ts';
import { printable, type Terminal, toJson } from './terminal.ts';

interface Flow {
  readonly cause: string;
  readonly what: string;
  readonly fix: string;
  readonly steps: readonly {
    readonly at: string;
    readonly endpoint: string;
    readonly status: number;
    readonly outcome: string | null;
    readonly error: string | null;
    readonly reason: string | null;
  }[];
}

interface Verdict {
  readonly answer: string;
  readonly rule: string;
  readonly detail: string;
}

export const explain = defineCommand({
  meta: {
    name: 'explain',
    description: 'Say what is behind a problem code or a reference, or what a request would come to',
  },
  args: {
    what: { type: 'positional', required: false, description: 'E101 …, or req_… as a page shows it' },
    ...adminArguments,
    client: { type: 'string', valueHint: 'ID', description: 'Dry run: the client that would ask' },
    redirect: { type: 'string', valueHint: 'URL', description: 'Its redirect (else the first registered one)' },
    resource: { type: 'string', valueHint: 'URL', description: 'The MCP server, by its address' },
    scope: { type: 'string', valueHint: 'SCOPES', description: 'What it would ask for' },
    user: { type: 'string', valueHint: 'ID', description: 'As if this person had just signed in (usr_…)' },
  },
  run: ({ args, data }) => {
    const terminal = data as Terminal;
    const { what, client } = args;
    if ((what === undefined) === (client === undefined)) {
      terminal.err('Name a code (E101), a reference (req_…), or --client for a dry run\n');
      return EXIT.usage;
    }
    if (client !== undefined) return dryRun(terminal, args, { ...args, client });
    return /^req_/.test(what ?? '') ? explainFlow(terminal, args, what ?? '') : explainCode(terminal, args, what ?? '');
  },
});

function explainCode(terminal: Terminal, { json }: AdminFlags, typed: string): ExitCode {
  const code = typed.toUpperCase();
  const rule = Object.entries(problemCodes).find(([known]) => known === code)?.[1];
  if (rule === undefined) {
    const error = `There is no such code. Known: ${Object.keys(problemCodes).join(' ')}`;
    if (json) terminal.out(toJson({ ok: false, code, error }));
    else terminal.err(`${error}\n`);
    return EXIT.nothingMatched;
  }
  const settings = 'docs/configuration.md';
  terminal.out(json ? toJson({ code, rule, settings }) : `${code}  ${rule}\nAll settings: ${settings}\n`);
  return EXIT.ok;
}

const explainFlow = (terminal: Terminal, flags: AdminFlags, reference: string): Promise<ExitCode> =>
  administering(terminal, flags, async (administration) => {
    const path = `/explain/${encodeURIComponent(reference)}`;
    const flow = await administration.call<Flow>({ method: 'get', path });
    const lines = flow.steps.map(
      ({ at, endpoint, status, outcome, error, reason }) =>
        `  ${at}  ${status}  ${endpoint}  ${[outcome, error, reason].filter((one) => one !== null).join(' · ')}`,
    );
    const text = [...lines, '', flow.what, `→ ${flow.fix}`, `  (${flow.cause})`].map(printable).join('\n');
    terminal.out(flags.json ? toJson(flow) : `${text}\n`);
    return EXIT.ok;
  });

interface Request {
  readonly client: string;
  readonly redirect?: string | undefined;
  readonly resource?: string | undefined;
  readonly scope?: string | undefined;
  readonly user?: string | undefined;
}

const dryRun = (terminal: Terminal, flags: AdminFlags, request: Request): Promise<ExitCode> =>
  administering(terminal, flags, async (administration) => {
    const { client, redirect, resource, scope, user } = request;
    const body = { client_id: client, redirect_uri: redirect, resource, scope, user };
    const verdict = await administration.call<Verdict>({ method: 'post', path: '/explain', body });
    const text = `${verdict.answer}  ${verdict.rule}\n${printable(verdict.detail)}\n`;
    terminal.out(flags.json ? toJson(verdict) : text);
    return EXIT.ok;
  });
