/**
 * The program under test as operators run it: compiled once per test run, and mutants of it for the negative controls.
 *
 * A mutant is the compiled program with one text replaced, in a folder of its own. Must never write a mutant into `dist/`.
 */
import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';

const ROOT = join(import.meta.dirname, '..', '..');
const RUN_LOCK = 88_105;

export interface Program {
  /** The file that `node` runs. */
  readonly main: string;
  remove(): void;
}

/** Compiles `dist/` unless another suite of this run has; the run's Postgres keeps the lock and the mark. */
export async function builtProgram(): Promise<Program> {
  const client = new pg.Client({ connectionString: process.env.TEST_POSTGRES_URL });
  await client.connect();
  try {
    await client.query('select pg_advisory_lock($1)', [RUN_LOCK]);
    const { rows } = await client.query("select to_regclass('built') as mark");
    if (rows[0]?.mark === null) {
      await promisify(execFile)(
        process.execPath,
        [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', 'src/tsconfig.json'],
        {
          cwd: ROOT,
        },
      );
      await client.query('create table built ()');
    }
  } finally {
    await client.end();
  }
  return { main: join(ROOT, 'dist/src/main.js'), remove: () => undefined };
}

export interface Mutation {
  /** Under `dist/src`. */
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

/** The program with the mutations in place. Throws when a text to replace is not there, so that no control goes stale. */
export async function mutantProgram(mutations: readonly Mutation[]): Promise<Program> {
  await builtProgram();
  const folder = mkdtempSync(join(tmpdir(), 'broker-mutant-'));
  cpSync(join(ROOT, 'dist'), join(folder, 'dist'), { recursive: true });
  for (const name of ['node_modules', 'migrations', 'package.json']) symlinkSync(join(ROOT, name), join(folder, name));
  for (const { file, from, to } of mutations) {
    const path = join(folder, 'dist/src', file);
    const text = readFileSync(path, 'utf8');
    if (!text.includes(from)) throw new Error(`${file} has no ${JSON.stringify(from)} to replace`);
    writeFileSync(
      path,
      text.replace(from, () => to),
    );
  }
  return { main: join(folder, 'dist/src/main.js'), remove: () => rmSync(folder, { recursive: true, force: true }) };
}
