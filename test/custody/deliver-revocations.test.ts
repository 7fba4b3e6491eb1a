/** What ended here is told to the upstream until it has heard, and the report says what came of it (B-18). */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { deliverRevocations } from '../../src/custody/deliver-revocations.ts';
import { ENGINES, T0, trail } from '../store/fixture.ts';
import { type OpenCustody, openCustody, SECRETS } from './custody-fixture.ts';

const DOWN = { kind: 'unreachable', detail: 'status 503', retryAfter: undefined } as const;

describe.each(ENGINES)('the outbox of revocations on %s', (engine) => {
  let world: OpenCustody;
  beforeEach(async () => {
    world = await openCustody(engine);
  });
  afterEach(() => world.close());

  const revokeAll = async () =>
    (await world.store.revokeApprovals('usr_ann', undefined, 'removed_by_person', trail(world.clock.at))).revocation ??
    '';
  const outbox = async () => (await world.dump()).upstream_revocations ?? [];
  const calls = async (revocation: string) => (await world.store.findRevocation(revocation))?.upstreamCalls;

  test('takes the sealed tokens over in the commit that ends the approval, and lets them go once they are revoked', async () => {
    await world.grant('j1');
    const revocation = await revokeAll();
    const grants = (await world.dump()).upstream_grants ?? [];
    expect(grants.map((row) => [row.tokens_sealed, row.key_id])).toEqual([[null, null]]);
    expect(await outbox()).toMatchObject([{ id: 'upg_j1', key_id: world.deps.keys.currentKeyId, outcome: null }]);
    expect(await calls(revocation)).toMatchObject([{ upstream: 'github', outcome: undefined, attempts: 0 }]);

    expect(await deliverRevocations(world.deps)).toBe(1);
    expect(world.upstream.revoked).toEqual(['access-1']);
    expect(await outbox()).toMatchObject([{ tokens_sealed: null, key_id: null, lease_holder: null }]);
    expect(await world.store.findRevocation(revocation)).toEqual({
      id: revocation,
      at: T0,
      reason: 'removed_by_person',
      actorKind: 'person',
      actorId: 'usr_ann',
      userId: 'usr_ann',
      reference: 'req_test',
      ended: { approvals: 1, grants: 1, refreshTokens: 1, accessTokens: 1, codes: 0, journeys: 0, upstreamGrants: 1 },
      upstreamCalls: [
        { id: 'upg_j1', upstream: 'github', outcome: 'revoked', attempts: 1, problem: undefined, doneAt: T0 },
      ],
    });
    expect(await world.events('upstream.revocation_ended')).toEqual([
      { upstream: 'github', outcome: 'revoked', attempts: 1, revocation },
    ]);
    expect(await deliverRevocations(world.deps)).toBe(0);
  });

  test.each([
    ['a client that ends its grant', () => world.store.endGrant('grt_j1', 'revoked_by_client', trail(T0))],
    ['a refresh token used twice', () => world.store.endGrant('grt_j1', 'reuse', trail(T0))],
    ['a code used twice', () => world.store.punishReplayedCode('hash:code-j1' as never, trail(T0))],
  ])('hears of %s as well', async (_what, end) => {
    await world.grant('j1');
    const ended = await end();
    await deliverRevocations(world.deps);
    expect(world.upstream.revoked).toEqual(['access-1']);
    expect(await calls(ended?.revocation ?? '')).toMatchObject([{ outcome: 'revoked' }]);
  });

  test('hears of grants and codes that run out', async () => {
    await world.grant('j1');
    world.clock.at += 30 * 86_400;
    await world.store.sweep(world.clock.at, 100);
    await world.store.sweep(world.clock.at, 100);
    expect((await world.counts()).upstream_grants).toBe(0);
    await deliverRevocations(world.deps);
    expect(world.upstream.revoked).toEqual(['access-1']);
  });

  test('a flaky upstream is told again, later and later, never before it wants, until it has heard', async () => {
    await world.grant('j1');
    const revocation = await revokeAll();
    world.upstream.next.push(
      DOWN,
      { ...DOWN, retryAfter: 100 },
      { kind: 'refused', error: 'invalid_client', detail: '' },
    );
    await deliverRevocations(world.deps);
    expect(await calls(revocation)).toMatchObject([
      { outcome: undefined, attempts: 1, problem: 'unreachable: status 503' },
    ]);
    for (const [pause, attempts] of [
      [10, 2],
      [100, 3],
    ] as const) {
      world.clock.at += pause - 1;
      expect(await deliverRevocations(world.deps)).toBe(0);
      world.clock.at += 1;
      expect(await deliverRevocations(world.deps)).toBe(1);
      expect(await calls(revocation)).toMatchObject([{ outcome: undefined, attempts }]);
    }
    expect(await calls(revocation)).toMatchObject([{ problem: 'refused: invalid_client' }]);
    world.clock.at += 60;
    expect(await deliverRevocations(world.deps)).toBe(1);
    expect(await calls(revocation)).toMatchObject([{ outcome: 'revoked', attempts: 4, problem: undefined }]);
  });

  test('is given up after eleven tries over two days, and the tokens go all the same', async () => {
    await world.grant('j1');
    const revocation = await revokeAll();
    world.upstream.next.push(...Array.from({ length: 20 }, () => DOWN));
    for (let tries = 0; tries < 11; tries += 1) {
      expect(await deliverRevocations(world.deps)).toBe(1);
      world.clock.at += 24 * 3600;
    }
    expect(await deliverRevocations(world.deps)).toBe(0);
    expect(world.upstream.revoked).toHaveLength(11);
    expect(await calls(revocation)).toMatchObject([{ outcome: 'gave_up', attempts: 11 }]);
    expect(await outbox()).toMatchObject([{ tokens_sealed: null }]);
  });

  test('an upstream without revocation is not asked, and the report says so', async () => {
    await world.grant('j1');
    const revocation = await revokeAll();
    world.upstream.canRevoke = false;
    await deliverRevocations(world.deps);
    expect(world.upstream.revoked).toEqual([]);
    expect(await calls(revocation)).toMatchObject([{ outcome: 'not_supported' }]);
    expect(await outbox()).toMatchObject([{ tokens_sealed: null }]);
  });

  test('where one revocation ends all of a person’s access, only the last one is told', async () => {
    world.upstream.revocationReach = 'person';
    await world.grant('j1');
    await world.grant('j2');
    const first = await world.store.endGrant('grt_j1', 'revoked_by_client', trail());
    await deliverRevocations(world.deps);
    expect(await calls(first?.revocation ?? '')).toMatchObject([{ outcome: 'still_needed' }]);
    const last = await world.store.endGrant('grt_j2', 'revoked_by_client', trail());
    await deliverRevocations(world.deps);
    expect(await calls(last?.revocation ?? '')).toMatchObject([{ outcome: 'revoked' }]);
    expect(world.upstream.revoked).toEqual(['access-2']);
  });

  test('two instances tell each item once', async () => {
    for (const id of ['j1', 'j2', 'j3', 'j4', 'j5', 'j6']) await world.grant(id);
    await revokeAll();
    world.upstream.pause = () => new Promise((resolve) => setTimeout(resolve, 30));
    const other = await world.otherInstance();
    const tried = await Promise.all([deliverRevocations(world.deps), deliverRevocations(other)]);
    expect(tried[0] + tried[1]).toBe(6);
    expect([...world.upstream.revoked].sort()).toEqual([1, 2, 3, 4, 5, 6].map((n) => `access-${n}`));
  });

  test('an instance that dies while telling leaves the item to the next one, once its lease is over', async () => {
    await world.grant('j1');
    await revokeAll();
    const dying = {
      ...world.deps,
      store: { ...world.deps.store, finishRevocation: () => Promise.reject(new Error('killed')) },
    };
    await expect(deliverRevocations(dying)).rejects.toThrow('killed');
    world.clock.at += 29;
    expect(await deliverRevocations(world.deps)).toBe(0);
    world.clock.at += 1;
    expect(await deliverRevocations(world.deps)).toBe(1);
    expect(world.upstream.revoked).toEqual(['access-1', 'access-1']);
    expect(await outbox()).toMatchObject([{ outcome: 'revoked', tokens_sealed: null }]);
  });

  test('a row that was tampered with is dead and on record, and the others are told', async () => {
    await world.grant('j1');
    await world.grant('j2');
    const revocation = await revokeAll();
    await world.sql(
      `update upstream_revocations set tokens_sealed = (select tokens_sealed from upstream_revocations where id = 'upg_j2') where id = 'upg_j1'`,
    );
    await deliverRevocations(world.deps);
    expect(world.upstream.revoked).toEqual(['access-2']);
    expect(await calls(revocation)).toMatchObject([{ outcome: 'unreadable' }, { outcome: 'revoked' }]);
    expect(await world.events('vault.row_refused')).toMatchObject([{ table: 'upstream_revocations', row: 'upg_j1' }]);
  });

  test('what another instance’s key opens is left to it', async () => {
    await world.grant('j1');
    const revocation = await revokeAll();
    await deliverRevocations(await world.otherInstance([SECRETS[1]]));
    expect(await calls(revocation)).toMatchObject([{ outcome: undefined, attempts: 1 }]);
    world.clock.at += 10;
    await deliverRevocations(world.deps);
    expect(await calls(revocation)).toMatchObject([{ outcome: 'revoked' }]);
  });
});
