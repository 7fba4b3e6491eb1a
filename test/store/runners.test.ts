/**
 * What the two runners promise beneath the verbs: group commit, bounded queues and waits, honest failures.
 *
 * The doubles here stand for connections and record the order of what is asked of them.
 */
import { existsSync, statSync } from 'node:fs';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openEngine } from '../../src/store/open.ts';
import { type PgConnections, postgresEngine } from '../../src/store/postgres-runner.ts';
import { type SqliteConnection, sqliteEngine } from '../../src/store/sqlite-runner.ts';
import { abandon, all, type Statement, type Unit } from '../../src/store/statement.ts';
import { createDatabase, type TestDatabase } from '../support/postgres.ts';
import { client, type Fixture, hash, openFixture, populate, T0, trail, walkToGrant } from './fixture.ts';

const NO_MIGRATIONS = { applied: 0, available: 0 };
const failure = (code: string): Error => Object.assign(new Error(`failed with ${code}`), { code });
const statement = (name: string): Statement<object, unknown> => ({ name, build: () => undefined });
const doing = (...names: string[]) =>
  function* (): Unit<string> {
    for (const name of names) yield* all(statement(name), {});
    return names.join('+');
  };

class FakeSqlite implements SqliteConnection {
  readonly asked: string[];
  private open = false;
  private readonly fails: Record<string, Error | undefined>;

  constructor(asked: string[], fails: Record<string, Error | undefined>) {
    this.asked = asked;
    this.fails = fails;
  }
  inTransaction = () => this.open;
  begin = () => this.ask('begin', true);
  commit = () => this.ask('commit', false);
  rollback = () => this.ask('rollback', false);
  savepoint = () => this.ask('savepoint');
  release = () => this.ask('release');
  rollbackToSavepoint = () => this.ask('rollback to');
  execute: SqliteConnection['execute'] = ({ name }) => (this.ask(name), []);
  close = () => this.ask('close', false);

  private ask(what: string, open = this.open): void {
    this.asked.push(what);
    const error = this.fails[what];
    if (error !== undefined) throw error;
    this.open = open;
  }
}

describe('the SQLite runner', () => {
  let asked: string[];
  let fails: Record<string, Error | undefined>;
  let opened: number;
  let log: string[];
  beforeEach(() => {
    asked = [];
    fails = {};
    opened = 0;
    log = [];
  });
  const engine = () =>
    sqliteEngine(
      () => {
        opened += 1;
        return new FakeSqlite(asked, fails);
      },
      NO_MIGRATIONS,
      (message) => void log.push(message),
    );

  test('units of one turn share one commit, a savepoint each', async () => {
    const { unit } = engine();
    expect(await Promise.all([unit(doing('a')), unit(doing('b', 'c')), unit(doing('d'))])).toEqual(['a', 'b+c', 'd']);
    expect(asked).toEqual([
      'begin', 'savepoint', 'a', 'release', 'savepoint', 'b', 'c', 'release', 'savepoint', 'd', 'release', 'commit',
    ]);
  });

  test('units of later turns have later commits', async () => {
    const { unit } = engine();
    await unit(doing('a'));
    await unit(doing('b'));
    expect(asked.filter((one) => one === 'commit')).toHaveLength(2);
  });

  test('nobody is answered before the commit has returned', async () => {
    const { unit } = engine();
    const answers = [unit(doing('a')), unit(doing('b'))].map((answer) => answer.then(() => asked.push('answered')));
    await Promise.all(answers);
    expect(asked.slice(-3)).toEqual(['commit', 'answered', 'answered']);
  });

  test('an error in one unit takes back that unit only', async () => {
    const { unit } = engine();
    fails['bad'] = new Error('bad luck');
    const results = await Promise.allSettled([unit(doing('a')), unit(doing('x', 'bad', 'y')), unit(doing('b'))]);
    expect(results.map((result) => result.status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(asked).toEqual([
      'begin', 'savepoint', 'a', 'release', 'savepoint', 'x', 'bad', 'rollback to', 'release', 'savepoint', 'b', 'release', 'commit',
    ]);
  });

  test('an abandoned unit is taken back and answers undefined', async () => {
    const { unit } = engine();
    const abandoned = unit(function* () {
      yield* all(statement('a'), {});
      abandon();
    });
    expect(await abandoned).toBeUndefined();
    expect(asked).toEqual(['begin', 'savepoint', 'a', 'rollback to', 'release', 'commit']);
  });

  test('a failed commit fails everybody in it, and none of it stays', async () => {
    const { unit } = engine();
    fails['commit'] = failure('SQLITE_FULL');
    const results = await Promise.allSettled([unit(doing('a')), unit(doing('b'))]);
    expect(results.map((result) => (result as PromiseRejectedResult).reason.name)).toEqual(['StoreUnavailable', 'StoreUnavailable']);
    expect(asked.at(-1)).toBe('rollback');
  });

  test.each(['SQLITE_BUSY', 'SQLITE_BUSY_SNAPSHOT', 'SQLITE_FULL', 'SQLITE_READONLY', 'SQLITE_LOCKED'])('%s at begin means unavailable', async (code) => {
    const { unit } = engine();
    fails['begin'] = failure(code);
    await expect(unit(doing('a'))).rejects.toMatchObject({ name: 'StoreUnavailable' });
    delete fails['begin'];
    expect(await unit(doing('a'))).toBe('a');
    expect(opened).toBe(1);
  });

  test.each(['SQLITE_IOERR_FSYNC', 'SQLITE_CORRUPT'])('after %s the connection is closed and another one opened', async (code) => {
    const { unit } = engine();
    fails['commit'] = failure(code);
    await expect(unit(doing('a'))).rejects.toMatchObject({ name: 'StoreUnavailable' });
    delete fails['commit'];
    expect(await unit(doing('a'))).toBe('a');
    expect(opened).toBe(2);
    expect(log).toHaveLength(1);
    expect(log[0]).toContain(code);
  });

  test('a broken constraint is an error of its own and not "unavailable"', async () => {
    const { unit } = engine();
    fails['a'] = failure('SQLITE_CONSTRAINT_PRIMARYKEY');
    await expect(unit(doing('a'))).rejects.toMatchObject({ code: 'SQLITE_CONSTRAINT_PRIMARYKEY' });
  });

  test('when SQLite gives up the transaction itself, nobody in it is told yes', async () => {
    const { unit } = engine();
    const connection = { gone: false };
    fails['a'] = failure('SQLITE_IOERR');
    const results = await Promise.allSettled([
      unit(doing('first')),
      unit(function* () {
        connection.gone = true;
        yield* all(statement('rollback'), {});
        yield* all(statement('a'), {});
      }),
    ]);
    expect(connection.gone).toBe(true);
    expect(results.map((result) => result.status)).toEqual(['fulfilled', 'rejected']);
  });

  test('a queue that is full says so at once, and what was queued is done', async () => {
    const { unit } = engine();
    const queued = Array.from({ length: 10_000 }, () => unit(doing('a')));
    await expect(unit(doing('late'))).rejects.toMatchObject({ name: 'StoreUnavailable' });
    expect(new Set(await Promise.all(queued))).toEqual(new Set(['a']));
    expect(asked).not.toContain('late');
  });

  test('closing finishes what was queued', async () => {
    const { unit, close } = engine();
    const queued = Array.from({ length: 300 }, () => unit(doing('a')));
    await close();
    expect(await Promise.all(queued)).toHaveLength(300);
    expect(asked.at(-1)).toBe('close');
    await expect(unit(doing('late'))).rejects.toMatchObject({ name: 'StoreUnavailable' });
  });
});

describe('a SQLite file', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'broker-test-file-'));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  test('is made with its directory, for its owner alone, with its log', async () => {
    const file = join(directory, 'deep', 'data', 'broker.db');
    const engine = await openEngine({ engine: 'sqlite', file }, () => undefined);
    const mode = (path: string) => (statSync(path).mode & 0o777).toString(8);
    expect(mode(join(directory, 'deep', 'data'))).toBe('700');
    expect([mode(file), mode(`${file}-wal`)]).toEqual(['600', '600']);
    await engine.close();
    expect(existsSync(`${file}-wal`)).toBe(false);
  });

  test('that is not a database is refused', async () => {
    const file = join(directory, 'broker.db');
    const { writeFileSync } = await import('node:fs');
    writeFileSync(file, 'not a database at all, whatever it is '.repeat(100));
    await expect(openEngine({ engine: 'sqlite', file }, () => undefined)).rejects.toThrow(/not a database/);
  });
});

describe('the Postgres runner', () => {
  const connections = (fail: (what: string, attempt: number) => Error | undefined) => {
    const asked: string[] = [];
    let attempts = 0;
    const ask = async (what: string): Promise<unknown> => {
      asked.push(what);
      const error = fail(what, attempts);
      if (error !== undefined) throw error;
      return [];
    };
    const pool: PgConnections = {
      acquire: async () => {
        attempts += 1;
        await ask('acquire');
        return {
          command: ask,
          execute: ({ name }) => ask(name),
          release: (broken) => void asked.push(broken ? 'destroy' : 'release'),
        };
      },
      end: async () => undefined,
    };
    return { engine: postgresEngine(pool, NO_MIGRATIONS), asked, attempts: () => attempts };
  };
  const BEGIN = 'begin isolation level read committed';

  test('a unit is one read-committed transaction on one connection', async () => {
    const { engine, asked } = connections(() => undefined);
    expect(await engine.unit(doing('a', 'b'))).toBe('a+b');
    expect(asked).toEqual(['acquire', BEGIN, 'a', 'b', 'commit', 'release']);
  });

  test('an abandoned unit is rolled back and answers undefined', async () => {
    const { engine, asked } = connections(() => undefined);
    const abandoned = engine.unit(function* () {
      yield* all(statement('a'), {});
      abandon();
    });
    expect(await abandoned).toBeUndefined();
    expect(asked).toEqual(['acquire', BEGIN, 'a', 'rollback', 'release']);
  });

  test.each(['40001', '40P01'])('after %s the whole unit is tried again', async (code) => {
    const { engine, asked, attempts } = connections((what, attempt) => (what === 'b' && attempt < 3 ? failure(code) : undefined));
    expect(await engine.unit(doing('a', 'b'))).toBe('a+b');
    expect(attempts()).toBe(3);
    expect(asked.filter((one) => one === 'a')).toHaveLength(3);
    expect(asked.filter((one) => one === 'commit')).toHaveLength(1);
  });

  test('a unit that never gets through is tried four times and then unavailable', async () => {
    const { engine, attempts } = connections((what) => (what === 'a' ? failure('40P01') : undefined));
    await expect(engine.unit(doing('a'))).rejects.toMatchObject({ name: 'StoreUnavailable' });
    expect(attempts()).toBe(4);
  });

  test.each(['08006', '57P01', '57014', '53300', '55P03', '25P03', '25006', 'ECONNREFUSED', 'ECONNRESET'])('%s means unavailable, at once', async (code) => {
    const { engine, attempts } = connections((what) => (what === 'a' ? failure(code) : undefined));
    await expect(engine.unit(doing('a'))).rejects.toMatchObject({ name: 'StoreUnavailable' });
    await expect(engine.read(statement('a'), {})).rejects.toMatchObject({ name: 'StoreUnavailable' });
    expect(attempts()).toBe(2);
  });

  test.each([
    ['timeout exceeded when trying to connect', 'acquire'],
    ['Connection terminated unexpectedly', 'a'],
    ['Query read timeout', 'commit'],
  ])('"%s" means unavailable', async (message, where) => {
    const { engine } = connections((what) => (what === where ? new Error(message) : undefined));
    await expect(engine.unit(doing('a'))).rejects.toMatchObject({ name: 'StoreUnavailable' });
  });

  test('a lost connection is not used again; a failed statement does not cost the connection', async () => {
    const lost = connections((what) => (what === 'a' ? failure('57P01') : undefined));
    await lost.engine.unit(doing('a')).catch(() => undefined);
    expect(lost.asked).toEqual(['acquire', BEGIN, 'a', 'destroy']);
    const failed = connections((what) => (what === 'a' ? failure('23505') : undefined));
    await expect(failed.engine.unit(doing('a'))).rejects.toMatchObject({ code: '23505' });
    expect(failed.asked).toEqual(['acquire', BEGIN, 'a', 'rollback', 'release']);
  });
});

describe('a Postgres database', () => {
  let fixture: Fixture;
  beforeEach(async () => {
    fixture = await openFixture('postgres');
    await populate(fixture.store);
  });
  afterEach(() => fixture.close());

  test('whose connections are all cut is used again by the next call, and the process lives', async () => {
    await Promise.all(Array.from({ length: 10 }, () => fixture.store.ping()));
    await fixture.sql('select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()');
    for (let tries = 0; tries < 20; tries += 1) {
      const outcome = await fixture.store.ping().then(() => 'answered', (error) => error.name);
      expect(['answered', 'StoreUnavailable']).toContain(outcome);
    }
    await walkToGrant(fixture.store, 'j1');
    expect(await fixture.store.findAccessToken(hash('access-j1-0'), T0)).toBeDefined();
  });

  test('a row that stays locked makes the store unavailable after three seconds, and nothing is changed', async () => {
    const holder = fixture.sql(`do $$ begin perform 1 from clients where id = 'cli_acme' for update; perform pg_sleep(4); end $$`);
    await new Promise((resolve) => setTimeout(resolve, 200));
    const since = Date.now();
    await expect(fixture.store.updateClient('cli_acme', client().metadata, trail())).rejects.toMatchObject({ name: 'StoreUnavailable' });
    expect(Date.now() - since).toBeGreaterThan(2500);
    expect(Date.now() - since).toBeLessThan(3900);
    await holder;
    expect(await fixture.store.listAudit({ event: 'client.updated', limit: 5 })).toEqual([]);
  }, 10_000);

  test('more units than connections all get their turn', async () => {
    const results = await Promise.all(Array.from({ length: 200 }, (_unused, n) => fixture.store.keepFirst(`name-${n % 7}`, `value-${n}`)));
    expect(new Set(results).size).toBe(7);
  });
});

describe('instances that start at once on an empty Postgres', () => {
  let database: TestDatabase;
  beforeEach(async () => {
    database = await createDatabase();
  });
  afterEach(() => database.drop());

  test('migrate once', async () => {
    const engines = await Promise.all([0, 1, 2, 3].map(() => openEngine({ engine: 'postgres', url: database.url }, () => undefined)));
    for (const engine of engines) expect(engine.migrations().applied).toBe(engine.migrations().available);
    await Promise.all(engines.map((engine) => engine.close()));
  });

  test('a database that is not there refuses the start', async () => {
    const url = database.url.replace('/broker_', '/none_');
    await expect(openEngine({ engine: 'postgres', url }, () => undefined)).rejects.toThrow(/does not exist/);
  });
});
