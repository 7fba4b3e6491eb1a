/**
 * Opens the database, brings its tables up to date and hands out the store. Each engine has a file that alone imports
 * its driver. Must never drop or rewrite data on its own.
 */
import type { Engine } from './engine.ts';
import type { Store } from './store.ts';
import type { MarkRow, NewId } from './verbs/audit.ts';
import { storeOver } from './verbs/index.ts';

export type DatabaseLocation =
  | { readonly engine: 'sqlite'; readonly file: string }
  | { readonly engine: 'postgres'; readonly url: string };

export interface OpenOptions {
  /** Operational messages, never stored values. */
  readonly log: (message: string) => void;
  /** Mints the ids of audit rows, and the name of this instance. */
  readonly newId: NewId;
  /** For how long any instance keeps anything about access in memory, in milliseconds; 0 when none does. */
  readonly keptMs: number;
}

/**
 * Opens the store with its tables up to date. Rejects when the database cannot be opened or migrated. `keptMs` has to be
 * the same for everybody who opens this database, for it is how long a revocation waits for an instance that is silent.
 */
export async function openStore(
  database: DatabaseLocation,
  log: OpenOptions['log'],
  newId: NewId,
  markRow: MarkRow,
  keptMs = 0,
): Promise<Store> {
  return storeOver(await openEngine(database, log, newId, keptMs), newId, markRow);
}

/** The engine beneath openStore. */
export async function openEngine(
  database: DatabaseLocation,
  log: OpenOptions['log'],
  newId: NewId,
  keptMs = 0,
): Promise<Engine> {
  const options = { log, newId, keptMs };
  // The driver of the other engine is never loaded.
  if (database.engine === 'sqlite') return (await import('./open-sqlite.ts')).openSqlite(database.file, options);
  return (await import('./open-postgres.ts')).openPostgres(database.url, options);
}
