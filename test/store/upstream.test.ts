/** The verbs about upstream tokens, the outbox and sealed text, on both engines. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  ENGINES,
  type Fixture,
  hash,
  openFixture,
  populate,
  sealed,
  successor,
  T0,
  trail,
  walkToCode,
  walkToGrant,
} from './fixture.ts';

const wins = (answers: readonly unknown[]): number =>
  answers.filter((answer) => answer !== undefined && answer !== false).length;

describe.each(ENGINES)('upstream tokens on %s', (engine) => {
  let fixture: Fixture;
  beforeEach(async () => {
    fixture = await openFixture(engine);
    await populate(fixture.store);
    await walkToGrant(fixture.store, 'j1');
  });
  afterEach(() => fixture.close());

  const lease = (holder: string, more: object = {}) => ({
    id: 'upg_j1',
    holder,
    generation: 0,
    until: T0 + 20,
    ...more,
  });
  const find = () => fixture.store.findUpstreamGrant('grt_j1');

  test('of 24 who want the lease at two instances one gets it', async () => {
    const stores = [fixture.store, await fixture.another()];
    const answers = await Promise.all(
      Array.from({ length: 24 }, (_, n) => stores[n % 2]?.leaseRefresh(lease(`holder-${n}`), T0)),
    );
    expect(wins(answers)).toBe(1);
    expect(await find()).toMatchObject({ attemptedAt: T0, leaseExpiresAt: T0 + 20, generation: 0 });
  });

  test('a lease is had again once it is over or given back, never for an older generation or after the end', async () => {
    const { store } = fixture;
    expect(await store.leaseRefresh(lease('a'), T0)).toBe(true);
    expect(await store.leaseRefresh(lease('b', { until: T0 + 40 }), T0 + 19)).toBe(false);
    expect(await store.leaseRefresh(lease('b', { until: T0 + 40 }), T0 + 20)).toBe(true);
    expect(await store.releaseRefresh('upg_j1', 'a', T0 + 30)).toBe(false);
    expect(await store.releaseRefresh('upg_j1', 'b', T0 + 30)).toBe(true);
    expect(await find()).toMatchObject({ leaseExpiresAt: undefined, attemptedAt: T0 + 20, retryAt: T0 + 30 });
    expect(await store.leaseRefresh(lease('c', { until: T0 + 50 }), T0 + 30)).toBe(true);
    expect(await store.keepSuccessor(successor('j1'), trail(T0 + 31))).toBe('kept');
    expect(await store.leaseRefresh(lease('d', { until: T0 + 99 }), T0 + 31)).toBe(false);
    await store.endGrant('grt_j1', 'asked', trail(T0 + 32));
    expect(await store.leaseRefresh(lease('d', { generation: 1, until: T0 + 99 }), T0 + 33)).toBe(false);
  });

  test('of 24 successors of one generation one is kept', async () => {
    const stores = [fixture.store, await fixture.another()];
    const answers = await Promise.all(
      Array.from({ length: 24 }, (_, n) => stores[n % 2]?.keepSuccessor(successor('j1'), trail(T0 + 1))),
    );
    expect(answers.filter((answer) => answer === 'kept')).toHaveLength(1);
    expect(answers.filter((answer) => answer === 'superseded')).toHaveLength(23);
    expect(await find()).toMatchObject({
      generation: 1,
      tokensSealed: sealed('upstream-j1-1'),
      accessExpiresAt: T0 + 3600,
    });
    expect(await fixture.store.listAudit({ event: 'upstream.refreshed', limit: 99 })).toHaveLength(1);
  });

  test('an end at the upstream is not believed of tokens that have been renewed since', async () => {
    const { store } = fixture;
    await store.keepSuccessor(successor('j1'), trail(T0 + 1));
    const before = await fixture.dump();
    expect(
      await store.endWithUpstream('grt_j1', { id: 'upg_j1', generation: 0 }, 'refused', trail(T0 + 2)),
    ).toBeUndefined();
    expect(await fixture.dump()).toEqual(before);
    expect(
      await store.endWithUpstream('grt_j1', { id: 'upg_j1', generation: 1 }, 'refused', trail(T0 + 2)),
    ).toMatchObject({
      grants: 1,
      upstreamGrants: 1,
    });
    expect(await store.findAccessToken(hash('access-j1-0'), T0 + 2)).toBeUndefined();
    expect(await store.listDueRevocations(T0 + 9, 9)).toEqual([]);
  });

  test('while 12 successors are kept and the grant is ended, the newest one is always the outbox’s', async () => {
    const { store } = fixture;
    for (let n = 0; n < 12; n += 1) {
      const id = `r${n}`;
      await walkToGrant(store, id);
      const [kept] = await Promise.all([
        store.keepSuccessor(successor(id), trail(T0 + 1)),
        store.endGrant(`grt_${id}`, 'asked', trail(T0 + 1)),
      ]);
      expect(['kept', 'ended']).toContain(kept);
      const item = await store.leaseRevocation(`upg_${id}`, 'me', T0 + 30, T0 + 1);
      expect(item?.tokensSealed).toBe(sealed(`upstream-${id}-1`));
      expect(await store.findUpstreamGrant(`grt_${id}`)).toMatchObject({ tokensSealed: undefined, keyId: undefined });
    }
  });

  test('a row that does not open is refused once, only while it is that row, also before its code was redeemed', async () => {
    const { store } = fixture;
    const text = sealed('upstream-j1');
    expect(await store.refuseSealedTokens('upg_j1', sealed('other'), trail())).toBe(false);
    expect(await store.findAccessToken(hash('access-j1-0'), T0)).toBeDefined();
    const answers = await Promise.all(
      Array.from({ length: 24 }, () => store.refuseSealedTokens('upg_j1', text, trail())),
    );
    expect(wins(answers)).toBe(1);
    expect(await store.findAccessToken(hash('access-j1-0'), T0)).toBeUndefined();
    await walkToCode(store, 'j2');
    expect(await store.refuseSealedTokens('upg_j2', sealed('upstream-j2'), trail())).toBe(true);
    expect(await store.refuseSealedTokens('upg_none', text, trail())).toBe(false);
    expect(await store.listAudit({ event: 'vault.row_refused', limit: 9 })).toHaveLength(2);
  });

  test('an exchange is on record only while token and upstream grant live and belong together', async () => {
    const { store } = fixture;
    await walkToGrant(store, 'j2');
    const exchange = {
      tokenHash: hash('access-j1-0'),
      resource: 'tickets',
      upstreamGrantId: 'upg_j1',
      scopes: ['repo:read'],
      accessExpiresAt: undefined,
    };
    const resource = { kind: 'resource', id: 'tickets' } as const;
    expect(await store.recordExchange(exchange, trail(T0, resource))).toBe(true);
    for (const wrong of [{ resource: 'other' }, { upstreamGrantId: 'upg_j2' }, { tokenHash: hash('nonsense') }])
      expect(await store.recordExchange({ ...exchange, ...wrong }, trail(T0, resource))).toBe(false);
    expect(await store.recordExchange(exchange, trail(T0 + 600, resource))).toBe(false);
    await store.revokeApprovals('usr_ann', undefined, 'asked', trail());
    expect(await store.recordExchange(exchange, trail(T0, resource))).toBe(false);
    const rows = await store.listAudit({ event: 'upstream_token.issued', limit: 9 });
    expect(rows.map(({ userId, clientId, actorId, details }) => [userId, clientId, actorId, details])).toEqual([
      ['usr_ann', 'cli_acme', 'tickets', { grant: 'grt_j1', upstream: 'github', upstreamScopes: ['repo:read'] }],
    ]);
  });

  test('of 24 who want to deliver one does, and only the holder ends or puts off the delivery', async () => {
    const { store } = fixture;
    await store.endGrant('grt_j1', 'asked', trail());
    const stores = [store, await fixture.another()];
    const answers = await Promise.all(
      Array.from({ length: 24 }, (_, n) => stores[n % 2]?.leaseRevocation('upg_j1', `holder-${n}`, T0 + 30, T0)),
    );
    expect(wins(answers)).toBe(1);
    const holder = `holder-${answers.findIndex((answer) => answer !== undefined)}`;
    const delivery = { id: 'upg_j1', holder: 'somebody', upstream: 'github', attempts: 1 };
    expect(await store.finishRevocation(delivery, 'revoked', undefined, trail())).toBe(false);
    expect(await store.postponeRevocation('upg_j1', 'somebody', T0 + 9, 'down')).toBe(false);
    expect(await store.postponeRevocation('upg_j1', holder, T0 + 9, 'down')).toBe(true);
    expect(await store.listDueRevocations(T0 + 8, 9)).toEqual([]);
    expect(await store.listDueRevocations(T0 + 9, 9)).toEqual(['upg_j1']);
    expect(await store.leaseRevocation('upg_j1', 'late', T0 + 40, T0 + 8)).toBeUndefined();
    expect(await store.leaseRevocation('upg_j1', 'late', T0 + 40, T0 + 9)).toMatchObject({ attempts: 2 });
    expect(await store.finishRevocation({ ...delivery, holder: 'late' }, 'revoked', undefined, trail(T0 + 9))).toBe(
      true,
    );
    expect(await store.leaseRevocation('upg_j1', 'late', T0 + 99, T0 + 50)).toBeUndefined();
  });

  test('reports are kept for 400 days, and go with their calls', async () => {
    const { store } = fixture;
    const ended = await store.endGrant('grt_j1', 'asked', trail());
    await store.leaseRevocation('upg_j1', 'me', T0 + 30, T0);
    const delivery = { id: 'upg_j1', holder: 'me', upstream: 'github', attempts: 1 };
    await store.finishRevocation(delivery, 'revoked', undefined, trail(T0 + 5));
    await store.sweep(T0 + 400 * 86_400 - 1, 100);
    expect(await store.findRevocation(ended?.revocation ?? '')).toBeDefined();
    await store.sweep(T0 + 400 * 86_400, 100);
    expect((await store.findRevocation(ended?.revocation ?? ''))?.upstreamCalls).toHaveLength(1);
    await store.sweep(T0 + 400 * 86_400 + 5, 100);
    expect(await store.findRevocation(ended?.revocation ?? '')).toBeUndefined();
    expect(await store.findRevocation('rvk_none')).toBeUndefined();
  });

  test('a person’s other live grants at an upstream are known', async () => {
    const { store } = fixture;
    expect(await store.hasOtherUpstreamGrant('upg_j1', 'usr_ann', 'github')).toBe(false);
    await walkToGrant(store, 'j2');
    expect(await store.hasOtherUpstreamGrant('upg_j1', 'usr_ann', 'github')).toBe(true);
    expect(await store.hasOtherUpstreamGrant('upg_j1', 'usr_ann', 'corp')).toBe(false);
    await store.endGrant('grt_j2', 'asked', trail());
    expect(await store.hasOtherUpstreamGrant('upg_j1', 'usr_ann', 'github')).toBe(false);
  });
});
