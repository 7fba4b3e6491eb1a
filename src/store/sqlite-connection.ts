/**
 * The one connection to a SQLite file: opened again after a failure of the disk, and watched for commits of others.
 *
 * Must never be used again after an error that says that what it holds may be wrong.
 */
import type { AnyStatement } from './statement.ts';
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
  /** Another number than before when another connection has committed, in this process or another. */
  readonly dataVersion: () => number;
  /** Rows changed since the connection was opened. */
  readonly totalChanges: () => number;
  readonly close: () => void;
}

/** SQLite's result codes, extended ones included, after which trying later may help. */
const UNAVAILABLE = /^SQLITE_(BUSY|LOCKED|FULL|IOERR|READONLY|CORRUPT|NOTADB|CANTOPEN|PROTOCOL|NOMEM)(_|$)/;
/** After these the connection is not trusted again: it is closed, and the next unit opens another. */
const BROKEN = /^SQLITE_(IOERR|CORRUPT|NOTADB)(_|$)/;

export interface OpenFile {
  readonly live: () => SqliteConnection;
  /** What the caller may see of an error; closes a connection that is not to be trusted. */
  readonly understood: (error: unknown) => unknown;
  readonly mark: () => number | undefined;
  /** Something ended: whatever was known before is not relied on any more. */
  readonly forget: () => void;
  readonly isClosed: () => boolean;
  readonly close: () => void;
}

/** Ends of access committed by this process, whichever store on whichever file did it. */
let endedHere = 0;

/**
 * The connection, opened again when it fails; and what other processes have changed meanwhile.
 *
 * For that it looks once in a turn of the event loop: what another process has answered reaches anybody who could ask
 * here only with a later turn, as the requests of a turn were in the kernel's hands before the look.
 */
export function openFile(connect: () => SqliteConnection, log: (message: string) => void): OpenFile {
  let connection: SqliteConnection | undefined = connect();
  let closed = false;
  let generation = 1;
  let version = connection.dataVersion();
  let lookedUnder: number | undefined;
  const nextTurn = (): void => {
    lookedUnder = undefined;
  };

  const live = (): SqliteConnection => {
    if (closed) throw new StoreUnavailable('the database is closed');
    connection ??= connect();
    return connection;
  };
  const look = (): void => {
    const seen = live().dataVersion();
    if (seen !== version) generation += 1;
    version = seen;
    if (lookedUnder === undefined) setImmediate(nextTurn);
    lookedUnder = endedHere;
  };
  const drop = (): void => {
    try {
      connection?.close();
    } catch {
      // The disk has failed already; what matters is that this connection is not used again.
    }
    connection = undefined;
    generation += 1;
  };
  return {
    live,
    understood: (error) => {
      const code = (error as { code?: unknown } | null)?.code;
      if (typeof code !== 'string' || !UNAVAILABLE.test(code)) return error;
      if (BROKEN.test(code)) {
        log(`the database file failed (${code}); it is closed and opened again`);
        drop();
      }
      return new StoreUnavailable(`the database did not take the work (${code})`);
    },
    mark: () => {
      try {
        if (lookedUnder !== endedHere) look();
        return generation;
      } catch {
        return undefined;
      }
    },
    forget: () => {
      endedHere += 1;
      generation += 1;
    },
    isClosed: () => closed,
    close: () => {
      closed = true;
      drop();
    },
  };
}
