/**
 * From a database of version 0.1.0, made by that version with rows of every kind: this version takes it over without
 * losing or reviving anything, two instances may do so at once, and the program of 0.1.0 could go back to work on it,
 * because migrations only add.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { readMigrationFiles } from 'drizzle-orm/migrator';
import pg from 'pg';
import { describe, expect, test } from 'vitest';
import { newId } from '../../src/security/secrets.ts';
import { type DatabaseLocation, openEngine } from '../../src/store/open.ts';
import { PATIENCE_MS } from './form.ts';
import { administer, introspect, jsonOf, redeem, refresh } from './journey.ts';
import { openHouse } from './model/house.ts';
import { ENGINES, type EngineName } from './world.ts';

interface Known {
  readonly clientId: string;
  readonly access: string;
  readonly refresh: string;
}

interface Kept {
  readonly known: {
    readonly at: number;
    readonly live: Known;
    readonly revoked: Known;
    readonly removed: Known;
    readonly spent: { clientId: string; code: string; verifier: string };
    readonly unspent: { clientId: string; code: string; verifier: string };
  };
  readonly tables: Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>>;
}

const { known, tables } = JSON.parse(readFileSync(join(import.meta.dirname, 'upgrade', '0.1.0.json'), 'utf8')) as Kept;
const migrationsOf = (engine: EngineName) =>
  readMigrationFiles({ migrationsFolder: join(import.meta.dirname, '..', '..', 'migrations', engine) });

type Run = (sql: string, values?: readonly unknown[]) => Promise<unknown>;

/** Everything on one connection. */
async function connected(location: DatabaseLocation, work: (run: Run) => Promise<void>): Promise<void> {
  if (location.engine === 'sqlite') {
    const file = new Sqlite(location.file);
    file.pragma('journal_mode = WAL');
    file.pragma('foreign_keys = OFF');
    await work(async (sql, values = []) => file.prepare(sql.replace(/\$\d+/g, '?')).run(...values));
    file.close();
    return;
  }
  const client = new pg.Client({ connectionString: location.url });
  await client.connect();
  await work((sql, values = []) => client.query(sql, [...values]));
  await client.end();
}

/** The rows as 0.1.0 inserts them: its columns by name, and no others. */
async function insertRows(run: Run): Promise<void> {
  const waiting = Object.entries(tables).flatMap(([table, rows]) => rows.map((row) => ({ table, row })));
  // Parents come first by trying again: foreign keys decide the order, and no list here has to know them.
  for (let rounds = 0, left = waiting; left.length > 0; rounds += 1) {
    const refused: typeof waiting = [];
    for (const one of left) {
      const columns = Object.keys(one.row);
      const places = columns.map((_, index) => `$${index + 1}`);
      const sql = `insert into ${one.table} (${columns.map((name) => `"${name}"`).join(', ')}) values (${places.join(', ')})`;
      await run(sql, Object.values(one.row)).catch((error: Error) => {
        if (rounds > 20) throw error;
        refused.push(one);
      });
    }
    left = refused;
  }
}

/** A database as 0.1.0 left it: its one migration, its rows. */
async function asLeft(location: DatabaseLocation): Promise<void> {
  const [first] = migrationsOf(location.engine);
  await connected(location, async (run) => {
    const place = location.engine === 'sqlite' ? '__drizzle_migrations' : 'drizzle.__drizzle_migrations';
    const id = location.engine === 'sqlite' ? 'id INTEGER PRIMARY KEY' : 'id SERIAL PRIMARY KEY';
    if (location.engine === 'postgres') await run('create schema drizzle');
    await run(
      `create table ${place} (${id}, hash text not null, created_at ${location.engine === 'sqlite' ? 'numeric' : 'bigint'})`,
    );
    for (const statement of first?.sql ?? []) await run(statement);
    await run(`insert into ${place} (hash, created_at) values ($1, $2)`, [first?.hash, first?.folderMillis]);
    await insertRows(run);
  });
}

describe.each(ENGINES)('a database of 0.1.0 on %s', (engine) => {
  test('is taken over by two instances at once, and nothing in it is lost or revived', {
    timeout: PATIENCE_MS,
  }, async () => {
    const house = await openHouse(engine, { at: known.at + 20, furnish: asLeft });
    const [send] = house.sends;
    if (send === undefined) throw new Error('no instance');
    try {
      const active = async ({ access }: Known) => {
        const answer = await introspect(send, access);
        return answer && jsonOf(answer).active;
      };
      expect(await active(known.live)).toBe(true);
      expect(await active(known.revoked)).toBe(false);
      expect(await active(known.removed)).toBe(false);
      expect((await refresh(send, known.revoked.clientId, known.revoked.refresh))?.status).toBe(400);
      expect((await refresh(send, known.removed.clientId, known.removed.refresh))?.status).not.toBe(200);
      expect((await refresh(send, known.live.clientId, known.live.refresh))?.status).toBe(200);
      const { unspent, spent } = known;
      expect(
        (await redeem(send, unspent.clientId, unspent.code, { verifier: unspent.verifier, challenge: '' }))?.status,
      ).toBe(200);
      const { items } = jsonOf((await administer(send, '/approvals?state=active')) ?? fail()) as { items: unknown[] };
      expect(items).toHaveLength(3);
      expect(
        (await redeem(send, spent.clientId, spent.code, { verifier: spent.verifier, challenge: '' }))?.status,
      ).toBe(400);
      expect(await active(known.live)).toBe(false);
    } finally {
      await house.close();
    }
  });

  test('could be written by 0.1.0 again after the upgrade: what came since needs nothing of it', {
    timeout: PATIENCE_MS,
  }, async () => {
    let furnished = 0;
    const house = await openHouse(engine, {
      at: known.at + 20,
      furnish: async (location) => {
        const opened = await openEngine(location, () => undefined, newId);
        furnished = opened.migrations().applied;
        await opened.close();
        await connected(location, insertRows);
      },
    });
    try {
      const answer = house.sends[1] && (await introspect(house.sends[1], known.live.access));
      expect(answer && jsonOf(answer).active).toBe(true);
      expect(furnished).toBe(migrationsOf(engine).length);
    } finally {
      await house.close();
    }
  });
});

/** No migration takes anything away, and what it adds to a table may be left out (`ADD … NOT NULL` needs a default). */
describe.each(ENGINES)('the migrations on %s', (engine) => {
  test('only add', () => {
    const later = migrationsOf(engine)
      .slice(1)
      .flatMap(({ sql }) => sql);
    const takesAway = /\b(drop\s+(table|column)|rename|alter\s+column)\b/i;
    expect(later.filter((sql) => takesAway.test(sql))).toEqual([]);
    const demands = later.filter((sql) => /\badd\b/i.test(sql) && /not\s+null/i.test(sql) && !/default/i.test(sql));
    expect(demands).toEqual([]);
  });
});

function fail(): never {
  throw new Error('no answer');
}
