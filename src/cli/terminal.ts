/**
 * What a command may touch of the outside: two streams, the environment, the working directory.
 *
 * Colour only on a terminal and without NO_COLOR.
 */
import { createInterface } from 'node:readline/promises';
import { styleText } from 'node:util';
import { type Environment, environment } from '../config/environment.ts';

export interface Terminal {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  readonly env: Environment;
  readonly cwd: string;
  /** A person is looking at `out`. */
  readonly interactive: boolean;
  readonly colour: boolean;
  /** Columns of `out`; undefined where it is no terminal. */
  readonly width?: number | undefined;
  /** Asks a person for a line; undefined where nobody can be asked. */
  readonly ask?: ((question: string) => Promise<string>) | undefined;
}

export function systemTerminal(): Terminal {
  const env = environment();
  const interactive = process.stdout.isTTY === true;
  return {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    env,
    cwd: process.cwd(),
    interactive,
    colour: interactive && !env.NO_COLOR,
    width: interactive ? process.stdout.columns : undefined,
    ask: interactive && process.stdin.isTTY === true ? askOnTerminal : undefined,
  };
}

async function askOnTerminal(question: string): Promise<string> {
  const asking = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return await asking.question(question);
  } finally {
    asking.close();
  }
}

type Tone = 'red' | 'green' | 'bold' | 'dim';

export const paint = (terminal: Terminal, tone: Tone, text: string): string =>
  terminal.colour ? styleText(tone, text, { validateStream: false }) : text;

/** Pretty JSON. What could steer a terminal is written as an escape, which JSON reads as the same text. */
export const toJson = (value: unknown): string =>
  `${JSON.stringify(value, null, 2).replace(STEERING, (odd) => `\\u${odd.charCodeAt(0).toString(16).padStart(4, '0')}`)}\n`;

/** Direction marks and other invisible characters, C1 controls, line separators; JSON.stringify has escaped the rest. */
const STEERING = /[\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g;

/** Text somebody else chose, harmless on a terminal: control and direction characters are written out. */
export const printable = (text: string): string =>
  text.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/gu, (odd) => `\\u{${(odd.codePointAt(0) ?? 0).toString(16)}}`);

/** The same in quotes, so that a name cannot look like words of ours. */
export const quoted = (text: string): string => `"${printable(text).replaceAll('"', '\\"')}"`;

/** `1 problem`, `2 problems`. */
export const plural = (n: number, one: string, several: string): string => `${n} ${n === 1 ? one : several}`;

const WIDE =
  /\p{Emoji_Presentation}|[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/u;

/** Columns a text takes on a terminal. */
export const widthOf = (text: string): number =>
  [...text].reduce((sum, one) => sum + (/\p{M}/u.test(one) ? 0 : WIDE.test(one) ? 2 : 1), 0);

/** Lines of cells, each column as wide as its widest cell. */
export function columns(lines: readonly (readonly string[])[]): string {
  const widths = (lines[0] ?? []).map((_cell, at) => Math.max(...lines.map((line) => widthOf(line[at] ?? ''))));
  return lines
    .map(
      (line) =>
        `${line
          .map((cell, at) => cell + ' '.repeat(Math.max(0, (widths[at] ?? 0) - widthOf(cell))))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}
