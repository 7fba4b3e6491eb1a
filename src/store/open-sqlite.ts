/**
 * Opens a SQLite file; the only importer of its driver.
 *
 * WAL with `synchronous=FULL`, so that what was answered survives power loss; no memory map, so that a failing disk is an
 * error and not a signal. Several processes of one machine may open the same file. Must never rewrite data on its own.
 */
import Sqlite from 'better-sqlite3';
import { drizzle as drizzleSqlite } from 'drizzle-orm/better-sqlite3';
import { readMigrationFiles } from 'drizzle-orm/migrator';
import { LOCAL } from './database-time.ts';
import type { Engine, MigrationState } from './engine.ts';
import { migrationsFolder } from './migrations-folder.ts';
import type { OpenOptions } from './open.ts';
import { sqliteTables } from './schema.sqlite.ts';
import type { SqliteConnection } from './sqlite-connection.ts';
import { prepareFile, reserveOf } from './sqlite-file.ts';
import { sqliteEngine } from './sqlite-runner.ts';
import { watchSpace } from './sqlite-space.ts';
import type { AnyStatement, Db } from './statement.ts';
import { statements } from './statements/index.ts';

/** Waits for other processes that open, recover or migrate the same file. */
const OPENING_MS = 5_000;
const MIGRATING_MS = 60_000;
/** While the file is locked nothing else happens in this process, so the runner waits in small steps. */
const LOCKED_MS = 50;
/** Pages kept in memory, once they have been read: enough for the upper levels of every index of a busy broker. */
const CACHE_KIB = 16_384;

export function openSqlite(file: string, { log }: OpenOptions): Engine {
  prepareFile(file);
  const migrations = migrateSqlite(file);
  const space = watchSpace(reserveOf(file), LOCAL.steady, log);
  return sqliteEngine({ connect: () => connectSqlite(file), migrations, space, log });
}

function connectSqlite(file: string): SqliteConnection {
  const client = new Sqlite(file, { timeout: OPENING_MS });
  try {
    const mode = client.pragma('journal_mode = WAL', { simple: true });
    if (mode !== 'wal')
      throw new Error(`the database file cannot use a write-ahead log (journal mode ${String(mode)})`);
    const settings = ['synchronous = FULL', 'foreign_keys = ON', 'mmap_size = 0', `busy_timeout = ${LOCKED_MS}`];
    for (const setting of [...settings, `cache_size = -${CACHE_KIB}`]) client.pragma(setting);
    return preparedSqlite(client);
  } catch (error) {
    client.close();
    throw error;
  }
}

interface SqlitePrepared {
  execute(params: Readonly<Record<string, unknown>>): { sync(): unknown };
}

function preparedSqlite(client: Sqlite.Database): SqliteConnection {
  const db = drizzleSqlite(client) as unknown as Db;
  const prepared = new Map<AnyStatement, SqlitePrepared>();
  for (const statement of statements) {
    prepared.set(statement, (statement.build(db, sqliteTables) as { prepare(): SqlitePrepared }).prepare());
  }
  const command = (text: string) => {
    const one = client.prepare(text);
    return () => void one.run();
  };
  const number = (text: string) => {
    const one = client.prepare(text).pluck();
    return () => one.get() as number;
  };
  return {
    inTransaction: () => client.inTransaction,
    begin: command('BEGIN IMMEDIATE'),
    commit: command('COMMIT'),
    rollback: command('ROLLBACK'),
    savepoint: command('SAVEPOINT unit'),
    release: command('RELEASE unit'),
    rollbackToSavepoint: command('ROLLBACK TO unit'),
    execute: (statement, params) => {
      const query = prepared.get(statement);
      if (query === undefined) throw new Error(`the statement ${statement.name} is not listed in statements/index`);
      return query.execute(params).sync();
    },
    dataVersion: number('PRAGMA data_version'),
    totalChanges: number('SELECT total_changes()'),
    close: () => client.close(),
  };
}

/**
 * drizzle's own SQLite migrator reads the state before its BEGIN, so of two processes starting at once the later one
 * fails. This one asks inside `BEGIN IMMEDIATE`, in the same table. A kill at any moment leaves all or nothing.
 */
function migrateSqlite(file: string): MigrationState {
  const available = readMigrationFiles({ migrationsFolder: migrationsFolder('sqlite') });
  const client = new Sqlite(file, { timeout: MIGRATING_MS });
  try {
    client.pragma('journal_mode = WAL');
    client.pragma('synchronous = FULL');
    // A migration that rebuilds a table must be able to drop the old one.
    client.pragma('foreign_keys = OFF');
    const run = client.transaction(() => {
      client.exec(
        'CREATE TABLE IF NOT EXISTS __drizzle_migrations (id INTEGER PRIMARY KEY, hash text NOT NULL, created_at numeric)',
      );
      const latest = client.prepare('SELECT max(created_at) FROM __drizzle_migrations').pluck().get() as number | null;
      const note = client.prepare('INSERT INTO __drizzle_migrations (hash, created_at) VALUES (?, ?)');
      for (const { sql, hash, folderMillis } of available.filter((one) => one.folderMillis > (latest ?? 0))) {
        for (const statement of sql) client.exec(statement);
        note.run(hash, folderMillis);
      }
      return client.prepare('SELECT count(*) FROM __drizzle_migrations').pluck().get() as number;
    });
    return { applied: run.immediate(), available: available.length };
  } finally {
    client.close();
  }
}
