/** What an administrator decides between an approval and its code or tokens wins, on both engines, whichever comes first. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { RefusalRule } from '../../src/domain/refusal-rule.ts';
import type { Store } from '../../src/store/store.ts';
import {
  completion,
  ENGINES,
  type Fixture,
  metadata,
  openFixture,
  populate,
  redemption,
  T0,
  trail,
  walkToCode,
  walkToReturn,
} from './fixture.ts';

const rule = (kind: RefusalRule['kind'], pattern: string): RefusalRule => ({
  ...{ id: `rul_${kind}`, kind, pattern, reason: 'look-alike' },
  createdAt: T0,
  createdBy: 'adk_1',
});

describe.each(ENGINES)('what stands against a client on %s', (engine) => {
  let fixture: Fixture;
  let store: Store;
  beforeEach(async () => {
    fixture = await openFixture(engine);
    store = fixture.store;
    await populate(store);
  });
  afterEach(() => fixture.close());

  const STANDS: readonly [string, () => Promise<unknown>][] = [
    ['a block', () => store.blockClient('cli_acme', 'bad', trail())],
    ['a rule against its site', () => store.addRefusalRule(rule('site', 'loopback'), trail())],
    ['a rule against its name', () => store.addRefusalRule(rule('name', 'acme*'), trail())],
    ['a rule against a translated name', () => store.addRefusalRule(rule('name', '*schreibtisch'), trail())],
    ['the wait', () => fixture.sql(`update clients set quarantined_at = 1, usable_by = 'nobody'`)],
  ];

  test.each(STANDS)('%s set after the return leaves no approval and no code', async (_what, stand) => {
    await walkToReturn(store, 'j1');
    await stand();
    expect(await store.completeJourney(completion('j1'), trail())).toBeUndefined();
    expect(await fixture.counts()).toMatchObject({ approvals: 0, codes: 0, sessions: 0 });
  });

  test.each(STANDS)('%s set after the code lets it be redeemed for nothing', async (_what, stand) => {
    await walkToCode(store, 'j1');
    await stand();
    expect(await store.redeemCode(redemption('j1'), trail())).toBeUndefined();
    expect(await fixture.counts()).toMatchObject({ grants: 0, access_tokens: 0, refresh_tokens: 0 });
  });

  test('a rule against the name that the page showed counts, whatever the client calls itself by now', async () => {
    await walkToReturn(store, 'j1');
    await walkToReturn(store, 'j2');
    const renamed = JSON.stringify({ ...metadata, name: 'Harmless', localized: {} });
    await fixture.sql(`update clients set metadata = '${renamed}'`);
    expect(await store.completeJourney(completion('j2'), trail())).toBeDefined();
    await store.addRefusalRule(rule('name', 'acme desktop'), trail());
    expect(await store.completeJourney(completion('j1'), trail())).toBeUndefined();
  });

  test('a rule against others changes nothing', async () => {
    await store.addRefusalRule(rule('site', 'elsewhere.example'), trail());
    await walkToCode(store, 'j1');
    expect(await store.redeemCode(redemption('j1'), trail())).toBeDefined();
  });

  test.each([0, 1, 2, 3])('whoever adds a rule sees every approval that came before it (round %i)', async (round) => {
    const other = await fixture.another();
    const names = Array.from({ length: 6 }, (_unused, n) => `j${n}`);
    for (const id of names) await walkToReturn(store, id);
    const complete = (ids: readonly string[]) => ids.map((id) => other.completeJourney(completion(id), trail()));
    const judge = async () => {
      await store.addRefusalRule(rule('site', 'loopback'), trail());
      return (await store.listRegistry({ state: 'active' }, { now: T0, limit: 10, before: undefined })).length;
    };
    const [seen] = await Promise.all([judge(), ...complete(names.slice(0, round + 2))]);
    await Promise.all(complete(names.slice(round + 2)));
    const live = (await fixture.dump()).approvals?.length;
    expect(live).toBe(seen);
  });

  test.each([0, 1, 2, 3])('a block beside completions and redemptions leaves nothing alive (round %i)', async () => {
    const other = await fixture.another();
    await walkToCode(store, 'c0');
    await walkToCode(store, 'c1');
    for (const id of ['j0', 'j1', 'j2', 'j3']) await walkToReturn(store, id);
    await Promise.all([
      ...['j0', 'j1'].map((id) => other.completeJourney(completion(id), trail())),
      other.redeemCode(redemption('c0'), trail()),
      store.blockClient('cli_acme', 'bad', trail()),
      store.redeemCode(redemption('c1'), trail()),
      ...['j2', 'j3'].map((id) => other.completeJourney(completion(id), trail())),
    ]);
    const dump = await fixture.dump();
    const alive = (table: string, column: string) => dump[table]?.filter((row) => row[column] === null);
    expect(alive('approvals', 'revoked_at')).toEqual([]);
    expect(alive('grants', 'ended_at')).toEqual([]);
    expect(alive('access_tokens', 'revoked_at')).toEqual([]);
  });
});
