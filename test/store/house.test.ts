/** The verbs about the house, on both engines. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { SigningKeyRow } from '../../src/store/store.ts';
import {
  DAY,
  ENGINES,
  type Fixture,
  hash,
  newJourney,
  openFixture,
  populate,
  sealed,
  T0,
  trail,
  walkToCode,
  walkToGrant,
} from './fixture.ts';

const key = (kid: string, alg = 'ES256'): SigningKeyRow => ({
  kid,
  alg,
  publicJwk: { kty: 'EC', kid },
  privateSealed: sealed(kid),
  createdAt: T0,
  retiredAt: undefined,
});

describe.each(ENGINES)('the house on %s', (engine) => {
  let fixture: Fixture;
  beforeEach(async () => {
    fixture = await openFixture(engine);
  });
  afterEach(() => fixture.close());

  test('the first keepsake under a name is kept', async () => {
    expect(await fixture.store.keepFirst('vault.check', 'one')).toBe('one');
    expect(await fixture.store.keepFirst('vault.check', 'two')).toBe('one');
    expect(await fixture.store.keepFirst('other', 'two')).toBe('two');
  });

  test('one live signing key per algorithm is kept', async () => {
    const { store } = fixture;
    expect(await store.keepSigningKey(key('k1'))).toEqual(key('k1'));
    expect((await store.keepSigningKey(key('k2'))).kid).toBe('k1');
    expect((await store.keepSigningKey(key('k3', 'EdDSA'))).kid).toBe('k3');
    await fixture.sql(`update signing_keys set retired_at = 9 where kid = 'k1'`);
    await expect(store.keepSigningKey(key('k1'))).rejects.toThrow(/retired/);
    expect((await store.keepSigningKey(key('k4'))).kid).toBe('k4');
    expect((await store.listSigningKeys()).map(({ kid, retiredAt }) => [kid, retiredAt])).toEqual([
      ['k1', 9],
      ['k3', undefined],
      ['k4', undefined],
    ]);
  });

  test('the audit log is filtered and paged from the newest', async () => {
    const { store } = fixture;
    for (const [index, event] of ['a', 'b', 'a', 'b', 'a'].entries()) {
      const about = { userId: index < 3 ? 'usr_1' : 'usr_2', clientId: `cli_${index}`, details: { index } };
      await store.recordEvent(event, about, { ...trail(T0 + index), reference: `req_${index}` });
    }
    const indexes = async (filter: Parameters<typeof store.listAudit>[0]) =>
      (await store.listAudit(filter)).map((row) => row.details.index);
    expect(await indexes({ limit: 10 })).toEqual([4, 3, 2, 1, 0]);
    expect(await indexes({ event: 'a', limit: 2 })).toEqual([4, 2]);
    expect(await indexes({ userId: 'usr_1', event: 'a', limit: 10 })).toEqual([2, 0]);
    expect(await indexes({ userId: 'usr_2', clientId: 'cli_3', event: 'b', reference: 'req_3', limit: 10 })).toEqual([
      3,
    ]);
    expect(await indexes({ reference: 'req_1', limit: 10 })).toEqual([1]);
    expect(await indexes({ clientId: 'cli_9', limit: 10 })).toEqual([]);
    const page = await store.listAudit({ limit: 2 });
    expect(await indexes({ limit: 2, before: page[1]?.seq ?? 0 })).toEqual([2, 1]);
  });

  test('the sweep removes what is past keeping, in slices, and leaves what is live', async () => {
    const { store } = fixture;
    await populate(store);
    await walkToGrant(store, 'j1');
    await walkToCode(store, 'j2');
    await store.openJourney(newJourney('j3', { expiresAt: T0 + 90 * DAY }), trail());
    expect(await store.sweep(T0, 100)).toBe(0);

    // An hour later: two journeys, one access token, one unredeemed code with the upstream tokens kept for it.
    expect(await store.sweep(T0 + 3600, 1)).toBe(4);
    expect(await store.sweep(T0 + 3600, 1)).toBe(1);
    expect(await store.sweep(T0 + 3600, 1)).toBe(0);
    expect(await fixture.counts()).toMatchObject({
      journeys: 1,
      access_tokens: 0,
      codes: 1,
      upstream_grants: 1,
      refresh_tokens: 1,
      sessions: 2,
    });
    expect((await store.findCode(hash('code-j1')))?.grantId).toBe('grt_j1');

    await store.sweep(T0 + 30 * DAY, 100);
    expect(await fixture.counts()).toMatchObject({
      journeys: 1,
      access_tokens: 0,
      codes: 0,
      upstream_grants: 0,
      refresh_tokens: 0,
      sessions: 0,
      grants: 0,
      approvals: 1,
      users: 1,
    });
  });

  test('ended upstream tokens are kept for an hour, to be revoked at the upstream, and then removed', async () => {
    const { store } = fixture;
    await populate(store);
    await walkToGrant(store, 'j1');
    await store.endGrant('grt_j1', 'reuse', trail(T0 + 100));
    await store.sweep(T0 + 3699, 100);
    expect((await fixture.counts()).upstream_grants).toBe(1);
    await store.sweep(T0 + 3700, 100);
    expect((await fixture.counts()).upstream_grants).toBe(0);
    expect(await store.findUpstreamGrant('grt_j1')).toBeUndefined();
  });

  test('a closed store answers nothing', async () => {
    await fixture.store.ping();
    const other = await fixture.another();
    await other.close();
    await expect(other.ping()).rejects.toMatchObject({ name: 'StoreUnavailable' });
    await expect(other.keepFirst('a', 'b')).rejects.toMatchObject({ name: 'StoreUnavailable' });
    await fixture.store.ping();
  });
});
