/**
 * Opens a Postgres database; the only importer of its driver.
 *
 * Every wait is bounded, and no broken connection ends the process. Migrations run under an advisory lock: of several
 * instances that start at once one migrates and the others wait; one that is killed leaves all or nothing, and the lock.
 * Must never answer before a commit is durable: where the database would, its sessions here are told to wait.
 */
import { readMigrationFiles } from 'drizzle-orm/migrator';
import { drizzle as drizzlePg } from 'drizzle-orm/node-postgres';
import { migrate as migratePg } from 'drizzle-orm/node-postgres/migrator';
import pg from 'pg';
import { LOCAL, timeOfDatabase } from './database-time.ts';
import type { Engine, MigrationState } from './engine.ts';
import { migrationsFolder } from './migrations-folder.ts';
import type { OpenOptions } from './open.ts';
import { type ListeningConnection, openReach } from './postgres-reach.ts';
import { type PgConnection, postgresEngine } from './postgres-runner.ts';
import { pgTables } from './schema.pg.ts';
import type { AnyStatement, Db } from './statement.ts';

const POOL_SIZE = 20;
const POOL_WAIT_MS = 5000;
const STATEMENT_TIMEOUT_MS = 4500;
const LOCK_TIMEOUT_MS = 3000;
const IDLE_IN_TRANSACTION_TIMEOUT_MS = 10_000;
/** Given up on our side when not even the database's own timeout has answered: the network is gone. */
const ANSWER_TIMEOUT_MS = 5000;
const LISTENING_TIMEOUT_MS = 2000;
/** At the end, connections that are still lent are left to themselves after this. */
const END_MS = 2000;
/** Names the advisory lock under which one instance migrates; any fixed number will do. */
const MIGRATION_LOCK = 7_295_104_387;

const APPLICATION = { application_name: 'consent-broker' } as const;

export async function openPostgres(url: string, { log, newId, keptMs }: OpenOptions): Promise<Engine> {
  const { migrations, waitsForDisk } = await migratePostgres(url, log);
  const pool = openPool(url, waitsForDisk, log);
  const time = timeOfDatabase();
  const connect = () => listeningConnection(url);
  try {
    const reach = await openReach({ instance: newId('ins'), boundMs: keptMs, connect, time, clocks: LOCAL, log });
    const connections = { acquire: async () => pgConnection(await pool.connect()), end: ender(pool) };
    return postgresEngine({ connections, migrations, time, reach });
  } catch (error) {
    await pool.end();
    throw error;
  }
}

function openPool(url: string, waitsForDisk: boolean, log: (message: string) => void): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    max: POOL_SIZE,
    connectionTimeoutMillis: POOL_WAIT_MS,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    lock_timeout: LOCK_TIMEOUT_MS,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_TIMEOUT_MS,
    query_timeout: ANSWER_TIMEOUT_MS,
    keepAlive: true,
    ...APPLICATION,
  });
  // Without listeners a connection that breaks, idle or lent, would end the process.
  const lost = (error: Error) =>
    log(`a database connection was lost (${(error as { code?: string }).code ?? 'no code'})`);
  pool.on('error', lost);
  pool.on('connect', (client) => {
    client.on('error', () => undefined);
    // First in the queue of a new connection, so nothing is committed before it.
    if (!waitsForDisk) client.query('set synchronous_commit = on').catch(() => undefined);
  });
  return pool;
}

/** Idempotent, and bounded: a connection that hangs must not keep the process. */
function ender(pool: pg.Pool): () => Promise<void> {
  let ended: Promise<void> | undefined;
  return () => {
    ended ??= Promise.race([pool.end(), new Promise<void>((resolve) => setTimeout(resolve, END_MS).unref())]);
    return ended;
  };
}

async function listeningConnection(url: string): Promise<ListeningConnection> {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: POOL_WAIT_MS,
    statement_timeout: LISTENING_TIMEOUT_MS,
    query_timeout: LISTENING_TIMEOUT_MS,
    keepAlive: true,
    ...APPLICATION,
  });
  client.on('error', () => undefined);
  await client.connect();
  return {
    query: async (text, params = []) => (await client.query(text, [...params])).rows,
    onNotice: (hear) => void client.on('notification', ({ channel, payload }) => hear(channel, payload ?? '')),
    onEnd: (ended) => void client.once('end', ended),
    end: () => client.end().catch(() => undefined),
  };
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
    notify: (channel, payload) => client.query('select pg_notify($1, $2)', [channel, payload]),
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

interface Migrated {
  readonly migrations: MigrationState;
  /** Whether a session of this database waits for the disk at a commit unless told otherwise. */
  readonly waitsForDisk: boolean;
}

/** On a connection of its own without time limits: the one that waits for the lock waits for the other's migration. */
async function migratePostgres(url: string, log: (message: string) => void): Promise<Migrated> {
  const folder = migrationsFolder('postgres');
  const limits = { statement_timeout: 0, lock_timeout: 0 };
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: POOL_WAIT_MS,
    ...limits,
    ...APPLICATION,
  });
  client.on('error', () => undefined);
  await client.connect();
  try {
    await client.query('set synchronous_commit = on');
    await client.query('select pg_advisory_lock($1)', [MIGRATION_LOCK]);
    await migratePg(drizzlePg(client), { migrationsFolder: folder });
    const { rows } = await client.query('select count(*)::int as applied from drizzle.__drizzle_migrations');
    const available = readMigrationFiles({ migrationsFolder: folder }).length;
    return { migrations: { applied: rows[0].applied, available }, waitsForDisk: await durability(client, log) };
  } finally {
    await client.end();
  }
}

/** What the operator has switched off costs approvals and revives revoked access at a crash, so it is said aloud. */
async function durability(client: pg.Client, log: (message: string) => void): Promise<boolean> {
  const { rows } = await client.query(
    `select (select reset_val from pg_settings where name = 'synchronous_commit') as commits, current_setting('fsync') as fsync`,
  );
  if (rows[0]?.fsync === 'off')
    log('this database never waits for its disk (fsync is off): a crash can lose approvals and revive revoked access');
  if (rows[0]?.commits !== 'off') return true;
  log('synchronous_commit is off in this database; the sessions of this instance have it on');
  return false;
}
