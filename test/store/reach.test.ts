/**
 * A revocation is answered when no instance can say yes any more (contract ruling 12), and an instance that hears of none
 * relies on nothing it knew.
 */
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Engine } from '../../src/store/engine.ts';
import { openEngine } from '../../src/store/open.ts';
import type { Store } from '../../src/store/store.ts';
import { storeOver } from '../../src/store/verbs/index.ts';
import { createDatabase, type TestDatabase } from '../support/postgres.ts';
import { ENGINES, type Fixture, hash, newId, openFixture, populate, T0, trail, walkToGrant } from './fixture.ts';

const SOON = { timeout: 10_000, interval: 10 };

describe('instances on one Postgres', () => {
  let database: TestDatabase;
  let watcher: pg.Client;
  const engines: Engine[] = [];
  beforeEach(async () => {
    database = await createDatabase();
    watcher = new pg.Client({ connectionString: database.url });
    await watcher.connect();
  });
  afterEach(async () => {
    await Promise.all(engines.splice(0).map((engine) => engine.close()));
    await watcher.end();
    await database.drop();
  });

  async function start(keptMs: number): Promise<{ engine: Engine; store: Store }> {
    const engine = await openEngine({ engine: 'postgres', url: database.url }, () => undefined, newId, keptMs);
    engines.push(engine);
    return { engine, store: storeOver(engine, newId) };
  }

  const revoke = (store: Store, id: string) => store.endGrant(`grt_${id}`, 'revoked_by_client', trail());

  /** An instance on the list that says nothing until it is told to. */
  async function silentOne(): Promise<{ answer: () => Promise<unknown> }> {
    await watcher.query(
      "insert into leases (name, holder, expires_at) values ('instance:silent', 'silent', 9999999999)",
    );
    const { rows } = await watcher.query("select holder from leases where holder <> 'silent'");
    const answers = `select pg_notify('consent_broker_heard_${rows[0].holder}', 'silent ' || n) from generate_series(1, 9) n`;
    return { answer: () => watcher.query(answers) };
  }

  test('all have forgotten what they knew before the revocation is answered', async () => {
    const [one, two, three] = [await start(60_000), await start(60_000), await start(60_000)];
    await populate(one.store);
    await walkToGrant(one.store, 'j1');
    const before = [one, two, three].map(({ store }) => store.mark());
    expect(await revoke(one.store, 'j1')).toMatchObject({ grants: 1 });
    const after = [one, two, three].map(({ store }) => store.mark());
    for (const [index, mark] of after.entries()) expect(mark).not.toBe(before[index]);
  });

  test('what ends nothing makes nobody forget', async () => {
    const [one, two] = [await start(60_000), await start(60_000)];
    const before = [one.store.mark(), two.store.mark()];
    await populate(one.store);
    await walkToGrant(one.store, 'j1');
    expect([one.store.mark(), two.store.mark()]).toEqual(before);
  });

  test('an instance that does not answer is waited for', async () => {
    const { store } = await start(60_000);
    await populate(store);
    await walkToGrant(store, 'j1');
    const silent = await silentOne();
    let answered = false;
    const revoking = revoke(store, 'j1').then(() => {
      answered = true;
    });
    await vi.waitUntil(async () => (await store.findAccessToken(hash('access-j1-0'), T0)) === undefined, SOON);
    expect(answered).toBe(false);
    await silent.answer();
    await revoking;
  });

  test('… and not for longer than anything is kept in memory', async () => {
    const { store } = await start(50);
    await populate(store);
    await walkToGrant(store, 'j1');
    await silentOne();
    expect(await revoke(store, 'j1')).toMatchObject({ grants: 1 });
  });

  test('a mass revocation goes on meanwhile, slice after slice, and only its answer waits', async () => {
    const { store } = await start(60_000);
    await populate(store);
    await watcher.query(
      `insert into approvals (id, user_id, client_id, resource, upstream, redirect_uris, scopes, face, granted_at, expires_at)
       select 'apr_' || i, 'usr_ann', 'cli_acme', 'r' || i, 'github', '[]', '[]', '{"destination":"loopback"}', ${T0}, ${T0 + 9_999}
       from generate_series(1, 160) i`,
    );
    const silent = await silentOne();
    let answered = false;
    const revoking = store.revokeMatching({ clientId: 'cli_acme' }, 'test', trail()).then((ended) => {
      answered = true;
      return ended;
    });
    const left = async () => (await watcher.query('select 1 from approvals where revoked_at is null')).rows.length;
    await vi.waitUntil(async () => (await left()) === 0, SOON);
    expect(answered).toBe(false);
    await silent.answer();
    expect(await revoking).toMatchObject({ approvals: 160 });
  });

  test('one whose connection is cut relies on nothing until it listens again, and then on nothing from before', async () => {
    const { store } = await start(60_000);
    const before = store.mark();
    await watcher.query(
      'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
    );
    await vi.waitUntil(() => store.mark() === undefined, SOON);
    await vi.waitUntil(() => store.mark() !== undefined, SOON);
    expect(store.mark()).not.toBe(before);
  });

  test('one that has ended is not waited for', async () => {
    const [one, two] = [await start(60_000), await start(60_000)];
    await populate(one.store);
    await walkToGrant(one.store, 'j1');
    await two.engine.close();
    expect(await revoke(one.store, 'j1')).toMatchObject({ grants: 1 });
  });

  test('their time is the database\u2019s', async () => {
    const { store } = await start(0);
    const { rows } = await watcher.query('select extract(epoch from clock_timestamp())::float8 as now');
    expect(Math.abs(store.time.now() - rows[0].now)).toBeLessThan(5);
    expect(store.trouble()).toBeUndefined();
  });

  test('commits wait for the disk, also where the database is told that they need not', async () => {
    await watcher.query(`alter database ${new URL(database.url).pathname.slice(1)} set synchronous_commit = off`);
    const said: string[] = [];
    const engine = await openEngine({ engine: 'postgres', url: database.url }, (line) => void said.push(line), newId);
    engines.push(engine);
    expect(said.join()).toContain('synchronous_commit is off in this database');
    await watcher.query('create table seen (setting text)');
    await watcher.query(`create function note() returns trigger language plpgsql as $$ begin
      insert into seen values (current_setting('synchronous_commit')); return new; end $$`);
    await watcher.query('create trigger note after insert on keepsakes for each row execute function note()');
    await storeOver(engine, newId).keepFirst('name', 'value');
    expect((await watcher.query('select setting from seen')).rows).toEqual([{ setting: 'on' }]);
  });
});

describe.each(ENGINES)('a lease on %s', (engine) => {
  let fixture: Fixture;
  let other: Store;
  beforeEach(async () => {
    fixture = await openFixture(engine);
    other = await fixture.another();
  });
  afterEach(() => fixture.close());

  test('is one holder\u2019s until it ends, is renewed by nobody else, and can be given up', async () => {
    const { store } = fixture;
    expect(await store.takeLease('sweeper', 'a', T0 + 100, T0)).toBe(true);
    expect(await other.takeLease('sweeper', 'b', T0 + 150, T0 + 50)).toBe(false);
    expect(await store.takeLease('sweeper', 'a', T0 + 200, T0 + 50)).toBe(true);
    expect(await other.takeLease('sweeper', 'b', T0 + 300, T0 + 150)).toBe(false);
    expect(await other.takeLease('sweeper', 'b', T0 + 300, T0 + 200)).toBe(true);
    await store.dropLease('sweeper', 'a');
    expect(await store.takeLease('sweeper', 'a', T0 + 400, T0 + 250)).toBe(false);
    await other.dropLease('sweeper', 'b');
    expect(await store.takeLease('sweeper', 'a', T0 + 400, T0 + 250)).toBe(true);
  });

  test('that lasts longer than any can, as after a clock that was wrong, holds nobody up', async () => {
    const { store } = fixture;
    expect(await store.takeLease('sweeper', 'a', T0 + 86_400, T0)).toBe(true);
    expect(await other.takeLease('sweeper', 'b', T0 + 150, T0)).toBe(true);
    expect(await store.takeLease('sweeper', 'c', T0 + 90, T0)).toBe(false);
  });

  test('that is free is taken by one of many', async () => {
    const takers = Array.from({ length: 20 }, (_unused, n) =>
      (n % 2 === 0 ? fixture.store : other).takeLease('sweeper', `holder-${n}`, T0 + 100, T0),
    );
    expect((await Promise.all(takers)).filter(Boolean)).toHaveLength(1);
  });
});

describe('processes on one SQLite file', () => {
  let fixture: Fixture;
  beforeEach(async () => {
    fixture = await openFixture('sqlite');
    await populate(fixture.store);
    await walkToGrant(fixture.store, 'j1');
  });
  afterEach(() => fixture.close());

  test('notice at once what another has ended', async () => {
    const other = await fixture.another();
    const before = other.mark();
    expect(other.mark()).toBe(before);
    await revoke(fixture.store);
    expect(other.mark()).not.toBe(before);
    expect(await other.findAccessToken(hash('access-j1-0'), T0)).toBeUndefined();
  });

  const revoke = (store: Store) => store.endGrant('grt_j1', 'revoked_by_client', trail());
});
