/**
 * How a person runs this program again from where they are: the very script that runs now.
 *
 * Must never name a package that is not installed; `npx` would fetch a stranger's of that name.
 */
import { realpathSync } from 'node:fs';
import { isAbsolute, relative } from 'node:path';

/** The running script as a shell in that folder names it. */
export function scriptFrom(folder: string): string {
  const script = realpathSync(process.argv[1] ?? '.');
  const inside = relative(realpathSync(folder), script);
  const named = inside.startsWith('..') || isAbsolute(inside) ? script : inside;
  return /^[\w./:@+-]+$/.test(named) ? named : `'${named.replaceAll("'", "'\\''")}'`;
}

/** A command of this program, to be typed where the person is. */
export const commandHere = (command: string): string => `node ${scriptFrom(process.cwd())} ${command}`;
