/**
 * `init`: a first configuration from a few answers, each checked as it is given, all together before they are written.
 *
 * Writes `broker.yaml` (no secret in it) and `.env` (mode 0600: the broker's own secrets, made here, and the place for
 * the upstream's). Asks on a terminal what no option says. Must never overwrite a file, nor print a secret.
 */
import { existsSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { type ArgsDef, defineCommand } from 'citty';
import { readConfig } from '../config/load.ts';
import type { Problem } from '../config/problems.ts';
import { newSecret } from '../security/secrets.ts';
import { refuse } from './configured.ts';
import { EXIT, type ExitCode } from './exit.ts';
import {
  ALL_QUESTIONS,
  type Answers,
  configurationText,
  isAsked,
  problemWith,
  QUESTIONS,
  type Question,
} from './first-configuration.ts';
import { scriptFrom } from './script.ts';
import { paint, printable, type Terminal } from './terminal.ts';

const options: ArgsDef = Object.fromEntries(
  ALL_QUESTIONS.map((name) => {
    const [valueHint, description] = QUESTIONS[name];
    return [name, { type: 'string', valueHint, description }];
  }),
);

export const init = defineCommand({
  meta: { name: 'init', description: 'Write a first broker.yaml and .env' },
  args: options,
  run: async ({ args, data }) => {
    const terminal = data as Terminal;
    const [config, env] = [resolve(terminal.cwd, 'broker.yaml'), resolve(terminal.cwd, '.env')];
    const taken = [config, env].filter((file) => existsSync(file));
    if (taken.length > 0) {
      terminal.err(`✗ ${taken.join(' and ')} exist already; init overwrites nothing\n`);
      return EXIT.problem;
    }
    const { given, problems } = judged(args);
    if (problems.length > 0) {
      refuse(terminal, problems);
      return EXIT.configuration;
    }
    const answers = await complete(given, terminal);
    return answers === undefined ? EXIT.usage : write(answers, { config, env }, terminal);
  },
});

/** The options as answers, and everything that is wrong with them. */
function judged(args: Readonly<Record<string, unknown>>): { given: Answers; problems: readonly Problem[] } {
  let given: Answers = {};
  const problems: Problem[] = [];
  for (const name of ALL_QUESTIONS) {
    const option = args[name];
    if (typeof option !== 'string') continue;
    const answer = option.trim();
    const problem = problemWith(name, answer, given);
    if (problem === undefined) given = { ...given, [name]: answer };
    else problems.push(problem);
    // What else an unknown upstream needs cannot be judged.
    if (problem !== undefined && name === 'upstream') break;
  }
  return { given, problems };
}

/** Asks for what is missing; undefined, with the missing options named, where nobody can be asked. */
async function complete(given: Answers, terminal: Terminal): Promise<Readonly<Record<Question, string>> | undefined> {
  let answers = given;
  const missing: string[] = [];
  for (const name of ALL_QUESTIONS.filter((question) => given[question] === undefined)) {
    if (!isAsked(name, answers.upstream)) continue;
    if (terminal.ask === undefined) missing.push(`--${name}`);
    else {
      if (name === 'client-id') terminal.out(callbackOf(answers));
      answers = { ...answers, [name]: await askUntilGood(name, answers, terminal, terminal.ask) };
    }
  }
  if (missing.length > 0) {
    terminal.err(`✗ still needed: ${missing.join(', ')}\n`);
    return undefined;
  }
  if (given['client-id'] !== undefined) terminal.out(callbackOf(answers));
  return answers as Readonly<Record<Question, string>>;
}

const callbackOf = ({ issuer, upstream }: Answers): string =>
  `Register this callback at the upstream, exactly: ${issuer}/callback/${upstream}\n`;

async function askUntilGood(
  name: Question,
  before: Answers,
  terminal: Terminal,
  ask: (question: string) => Promise<string>,
): Promise<string> {
  const [, question] = QUESTIONS[name];
  for (;;) {
    const answer = (await ask(`${question}: `)).trim();
    const problem = answer === '' ? undefined : problemWith(name, answer, before);
    if (answer !== '' && problem === undefined) return answer;
    const reason = problem === undefined ? 'an answer is needed' : `${problem.problem}; ${problem.fix}`;
    terminal.err(`${paint(terminal, 'red', '✗')} ${printable(reason)}\n`);
  }
}

function write(
  answers: Readonly<Record<Question, string>>,
  files: { readonly config: string; readonly env: string },
  terminal: Terminal,
): ExitCode {
  const text = configurationText(answers);
  const secrets = { BROKER_SECRET: newSecret(), BROKER_ADMIN_KEY: newSecret(), MCP_SERVER_SECRET: newSecret() };
  const checked = readConfig(text, {
    env: { ...secrets, UPSTREAM_SECRET: newSecret() },
    baseDir: terminal.cwd,
    name: 'broker.yaml',
  });
  if (!checked.ok) {
    refuse(terminal, checked.problems);
    return EXIT.configuration;
  }
  writeFileSync(files.config, text, { flag: 'wx' });
  const lines = [...Object.entries(secrets), ['UPSTREAM_SECRET', '']].map(([name, value]) => `${name}=${value}`);
  writeFileSync(files.env, `${lines.join('\n')}\n`, { flag: 'wx', mode: 0o600 });
  const program = scriptFrom(terminal.cwd);
  terminal.out(
    [
      `${paint(terminal, 'green', '✓')} broker.yaml and .env written`,
      '  1  Put the upstream’s client secret into .env as UPSTREAM_SECRET',
      '  2  Give MCP_SERVER_SECRET to the MCP server; it asks /introspect with it',
      `  3  node --env-file=.env ${program} config check`,
      `  4  node --env-file=.env ${program} serve`,
      '  What else this upstream can be told: docs/upstreams.md',
      '',
    ].join('\n'),
  );
  return EXIT.ok;
}
