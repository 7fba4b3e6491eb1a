/**
 * The command line: finds the command, refuses what it does not know, runs it, answers the exit code.
 *
 * Unknown commands and flags are usage errors (exit 2) with help on stderr, so that a typing error never does
 * something else.
 */
import { stripVTControlCharacters } from 'node:util';
import { type ArgsDef, type CommandDef, defineCommand, renderUsage, runCommand } from 'citty';
import { didYouMean } from '../config/problems.ts';
import { version } from '../version.ts';
import { adminKeyCommand } from './admin-key-command.ts';
import { adminLink } from './admin-link-command.ts';
import { approvalsCommand } from './approvals-command.ts';
import { audit, status } from './audit-command.ts';
import { backup, restore } from './backup-command.ts';
import { clientsCommand } from './clients-command.ts';
import { completionCommand } from './completion.ts';
import { configCommand } from './config-command.ts';
import { doctor } from './doctor.ts';
import { examplesOf } from './examples.ts';
import { EXIT } from './exit.ts';
import { explain } from './explain.ts';
import { migrate, secret, sweep, versionCommand } from './house.ts';
import { init } from './init.ts';
import { keysCommand } from './keys-command.ts';
import { quarantineCommand } from './quarantine-command.ts';
import { receiptCommand } from './receipt-command.ts';
import { rulesCommand } from './rules-command.ts';
import { demo, serve } from './serve.ts';
import { paint, type Terminal } from './terminal.ts';
import { toolsCommand } from './tools-command.ts';
import { usersCommand } from './users-command.ts';

const PROGRAM = 'consent-broker';

const root: CommandDef = defineCommand({
  meta: { name: PROGRAM, version, description: 'An OAuth consent broker for MCP servers' },
  subCommands: {
    ...{ serve, demo, init, config: configCommand, doctor, secret, keys: keysCommand, explain },
    ...{ approvals: approvalsCommand, clients: clientsCommand, users: usersCommand, audit, status },
    ...{ quarantine: quarantineCommand, rules: rulesCommand, tools: toolsCommand },
    'admin-key': adminKeyCommand,
    'admin-link': adminLink,
    receipt: receiptCommand,
    ...{ backup, restore, migrate, sweep, completion: completionCommand(() => root), version: versionCommand },
  },
});

interface Found {
  readonly command: CommandDef;
  readonly parent: CommandDef | undefined;
  /** The command's words, without the program's name. */
  readonly path: readonly string[];
  readonly rest: readonly string[];
}

/** Runs one command line (without node and script). Never throws for what a person typed. */
export async function runCli(argv: readonly string[], terminal: Terminal): Promise<number> {
  const words = argv[0] === 'help' ? [...argv.slice(1), '--help'] : argv[0] === '--version' ? ['version'] : argv;
  const found = find(root, words);
  const flags = found.rest.slice(0, found.rest.includes('--') ? found.rest.indexOf('--') : undefined);
  if ((flags.includes('--help') || flags.includes('-h')) && !namesUnknownCommand(found)) {
    terminal.out(await usage(terminal, found));
    return EXIT.ok;
  }
  const problem = usageProblem(found);
  if (problem !== undefined) {
    terminal.err(`${paint(terminal, 'red', problem)}\n\n${await usage(terminal, found)}`);
    return EXIT.usage;
  }
  const { result } = await runCommand(found.command, { rawArgs: [...found.rest], data: terminal });
  return typeof result === 'number' ? result : EXIT.ok;
}

/** Help is for commands that exist; an argument of a command that has none below it is no such word. */
const namesUnknownCommand = ({ command, rest: [word = '-'] }: Found): boolean =>
  command.subCommands !== undefined && !word.startsWith('-');

const childrenOf = (command: CommandDef): Record<string, CommandDef> =>
  (command.subCommands ?? {}) as Record<string, CommandDef>;

function find(command: CommandDef, words: readonly string[], parent?: CommandDef, path: readonly string[] = []): Found {
  const [word, ...rest] = words;
  const child = word !== undefined && Object.hasOwn(childrenOf(command), word) ? childrenOf(command)[word] : undefined;
  return child === undefined || word === undefined
    ? { command, parent, path, rest: words }
    : find(child, rest, command, [...path, word]);
}

async function usage(terminal: Terminal, { command, parent, path }: Found): Promise<string> {
  const name = [PROGRAM, ...path.slice(0, -1)].join(' ');
  const text = `${await renderUsage(command, parent && { ...parent, meta: { ...parent.meta, name } })}\n${examplesOf(path)}`;
  return terminal.colour ? text : stripVTControlCharacters(text);
}

/** What is wrong with the words after the command, if anything. */
function usageProblem({ command, rest }: Found): string | undefined {
  const names = Object.keys(childrenOf(command));
  const [word] = rest;
  // A command that does something by itself may have others below it (`audit`, `audit verify`).
  if (names.length > 0 && (command.run === undefined || (word !== undefined && !word.startsWith('-')))) {
    if (word === undefined) return 'Which command?';
    const meant = didYouMean(word, names);
    return `Unknown ${word.startsWith('-') ? 'flag' : 'command'} ${JSON.stringify(word)}${meant === undefined ? '' : `; did you mean ${meant}?`}`;
  }
  return flagProblem((command.args ?? {}) as ArgsDef, rest);
}

function flagProblem(args: ArgsDef, words: readonly string[]): string | undefined {
  const flags = Object.keys(args).filter((name) => args[name]?.type !== 'positional');
  const positionals = Object.keys(args).filter((name) => args[name]?.type === 'positional');
  const given = new Set<string>();
  let free = 0;
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] ?? '';
    if (!word.startsWith('-') || word === '-') {
      free += 1;
      if (free > positionals.length) return `Unexpected ${JSON.stringify(word)}`;
      continue;
    }
    const [, name = '', value] = /^--([a-z-]+)(?:=(.*))?$/s.exec(word) ?? [];
    if (!flags.includes(name)) {
      const meant = didYouMean(name, flags);
      return `Unknown flag ${JSON.stringify(word)}${meant === undefined ? '' : `; did you mean --${meant}?`}`;
    }
    given.add(name);
    if (args[name]?.type === 'boolean') {
      if (value !== undefined) return `--${name} takes no value`;
    } else if (value === undefined) {
      index += 1;
      if (words[index] === undefined || words[index]?.startsWith('--')) return `--${name} needs a value`;
    } else if (value === '') return `--${name} needs a value`;
  }
  const missing = positionals.slice(free).find((name) => args[name]?.required !== false);
  if (missing !== undefined) return `${missing} is missing`;
  const needed = flags.find((name) => args[name]?.required === true && !given.has(name));
  return needed === undefined ? undefined : `--${needed} is needed`;
}
