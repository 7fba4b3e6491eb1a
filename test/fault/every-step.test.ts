/**
 * Every step of every unit of work that a whole life needs fails once: nothing of the unit is left, and then the same
 * unit succeeds. No list of verbs: what the broker does on the way is what is tried.
 */
import Sqlite from 'better-sqlite3';
import pg from 'pg';
import { describe, expect, test } from 'vitest';
import type { Engine } from '../../src/store/engine.ts';
import type { DatabaseLocation } from '../../src/store/open.ts';
import type { Unit } from '../../src/store/statement.ts';
import { figures, PATIENCE_MS } from './form.ts';
import { openHouse } from './model/house.ts';
import { live } from './model/life.ts';
import type { Step } from './model/steps.ts';
import { ENGINES } from './world.ts';

const step = (act: string, n = 0, m = 0, odd = false): Step => ({ act, n, m, on: 0, odd });
const WALK = [...'abcde'].map(() => step('walk'));
/** An approval, its tokens and their end in every way; a denial, a thief's tries, a block. */
const LIFE: readonly Step[] = [
  ...WALK,
  ...[step('walk'), step('refresh'), step('refresh', 0, 1, true), step('introspect')],
  ...[step('authorize', 1, 1), step('decide', 1, 4), step('handOff', 1)],
  ...[step('authorize', 0, 0), step('walk', 2), step('walk', 2), step('walk', 2), step('walk', 2)],
  ...[step('redeem', 1), step('authorize', 0, 0), step('walk', 3), step('handOff', 3), step('return', 2, 0, true)],
  ...[step('authorize', 0, 0), step('walk', 4), step('walk', 4), step('walk', 4), step('walk', 4)],
  ...[step('revokeToken', 1, 0, true), step('revokeToken', 1), step('revokeApproval'), step('introspect', 1)],
  ...[step('authorize', 1, 1), step('block', 1), step('block', 1), step('register', 0, 0, true)],
];

/** Executes the unit up to its `n`-th step, and fails then. */
function* failingAfter<T>(unit: Unit<T>, n: number): Unit<T> {
  let rows: readonly unknown[] = [];
  for (let done = 1; ; done += 1) {
    const next = unit.next(rows);
    if (next.done === true) return next.value;
    rows = yield next.value;
    if (done === n) throw new Error(`fault after step ${n}`);
  }
}

type Dump = () => Promise<unknown>;

const everyStepFails = (engine: Engine, dump: Dump, tally: { units: number; faults: number }): Engine => ({
  ...engine,
  unit: async (begin, options) => {
    const before = await dump();
    tally.units += 1;
    for (let n = 1; ; n += 1) {
      try {
        return await engine.unit(() => failingAfter(begin(), n), options);
      } catch (error) {
        if (!(error as Error).message.includes(`fault after step ${n}`)) throw error;
        tally.faults += 1;
        expect(await dump()).toEqual(before);
      }
    }
  },
});

/** Every row of every table, read beside the broker. */
function dumpOf(location: DatabaseLocation): Dump {
  if (location.engine === 'sqlite')
    return async () => {
      const file = new Sqlite(location.file, { readonly: true });
      const names = file.prepare("select name from sqlite_master where type = 'table'").pluck().all() as string[];
      const rows = names.map((name) => [name, file.prepare(`select * from "${name}"`).all()]);
      file.close();
      return rows;
    };
  return async () => {
    const client = new pg.Client({ connectionString: location.url });
    await client.connect();
    const { rows: names } = await client.query(
      "select tablename from pg_tables where schemaname = 'public' order by 1",
    );
    const rows: unknown[] = [];
    for (const { tablename } of names)
      rows.push([tablename, (await client.query(`select * from "${tablename}"`)).rows]);
    await client.end();
    return rows;
  };
}

describe.each(ENGINES)('a fault after any step of any unit on %s', (engine) => {
  test('leaves nothing behind, and the next try succeeds', { timeout: PATIENCE_MS }, async () => {
    const tally = { units: 0, faults: 0 };
    const house = await openHouse(engine, {
      between: (inner, location) => everyStepFails(inner, dumpOf(location), tally),
    });
    try {
      const lived = await live(house, LIFE);
      expect(lived).toMatchObject({ codes: 3, grants: 3, approvals: 1 });
      expect(tally.faults).toBeGreaterThan(100);
      figures(`every step, ${engine}`, tally);
    } finally {
      await house.close();
    }
  });
});
