/**
 * Units of work on Postgres: each step awaited inside one `read committed` transaction on one pooled client.
 *
 * Conditional writes decide every race, so `read committed` is enough and nobody fails to serialise; deadlocks and
 * serialisation failures are retried as whole units, at most three times, with jitter. What means "away or too busy"
 * becomes StoreUnavailable; after a connection lost during COMMIT it is not known whether the unit was committed.
 * Must never let an error carry stored values: drizzle's errors and Postgres's details do.
 */
import { DrizzleQueryError } from 'drizzle-orm/errors';
import type { Engine, MigrationState } from './engine.ts';
import { Abandoned, type AnyStatement, type Step, type Unit, withoutNulls } from './statement.ts';
import { StoreUnavailable } from './store.ts';

/** One pooled connection; open.ts makes it from the driver. */
export interface PgConnection {
  readonly command: (sql: string) => Promise<unknown>;
  /** Executes by name, preparing on this connection at first use. Anything but an array means: no rows returned. */
  readonly execute: (statement: AnyStatement, params: Readonly<Record<string, unknown>>) => Promise<unknown>;
  /** Gives the connection back, or destroys it when it is not to be trusted. */
  readonly release: (broken: boolean) => void;
}

export interface PgConnections {
  readonly acquire: () => Promise<PgConnection>;
  readonly end: () => Promise<void>;
}

const RETRIES = 3;
const RETRY_SPREAD_MS = 20;
/** serialization_failure, deadlock_detected: the whole unit may simply be tried again. */
const RETRYABLE = new Set(['40001', '40P01']);
/**
 * Classes and codes of PostgreSQL's appendix A after which trying later may help: connection (08), resources (53),
 * shutdown (57P), statement timeout (57014), lock timeout (55P03), idle in transaction (25P03), a standby that only
 * reads (25006), a database closed for maintenance (55000), who may connect (28) and where to (3D).
 */
const UNAVAILABLE = /^(08|53|57P|28|3D)|^(57014|55000|55P03|25P03|25006|40001|40P01)$/;
const AWAY = /^(ECONN|ETIMEDOUT|EPIPE|ENOTFOUND|EAI_AGAIN|EHOST|ENET|ENOENT)/;
/** node-postgres gives these no code. */
const AWAY_TEXT =
  /^(Connection terminated|timeout exceeded when trying to connect|Query read timeout|Client has encountered|Cannot use a pool)/;

export function postgresEngine(connections: PgConnections, migrations: MigrationState): Engine {
  return {
    kind: 'postgres',
    unit: async (begin) => {
      for (let attempt = 0; ; attempt += 1) {
        try {
          return await transaction(connections, begin);
        } catch (error) {
          if (attempt >= RETRIES || !RETRYABLE.has(codeOf(error))) throw understood(error);
          await new Promise((resolve) => setTimeout(resolve, Math.random() * RETRY_SPREAD_MS * (attempt + 1)));
        }
      }
    },
    read: async (statement, params) => {
      try {
        return (await withConnection(connections, (connection) =>
          executed(connection, { statement, params: params as Step['params'] }),
        )) as never;
      } catch (error) {
        throw understood(error);
      }
    },
    migrations: () => migrations,
    close: () => connections.end(),
  };
}

async function transaction<T>(connections: PgConnections, begin: () => Unit<T>): Promise<T> {
  return withConnection(connections, async (connection) => {
    await connection.command('begin isolation level read committed');
    try {
      const unit = begin();
      let next = unit.next([]);
      while (next.done !== true) next = unit.next(await executed(connection, next.value));
      await connection.command('commit');
      return next.value;
    } catch (error) {
      if (!isAway(error)) await connection.command('rollback');
      if (error instanceof Abandoned) return undefined as T;
      throw error;
    }
  });
}

/** Lends a connection; after a failure of the connection itself, or of a rollback, it is not used again. */
async function withConnection<T>(
  connections: PgConnections,
  work: (connection: PgConnection) => Promise<T>,
): Promise<T> {
  const connection = await connections.acquire();
  try {
    const result = await work(connection);
    connection.release(false);
    return result;
  } catch (error) {
    connection.release(isAway(error));
    throw error;
  }
}

async function executed(connection: PgConnection, { statement, params }: Step): Promise<readonly unknown[]> {
  const rows = await connection.execute(statement, params);
  return Array.isArray(rows) ? rows.map(withoutNulls) : [];
}

/** drizzle wraps the driver's error in one whose message repeats every parameter. */
const causeOf = (error: unknown): unknown => (error instanceof DrizzleQueryError ? error.cause : error);

const codeOf = (error: unknown): string => {
  const code = (causeOf(error) as { code?: unknown } | null | undefined)?.code;
  return typeof code === 'string' ? code : '';
};

const isAway = (error: unknown): boolean => {
  const cause = causeOf(error);
  const code = codeOf(cause);
  return AWAY.test(code) || /^(08|57P)/.test(code) || (cause instanceof Error && AWAY_TEXT.test(cause.message));
};

/** What the caller may see: unavailable, or the database's message and code without its details. */
function understood(error: unknown): unknown {
  const cause = causeOf(error);
  const code = codeOf(cause);
  if (UNAVAILABLE.test(code) || isAway(cause))
    return new StoreUnavailable(`the database did not take the work (${code || 'connection'})`);
  if (!(cause instanceof Error) || code === '') return cause;
  return Object.assign(new Error(`${cause.message} (${code})`), { code });
}
