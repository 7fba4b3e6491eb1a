/**
 * `completion bash|zsh|fish`: a script for the shell, written from the commands themselves.
 *
 * Completes commands and flags only; it never asks a broker anything.
 */
import { type ArgsDef, type CommandDef, defineCommand } from 'citty';
import { EXIT } from './exit.ts';
import type { Terminal } from './terminal.ts';

const SHELLS = ['bash', 'zsh', 'fish'] as const;

interface Place {
  /** The command's words, without the program's name. */
  readonly path: readonly string[];
  readonly commands: readonly string[];
  readonly flags: readonly string[];
}

/** `root` is asked for when it runs: it contains this command. */
export const completionCommand = (root: () => CommandDef) =>
  defineCommand({
    meta: { name: 'completion', description: 'Print a completion script for bash, zsh or fish' },
    args: { shell: { type: 'positional', required: true, description: SHELLS.join(', ') } },
    run: ({ args, data }) => {
      const terminal = data as Terminal;
      const shell = SHELLS.find((known) => known === args.shell);
      if (shell === undefined) {
        terminal.err(`There are scripts for ${SHELLS.join(', ')}\n`);
        return EXIT.usage;
      }
      const places = placesOf(root(), []);
      terminal.out(shell === 'fish' ? fish(places) : bourne(places, shell));
      return EXIT.ok;
    },
  });

function placesOf(command: CommandDef, path: readonly string[]): readonly Place[] {
  const children = Object.entries((command.subCommands ?? {}) as Record<string, CommandDef>);
  const flags = Object.entries((command.args ?? {}) as ArgsDef)
    .filter(([, { type }]) => type !== 'positional')
    .map(([name]) => `--${name}`);
  const own = { path, commands: children.map(([name]) => name), flags: [...flags, '--help'] };
  return [own, ...children.flatMap(([name, child]) => placesOf(child, [...path, name]))];
}

const keyOf = (path: readonly string[]): string => path.map((word) => `/${word}`).join('');

/** bash, and zsh in its own words: both walk the command words typed so far to a place, and offer what is there. */
function bourne(places: readonly Place[], shell: 'bash' | 'zsh'): string {
  const known = places.filter(({ path }) => path.length > 0).map(({ path }) => keyOf(path));
  const offers = places.map(
    ({ path, commands, flags }) => `    "${keyOf(path)}") offer="${[...commands, ...flags].join(' ')}" ;;`,
  );
  const typed = shell === 'bash' ? '"${COMP_WORDS[@]:1:COMP_CWORD-1}"' : '"${(@)words[2,CURRENT-1]}"';
  const answer =
    shell === 'bash' ? 'COMPREPLY=($(compgen -W "$offer" -- "${COMP_WORDS[COMP_CWORD]}"))' : 'compadd -- ${=offer}';
  const register =
    shell === 'bash'
      ? 'complete -o default -F _consent_broker consent-broker'
      : 'compdef _consent_broker consent-broker';
  return `${shell === 'zsh' ? '#compdef consent-broker\n' : ''}_consent_broker() {
  local place="" word offer=""
  for word in ${typed}; do
    case "$place/$word" in
      ${known.join('|')}) place="$place/$word" ;;
    esac
  done
  case "$place" in
${offers.join('\n')}
  esac
  ${answer}
}
${register}
`;
}

function fish(places: readonly Place[]): string {
  const lines = places.flatMap(({ path, commands, flags }) => {
    const seen = path.map((word) => `__fish_seen_subcommand_from ${word}`);
    const fresh = commands.length > 0 ? [`not __fish_seen_subcommand_from ${commands.join(' ')}`] : [];
    const when = (conditions: readonly string[]) => (conditions.length > 0 ? ` -n '${conditions.join('; and ')}'` : '');
    return [
      ...commands.map((name) => `complete -c consent-broker -f${when([...seen, ...fresh])} -a ${name}`),
      ...flags.map((flag) => `complete -c consent-broker${when(seen)} -l ${flag.slice(2)}`),
    ];
  });
  return `${lines.join('\n')}\n`;
}
