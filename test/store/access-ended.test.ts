/**
 * Whoever remembers live tokens finds another mark after everything that ends one.
 */
import Sqlite from 'better-sqlite3';
import { drizzle } from 'drizzle-orm/better-sqlite3';
import { afterEach, beforeEach, describe, expect, it, test } from 'vitest';
import { Effect, ENDING } from '../../src/store/ends.ts';
import { sqliteTables } from '../../src/store/schema.sqlite.ts';
import type { AnyStatement, Db } from '../../src/store/statement.ts';
import { statements } from '../../src/store/statements/index.ts';
import type { Store } from '../../src/store/store.ts';
import {
  client,
  ENGINES,
  type Fixture,
  hash,
  openFixture,
  populate,
  redemption,
  rotation,
  sealed,
  T0,
  trail,
  walkToCode,
  walkToGrant,
} from './fixture.ts';

const NOW = trail(T0 + 1);

const block = {
  id: 'blk_1',
  userId: 'usr_ann',
  clientId: 'cli_acme',
  appKey: hash('app'),
  name: 'Acme Desktop',
  redirectUri: 'http://127.0.0.1:7777/callback',
  createdAt: T0,
};

const ENDS: readonly (readonly [string, (store: Store) => Promise<unknown>])[] = [
  ['an access token', (store) => store.revokeAccessToken(hash('access-j1-0'), NOW)],
  ['a grant', (store) => store.endGrant('grt_j1', 'reuse', NOW)],
  ['a replayed code', (store) => store.punishReplayedCode(hash('code-j1'), NOW)],
  ['an approval', (store) => store.revokeApprovals('usr_ann', ['apr_j1'], 'person', NOW)],
  ['all approvals of a person', (store) => store.revokeApprovals('usr_ann', undefined, 'person', NOW)],
  ['approvals by filter', (store) => store.revokeMatching({ clientId: 'cli_acme' }, 'admin', NOW)],
  ['an app blocked by a person', (store) => store.blockApp(block, ['apr_j1'], NOW)],
  ['a blocked client', (store) => store.blockClient('cli_acme', 'bad', NOW)],
  ['a deleted client', (store) => store.deleteClient('cli_acme', 'bad', NOW)],
  ['a client that ends its registration', (store) => store.closeRegistration('cli_acme', hash('management'), NOW)],
  ['a disabled person', (store) => store.disableUser('usr_ann', 'left', NOW)],
  [
    'an upstream that refuses',
    (store) => store.endWithUpstream('grt_j1', { id: 'upg_j1', generation: 0 } as never, 'upstream_refused', NOW),
  ],
  ['a sealed row that does not open', (store) => store.refuseSealedTokens('upg_j1', sealed('upstream-j1'), NOW)],
];

describe.each(ENGINES)('on %s', (engine) => {
  let fixture: Fixture;
  beforeEach(async () => {
    fixture = await openFixture(engine);
    await populate(fixture.store);
    await walkToGrant(fixture.store, 'j1');
  });
  afterEach(() => fixture.close());

  // What is an end does not depend on the engine; Postgres shows that it hears of them, too.
  it.each(engine === 'sqlite' ? ENDS : ENDS.slice(0, 2))('%s changes the mark', async (_what, end) => {
    const { store } = fixture;
    const before = store.mark();
    expect(before).toBeDefined();
    await end(store);
    expect(store.mark()).not.toBe(before);
    expect(await store.findAccessToken(hash('access-j1-0'), T0 + 1)).toBeUndefined();
  });

  it('the grant that makes room for another one changes it', async () => {
    const { store } = fixture;
    await walkToCode(store, 'j2');
    const before = store.mark();
    await store.redeemCode(redemption('j2', { grantCap: 1 }), NOW);
    expect(store.mark()).not.toBe(before);
    expect(await store.findAccessToken(hash('access-j1-0'), T0 + 1)).toBeUndefined();
  });

  it('what ends nothing leaves it: a refresh, a redeemed code, a second try to end, a new client', async () => {
    const { store } = fixture;
    await store.endGrant('grt_j1', 'reuse', NOW);
    await walkToGrant(store, 'j3');
    const before = store.mark();
    expect(await store.rotateRefresh(rotation('j3', 0), NOW)).toBeDefined();
    await store.endGrant('grt_j1', 'reuse', NOW);
    await store.revokeAccessToken(hash('unknown'), NOW);
    await store.insertClient(client('cli_other'), NOW);
    expect(store.mark()).toBe(before);
  });
});

/** What the look-up of a live token reads, besides what it joins by. */
const READ = /"(revoked_at|ended_at|disabled_at|blocked_at|expires_at)"/;

/** These set such a column to NULL, which SQL writes as a parameter, too. */
const LETS_BACK = ['client_unblock', 'client_lift_configured', 'user_enable'];
/** Moves an approval's end when its person decides again; memory is never older than its bound. */
const MOVES = ['approval_renew'];
/** Remove clients without a live approval, so nobody has a token of theirs. */
const REMOVES_UNUSED = [
  ...['document_trim_host', 'document_trim_oldest', 'document_sweep_unused', 'document_sweep_idle'],
  ...['registration_evict', 'registration_evict_twins'],
  ...['registration_sweep_unapproved', 'registration_sweep_idle'],
];

/** On Postgres a removal that waited for a row looks only at the outside of its condition again. */
test('every removal of clients says outside of its selection that a blocked one stays', () => {
  const file = new Sqlite(':memory:');
  const db = drizzle(file) as unknown as Db;
  const outside = (text: string): string => {
    const flat = text.replace(
      /\((?:select|with) (?:[^()]|\((?:[^()]|\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\))*\))*\)/g,
      '…',
    );
    return flat.split(' returning ')[0] ?? '';
  };
  const forgetful = statements
    .map(({ name, build }) => ({ name, text: (build(db, sqliteTables) as { toSQL(): { sql: string } }).toSQL().sql }))
    .filter(({ text }) => /^delete from "clients"/.test(text))
    .filter(({ text }) => !outside(text).includes('"blocked_at" is'))
    .map(({ name }) => name);
  file.close();
  expect(forgetful).toEqual([]);
});

test('every statement that can end access is one of those that are heard', () => {
  const file = new Sqlite(':memory:');
  const db = drizzle(file) as unknown as Db;
  const ending = statements
    .map((statement) => ({
      name: statement.name,
      text: (statement.build(db, sqliteTables) as { toSQL(): { sql: string } }).toSQL().sql,
    }))
    .filter(({ name, text }) => {
      if ([...LETS_BACK, ...MOVES, ...REMOVES_UNUSED].includes(name)) return false;
      const [, table, set = ''] =
        /^update "(access_tokens|machine_tokens|grants|approvals|users|clients)" set (.*?) where /.exec(text) ?? [];
      return (table !== undefined && READ.test(set)) || /^delete from "(users|clients|approvals)"/.test(text);
    })
    .map(({ name }) => name);
  file.close();
  expect(ending.length).toBeGreaterThan(8);
  expect([...ENDING].map(({ name }) => name).sort()).toEqual(ending.sort());
});

test('what makes a code, a token or an administrator’s session is never part of a unit that only ends', () => {
  const named = (name: string) => statements.find((one) => one.name === name) as AnyStatement;
  for (const end of ['session_end', 'console_session_end', 'session_end_of_user', 'console_session_end_of_user'])
    for (const name of ['code_insert', 'access_insert', 'refresh_insert', 'console_session_insert']) {
      const effect = new Effect();
      effect.note(named(end), 1);
      expect([end, effect.onlyEnds]).toEqual([end, true]);
      effect.note(named(name), 0);
      expect([name, effect.onlyEnds]).toEqual([name, false]);
    }
});
