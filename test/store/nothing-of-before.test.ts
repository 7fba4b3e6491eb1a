/** What ended stays ended when the approval is renewed, the person is let in again, or the block is taken back. On both engines. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  completion,
  consent,
  DAY,
  ENGINES,
  type Fixture,
  hash,
  openFixture,
  populate,
  redemption,
  rotation,
  signIn,
  T0,
  trail,
  walkToCode,
  walkToReturn,
} from './fixture.ts';

const WIDE = ['tickets:read', 'tickets:write'];
const EIGHT_HOURS = 8 * 3600;

describe.each(ENGINES)('nothing of before on %s', (engine) => {
  let fixture: Fixture;
  beforeEach(async () => {
    fixture = await openFixture(engine);
    await populate(fixture.store);
  });
  afterEach(() => fixture.close());

  describe('an approval that ran out and is given again', () => {
    const expiring = { ...completion('j1').approval, scopes: WIDE, expiresAt: T0 + 10 };
    beforeEach(async () => {
      const { store } = fixture;
      await walkToCode(store, 'j1', { approval: expiring });
      await store.redeemCode(redemption('j1', { accessScopes: WIDE }), trail());
      expect(await store.findAccessToken(hash('access-j1-0'), T0 + 9)).toBeDefined();
      expect(await store.findAccessToken(hash('access-j1-0'), T0 + 10)).toBeUndefined();
      await walkToReturn(store, 'j2');
    });

    test('brings no token back, on record and with a report', async () => {
      const { store } = fixture;
      const narrow = { ...completion('j2').approval, scopes: ['tickets:read'] };
      const completed = await store.completeJourney(completion('j2', { approval: narrow }), trail(T0 + 20));
      expect(completed?.approval).toMatchObject({ id: 'apr_j1', scopes: ['tickets:read'], expiresAt: T0 + 90 * DAY });

      expect(await store.findAccessToken(hash('access-j1-0'), T0 + 21)).toBeUndefined();
      expect(await store.rotateRefresh(rotation('j1', 0), trail(T0 + 21))).toBeUndefined();
      const [row] = await store.listAudit({ event: 'grant.ended', limit: 9 });
      expect(row).toMatchObject({
        userId: 'usr_ann',
        details: { approval: 'apr_j1', reason: 'approval_expired', ended: { grants: 1, refreshTokens: 1 } },
      });
      expect(await store.findRevocation(String(row?.details.revocation))).toMatchObject({
        reason: 'approval_expired',
        ended: { approvals: 0, grants: 1, accessTokens: 1, upstreamGrants: 1 },
      });
    });

    test('is not begun anew by a journey that nobody looked at', async () => {
      const { store } = fixture;
      await walkToReturn(store, 'j3', { screen: 'skip', reasons: [] });
      const before = await fixture.counts();
      expect(await store.completeJourney(completion('j3'), trail(T0 + 20))).toBeUndefined();
      expect(await fixture.counts()).toEqual(before);
    });

    test('gives the new code its tokens', async () => {
      const { store } = fixture;
      await store.completeJourney(completion('j2'), trail(T0 + 20));
      await store.redeemCode(redemption('j2'), trail(T0 + 21));
      expect(await store.findAccessToken(hash('access-j2-0'), T0 + 22)).toBeDefined();
    });
  });

  describe('a journey that nobody looked at', () => {
    const silent = (id: string, more: Parameters<typeof walkToReturn>[2] = {}) =>
      walkToReturn(fixture.store, id, { screen: 'skip', reasons: [], ...more }, T0 + 10);
    const allow = (scopes: readonly string[], redirectUri = completion('j1').approval.redirectUri) =>
      walkToCode(fixture.store, 'j1', { approval: { ...completion('j1').approval, scopes, redirectUri } });

    test('completes under an approval that answers all of it', async () => {
      await allow(WIDE);
      await silent('j2');
      const completed = await fixture.store.completeJourney(completion('j2'), trail(T0 + 11));
      expect(completed?.approval).toMatchObject({ id: 'apr_j1', scopes: WIDE });
    });

    test('makes no approval, whenever the one it rested on was taken back', async () => {
      const { store } = fixture;
      await allow(WIDE);
      await store.revokeApprovals('usr_ann', undefined, 'removed', trail(T0 + 2));
      await silent('j2');
      const before = await fixture.counts();
      expect(await store.completeJourney(completion('j2'), trail(T0 + 11))).toBeUndefined();
      expect(await fixture.counts()).toEqual(before);
    });

    test.each([
      ['fewer permissions', ['tickets:write'], undefined],
      ['another redirect', WIDE, 'http://127.0.0.1:7777/elsewhere'],
    ] as const)('is not completed by what was allowed anew, with %s', async (_what, scopes, redirectUri) => {
      const { store } = fixture;
      await allow(scopes, redirectUri);
      await silent('j2');
      const before = await fixture.counts();
      expect(await store.completeJourney(completion('j2'), trail(T0 + 11))).toBeUndefined();
      expect(await fixture.counts()).toEqual(before);
    });
  });

  test.each([
    ['later', 60],
    ['in the same second', 0],
  ])(
    'a consent from before its person was disabled and let in %s comes to nothing; the next one completes',
    async (_when, after) => {
      const { store } = fixture;
      await walkToReturn(store, 'j1');
      await walkToReturn(store, 'j2', { expectedUserId: 'usr_ann' });
      await store.disableUser('usr_ann', 'stolen', trail());
      await store.enableUser('usr_ann', 'found', trail(T0 + after));
      for (const id of ['j1', 'j2'])
        expect(await store.completeJourney(completion(id), trail(T0 + 61))).toBeUndefined();
      await walkToReturn(store, 'j3', {}, T0 + after);
      expect(await store.completeJourney(completion('j3'), trail(T0 + 61))).toBeDefined();
    },
  );

  test('a sign-in begun before its person was disabled comes to nothing', async () => {
    const { store } = fixture;
    await store.openJourney(signIn('j1'), trail());
    await store.recordConsent({ ...consent('j1'), scopes: [] }, trail());
    await store.claimUpstreamState(hash('state-j1'), hash('cookie-j1'), trail());
    await store.disableUser('usr_ann', 'stolen', trail(T0 + 5));
    await store.enableUser('usr_ann', 'found', trail(T0 + 60));
    const session = { idHash: hash('session-j1'), expiresAt: T0 + 900, replaces: undefined };
    expect(await store.completeSignIn('j1', 'usr_ann', session, trail(T0 + 61))).toBeUndefined();
  });

  test.each([
    ['later', 30],
    ['in the same second', 0],
  ])(
    'a consent from before the person’s own block does not complete when they take it back %s',
    async (_when, after) => {
      const { store } = fixture;
      await walkToReturn(store, 'j1');
      const block = {
        ...{ id: 'blk_1', userId: 'usr_ann', clientId: 'cli_acme', appKey: hash('app'), name: 'Acme' },
        ...{ redirectUri: 'http://127.0.0.1:7777/callback', createdAt: T0 },
      };
      await store.blockApp(block, [], trail());
      expect(await store.unblockApp('usr_ann', 'blk_none', trail(T0 + after))).toBeUndefined();
      expect(await store.unblockApp('usr_ann', 'blk_1', trail(T0 + after))).toBeDefined();
      expect(await store.completeJourney(completion('j1'), trail(T0 + 31))).toBeUndefined();
      await walkToReturn(store, 'j2', {}, T0 + after);
      expect(await store.completeJourney(completion('j2'), trail(T0 + 31))).toBeDefined();
    },
  );

  test.each([
    ['signed out', 'signOutUser'],
    ['disabled and let in again', 'disableUser'],
  ] as const)('a console session ends for good when its person is %s', async (_what, how) => {
    const { store } = fixture;
    await store.openJourney({ ...signIn('j1'), kind: 'admin_sign_in' }, trail());
    await store.recordConsent({ ...consent('j1'), scopes: [] }, trail());
    await store.claimUpstreamState(hash('state-j1'), hash('cookie-j1'), trail());
    const session = { idHash: hash('console'), expiresAt: T0 + EIGHT_HOURS, replaces: undefined };
    await store.completeAdminSignIn('j1', 'usr_ann', { role: 'admin', resources: undefined }, session, trail());
    const live = async (at: number) => (await store.findConsoleSession(hash('console'), at, at - 900)) !== undefined;
    expect(await live(T0 + 1)).toBe(true);

    if (how === 'signOutUser') expect(await store.signOutUser('usr_ann', trail(T0 + 2))).toBe(1);
    else {
      expect(await store.disableUser('usr_ann', 'stolen', trail(T0 + 2))).toMatchObject({ sessions: 1 });
      await store.enableUser('usr_ann', 'found', trail(T0 + 300));
    }
    expect(await live(T0 + 301)).toBe(false);
    expect((await store.listAudit({ event: 'console.session_ended', limit: 9 })).length).toBe(1);
  });
});
