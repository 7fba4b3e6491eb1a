/**
 * Units of work on SQLite: stepped synchronously, with group commit.
 *
 * Units that arrive in the same turn of the event loop share one `BEGIN IMMEDIATE … COMMIT`, a savepoint each: an error
 * in one takes back only that one, and nobody is answered before the COMMIT has returned, so `synchronous=FULL` holds
 * for every answer at the price of one sync per turn. Units take their turns in the order they came, and a batch ends
 * after a few milliseconds, so that reads get theirs. The queue is bounded; beyond it the store is unavailable.
 * Must never await between BEGIN and COMMIT.
 */
import { type DatabaseTime, LOCAL, timeOfThisMachine } from './database-time.ts';
import { Effect } from './ends.ts';
import type { Engine, MigrationState } from './engine.ts';
import { type OpenFile, openFile, type SqliteConnection } from './sqlite-connection.ts';
import type { Space } from './sqlite-space.ts';
import { Abandoned, type Step, type Unit, withoutNulls } from './statement.ts';
import { StoreUnavailable } from './store.ts';

interface Waiting {
  readonly begin: () => Unit<unknown>;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

type Outcome = { readonly value: unknown; readonly effect: Effect } | { readonly error: unknown };

/** What a batch may take before it is committed, so that nothing else waits for long. */
const BATCH = { units: 128, ms: 8 } as const;
/** How long another process may write before units are refused, and how often this one tries in between. */
const BUSY = { waitMs: 5_000, pauseMs: 5 } as const;
/** Units waiting for a commit before the store says that it is unavailable: about a second's work. */
const QUEUE = 4_000;
export interface SqliteSettings {
  /** Opens and prepares; called again after a failure of the disk. */
  readonly connect: () => SqliteConnection;
  readonly migrations: MigrationState;
  readonly space: Space;
  readonly log: (message: string) => void;
  readonly time?: DatabaseTime;
  readonly steadyMs?: () => number;
}

export function sqliteEngine(settings: SqliteSettings): Engine {
  const { migrations, space, time = timeOfThisMachine() } = settings;
  const file = openFile(settings.connect, settings.log);
  const queue = groupCommit(file, settings);
  return {
    kind: 'sqlite',
    time,
    unit: queue.unit,
    read: async (statement, params) => {
      try {
        return executed(file.live(), { statement, params: params as Step['params'] }) as never;
      } catch (error) {
        throw file.understood(error);
      }
    },
    // What this process ended it forgot with the commit; others notice by themselves before they answer from memory.
    reached: async () => undefined,
    mark: file.mark,
    trouble: () => (!time.agrees() ? 'clock' : space.isFull() ? 'disk' : undefined),
    migrations: () => migrations,
    close: async () => {
      queue.finish();
      file.close();
    },
  };
}

/** Units in the order they came, as many to a commit as arrived in one turn of the event loop. */
function groupCommit(file: OpenFile, { space, steadyMs = LOCAL.steady }: SqliteSettings) {
  const waiting: Waiting[] = [];
  let scheduled = false;
  let busySince: number | undefined;

  const schedule = (): void => {
    if (scheduled) return;
    scheduled = true;
    if (busySince === undefined) setImmediate(flush);
    else setTimeout(flush, BUSY.pauseMs);
  };

  const flush = (): void => {
    scheduled = false;
    const [batch, outcomes] = commitNext(space.isFull());
    if (waiting.length > 0) schedule();
    for (const [index, { resolve, reject }] of batch.entries()) {
      const outcome = outcomes[index];
      if (outcome === undefined || 'error' in outcome) reject(file.understood(outcome?.error));
      else resolve(outcome.value);
    }
  };

  /** Takes units off the queue and commits them; where nothing was committed, each has the same error. */
  const commitNext = (full: boolean): [readonly Waiting[], readonly Outcome[]] => {
    const until = steadyMs() + BATCH.ms;
    let taken = 0;
    const units = function* () {
      while (taken < Math.min(BATCH.units, waiting.length) && (taken === 0 || steadyMs() < until)) {
        taken += 1;
        yield (waiting[taken - 1] as Waiting).begin;
      }
    };
    try {
      const outcomes = commitTogether(file.live(), full, units);
      busySince = undefined;
      if (outcomes.some((outcome) => 'effect' in outcome && outcome.effect.endedAccess)) file.forget();
      return [waiting.splice(0, taken), outcomes];
    } catch (error) {
      if (taken === 0 && isBusy(error) && mayWait()) return [[], []];
      // The same units once more, on the room that was kept: what only ends something goes through.
      if (hasNoRoom(error) && space.ranOut()) return commitNext(true);
      busySince = undefined;
      const batch = waiting.splice(0, taken === 0 ? BATCH.units : taken);
      return [batch, batch.map(() => ({ error }))];
    }
  };

  /** Another process writes: this one tries again in a moment, and answers reads meanwhile. */
  const mayWait = (): boolean => {
    busySince ??= steadyMs();
    return !file.isClosed() && steadyMs() - busySince < BUSY.waitMs;
  };

  return {
    unit: <T>(begin: () => Unit<T>) =>
      new Promise<T>((resolve, reject) => {
        if (file.isClosed() || waiting.length >= QUEUE) {
          reject(
            new StoreUnavailable(
              file.isClosed() ? 'the database is closed' : 'too much work is waiting for the database',
            ),
          );
          return;
        }
        waiting.push({ begin, resolve: resolve as (value: unknown) => void, reject });
        schedule();
      }),
    /** Does at once what is waiting still; for the end of the process. */
    finish: () => {
      while (waiting.length > 0) flush();
    },
  };
}

const codeOf = (error: unknown): string => String((error as { code?: unknown } | null)?.code);
const hasNoRoom = (error: unknown): boolean => /^SQLITE_FULL/.test(codeOf(error));
const isBusy = (error: unknown): boolean => /^SQLITE_BUSY/.test(codeOf(error));

/** One transaction for the whole batch. Throws when nothing of it was committed. */
function commitTogether(
  connection: SqliteConnection,
  full: boolean,
  units: () => Iterable<() => Unit<unknown>>,
): readonly Outcome[] {
  connection.begin();
  try {
    const outcomes: Outcome[] = [];
    for (const begin of units()) outcomes.push(underSavepoint(connection, full, begin));
    connection.commit();
    return outcomes;
  } catch (error) {
    if (connection.inTransaction()) connection.rollback();
    throw error;
  }
}

/** Runs one unit so that its failure is its own. Throws when SQLite has given up the whole transaction, or has no room. */
function underSavepoint(connection: SqliteConnection, full: boolean, begin: () => Unit<unknown>): Outcome {
  connection.savepoint();
  const before = full ? connection.totalChanges() : 0;
  const effect = new Effect();
  try {
    const value = stepThrough(connection, begin(), effect);
    if (full && !effect.onlyEnds && connection.totalChanges() !== before)
      throw new StoreUnavailable('the disk of the database is full');
    connection.release();
    return { value, effect };
  } catch (error) {
    if (!connection.inTransaction() || hasNoRoom(error)) throw error;
    connection.rollbackToSavepoint();
    connection.release();
    return error instanceof Abandoned ? { value: undefined, effect: new Effect() } : { error };
  }
}

function stepThrough<T>(connection: SqliteConnection, unit: Unit<T>, effect: Effect): T {
  let next = unit.next([]);
  while (next.done !== true) {
    const rows = executed(connection, next.value);
    effect.note(next.value.statement, rows.length);
    next = unit.next(rows);
  }
  return next.value;
}

function executed(connection: SqliteConnection, { statement, params }: Step): readonly unknown[] {
  const rows = connection.execute(statement, params);
  return Array.isArray(rows) ? rows.map(withoutNulls) : [];
}
