/**
 * `doctor`: looks at everything a broker needs before people find out, and says what to do about each.
 *
 * A line per check: ok, warn or fail with its fix. Makes no database, prints no secret, sends no credential anywhere.
 */
import { defineCommand } from 'citty';
import { formatProblems, type Problem } from '../config/problems.ts';
import { configArgument, findConfiguration, NO_CONFIGURATION, WHAT_TO_WRITE } from './configured.ts';
import type { Check } from './doctor-checks.ts';
import { EXIT, type ExitCode } from './exit.ts';
import { columns, paint, plural, printable, type Terminal, toJson } from './terminal.ts';

export const doctor = defineCommand({
  meta: { name: 'doctor', description: 'Check configuration, database, keys, addresses, upstreams and clock' },
  args: { ...configArgument, json: { type: 'boolean', description: 'Answer in JSON' } },
  run: async ({ args, data }) => {
    const terminal = data as Terminal;
    const found = findConfiguration(terminal, args.config);
    if (found === undefined || !found.ok) return noConfiguration(terminal, found?.problems, args.json ?? false);
    const { examine } = await import('./doctor-checks.ts');
    const checks: readonly Check[] = [
      { name: 'Configuration', status: 'ok', detail: found.file },
      ...(await examine(found.config, Date.now())),
    ];
    const failed = checks.some(({ status }) => status === 'fail');
    terminal.out(args.json ? toJson({ ok: !failed, checks }) : shown(terminal, checks));
    return failed ? EXIT.problem : EXIT.ok;
  },
});

function noConfiguration(terminal: Terminal, problems: readonly Problem[] | undefined, json: boolean): ExitCode {
  const checks = (problems ?? [NO_CONFIGURATION]).map(({ code, place, problem, fix }) => ({
    name: 'Configuration',
    status: 'fail',
    detail: `${code} ${place}: ${problem}`,
    fix,
  }));
  if (json) terminal.out(toJson({ ok: false, checks }));
  else terminal.err(problems === undefined ? WHAT_TO_WRITE : formatProblems(problems));
  return EXIT.configuration;
}

const MARKS = { ok: ['✓', 'green'], warn: ['!', 'bold'], fail: ['✗', 'red'] } as const;

function shown(terminal: Terminal, checks: readonly Check[]): string {
  const aligned = columns(checks.map(({ name }) => [printable(name), ''])).split('\n');
  const width = Math.max(...aligned.map((line) => line.length)) + 2;
  const lines = checks.flatMap(({ name, status, detail, fix }) => {
    const [mark, tone] = MARKS[status];
    const head = `${paint(terminal, tone, mark)} ${printable(name).padEnd(width)}${printable(detail)}`;
    return fix === undefined ? [head] : [head, `${' '.repeat(width + 2)}${paint(terminal, 'dim', printable(fix))}`];
  });
  const number = (status: Check['status']) => checks.filter((check) => check.status === status).length;
  const counted = [plural(number('fail'), 'problem', 'problems'), plural(number('warn'), 'warning', 'warnings')];
  return `${lines.join('\n')}\n${counted.join(', ')}.\n`;
}
