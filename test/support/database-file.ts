/**
 * What a suite may look up in a broker's SQLite file while the broker runs, and rows from before a check existed.
 *
 * Opens the file anew for every question, read-only unless it plants something.
 */
import Database from 'better-sqlite3';
import type { TestBroker } from './broker.ts';

type Row = Record<string, unknown>;
type Asked = Pick<TestBroker, 'databaseFile'>;

function openFile<T>(setting: Asked, readonly: boolean, work: (database: Database.Database) => T): T {
  if (setting.databaseFile === undefined) throw new Error('this broker keeps no SQLite file');
  const database = new Database(setting.databaseFile, { readonly, timeout: 5000 });
  try {
    return work(database);
  } finally {
    database.close();
  }
}

export const rows = (setting: Asked, sql: string, ...values: readonly unknown[]): readonly Row[] =>
  openFile(setting, true, (database) => database.prepare(sql).all(...values) as Row[]);

export const count = (setting: Asked, table: string, where = '1 = 1', ...values: readonly unknown[]): number =>
  Number(rows(setting, `SELECT count(*) AS n FROM ${table} WHERE ${where}`, ...values)[0]?.n);

/** Audit rows of one event, in order, with their details parsed. */
export const auditRows = (setting: Asked, event: string): readonly Row[] =>
  rows(setting, 'SELECT * FROM audit WHERE event = ? ORDER BY seq', event).map((row) => ({
    ...row,
    details: JSON.parse(String(row.details)),
  }));

/** Journeys that hold an upstream state, which only an approval may bring. */
export const stateRows = (setting: Asked): number => count(setting, 'journeys', 'upstream_state_hash IS NOT NULL');

/** Changes rows behind the broker's back, as an earlier version or another hand would have left them. */
export const plant = (setting: Asked, sql: string, ...values: readonly unknown[]): number =>
  openFile(setting, false, (database) => database.prepare(sql).run(...values).changes);
