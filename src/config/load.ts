/**
 * Finds the configuration file, reads it, and answers either the frozen Config or every problem at once.
 *
 * Order: `--config FILE`, `BROKER_CONFIG`, `broker.yaml` in the working directory. Relative paths in the file are
 * relative to the file. Must never start from a configuration with a problem in it.
 */
import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, extname, resolve } from 'node:path';
import { buildConfig } from './build.ts';
import { checkSettings, type ReportAt } from './checks.ts';
import type { Config } from './config.ts';
import type { Environment } from './environment.ts';
import { problemsOf, valueAt } from './issues.ts';
import { checkPages, type PageRules } from './page-checks.ts';
import type { Problem } from './problems.ts';
import { settings } from './schema.ts';
import { readTree, type SourceTree } from './tree.ts';

/** Where to look; `cwd` is absolute. */
export interface Lookup {
  readonly flag: string | undefined;
  readonly env: Environment;
  readonly cwd: string;
}

/** The file to read: an absolute path, or undefined when nothing names one and there is no broker.yaml. */
export function findConfigFile({ flag, env, cwd }: Lookup): string | undefined {
  const named = flag ?? (env.BROKER_CONFIG || undefined);
  if (named !== undefined) return resolve(cwd, named);
  const usual = resolve(cwd, 'broker.yaml');
  return existsSync(usual) ? usual : undefined;
}

export interface ReadContext {
  readonly env: Environment;
  readonly baseDir: string;
  /** How the file is called in problems. */
  readonly name: string;
  readonly mode?: Config['mode'];
  readonly terminal?: boolean;
  /** What the pages accept; without it, words and colours are taken as they are. */
  readonly pages?: PageRules;
}

export type Loaded =
  | { readonly ok: true; readonly config: Config; readonly values: unknown }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** Loads one file. A file that cannot be read is a problem like any other. */
export function loadConfig(file: string, env: Environment, terminal = false, pages?: PageRules): Loaded {
  const name = basename(file);
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'does not exist' : 'cannot be read';
    return {
      ok: false,
      problems: [{ code: 'E100', place: name, problem: `${file} ${reason}`, fix: 'check --config and BROKER_CONFIG' }],
    };
  }
  return readConfig(text, { env, baseDir: dirname(file), name, terminal, ...(pages && { pages }) });
}

/** Reads a configuration from its text. `values` are the plain values with secrets in them: for printing masked only. */
export function readConfig(text: string, context: ReadContext): Loaded {
  const readFile = (path: string) => readFileSync(resolve(context.baseDir, path), 'utf8');
  const tree = readTree(text, context.name, { env: context.env, readFile });
  const unreadable = tree.problems.some((problem) => problem.code === 'E100');
  if (unreadable) return { ok: false, problems: tree.problems };

  const parsed = settings.safeParse(tree.value);
  const problems = [
    ...tree.problems,
    ...(parsed.success ? [] : parsed.error.issues.flatMap((issue) => problemsOf(issue, tree))),
    ...combinationProblems(tree, context),
  ];
  if (!parsed.success || problems.length > 0) return { ok: false, problems: inFileOrder(problems) };
  const { mode = 'configured', baseDir, terminal = false } = context;
  return { ok: true, config: buildConfig(parsed.data, { mode, baseDir, terminal }), values: tree.value };
}

function combinationProblems(tree: SourceTree, { baseDir, pages }: ReadContext): Problem[] {
  const problems: Problem[] = [];
  const report: ReportAt = (path, code, problem, fix) =>
    void problems.push({ code, place: tree.place(path), problem, fix });
  checkSettings(tree.value, report);
  if (pages !== undefined) checkPages(tree.value, pages, report);
  const logo = valueAt(tree.value, ['brand', 'logo']);
  if (typeof logo === 'string' && !(isImage(logo) && existsSync(resolve(baseDir, logo)))) {
    const fix = 'name an existing .svg, .png or .webp file, relative to the configuration file';
    problems.push({
      code: 'E120',
      place: tree.place(['brand', 'logo']),
      problem: 'the logo is not an existing image',
      fix,
    });
  }
  return problems;
}

const isImage = (file: string): boolean => ['.svg', '.png', '.webp'].includes(extname(file).toLowerCase());

/** By line. What holds an unset reference has no other problem than that. */
function inFileOrder(problems: readonly Problem[]): Problem[] {
  const line = ({ place }: Problem) => Number(/:(\d+)/.exec(place)?.[1] ?? 0);
  const unset = new Set(problems.filter((problem) => problem.code === 'E101').map((problem) => problem.place));
  return problems
    .filter((problem) => problem.code === 'E101' || !unset.has(problem.place))
    .sort((left, right) => line(left) - line(right));
}
