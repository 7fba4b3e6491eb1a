/** A second connection to a broker's SQLite file: to look at rows, and to change them behind the broker's back. */
import Sqlite from 'better-sqlite3';

const countOf = (table: string): string =>
  `select count(*) as n from "${table}"${table === 'audit' ? " where event not in ('request.refused', 'requests.refused')" : ''}`;

type Row = Record<string, unknown>;

export interface Database {
  all(sql: string, ...values: unknown[]): Row[];
  get(sql: string, ...values: unknown[]): Row | undefined;
  /** Returns how many rows changed. */
  run(sql: string, ...values: unknown[]): number;
  /** Rows of every table, but for the record of what was refused, which is written behind the answers. */
  counts(): Record<string, number>;
  close(): void;
}

export function openDatabase(file: string | undefined): Database {
  if (file === undefined) throw new Error('only a broker on SQLite has a database file');
  const db = new Sqlite(file, { timeout: 5000 });
  return {
    all: (sql, ...values) => db.prepare(sql).all(...values) as Row[],
    get: (sql, ...values) => db.prepare(sql).get(...values) as Row | undefined,
    run: (sql, ...values) => db.prepare(sql).run(...values).changes,
    counts: () => {
      const tables = db
        .prepare(
          "select name from sqlite_master where type = 'table' and name not like 'sqlite_%' and name not in ('flow_steps', 'audit_seals', 'leases')",
        )
        .all() as { name: string }[];
      return Object.fromEntries(tables.map(({ name }) => [name, (db.prepare(countOf(name)).get() as { n: number }).n]));
    },
    close: () => db.close(),
  };
}
