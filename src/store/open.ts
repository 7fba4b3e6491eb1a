/**
 * Opens the database, brings its tables up to date and hands out the store; the only importer of database drivers.
 *
 * SQLite: WAL with `synchronous=FULL`, so that what was answered survives power loss; no memory map, so that a failing
 * disk is an error and not a signal. Postgres: bounded waits everywhere, and migrations under an advisory lock, so that
 * of several instances starting at once one migrates and the others wait. Must never drop or rewrite data on its own.
 */
import { closeSync, existsSync, mkdirSync, openSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Sqlite from 'better-sqlite3';
import { drizzle as drizzleSqlite } from 'drizzle-orm/better-sqlite3';
import { readMigrationFiles } from 'drizzle-orm/migrator';
import { drizzle as drizzlePg } from 'drizzle-orm/node-postgres';
import { migrate as migratePg } from 'drizzle-orm/node-postgres/migrator';
import pg from 'pg';
import type { Engine, MigrationState } from './engine.ts';
import { type PgConnection, postgresEngine } from './postgres-runner.ts';
import { pgTables } from './schema.pg.ts';
import { sqliteTables } from './schema.sqlite.ts';
import { type SqliteConnection, sqliteEngine } from './sqlite-runner.ts';
import type { AnyStatement, Db } from './statement.ts';
import { statements } from './statements/index.ts';
import type { Store } from './store.ts';
import type { MarkRow, NewId } from './verbs/audit.ts';
import { storeOver } from './verbs/index.ts';

export type DatabaseLocation =
  | { readonly engine: 'sqlite'; readonly file: string }
  | { readonly engine: 'postgres'; readonly url: string };

type Log = (message: string) => void;

const BUSY_TIMEOUT_MS = 5000;
const POOL_SIZE = 20;
const POOL_WAIT_MS = 3000;
const STATEMENT_TIMEOUT_MS = 5000;
const LOCK_TIMEOUT_MS = 3000;
const IDLE_IN_TRANSACTION_TIMEOUT_MS = 10_000;
/** Given up on our side when not even the database's own timeout has answered: the network is gone. */
const ANSWER_TIMEOUT_MS = 8000;
/** Names the advisory lock under which one instance migrates; any fixed number will do. */
const MIGRATION_LOCK = 7_295_104_387;

/**
 * Opens the store with its tables up to date. Rejects when the database cannot be opened or migrated.
 * `log` gets operational messages, never stored values. `newId` mints the ids of audit rows, `markRow` signs for them.
 */
export async function openStore(database: DatabaseLocation, log: Log, newId: NewId, markRow: MarkRow): Promise<Store> {
  return storeOver(await openEngine(database, log), newId, markRow);
}

/** The engine beneath openStore. */
export async function openEngine(database: DatabaseLocation, log: Log): Promise<Engine> {
  return database.engine === 'sqlite' ? openSqlite(database.file, log) : openPostgres(database.url, log);
}

function openSqlite(file: string, log: Log): Engine {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  // Made here and not by SQLite, because its WAL and shared-memory files take over this file's mode.
  closeSync(openSync(file, 'a', 0o600));
  const migrations = migrateSqlite(file);
  return sqliteEngine(() => connectSqlite(file), migrations, log);
}

function connectSqlite(file: string): SqliteConnection {
  const client = new Sqlite(file, { timeout: BUSY_TIMEOUT_MS });
  try {
    const mode = client.pragma('journal_mode = WAL', { simple: true });
    if (mode !== 'wal')
      throw new Error(`the database file cannot use a write-ahead log (journal mode ${String(mode)})`);
    for (const pragma of ['synchronous = FULL', 'foreign_keys = ON', 'mmap_size = 0']) client.pragma(pragma);
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
    close: () => client.close(),
  };
}

/**
 * drizzle's own SQLite migrator reads the state before its BEGIN, so of two processes starting at once the later one
 * fails. This one asks inside `BEGIN IMMEDIATE`, in the same table. A kill at any moment leaves all or nothing.
 */
function migrateSqlite(file: string): MigrationState {
  const available = readMigrationFiles({ migrationsFolder: migrationsFolder('sqlite') });
  const client = new Sqlite(file, { timeout: BUSY_TIMEOUT_MS });
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

async function openPostgres(url: string, log: Log): Promise<Engine> {
  const migrations = await migratePostgres(url, log);
  const pool = new pg.Pool({
    connectionString: url,
    max: POOL_SIZE,
    connectionTimeoutMillis: POOL_WAIT_MS,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    lock_timeout: LOCK_TIMEOUT_MS,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_TIMEOUT_MS,
    query_timeout: ANSWER_TIMEOUT_MS,
    keepAlive: true,
    application_name: 'consent-broker',
  });
  // Without listeners a connection that breaks, idle or lent, would end the process.
  const lost = (error: Error) =>
    log(`a database connection was lost (${(error as { code?: string }).code ?? 'no code'})`);
  pool.on('error', lost);
  pool.on('connect', (client) => client.on('error', () => undefined));
  let ended: Promise<void> | undefined;
  const end = () => {
    ended ??= pool.end();
    return ended;
  };
  return postgresEngine({ acquire: async () => pgConnection(await pool.connect()), end }, migrations);
}

interface PgPrepared {
  execute(params: Readonly<Record<string, unknown>>): Promise<unknown>;
}

const preparedOn = new WeakMap<pg.PoolClient, Map<AnyStatement, PgPrepared>>();

function pgConnection(client: pg.PoolClient): PgConnection {
  const prepared = preparedOn.get(client) ?? new Map<AnyStatement, PgPrepared>();
  preparedOn.set(client, prepared);
  return {
    command: (text) => client.query(text),
    execute: (statement, params) => {
      let query = prepared.get(statement);
      if (query === undefined) {
        const built = statement.build(drizzlePg(client) as unknown as Db, pgTables);
        query = (built as { prepare(name: string): PgPrepared }).prepare(statement.name);
        prepared.set(statement, query);
      }
      return query.execute(params);
    },
    release: (broken) => client.release(broken),
  };
}

/** On a connection of its own without time limits: the one that waits for the lock waits for the other's migration. */
async function migratePostgres(url: string, log: Log): Promise<MigrationState> {
  const folder = migrationsFolder('postgres');
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: POOL_WAIT_MS,
    application_name: 'consent-broker',
  });
  client.on('error', () => undefined);
  await client.connect();
  try {
    await client.query('select pg_advisory_lock($1)', [MIGRATION_LOCK]);
    await migratePg(drizzlePg(client), { migrationsFolder: folder });
    const { rows } = await client.query('select count(*)::int as applied from drizzle.__drizzle_migrations');
    const { rows: settings } = await client.query('show synchronous_commit');
    if (settings[0]?.synchronous_commit === 'off') {
      log(
        'this database answers before its commits are durable (synchronous_commit is off): a crash can lose approvals and revive revoked access',
      );
    }
    return { applied: rows[0].applied, available: readMigrationFiles({ migrationsFolder: folder }).length };
  } finally {
    await client.end();
  }
}

/** `migrations/` lies beside package.json, which is found upwards from here, from `src/` and from `dist/` alike. */
function migrationsFolder(dialect: 'sqlite' | 'postgres'): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) {
    if (folder === dirname(folder)) throw new Error('the package of the broker was not found above its own code');
    folder = dirname(folder);
  }
  return join(folder, 'migrations', dialect);
}
