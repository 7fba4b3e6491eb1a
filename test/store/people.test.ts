/** The verbs about people, sessions and approvals, on both engines. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  client,
  completion,
  consent,
  DAY,
  ENGINES,
  events,
  type Fixture,
  hash,
  newJourney,
  openFixture,
  populate,
  redemption,
  rotation,
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
  revocation: undefined,
};

describe.each(ENGINES)('people on %s', (engine) => {
  let fixture: Fixture;
  beforeEach(async () => {
    fixture = await openFixture(engine);
    await populate(fixture.store);
  });
  afterEach(() => fixture.close());

  test('a person is who the upstream says, whatever the name, and keeps the first id', async () => {
    const { store } = fixture;
    const again = await store.identifyPerson(
      { id: 'usr_x', upstream: 'github', subject: '1', name: 'Ann Lee' },
      T0 + 9,
    );
    expect(again).toEqual({
      id: 'usr_ann',
      upstream: 'github',
      subject: '1',
      name: 'Ann Lee',
      createdAt: T0,
      disabledAt: undefined,
    });
    const other = await store.identifyPerson({ id: 'usr_y', upstream: 'corp', subject: '1', name: 'Ann' }, T0);
    expect(other.id).toBe('usr_y');
    expect(await store.findUser('usr_x')).toBeUndefined();
  });

  test('a session lives until its absolute end, idleness, sign-out or the disabling of its person', async () => {
    const { store } = fixture;
    await walkToCode(store, 'j1');
    const id = hash('session-j1');
    expect(await store.findSession(id, T0 + 10, T0)).toEqual({
      idHash: id,
      createdAt: T0,
      lastSeenAt: T0,
      expiresAt: T0 + 7 * DAY,
      user: { id: 'usr_ann', upstream: 'github', subject: '1', name: 'Ann', createdAt: T0, disabledAt: undefined },
    });
    expect(await store.findSession(id, T0 + 7 * DAY, T0)).toBeUndefined();
    expect(await store.findSession(id, T0 + 10, T0 + 1)).toBeUndefined();
    expect(await store.endSession(id, trail())).toBe(true);
    expect(await store.endSession(id, trail())).toBe(false);
    expect(await store.findSession(id, T0 + 10, T0)).toBeUndefined();
    expect((await events(store)).filter((event) => event === 'session.ended')).toHaveLength(1);
    await walkToCode(store, 'j2');
    await fixture.sql(`update users set disabled_at = 5 where id = 'usr_ann'`);
    expect(await store.findSession(hash('session-j2'), T0 + 10, T0)).toBeUndefined();
  });

  test('seeing a session is written at most once a minute', async () => {
    const { store } = fixture;
    await walkToCode(store, 'j1');
    const seen = async () => Number((await fixture.dump()).sessions?.[0]?.last_seen_at);
    await store.findSession(hash('session-j1'), T0 + 59, T0);
    expect(await seen()).toBe(1_800_000_000);
    expect((await store.findSession(hash('session-j1'), T0 + 60, T0))?.lastSeenAt).toBe(1_800_000_060);
    expect(await seen()).toBe(1_800_000_060);
  });

  test('live approvals are listed newest first, with their clients, and with their latest use', async () => {
    const { store } = fixture;
    await store.insertClient(client('cli_two'), trail());
    await walkToGrant(store, 'j1');
    await walkToReturn(store, 'j2', { request: { ...newJourney('j2').request, clientId: 'cli_two' } as never });
    await store.completeJourney(completion('j2'), trail(T0 + 5));
    await store.rotateRefresh(rotation('j1', 0), trail(T0 + 300));
    await fixture.sql(`delete from clients where id = 'cli_two'`);
    const listed = await store.listApprovals('usr_ann', T0);
    expect(listed.map(({ approval, client: of }) => [approval.id, approval.lastUsedAt, of?.id])).toEqual([
      ['apr_j2', undefined, undefined],
      ['apr_j1', 1_800_000_300, 'cli_acme'],
    ]);
    expect((await store.getApproval('apr_j1'))?.lastUsedAt).toBe(1_800_000_300);
    expect(await store.listApprovals('usr_ann', T0 + 90 * DAY)).toEqual([]);
    expect(await store.listApprovals('usr_bob', T0)).toEqual([]);
  });

  test('a revocation ends everything under the approval and counts it', async () => {
    const { store } = fixture;
    await walkToGrant(store, 'j1');
    await walkToGrant(store, 'j2');
    await store.rotateRefresh(rotation('j2', 0), trail());
    await walkToCode(store, 'j3');
    await walkToReturn(store, 'j4', { expectedUserId: 'usr_ann' });
    await store.openJourney(newJourney('j5', { expectedUserId: 'usr_ann' }), trail());
    expect(await store.revokeApprovals('usr_ann', undefined, 'asked', trail(T0 + 1))).toEqual({
      approvals: 1,
      grants: 2,
      refreshTokens: 2,
      accessTokens: 3,
      codes: 1,
      journeys: 2,
      upstreamGrants: 3,
      revocation: expect.stringMatching(/^rvk_/),
    });
    // What a page says of it: the latest that ended, where none lives.
    expect(await store.findApproval('usr_ann', 'cli_acme', 'tickets')).toMatchObject({
      id: 'apr_j1',
      revokedAt: T0 + 1,
    });
    for (const access of ['access-j1-0', 'access-j2-0', 'access-j2-1'])
      expect(await store.findAccessToken(hash(access), T0 + 1)).toBeUndefined();
    expect(await store.rotateRefresh(rotation('j1', 0), trail(T0 + 1))).toBeUndefined();
    expect(await store.rotateRefresh(rotation('j2', 1), trail(T0 + 1))).toBeUndefined();
    expect(await store.redeemCode(redemption('j3'), trail(T0 + 1))).toBeUndefined();
    expect(await store.completeJourney(completion('j4'), trail(T0 + 1))).toBeUndefined();
    expect(await store.recordConsent(consent('j5'), trail(T0 + 1))).toBeUndefined();
    expect((await store.findUpstreamGrant('grt_j1'))?.endedAt).toBe(T0 + 1);
    expect((await store.findRefreshToken(hash('refresh-j1-0')))?.grant).toMatchObject({
      endedAt: T0 + 1,
      endReason: 'approval_revoked',
    });
    const successors = (await fixture.dump()).refresh_tokens?.map((row) => row.successor_sealed);
    expect(successors).toEqual([null, null, null]);
  });

  test('a second revocation ends nothing and says so', async () => {
    const { store } = fixture;
    await walkToGrant(store, 'j1');
    await store.revokeApprovals('usr_ann', ['apr_j1'], 'asked', trail());
    const before = await fixture.counts();
    expect(await store.revokeApprovals('usr_ann', ['apr_j1'], 'asked', trail())).toEqual(NOTHING);
    expect(await store.revokeApprovals('usr_ann', undefined, 'asked', trail())).toEqual(NOTHING);
    expect(await fixture.counts()).toEqual(before);
    const rows = await store.listAudit({ event: 'approval.revoked', limit: 10 });
    expect(rows.map((row) => row.details)).toEqual([
      {
        approval: 'apr_j1',
        reason: 'asked',
        ended: { approvals: 1, grants: 1, refreshTokens: 1, accessTokens: 1, codes: 0, journeys: 0, upstreamGrants: 1 },
        revocation: expect.stringMatching(/^rvk_/),
      },
    ]);
  });

  test("nobody revokes another person's approval, and only the named ones end", async () => {
    const { store } = fixture;
    await store.insertClient(client('cli_two'), trail());
    await walkToGrant(store, 'j1');
    await walkToReturn(store, 'j2', { request: { ...newJourney('j2').request, clientId: 'cli_two' } as never });
    await store.completeJourney(completion('j2'), trail());
    expect(await store.revokeApprovals('usr_bob', ['apr_j1'], 'asked', trail())).toEqual(NOTHING);
    expect(await store.revokeApprovals('usr_bob', undefined, 'asked', trail())).toEqual(NOTHING);
    expect(await store.revokeApprovals('usr_ann', [], 'asked', trail())).toEqual(NOTHING);
    expect(await store.revokeApprovals('usr_ann', ['apr_j2', 'apr_none'], 'asked', trail())).toMatchObject({
      approvals: 1,
      codes: 1,
    });
    expect(await store.findAccessToken(hash('access-j1-0'), T0)).toBeDefined();
    expect((await store.getApproval('apr_j1'))?.revokedAt).toBeUndefined();
  });

  test('an expired approval can still be revoked by name, but is not among all live ones', async () => {
    const { store } = fixture;
    await walkToCode(store, 'j1');
    expect(await store.revokeApprovals('usr_ann', undefined, 'asked', trail(T0 + 90 * DAY))).toEqual(NOTHING);
    expect(await store.revokeApprovals('usr_ann', ['apr_j1'], 'asked', trail(T0 + 90 * DAY))).toMatchObject({
      approvals: 1,
      codes: 0,
    });
  });
});
