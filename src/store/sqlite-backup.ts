/**
 * Copies of a SQLite database: made while instances write, and put back when none does.
 *
 * A copy is whole or not there: it is made beside its place, checked, synced, and then renamed. What a restore replaces
 * is kept beside the new file. Must never put a copy back under a running instance, nor one that has not been prepared.
 */
import { closeSync, copyFileSync, existsSync, fsyncSync, linkSync, openSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import Sqlite from 'better-sqlite3';
import { CopyRefused } from './copy-refused.ts';

const BUSY_MS = 10_000;
/** All pages in one step: one snapshot, however much is written meanwhile. */
const ALL_PAGES = 0x7fff_ffff;

/** Copies the database to `to`, which must not exist yet. Throws CopyRefused. */
export async function copySqlite(file: string, to: string): Promise<void> {
  if (!existsSync(file)) throw new CopyRefused(`there is no database at ${file}`);
  if (existsSync(to)) throw new CopyRefused(`${to} exists already; a backup overwrites nothing`);
  const part = `${to}.part`;
  removeAll(part);
  makePrivate(part);
  const source = new Sqlite(file, { timeout: BUSY_MS });
  try {
    await source.backup(part, { progress: () => ALL_PAGES });
    alone(part);
    settle(part, to);
  } catch (error) {
    rmSync(part, { force: true });
    throw error;
  } finally {
    source.close();
  }
}

/**
 * Puts a copy in the place of the database at `file`, after `prepare` has made of it what may be served; it works on a
 * copy of the copy. Answers where the database that was there before is now, if there was one. Throws CopyRefused, and
 * whatever `prepare` throws; the database is as it was then.
 */
export async function putBack(
  copy: string,
  file: string,
  stamp: string,
  prepare: (file: string) => Promise<void>,
): Promise<string | undefined> {
  if (!existsSync(copy)) throw new CopyRefused(`there is no backup at ${copy}`);
  refuseInUse(file);
  const part = `${file}.restoring`;
  removeAll(part);
  makePrivate(part);
  try {
    copyFileSync(copy, part);
    alone(part);
    await prepare(part);
    alone(part);
    refuseInUse(file);
    const before = existsSync(file) ? `${file}.before-${stamp}` : undefined;
    if (before !== undefined) linkSync(file, before);
    settle(part, file);
    return before;
  } finally {
    removeAll(part);
  }
}

/** A new file: one that somebody has put there would keep its owner and its mode. */
function makePrivate(file: string): void {
  closeSync(openSync(file, 'wx', 0o600));
}

/** Everything in the one file, without a log beside it, and sound. */
function alone(file: string): void {
  const client = new Sqlite(file, { timeout: BUSY_MS });
  try {
    client.pragma('journal_mode = DELETE');
    if (client.pragma('integrity_check', { simple: true }) !== 'ok') throw new CopyRefused(`${file} is damaged`);
    const known = client.prepare("select 1 from sqlite_master where name = '__drizzle_migrations'").get();
    if (known === undefined) throw new CopyRefused(`${file} is no database of this program`);
  } catch (error) {
    if (error instanceof CopyRefused) throw error;
    throw new CopyRefused(`${file} cannot be read as a database (${(error as { code?: string }).code ?? 'no code'})`);
  } finally {
    client.close();
  }
}

/** Whoever has the file open keeps it from leaving its write-ahead log. */
function refuseInUse(file: string): void {
  if (!existsSync(file)) return;
  const client = new Sqlite(file, { timeout: 100 });
  try {
    if (client.pragma('journal_mode = DELETE', { simple: true }) === 'delete') return;
  } catch (error) {
    if (!/^SQLITE_BUSY/.test((error as { code?: string }).code ?? '')) return;
  } finally {
    client.close();
  }
  throw new CopyRefused(`${file} is in use: stop every instance first`);
}

function settle(part: string, file: string): void {
  sync(part);
  renameSync(part, file);
  sync(dirname(file));
}

function sync(path: string): void {
  const descriptor = openSync(path, 'r');
  fsyncSync(descriptor);
  closeSync(descriptor);
}

function removeAll(file: string): void {
  for (const end of ['', '-wal', '-shm', '-journal', '-reserve']) rmSync(file + end, { force: true });
}
