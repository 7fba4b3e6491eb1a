/**
 * What the Postgres runner promises beneath the verbs: one transaction, bounded retries and waits, honest failures.
 *
 * The doubles here stand for connections and record the order of what is asked of them.
 */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { timeOfDatabase } from '../../src/store/database-time.ts';
import { openEngine } from '../../src/store/open.ts';
import type { Reach } from '../../src/store/postgres-reach.ts';
import { type PgConnections, postgresEngine } from '../../src/store/postgres-runner.ts';
import { abandon, all } from '../../src/store/statement.ts';
import { endGrant } from '../../src/store/statements/grants.ts';
import { createDatabase, type TestDatabase } from '../support/postgres.ts';
import {
  doing,
  type Fixture,
  failure,
  hash,
  newId,
  openFixture,
  populate,
  statement,
  T0,
  trail,
  update,
  walkToGrant,
} from './fixture.ts';

/** Notes when a notice is announced, sent and waited for. */
const reachOver = (asked: string[]): Reach => ({
  announce: () => ({
    channel: 'ended',
    payload: 'n1',
    sent: () => void asked.push('sent'),
    heard: async () => void asked.push('heard'),
  }),
  mark: () => 1,
  close: async () => undefined,
});

const NO_MIGRATIONS = { applied: 0, available: 0 };

describe('the Postgres runner', () => {
  const connections = (
    fail: (what: string, attempt: number) => Error | undefined,
    rows: (what: string) => readonly object[] = () => [],
  ) => {
    const asked: string[] = [];
    let attempts = 0;
    const ask = async (what: string): Promise<unknown> => {
      asked.push(what);
      const error = fail(what, attempts);
      if (error !== undefined) throw error;
      return rows(what);
    };
    const pool: PgConnections = {
      acquire: async () => {
        attempts += 1;
        await ask('acquire');
        return {
          command: ask,
          notify: (_channel, payload) => ask(`notify ${payload}`),
          execute: ({ name }) => ask(name),
          release: (broken) => void asked.push(broken ? 'destroy' : 'release'),
        };
      },
      end: async () => undefined,
    };
    const settings = { connections: pool, migrations: NO_MIGRATIONS, time: timeOfDatabase(), reach: reachOver(asked) };
    return { engine: postgresEngine(settings), asked, attempts: () => attempts };
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

  const ends = () => all(endGrant, { id: 'grt_1', now: 1, reason: 'test' });
  const grantEnded = (what: string) => (what === 'grant_end' ? [{ id: 'grt_1' }] : []);

  test('a unit that ended access tells of it with its commit and is answered when all have heard', async () => {
    const { engine, asked } = connections(() => undefined, grantEnded);
    await engine.unit(ends);
    expect(asked).toEqual(['acquire', BEGIN, 'grant_end', 'notify n1', 'commit', 'sent', 'release', 'heard']);
  });

  test('one that ended nothing tells nobody', async () => {
    const { engine, asked } = connections(() => undefined);
    await engine.unit(ends);
    expect(asked).toEqual(['acquire', BEGIN, 'grant_end', 'commit', 'release']);
  });

  test('where it is not known whether the commit happened, what was known is forgotten all the same', async () => {
    const { engine, asked } = connections(
      (what) => (what === 'commit' ? failure('ECONNRESET') : undefined),
      grantEnded,
    );
    await expect(engine.unit(ends)).rejects.toMatchObject({ name: 'StoreUnavailable' });
    expect(asked.slice(-3)).toEqual(['commit', 'sent', 'destroy']);
  });

  test.each(['40001', '40P01'])('after %s the whole unit is tried again', async (code) => {
    const { engine, asked, attempts } = connections((what, attempt) =>
      what === 'b' && attempt < 3 ? failure(code) : undefined,
    );
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

  test.each(['08006', '57P01', '57014', '53300', '55P03', '25P03', '25006', 'ECONNREFUSED', 'ECONNRESET'])(
    '%s means unavailable, at once',
    async (code) => {
      const { engine, attempts } = connections((what) => (what === 'a' ? failure(code) : undefined));
      await expect(engine.unit(doing('a'))).rejects.toMatchObject({ name: 'StoreUnavailable' });
      await expect(engine.read(statement('a'), {})).rejects.toMatchObject({ name: 'StoreUnavailable' });
      expect(attempts()).toBe(2);
    },
  );

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
    await fixture.sql(
      'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
    );
    for (let tries = 0; tries < 20; tries += 1) {
      const outcome = await fixture.store.ping().then(
        () => 'answered',
        (error) => error.name,
      );
      expect(['answered', 'StoreUnavailable']).toContain(outcome);
    }
    await walkToGrant(fixture.store, 'j1');
    expect(await fixture.store.findAccessToken(hash('access-j1-0'), T0)).toBeDefined();
  });

  test('a row that stays locked makes the store unavailable, and nothing is changed', async () => {
    await fixture.sql('begin');
    await fixture.sql(`select 1 from clients where id = 'cli_acme' for update`);
    await expect(fixture.store.updateClient('cli_acme', update(), trail())).rejects.toMatchObject({
      name: 'StoreUnavailable',
    });
    await fixture.sql('rollback');
    expect(await fixture.store.listAudit({ event: 'client.updated', limit: 5 })).toEqual([]);
  }, 180_000);

  test('more units than connections all get their turn', async () => {
    const results = await Promise.all(
      Array.from({ length: 200 }, (_unused, n) => fixture.store.keepFirst(`name-${n % 7}`, `value-${n}`)),
    );
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
    const engines = await Promise.all(
      [0, 1, 2, 3].map(() => openEngine({ engine: 'postgres', url: database.url }, () => undefined, newId)),
    );
    for (const engine of engines) expect(engine.migrations().applied).toBe(engine.migrations().available);
    await Promise.all(engines.map((engine) => engine.close()));
  });

  test('a database that is not there refuses the start', async () => {
    const url = database.url.replace('/broker_', '/none_');
    await expect(openEngine({ engine: 'postgres', url }, () => undefined, newId)).rejects.toThrow(/does not exist/);
  });
});
