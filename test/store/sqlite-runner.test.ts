/**
 * What the SQLite runner promises beneath the verbs: group commit, a bounded queue, honest failures, a private file.
 *
 * The double here stands for a connection and records the order of what is asked of it.
 */
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { TokenHash } from '../../src/domain/types.ts';
import { openEngine } from '../../src/store/open.ts';
import type { SqliteConnection } from '../../src/store/sqlite-connection.ts';
import { sqliteEngine } from '../../src/store/sqlite-runner.ts';
import type { Space } from '../../src/store/sqlite-space.ts';
import { abandon, all, type Unit } from '../../src/store/statement.ts';
import { endGrant } from '../../src/store/statements/grants.ts';
import { insertAccessToken } from '../../src/store/statements/tokens.ts';
import { doing, failure, newId, statement } from './fixture.ts';

const NO_MIGRATIONS = { applied: 0, available: 0 };

/** What the double says of other connections, what its statements return, and what fails a single time. */
let version = 1;
let returns: Record<string, readonly object[]> = {};
let failOnce: string | undefined;

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
  execute: SqliteConnection['execute'] = ({ name }) => {
    this.ask(name);
    return returns[name] ?? [];
  };
  dataVersion = () => version;
  totalChanges = () => this.asked.filter((one) => /^(write|grant_end|access_insert)$/.test(one)).length;
  close = () => this.ask('close', false);

  private ask(what: string, open = this.open): void {
    this.asked.push(what);
    const error = this.fails[what];
    if (failOnce === what) delete this.fails[what];
    if (error !== undefined) throw error;
    this.open = open;
  }
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));

describe('the SQLite runner', () => {
  let asked: string[];
  let fails: Record<string, Error | undefined>;
  let opened: number;
  let log: string[];
  let now: number;
  let space: Space;
  beforeEach(() => {
    now = 0;
    version = 1;
    returns = {};
    failOnce = undefined;
    space = { isFull: () => false, ranOut: () => false };
    asked = [];
    fails = {};
    opened = 0;
    log = [];
  });
  const engine = () =>
    sqliteEngine({
      connect: () => {
        opened += 1;
        return new FakeSqlite(asked, fails);
      },
      migrations: NO_MIGRATIONS,
      space,
      log: (message) => void log.push(message),
      steadyMs: () => now,
    });

  test('units of one turn share one commit, a savepoint each', async () => {
    const { unit } = engine();
    expect(await Promise.all([unit(doing('a')), unit(doing('b', 'c')), unit(doing('d'))])).toEqual(['a', 'b+c', 'd']);
    expect(asked).toEqual([
      'begin',
      'savepoint',
      'a',
      'release',
      'savepoint',
      'b',
      'c',
      'release',
      'savepoint',
      'd',
      'release',
      'commit',
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
    fails.bad = new Error('bad luck');
    const results = await Promise.allSettled([unit(doing('a')), unit(doing('x', 'bad', 'y')), unit(doing('b'))]);
    expect(results.map((result) => result.status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(asked).toEqual([
      'begin',
      'savepoint',
      'a',
      'release',
      'savepoint',
      'x',
      'bad',
      'rollback to',
      'release',
      'savepoint',
      'b',
      'release',
      'commit',
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
    fails.commit = failure('SQLITE_FULL');
    const results = await Promise.allSettled([unit(doing('a')), unit(doing('b'))]);
    expect(results.map((result) => (result as PromiseRejectedResult).reason.name)).toEqual([
      'StoreUnavailable',
      'StoreUnavailable',
    ]);
    expect(asked.at(-1)).toBe('rollback');
  });

  test.each(['SQLITE_FULL', 'SQLITE_READONLY', 'SQLITE_LOCKED'])('%s at begin means unavailable', async (code) => {
    const { unit } = engine();
    fails.begin = failure(code);
    await expect(unit(doing('a'))).rejects.toMatchObject({ name: 'StoreUnavailable' });
    delete fails.begin;
    expect(await unit(doing('a'))).toBe('a');
    expect(opened).toBe(1);
  });

  test('while another process writes units wait, in their order', async () => {
    const { unit } = engine();
    fails.begin = failure('SQLITE_BUSY');
    const units = [unit(doing('a')), unit(doing('b'))];
    await vi.waitUntil(() => asked.filter((one) => one === 'begin').length > 2);
    expect(asked).not.toContain('a');
    delete fails.begin;
    expect(await Promise.all(units)).toEqual(['a', 'b']);
    expect(asked.slice(-7)).toEqual(
      ['begin', 'savepoint', 'a', 'release', 'savepoint', 'b', 'release', 'commit'].slice(-7),
    );
  });

  test('after five seconds of it they are told that the store is unavailable', async () => {
    const { unit } = engine();
    fails.begin = failure('SQLITE_BUSY');
    const refused = unit(doing('a'));
    await vi.waitUntil(() => asked.length > 0);
    now = 5_000;
    await expect(refused).rejects.toMatchObject({ name: 'StoreUnavailable' });
  });

  test('a batch is committed when it has taken its time, and the rest follows in order', async () => {
    const { unit } = engine();
    const slow = (name: string) =>
      function* (): Unit<string> {
        now += 5;
        return yield* doing(name)();
      };
    await Promise.all(['a', 'b', 'c'].map((name) => unit(slow(name))));
    expect(asked.filter((one) => /^[abc]$|commit/.test(one))).toEqual(['a', 'b', 'commit', 'c', 'commit']);
  });

  test('what others have committed, and what ended here, changes the mark; nothing else does', async () => {
    const { unit, mark } = engine();
    const first = mark();
    await unit(doing('a'));
    expect(mark()).toBe(first);
    version = 2;
    await nextTurn();
    const second = mark();
    expect(second).not.toBe(first);
    expect(mark()).toBe(second);
    returns.grant_end = [{ id: 'grt_1' }];
    await unit(() => all(endGrant, { id: 'grt_1', now: 1, reason: 'test' }));
    expect(mark()).not.toBe(second);
  });

  test('others are looked at once a turn, and again at once when something ended in this process', async () => {
    const { mark } = engine();
    const other = engine();
    await nextTurn();
    const first = mark();
    version = 2;
    expect(mark()).toBe(first);
    await nextTurn();
    const second = mark();
    expect(second).not.toBe(first);
    version = 3;
    returns.grant_end = [{ id: 'grt_1' }];
    let seen: number | undefined;
    await other
      .unit(() => all(endGrant, { id: 'grt_1', now: 1, reason: 'test' }))
      .then(() => {
        seen = mark();
      });
    expect(seen).not.toBe(second);
  });

  test('a connection that was lost knows nothing any more', async () => {
    const { unit, mark } = engine();
    const before = mark();
    fails.commit = failure('SQLITE_IOERR');
    await unit(doing('a')).catch(() => undefined);
    expect(mark()).not.toBe(before);
  });

  describe('on a disk that is full', () => {
    let full: boolean;
    beforeEach(() => {
      full = false;
      space = {
        isFull: () => full,
        ranOut: () => {
          const first = !full;
          full = true;
          return first;
        },
      };
    });
    const ends = () => all(endGrant, { id: 'grt_1', now: 1, reason: 'test' });
    const issues = function* (): Unit<void> {
      yield* ends();
      yield* all(insertAccessToken, {
        tokenHash: 'h' as TokenHash,
        grantId: 'g',
        scopes: [],
        issuedAt: 1,
        expiresAt: 2,
      });
    };

    test('what only ends something goes through, in the very commit that found it full; the rest is unavailable', async () => {
      const { unit } = engine();
      returns.grant_end = [{ id: 'grt_1' }];
      fails.commit = failure('SQLITE_FULL');
      failOnce = 'commit';
      const results = await Promise.allSettled([unit(doing('write')), unit(ends), unit(doing('read')), unit(issues)]);
      expect(results.map((result) => result.status)).toEqual(['rejected', 'fulfilled', 'fulfilled', 'rejected']);
      expect(results.map((result) => (result.status === 'rejected' ? result.reason.name : undefined))).toEqual([
        'StoreUnavailable',
        undefined,
        undefined,
        'StoreUnavailable',
      ]);
    });
  });

  test.each(['SQLITE_IOERR_FSYNC', 'SQLITE_CORRUPT'])(
    'after %s the connection is closed and another one opened',
    async (code) => {
      const { unit } = engine();
      fails.commit = failure(code);
      await expect(unit(doing('a'))).rejects.toMatchObject({ name: 'StoreUnavailable' });
      delete fails.commit;
      expect(await unit(doing('a'))).toBe('a');
      expect(opened).toBe(2);
      expect(log).toHaveLength(1);
      expect(log[0]).toContain(code);
    },
  );

  test('a broken constraint is an error of its own and not "unavailable"', async () => {
    const { unit } = engine();
    fails.a = failure('SQLITE_CONSTRAINT_PRIMARYKEY');
    await expect(unit(doing('a'))).rejects.toMatchObject({ code: 'SQLITE_CONSTRAINT_PRIMARYKEY' });
  });

  test('when SQLite gives up the transaction itself, nobody in it is told yes', async () => {
    const { unit } = engine();
    const connection = { gone: false };
    fails.a = failure('SQLITE_IOERR');
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
    const queued = Array.from({ length: 4_000 }, () => unit(doing('a')));
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
    const engine = await openEngine({ engine: 'sqlite', file }, () => undefined, newId);
    const mode = (path: string) => (statSync(path).mode & 0o777).toString(8);
    expect(mode(join(directory, 'deep', 'data'))).toBe('700');
    expect([mode(file), mode(`${file}-wal`)]).toEqual(['600', '600']);
    await engine.close();
    expect(existsSync(`${file}-wal`)).toBe(false);
  });

  test('that is not a database is refused', async () => {
    const file = join(directory, 'broker.db');
    writeFileSync(file, 'not a database at all, whatever it is '.repeat(100));
    await expect(openEngine({ engine: 'sqlite', file }, () => undefined, newId)).rejects.toThrow(/not a database/);
  });
});
