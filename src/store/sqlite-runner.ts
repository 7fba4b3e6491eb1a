/**
 * Units of work on SQLite: stepped synchronously, with group commit.
 *
 * Units that arrive in the same turn of the event loop share one `BEGIN IMMEDIATE … COMMIT`, a savepoint each: an error
 * in one takes back only that one, and nobody is answered before the COMMIT has returned, so `synchronous=FULL` holds
 * for every answer at the price of one sync per turn. The queue is bounded; beyond it the store is unavailable.
 * Must never await between BEGIN and COMMIT.
 */
import type { Engine, MigrationState } from './engine.ts';
import { Abandoned, type AnyStatement, type Step, type Unit, withoutNulls } from './statement.ts';
import { StoreUnavailable } from './store.ts';

/** An open file with its statements prepared; open.ts makes it from the driver. */
export interface SqliteConnection {
  readonly inTransaction: () => boolean;
  readonly begin: () => void;
  readonly commit: () => void;
  readonly rollback: () => void;
  readonly savepoint: () => void;
  readonly release: () => void;
  readonly rollbackToSavepoint: () => void;
  /** Returned rows; for a statement that returns none, anything but an array. */
  readonly execute: (statement: AnyStatement, params: Readonly<Record<string, unknown>>) => unknown;
  readonly close: () => void;
}

interface Waiting {
  readonly begin: () => Unit<unknown>;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

type Outcome = { readonly value: unknown } | { readonly error: unknown };

/** Units in one commit; more would hold the event loop for too long. */
const BATCH = 128;
/** Units waiting for a commit before the store says that it is unavailable. */
const QUEUE = 10_000;
/** SQLite's result codes, extended ones included, after which trying later may help. */
const UNAVAILABLE = /^SQLITE_(BUSY|LOCKED|FULL|IOERR|READONLY|CORRUPT|NOTADB|CANTOPEN|PROTOCOL|NOMEM)(_|$)/;
/** After these the connection is not trusted again: it is closed, and the next unit opens another. */
const BROKEN = /^SQLITE_(IOERR|CORRUPT|NOTADB)(_|$)/;

/** Makes the engine. `connect` opens and prepares; it is called again after a failure of the disk. */
export function sqliteEngine(
  connect: () => SqliteConnection,
  migrations: MigrationState,
  log: (message: string) => void,
): Engine {
  const waiting: Waiting[] = [];
  let connection: SqliteConnection | undefined = connect();
  let scheduled = false;
  let closed = false;

  const live = (): SqliteConnection => {
    if (closed) throw new StoreUnavailable('the database is closed');
    connection ??= connect();
    return connection;
  };

  const understood = (error: unknown): unknown => {
    const code = (error as { code?: unknown } | null)?.code;
    if (typeof code !== 'string' || !UNAVAILABLE.test(code)) return error;
    if (BROKEN.test(code)) {
      log(`the database file failed (${code}); it is closed and opened again`);
      dropConnection();
    }
    return new StoreUnavailable(`the database did not take the work (${code})`);
  };

  const dropConnection = (): void => {
    try {
      connection?.close();
    } catch {
      // The disk has failed already; what matters is that this connection is not used again.
    }
    connection = undefined;
  };

  const schedule = (): void => {
    if (scheduled) return;
    scheduled = true;
    setImmediate(flush);
  };

  const flush = (): void => {
    scheduled = false;
    const batch = waiting.splice(0, BATCH);
    if (batch.length === 0) return;
    if (waiting.length > 0) schedule();
    try {
      const outcomes = commitTogether(live(), batch);
      for (const [index, { resolve, reject }] of batch.entries()) {
        const outcome = outcomes[index];
        if (outcome === undefined || 'error' in outcome) reject(understood(outcome?.error));
        else resolve(outcome.value);
      }
    } catch (error) {
      const reason = understood(error);
      for (const { reject } of batch) reject(reason);
    }
  };

  return {
    kind: 'sqlite',
    unit: <T>(begin: () => Unit<T>) =>
      new Promise<T>((resolve, reject) => {
        if (closed || waiting.length >= QUEUE) {
          reject(new StoreUnavailable(closed ? 'the database is closed' : 'too much work is waiting for the database'));
          return;
        }
        waiting.push({ begin, resolve: resolve as (value: unknown) => void, reject });
        schedule();
      }),
    read: async (statement, params) => {
      try {
        return executed(live(), { statement, params: params as Step['params'] }) as never;
      } catch (error) {
        throw understood(error);
      }
    },
    migrations: () => migrations,
    close: async () => {
      while (waiting.length > 0) flush();
      closed = true;
      dropConnection();
    },
  };
}

/** One transaction for the whole batch. Throws when nothing of it was committed. */
function commitTogether(connection: SqliteConnection, batch: readonly Waiting[]): readonly Outcome[] {
  connection.begin();
  try {
    const outcomes = batch.map(({ begin }) => underSavepoint(connection, begin));
    connection.commit();
    return outcomes;
  } catch (error) {
    if (connection.inTransaction()) connection.rollback();
    throw error;
  }
}

/** Runs one unit so that its failure is its own. Throws only when SQLite has given up the whole transaction. */
function underSavepoint(connection: SqliteConnection, begin: () => Unit<unknown>): Outcome {
  connection.savepoint();
  try {
    const value = stepThrough(connection, begin());
    connection.release();
    return { value };
  } catch (error) {
    if (!connection.inTransaction()) throw error;
    connection.rollbackToSavepoint();
    connection.release();
    return error instanceof Abandoned ? { value: undefined } : { error };
  }
}

function stepThrough<T>(connection: SqliteConnection, unit: Unit<T>): T {
  let next = unit.next([]);
  while (next.done !== true) next = unit.next(executed(connection, next.value));
  return next.value;
}

function executed(connection: SqliteConnection, { statement, params }: Step): readonly unknown[] {
  const rows = connection.execute(statement, params);
  return Array.isArray(rows) ? rows.map(withoutNulls) : [];
}
