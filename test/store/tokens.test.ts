/** The verbs about codes, grants and tokens, on both engines. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  completion,
  DAY,
  ENGINES,
  events,
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
  walkToReturn,
} from './fixture.ts';

const NOTHING = {
  approvals: 0,
  grants: 0,
  refreshTokens: 0,
  accessTokens: 0,
  codes: 0,
  journeys: 0,
  upstreamGrants: 0,
};
const ONE_GRANT = {
  approvals: 0,
  grants: 1,
  refreshTokens: 1,
  accessTokens: 1,
  codes: 0,
  journeys: 0,
  upstreamGrants: 1,
  revocation: expect.stringMatching(/^rvk_\d{8}$/),
};

describe.each(ENGINES)('tokens on %s', (engine) => {
  let fixture: Fixture;
  beforeEach(async () => {
    fixture = await openFixture(engine);
    await populate(fixture.store);
  });
  afterEach(() => fixture.close());

  const grace = (successors: string) => ({
    tokenHash: hash('refresh-j1-0'),
    rotatedSince: T0,
    accessHash: hash(`access-grace-${successors}`),
    accessExpiresAt: T0 + 600,
    accessScopes: ['tickets:read'],
  });

  test('the end of the last token under an approval counts revoked ones, and is unknown where there is none', async () => {
    const { store } = fixture;
    expect(await store.lastAccessEnd('apr_j1')).toBeUndefined();
    await walkToGrant(store, 'j1');
    expect(await store.lastAccessEnd('apr_j1')).toBe(T0 + 600);
    await store.endGrant('grt_j1', 'revoked_by_client', trail(T0 + 10));
    expect(await store.lastAccessEnd('apr_j1')).toBe(T0 + 600);
    expect(await store.lastAccessEnd('apr_other')).toBeUndefined();
  });

  test('a code is redeemed once, for a grant with its tokens', async () => {
    const { store } = fixture;
    await walkToCode(store, 'j1');
    expect(await store.redeemCode(redemption('j1'), trail(T0 + 5))).toEqual({
      id: 'grt_j1',
      approvalId: 'apr_j1',
      userId: 'usr_ann',
      clientId: 'cli_acme',
      resource: 'tickets',
      scopes: ['tickets:read'],
      createdAt: T0 + 5,
      lastUsedAt: T0 + 5,
      expiresAt: T0 + 30 * DAY,
      endedAt: undefined,
      endReason: undefined,
    });
    expect(await store.findCode(hash('code-j1'))).toMatchObject({ usedAt: T0 + 5, grantId: 'grt_j1' });
    expect(await store.findAccessToken(hash('access-j1-0'), T0 + 5)).toEqual({
      tokenHash: hash('access-j1-0'),
      grantId: 'grt_j1',
      userId: 'usr_ann',
      clientId: 'cli_acme',
      resource: 'tickets',
      scopes: ['tickets:read'],
      issuedAt: T0 + 5,
      expiresAt: T0 + 600,
      liveUntil: T0 + 600,
    });
    expect(await store.findRefreshToken(hash('refresh-j1-0'))).toEqual({
      tokenHash: hash('refresh-j1-0'),
      createdAt: T0 + 5,
      expiresAt: T0 + 14 * DAY,
      rotatedAt: undefined,
      successorHash: undefined,
      successorSealed: undefined,
      successorUsedAt: undefined,
      grant: {
        id: 'grt_j1',
        approvalId: 'apr_j1',
        userId: 'usr_ann',
        clientId: 'cli_acme',
        resource: 'tickets',
        scopes: ['tickets:read'],
        createdAt: T0 + 5,
        lastUsedAt: T0 + 5,
        expiresAt: T0 + 30 * DAY,
        endedAt: undefined,
        endReason: undefined,
      },
    });
    expect(await store.findUpstreamGrant('grt_j1')).toEqual({
      id: 'upg_j1',
      userId: 'usr_ann',
      upstream: 'github',
      tokensSealed: sealed('upstream-j1'),
      scopes: ['repo:read'],
      accessExpiresAt: undefined,
      createdAt: T0,
      endedAt: undefined,
      keyId: '',
      generation: 0,
      leaseExpiresAt: undefined,
      attemptedAt: undefined,
      retryAt: undefined,
    });
    expect((await store.getApproval('apr_j1'))?.lastUsedAt).toBe(T0 + 5);
    const before = await fixture.counts();
    expect(await store.redeemCode(redemption('j1', { grantId: 'grt_again' }), trail(T0 + 6))).toBeUndefined();
    expect(await fixture.counts()).toEqual(before);
    expect((await events(store)).filter((event) => event === 'code.redeemed')).toHaveLength(1);
  });

  test('without a refresh token a grant has its access token alone', async () => {
    await walkToGrant(fixture.store, 'j1', { refresh: undefined });
    expect(await fixture.counts()).toMatchObject({ grants: 1, refresh_tokens: 0, access_tokens: 1 });
  });

  test.each([
    ['an expired code', '', T0 + 60],
    ['a revoked code', 'update codes set revoked_at = 5', T0],
    ['a code under a revoked approval', 'update approvals set revoked_at = 5', T0],
    ['a code under an expired approval', `update approvals set expires_at = ${T0}`, T0],
    ['the code of a disabled person', 'update users set disabled_at = 5', T0],
    ['the code of a blocked client', 'update clients set blocked_at = 5', T0],
    ['the code of a client that is gone', 'delete from clients', T0],
  ])('%s makes nothing', async (_case, sql, at) => {
    await walkToCode(fixture.store, 'j1');
    if (sql !== '') await fixture.sql(sql);
    const before = await fixture.dump();
    expect(await fixture.store.redeemCode(redemption('j1'), trail(at))).toBeUndefined();
    expect(await fixture.dump()).toEqual(before);
  });

  test('beyond the cap the longest unused grant ends', async () => {
    const { store } = fixture;
    for (const [index, id] of ['j1', 'j2', 'j3'].entries()) {
      await walkToCode(store, id);
      await store.redeemCode(redemption(id, { grantCap: 3 }), trail(T0 + index));
    }
    await store.rotateRefresh(rotation('j1', 0), trail(T0 + 10));
    await walkToCode(store, 'j4');
    await store.redeemCode(redemption('j4', { grantCap: 3 }), trail(T0 + 20));
    const endings = await Promise.all(
      ['j1', 'j2', 'j3', 'j4'].map(
        async (id) => (await store.findRefreshToken(hash(`refresh-${id}-0`)))?.grant.endReason,
      ),
    );
    expect(endings).toEqual([undefined, 'cap', undefined, undefined]);
    expect(await store.findAccessToken(hash('access-j2-0'), T0 + 20)).toBeUndefined();
    expect((await store.findUpstreamGrant('grt_j2'))?.endedAt).toBe(T0 + 20);
  });

  test('a replayed code kills what it made, once, and a fresh one is left alone', async () => {
    const { store } = fixture;
    await walkToCode(store, 'j1');
    expect(await store.punishReplayedCode(hash('code-j1'), trail())).toEqual(NOTHING);
    expect(await store.punishReplayedCode(hash('nonsense'), trail())).toEqual(NOTHING);
    await store.redeemCode(redemption('j1'), trail());
    expect(await store.punishReplayedCode(hash('code-j1'), trail())).toEqual(ONE_GRANT);
    expect(await store.punishReplayedCode(hash('code-j1'), trail())).toEqual(NOTHING);
    expect(await store.findAccessToken(hash('access-j1-0'), T0)).toBeUndefined();
    expect(await store.rotateRefresh(rotation('j1', 0), trail())).toBeUndefined();
    expect((await events(store)).slice(-2)).toEqual(['grant.ended', 'code.replayed']);
  });

  test('a rotation spends the token, keeps the sealed successor and adds an access token', async () => {
    const { store } = fixture;
    await walkToGrant(store, 'j1');
    expect(await store.rotateRefresh(rotation('j1', 0), trail(T0 + 9))).toMatchObject({
      id: 'grt_j1',
      lastUsedAt: T0 + 9,
    });
    expect(await store.findRefreshToken(hash('refresh-j1-0'))).toMatchObject({
      rotatedAt: T0 + 9,
      successorHash: hash('refresh-j1-1'),
      successorSealed: 'sealed:successor-j1-1',
      successorUsedAt: undefined,
    });
    expect(await store.findAccessToken(hash('access-j1-1'), T0 + 9)).toBeDefined();
    expect(await store.findAccessToken(hash('access-j1-0'), T0 + 9)).toBeDefined();
    expect(
      await store.rotateRefresh(rotation('j1', 0, { successorHash: hash('branch') }), trail(T0 + 9)),
    ).toBeUndefined();
    expect(await store.findRefreshToken(hash('branch'))).toBeUndefined();
    expect((await events(store)).filter((event) => event === 'refresh.rotated')).toHaveLength(1);
  });

  test('using the successor closes the grace window and wipes the sealed successor', async () => {
    const { store } = fixture;
    await walkToGrant(store, 'j1');
    await store.rotateRefresh(rotation('j1', 0), trail(T0 + 1));
    expect(await store.replayInGrace(grace('1'), trail(T0 + 2))).toMatchObject({ id: 'grt_j1', lastUsedAt: T0 + 2 });
    expect(await store.findAccessToken(hash('access-grace-1'), T0 + 2)).toBeDefined();
    await store.rotateRefresh(rotation('j1', 1), trail(T0 + 3));
    expect(await store.findRefreshToken(hash('refresh-j1-0'))).toMatchObject({
      successorUsedAt: T0 + 3,
      successorSealed: undefined,
    });
    const before = await fixture.dump();
    expect(await store.replayInGrace(grace('2'), trail(T0 + 4))).toBeUndefined();
    expect(await fixture.dump()).toEqual(before);
    expect((await events(store)).filter((event) => event === 'refresh.replayed_in_grace')).toHaveLength(1);
  });

  test('outside the grace window, or before any rotation, a replay adds nothing', async () => {
    const { store } = fixture;
    await walkToGrant(store, 'j1');
    expect(await store.replayInGrace(grace('1'), trail())).toBeUndefined();
    await store.rotateRefresh(rotation('j1', 0), trail(T0 + 1));
    expect(await store.replayInGrace({ ...grace('1'), rotatedSince: T0 + 2 }, trail(T0 + 32))).toBeUndefined();
    expect(await store.findAccessToken(hash('access-grace-1'), T0)).toBeUndefined();
  });

  test.each([
    ['an expired token', '', T0 + 14 * DAY],
    ['a token of an ended grant', 'update grants set ended_at = 5', T0],
    ['a token of an expired grant', `update grants set expires_at = ${T0}`, T0],
    ['a token under a revoked approval', 'update approvals set revoked_at = 5', T0],
    ['the token of a disabled person', 'update users set disabled_at = 5', T0],
    ['the token of a blocked client', 'update clients set blocked_at = 5', T0],
  ])('%s rotates nothing', async (_case, sql, at) => {
    await walkToGrant(fixture.store, 'j1');
    if (sql !== '') await fixture.sql(sql);
    const before = await fixture.dump();
    expect(await fixture.store.rotateRefresh(rotation('j1', 0), trail(at))).toBeUndefined();
    expect(await fixture.dump()).toEqual(before);
  });

  test('an unknown refresh token is nothing', async () => {
    expect(await fixture.store.findRefreshToken(hash('nonsense'))).toBeUndefined();
    expect(await fixture.store.rotateRefresh(rotation('none', 0), trail())).toBeUndefined();
  });

  test('ending a grant ends its family and leaves other grants alone', async () => {
    const { store } = fixture;
    await walkToGrant(store, 'j1');
    await walkToGrant(store, 'j2');
    expect(await store.endGrant('grt_j1', 'reuse', trail())).toEqual(ONE_GRANT);
    expect(await store.endGrant('grt_j1', 'reuse', trail())).toBeUndefined();
    expect(await store.endGrant('grt_none', 'reuse', trail())).toBeUndefined();
    expect(await store.rotateRefresh(rotation('j1', 0), trail())).toBeUndefined();
    expect(await store.findAccessToken(hash('access-j1-0'), T0)).toBeUndefined();
    expect(await store.findAccessToken(hash('access-j2-0'), T0)).toBeDefined();
    const [row] = await store.listAudit({ event: 'grant.ended', limit: 10 });
    expect(row?.details).toMatchObject({ grant: 'grt_j1', reason: 'reuse' });
  });

  test('one access token can be revoked alone', async () => {
    const { store } = fixture;
    await walkToGrant(store, 'j1');
    expect(await store.revokeAccessToken(hash('access-j1-0'), trail())).toBe(true);
    expect(await store.revokeAccessToken(hash('access-j1-0'), trail())).toBe(false);
    expect(await store.revokeAccessToken(hash('nonsense'), trail())).toBe(false);
    expect(await store.findAccessToken(hash('access-j1-0'), T0)).toBeUndefined();
    expect(await store.rotateRefresh(rotation('j1', 0), trail())).toBeDefined();
    const [row] = await store.listAudit({ event: 'access_token.revoked', limit: 10 });
    expect(row).toMatchObject({ userId: 'usr_ann', clientId: 'cli_acme', details: { grant: 'grt_j1' } });
  });

  test.each([
    ['at its expiry', '', T0 + 600],
    ['with its grant ended', 'update grants set ended_at = 5', T0],
    ['with its grant expired', `update grants set expires_at = ${T0}`, T0],
    ['with its approval revoked', 'update approvals set revoked_at = 5', T0],
    ['with its approval expired', `update approvals set expires_at = ${T0}`, T0],
    ['with its person disabled', 'update users set disabled_at = 5', T0],
    ['with its client blocked', 'update clients set blocked_at = 5', T0],
    ['with its client gone', 'delete from clients', T0],
  ])('an access token %s is not live', async (_case, sql, at) => {
    await walkToGrant(fixture.store, 'j1');
    expect(await fixture.store.findAccessToken(hash('access-j1-0'), T0)).toBeDefined();
    if (sql !== '') await fixture.sql(sql);
    expect(await fixture.store.findAccessToken(hash('access-j1-0'), at)).toBeUndefined();
  });

  test('a code issued beside an earlier one of the same approval is redeemed on its own', async () => {
    const { store } = fixture;
    await walkToCode(store, 'j1');
    await walkToReturn(store, 'j2');
    await store.completeJourney(completion('j2'), trail());
    expect((await store.redeemCode(redemption('j2'), trail()))?.approvalId).toBe('apr_j1');
    expect((await store.redeemCode(redemption('j1'), trail()))?.approvalId).toBe('apr_j1');
    expect((await fixture.counts()).grants).toBe(2);
  });
});
