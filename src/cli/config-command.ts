/**
 * `config check` and `config print`: says whether a configuration is accepted, and what it amounts to.
 *
 * Opens nothing and changes nothing. Must never print a secret.
 */
import { defineCommand } from 'citty';
import { stringify } from 'yaml';
import { printableSettings } from '../config/print.ts';
import { configArgument, findConfiguration, NO_CONFIGURATION, refuse, WHAT_TO_WRITE } from './configured.ts';
import { EXIT } from './exit.ts';
import { paint, type Terminal, toJson } from './terminal.ts';

const args = { ...configArgument, json: { type: 'boolean', description: 'Answer in JSON' } } as const;

const check = defineCommand({
  meta: { name: 'check', description: 'Say whether the configuration is accepted, with every problem at once' },
  args,
  run: ({ args: { config, json }, data }) => {
    const terminal = data as Terminal;
    const found = findConfiguration(terminal, config);
    if (found === undefined) return notThere(terminal, json);
    if (!found.ok) return refused(terminal, found.problems, json);
    const { issuer, upstreams, resources } = found.config;
    if (json) terminal.out(toJson({ ok: true, file: found.file, issuer }));
    else {
      terminal.out(`${paint(terminal, 'green', '✓')} ${found.file}\n`);
      terminal.out(
        `  Issuer     ${issuer}\n  Upstreams  ${[...upstreams.keys()].join(', ')}\n  Resources  ${[...resources.keys()].join(', ')}\n`,
      );
    }
    return EXIT.ok;
  },
});

const print = defineCommand({
  meta: { name: 'print', description: 'Print the effective configuration, secrets masked' },
  args,
  run: ({ args: { config, json }, data }) => {
    const terminal = data as Terminal;
    const found = findConfiguration(terminal, config);
    if (found === undefined) return notThere(terminal, json);
    if (!found.ok) return refused(terminal, found.problems, json);
    const values = printableSettings(found.values);
    terminal.out(json ? toJson(values) : stringify(values));
    return EXIT.ok;
  },
});

function notThere(terminal: Terminal, json: boolean | undefined) {
  if (json) refuse(terminal, [NO_CONFIGURATION], json);
  else terminal.err(WHAT_TO_WRITE);
  return EXIT.configuration;
}

function refused(terminal: Terminal, problems: Parameters<typeof refuse>[1], json: boolean | undefined) {
  refuse(terminal, problems, json);
  return EXIT.configuration;
}

export const configCommand = defineCommand({
  meta: { name: 'config', description: 'Check or print the configuration' },
  subCommands: { check, print },
});
