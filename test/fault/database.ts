/**
 * The database of a world from behind: to plant rows, and to end by hand what time would end. Both dialects must
 * understand the statements; `?` stands for a value.
 */
import Sqlite from 'better-sqlite3';
import pg from 'pg';

export interface Connection {
  run(sql: string, ...values: readonly unknown[]): Promise<void>;
  /** The first row. */
  first(sql: string): Promise<Readonly<Record<string, unknown>> | undefined>;
  close(): Promise<void>;
}

/** `database` as in the configuration. */
export async function connectTo(database: string): Promise<Connection> {
  return database.startsWith('sqlite:') ? connectToFile(database.slice('sqlite:'.length)) : connectToServer(database);
}

function connectToFile(file: string): Connection {
  const connection = new Sqlite(file, { timeout: 30_000 });
  return {
    run: async (sql, ...values) => void connection.prepare(sql).run(...values),
    first: async (sql) => connection.prepare(sql).get() as Record<string, unknown> | undefined,
    close: async () => void connection.close(),
  };
}

async function connectToServer(url: string): Promise<Connection> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const numbered = (sql: string) => {
    let place = 0;
    return sql.replaceAll('?', () => `$${++place}`);
  };
  return {
    run: async (sql, ...values) => void (await client.query(numbered(sql), [...values])),
    first: async (sql) => (await client.query(sql)).rows[0] as Record<string, unknown> | undefined,
    close: () => client.end(),
  };
}
