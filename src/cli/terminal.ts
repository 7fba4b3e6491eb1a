/**
 * What a command may touch of the outside: two streams, the environment, the working directory.
 *
 * Colour only on a terminal and without NO_COLOR.
 */
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
  };
}

type Tone = 'red' | 'green' | 'bold' | 'dim';

export const paint = (terminal: Terminal, tone: Tone, text: string): string =>
  terminal.colour ? styleText(tone, text, { validateStream: false }) : text;

export const toJson = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

/** Text somebody else chose, harmless on a terminal: control and direction characters are written out. */
export const printable = (text: string): string =>
  text.replace(/[\p{Cc}\p{Cf}\p{Cs}]/gu, (odd) => `\\u{${(odd.codePointAt(0) ?? 0).toString(16)}}`);

/** Lines of cells, each column as wide as its widest cell. */
export function columns(lines: readonly (readonly string[])[]): string {
  const widths = (lines[0] ?? []).map((_cell, at) => Math.max(...lines.map((line) => line[at]?.length ?? 0)));
  return lines
    .map(
      (line) =>
        `${line
          .map((cell, at) => cell.padEnd(widths[at] ?? 0))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}
