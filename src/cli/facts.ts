/** One thing for people: each member of an answer on a line of its own, harmless on a terminal. */
import { columns, printable } from './terminal.ts';

/** `name  value`, nested members as `outer.inner`. */
export const facts = (answer: object): string => columns(linesOf(answer, ''));

const linesOf = (answer: object, prefix: string): string[][] =>
  Object.entries(answer).flatMap(([name, value]) => {
    const label = printable(`${prefix}${name}`);
    if (Array.isArray(value) && value.some((one) => typeof one === 'object'))
      return value.flatMap((one, at) => linesOf(one as object, `${prefix}${name}.${at}.`));
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return linesOf(value, `${prefix}${name}.`);
    return [[label, printable(wordOf(value))]];
  });

const wordOf = (value: unknown): string =>
  value === null || value === undefined ? '-' : Array.isArray(value) ? value.join(' ') || '-' : String(value);
