/**
 * Installs the programs of versions.json, and the newer Node they need, into a folder of their own outside the repository.
 *
 * Pinned; installed once per set of versions; no install script runs. A failure fails the run, and says what npm said.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import versions from './versions.json' with { type: 'json' };

const NODE_PACKAGE = `node-${process.platform}-${process.arch}`;
const manifest = { private: true, dependencies: { ...versions.programs, [NODE_PACKAGE]: versions.node } };
const name = createHash('sha256').update(JSON.stringify(manifest)).digest('hex').slice(0, 16);

/** Where the programs are. */
export const PREFIX = join(tmpdir(), `consent-broker-programs-${name}`);

/** The newer Node. */
export const NODE = join(PREFIX, 'node_modules', NODE_PACKAGE, 'bin', 'node');

/** A file of an installed program. */
export const inProgram = (...path: readonly string[]): string => join(PREFIX, 'node_modules', ...path);

/** Called by vitest before the suites. */
export default function install(): void {
  if (existsSync(PREFIX)) return;
  const making = `${PREFIX}-${process.pid}`;
  mkdirSync(making, { recursive: true });
  writeFileSync(join(making, 'package.json'), JSON.stringify(manifest));
  const npm = spawnSync('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: making,
    encoding: 'utf8',
    timeout: 300_000,
  });
  if (npm.status !== 0) {
    rmSync(making, { recursive: true, force: true });
    throw new Error(`the programs cannot be installed: npm ended with ${npm.status}\n${npm.stdout}\n${npm.stderr}`);
  }
  renameSync(making, PREFIX);
}
