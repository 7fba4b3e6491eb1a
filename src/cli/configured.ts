/**
 * How a command gets its configuration, and what it says when there is none or it is refused.
 */
import { PAGE_RULES } from '../../views/operator-words.ts';
import type { Config } from '../config/config.ts';
import { findConfigFile, type Loaded, loadConfig } from '../config/load.ts';
import { formatProblems, type Problem } from '../config/problems.ts';
import { paint, type Terminal, toJson } from './terminal.ts';

/** The flag every configured command takes. */
export const configArgument = {
  config: {
    type: 'string',
    valueHint: 'FILE',
    description: 'Configuration file (else BROKER_CONFIG, else broker.yaml here)',
  },
} as const;

export type Configuration = (Loaded & { readonly file: string }) | undefined;

/** The configuration that a command should use; undefined when nothing names one. */
export function findConfiguration(terminal: Terminal, flag: string | undefined): Configuration {
  const file = findConfigFile({ flag, env: terminal.env, cwd: terminal.cwd });
  return file === undefined ? undefined : { ...loadConfig(file, terminal.env, terminal.interactive, PAGE_RULES), file };
}

/** Loads for a command that needs one; undefined after saying why not. */
export function requireConfig(terminal: Terminal, flag: string | undefined): Config | undefined {
  const found = findConfiguration(terminal, flag);
  if (found?.ok) return found.config;
  if (found === undefined) terminal.err(WHAT_TO_WRITE);
  else refuse(terminal, found.problems);
  return undefined;
}

/** Prints refused settings, for people on stderr or as JSON on stdout. */
export function refuse(terminal: Terminal, problems: readonly Problem[], json = false): void {
  if (json) terminal.out(toJson({ ok: false, problems }));
  else terminal.err(formatProblems(problems).replaceAll(/^✗ E\d+/gm, (mark) => paint(terminal, 'red', mark)));
}

/** What commands answer in JSON where no configuration is named. */
export const NO_CONFIGURATION: Problem = {
  code: 'E123',
  place: '--config, BROKER_CONFIG or broker.yaml in the working directory',
  problem: 'there is no configuration',
  fix: 'write broker.yaml: consent-broker init asks what it needs; all settings: docs/configuration.md',
};

export const WHAT_TO_WRITE = `✗ E123 ${NO_CONFIGURATION.problem}
  At:  ${NO_CONFIGURATION.place}
  Fix: write broker.yaml; the shortest one is

    issuer: https://auth.example.com
    secrets: ["\${BROKER_SECRET}"]          # consent-broker secret
    upstreams:
      github: { preset: github, client_id: "...", client_secret: "\${GITHUB_SECRET}" }
    resources:
      tickets:
        url: https://tickets.example.com/mcp
        name: Tickets
        upstream: github
        scopes:
          tickets:read: { title: Read tickets, risk: view, default: true }

  All settings: docs/configuration.md. Without a configuration, consent-broker demo tries everything out.
`;
