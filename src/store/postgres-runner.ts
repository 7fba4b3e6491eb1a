/**
 * Units of work on Postgres: each step awaited inside one `read committed` transaction on one pooled client.
 *
 * Conditional writes decide every race, so `read committed` is enough and nobody fails to serialise; deadlocks and
 * serialisation failures are retried as whole units, at most three times, with jitter. What means "away or too busy"
 * becomes StoreUnavailable; after a connection lost during COMMIT it is not known whether the unit was committed.
 * Must never let an error carry stored values: drizzle's errors and Postgres's details do.
 */
import { DrizzleQueryError } from 'drizzle-orm/errors';
import type { DatabaseTime } from './database-time.ts';
import { Effect } from './ends.ts';
import type { Engine, MigrationState } from './engine.ts';
import type { Notice, Reach } from './postgres-reach.ts';
import { Abandoned, type AnyStatement, type Step, type Unit, withoutNulls } from './statement.ts';
import { StoreUnavailable } from './store.ts';

/** One pooled connection; open.ts makes it from the driver. */
export interface PgConnection {
  readonly command: (sql: string) => Promise<unknown>;
  /** Tells every listener of the channel, with the commit of the transaction and not before. */
  readonly notify: (channel: string, payload: string) => Promise<unknown>;
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
  /^(Connection terminated|timeout exceeded when trying to connect|timeout expired|Query read timeout|Client has encountered|Cannot use a pool)/;

export interface PostgresSettings {
  readonly connections: PgConnections;
  readonly migrations: MigrationState;
  readonly time: DatabaseTime;
  readonly reach: Reach;
}

export function postgresEngine({ connections, migrations, time, reach }: PostgresSettings): Engine {
  const outstanding = new Set<Promise<void>>();
  const reached = async (): Promise<void> => void (await Promise.all(outstanding));
  const follow = (heard: Promise<void>): void => {
    outstanding.add(heard);
    void heard.then(() => outstanding.delete(heard));
  };

  return {
    kind: 'postgres',
    time,
    unit: async (begin, { reachLater = false } = {}) => {
      const { value, notice } = await untilThrough(() => transaction(connections, reach, begin));
      const heard = notice?.heard();
      if (heard !== undefined) follow(heard);
      if (!reachLater) await heard;
      return value;
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
    reached,
    mark: () => reach.mark(),
    trouble: () => (time.agrees() ? undefined : 'clock'),
    migrations: () => migrations,
    close: async () => {
      await reach.close();
      await connections.end();
    },
  };
}

async function untilThrough<T>(attempt: () => Promise<T>): Promise<T> {
  for (let tries = 0; ; tries += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (tries >= RETRIES || !RETRYABLE.has(codeOf(error))) throw understood(error);
      await new Promise((resolve) => setTimeout(resolve, Math.random() * RETRY_SPREAD_MS * (tries + 1)));
    }
  }
}

interface Committed<T> {
  readonly value: T;
  /** What every instance has to hear of; undefined when the unit ended nothing. */
  readonly notice: Notice | undefined;
}

function transaction<T>(connections: PgConnections, reach: Reach, begin: () => Unit<T>): Promise<Committed<T>> {
  return withConnection(connections, async (connection) => {
    await connection.command('begin isolation level read committed');
    const effect = new Effect();
    try {
      const value = await stepThrough(connection, begin(), effect);
      if (effect.endedAccess) return { value, notice: await commitAndTell(connection, reach) };
      await connection.command('commit');
      return { value, notice: undefined };
    } catch (error) {
      if (!isAway(error)) await connection.command('rollback');
      if (error instanceof Abandoned) return { value: undefined as T, notice: undefined };
      throw error;
    }
  });
}

/** Whatever becomes of the commit, this instance forgets: a connection lost in the middle may have committed. */
async function commitAndTell(connection: PgConnection, reach: Reach): Promise<Notice> {
  const notice = reach.announce();
  try {
    await connection.notify(notice.channel, notice.payload);
    await connection.command('commit');
  } finally {
    notice.sent();
  }
  return notice;
}

async function stepThrough<T>(connection: PgConnection, unit: Unit<T>, effect: Effect): Promise<T> {
  let next = unit.next([]);
  while (next.done !== true) {
    const rows = await executed(connection, next.value);
    effect.note(next.value.statement, rows.length);
    next = unit.next(rows);
  }
  return next.value;
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
