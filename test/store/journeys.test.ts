/** The verbs that move a journey, on both engines: every arrow once, and never from a state it does not start from. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  client,
  completion,
  consent,
  DAY,
  ENGINES,
  events,
  type Fixture,
  face,
  hash,
  newJourney,
  openFixture,
  populate,
  redemption,
  sealed,
  signIn,
  T0,
  trail,
  walkToCode,
  walkToReturn,
} from './fixture.ts';

describe.each(ENGINES)('journeys on %s', (engine) => {
  let fixture: Fixture;
  beforeEach(async () => {
    fixture = await openFixture(engine);
    await populate(fixture.store);
  });
  afterEach(() => fixture.close());

  test('consent is taken once and stores the upstream state with it', async () => {
    const { store } = fixture;
    await store.openJourney(newJourney('j1'), trail());
    expect(await store.findJourneyByState(hash('state-j1'))).toBeUndefined();
    const consented = await store.recordConsent(consent('j1'), trail(T0 + 3));
    expect(consented).toMatchObject({ decision: 'allow', decidedAt: T0 + 3, grantedScopes: ['tickets:read'] });
    expect(await store.recordConsent({ ...consent('j1'), upstreamStateHash: hash('second') }, trail())).toBeUndefined();
    expect(await store.refuseConsent('j1', trail())).toBeUndefined();
    expect(await store.findJourneyByState(hash('second'))).toBeUndefined();
    expect(await events(store)).toEqual(['client.registered', 'consent.allowed']);
  });

  test('a refusal finishes the journey, and nothing can be allowed after it', async () => {
    const { store } = fixture;
    await store.openJourney(newJourney('j1'), trail());
    expect(await store.refuseConsent('j1', trail())).toMatchObject({
      decision: 'deny',
      finishedAt: T0,
      outcome: 'denied',
    });
    expect(await store.refuseConsent('j1', trail())).toBeUndefined();
    expect(await store.recordConsent(consent('j1'), trail())).toBeUndefined();
    expect(await events(store)).toEqual(['client.registered', 'consent.denied']);
  });

  test('at its expiry a journey takes no decision any more', async () => {
    const { store } = fixture;
    await store.openJourney(newJourney('j1'), trail());
    expect(await store.recordConsent(consent('j1'), trail(T0 + 600))).toBeUndefined();
    expect(await store.refuseConsent('j1', trail(T0 + 600))).toBeUndefined();
    expect(await store.recordConsent(consent('j1'), trail(T0 + 599))).toBeDefined();
  });

  test('handing off is noted once and may be asked again', async () => {
    const { store } = fixture;
    await store.openJourney(newJourney('j1'), trail());
    expect((await store.markHandedOff('j1', trail(T0 + 1)))?.handedOffAt).toBe(T0 + 1);
    expect((await store.markHandedOff('j1', trail(T0 + 9)))?.handedOffAt).toBe(T0 + 1);
    expect(await store.markHandedOff('none', trail())).toBeUndefined();
  });

  test('a return is claimed once, by the state, for an allowed and unexpired journey', async () => {
    const { store } = fixture;
    await store.openJourney(newJourney('j1'), trail());
    await store.recordConsent(consent('j1'), trail());
    expect(await store.claimUpstreamState(hash('state-j1'), hash('cookie-j1'), trail(T0 + 600))).toBeUndefined();
    expect(await store.claimUpstreamState(hash('nonsense'), hash('cookie-j1'), trail())).toBeUndefined();
    const claim = await store.claimUpstreamState(hash('state-j1'), hash('cookie-j1'), trail(T0 + 8));
    expect(claim).toMatchObject({
      bound: true,
      journey: { id: 'j1', returnedAt: T0 + 8, secretsSealed: sealed('secrets-j1') },
    });
    expect(await store.claimUpstreamState(hash('state-j1'), hash('cookie-j1'), trail(T0 + 9))).toBeUndefined();
  });

  test.each([
    ['another browser', hash('cookie-of-somebody'), 'other'],
    ['no cookie', undefined, 'none'],
  ])('a return with %s burns the state, finishes the journey and is on record', async (_case, cookie, shown) => {
    const { store } = fixture;
    await store.openJourney(newJourney('j1'), trail());
    await store.recordConsent(consent('j1'), trail());
    const claim = await store.claimUpstreamState(hash('state-j1'), cookie, trail());
    expect(claim).toMatchObject({ bound: false, journey: { outcome: 'browser_mismatch', finishedAt: T0 } });
    expect(await store.claimUpstreamState(hash('state-j1'), hash('cookie-j1'), trail())).toBeUndefined();
    expect(await store.completeJourney(completion('j1'), trail())).toBeUndefined();
    expect(await store.failJourney('j1', 'refused', trail())).toBeUndefined();
    const [row] = await store.listAudit({ event: 'journey.browser_mismatch', limit: 10 });
    expect(row?.details).toEqual({ journey: 'j1', cookie: shown });
  });

  test('a failed journey is finished with its outcome, once, and only after it returned', async () => {
    const { store } = fixture;
    await store.openJourney(newJourney('j0'), trail());
    await store.recordConsent(consent('j0'), trail());
    expect(await store.failJourney('j0', 'unreachable', trail())).toBeUndefined();
    await walkToReturn(store, 'j1');
    expect(await store.failJourney('j1', 'unreachable', trail())).toMatchObject({
      finishedAt: T0,
      outcome: 'unreachable',
    });
    expect(await store.failJourney('j1', 'refused', trail())).toBeUndefined();
    expect(await store.completeJourney(completion('j1'), trail())).toBeUndefined();
    const [row] = await store.listAudit({ event: 'journey.failed', limit: 10 });
    expect(row).toMatchObject({
      clientId: 'cli_acme',
      resource: 'tickets',
      details: { journey: 'j1', outcome: 'unreachable' },
    });
  });

  test('a completed journey leaves an approval, a session, upstream tokens and a code', async () => {
    const { store } = fixture;
    await walkToReturn(store, 'j1');
    const completed = await store.completeJourney(completion('j1'), trail(T0 + 9));
    expect(completed?.journey).toMatchObject({ finishedAt: T0 + 9, outcome: 'completed' });
    expect(completed?.approval).toEqual({
      id: 'apr_j1',
      userId: 'usr_ann',
      clientId: 'cli_acme',
      resource: 'tickets',
      upstream: 'github',
      redirectUris: ['http://127.0.0.1:7777/callback'],
      scopes: ['tickets:read'],
      face,
      grantedAt: T0 + 9,
      lastUsedAt: undefined,
      expiresAt: T0 + 90 * DAY,
      revokedAt: undefined,
      revokedReason: undefined,
    });
    expect(await store.findCode(hash('code-j1'))).toEqual({
      codeHash: hash('code-j1'),
      approvalId: 'apr_j1',
      userId: 'usr_ann',
      clientId: 'cli_acme',
      redirectUri: 'http://127.0.0.1:7777/callback',
      resource: 'tickets',
      scopes: ['tickets:read'],
      codeChallenge: 'challenge',
      upstreamGrantId: 'upg_j1',
      createdAt: T0 + 9,
      expiresAt: T0 + 60,
      usedAt: undefined,
      revokedAt: undefined,
      grantId: undefined,
      reference: 'req_j1',
      destination: 'loopback',
      clientNames: ['Acme Desktop', 'Acme Schreibtisch'],
    });
    expect((await store.findSession(hash('session-j1'), T0 + 9, T0))?.user.name).toBe('Ann');
    expect((await store.findClient('cli_acme'))?.lastUsedAt).toBe(T0 + 9);
    expect(await events(store)).toEqual([
      'client.registered',
      'consent.allowed',
      'session.started',
      'approval.granted',
      'code.issued',
    ]);
    expect(await store.completeJourney(completion('j1'), trail())).toBeUndefined();
  });

  test('a second journey with the same face and redirect widens the approval and keeps its id', async () => {
    const { store } = fixture;
    await walkToCode(store, 'j1');
    await walkToReturn(store, 'j2');
    const wider = { ...completion('j2').approval, scopes: ['tickets:write'], expiresAt: T0 + 91 * DAY };
    const completed = await store.completeJourney(completion('j2', { approval: wider }), trail(T0 + 50));
    expect(completed?.approval).toMatchObject({
      id: 'apr_j1',
      grantedAt: T0,
      expiresAt: T0 + 91 * DAY,
      scopes: ['tickets:read', 'tickets:write'],
      redirectUris: ['http://127.0.0.1:7777/callback'],
    });
    expect((await fixture.counts()).approvals).toBe(1);
    expect((await events(store)).filter((event) => event.startsWith('approval.'))).toEqual([
      'approval.granted',
      'approval.renewed',
    ]);
    expect((await store.findCode(hash('code-j2')))?.approvalId).toBe('apr_j1');
  });

  test('another redirect joins the approval when it was allowed the very same scopes', async () => {
    const { store } = fixture;
    await walkToCode(store, 'j1');
    await walkToReturn(store, 'j2');
    const other = { ...completion('j2').approval, redirectUri: 'http://127.0.0.1:7777/other' };
    const completed = await store.completeJourney(completion('j2', { approval: other }), trail());
    expect(completed?.approval).toMatchObject({
      id: 'apr_j1',
      scopes: ['tickets:read'],
      redirectUris: ['http://127.0.0.1:7777/callback', 'http://127.0.0.1:7777/other'],
    });
  });

  test('another redirect takes over no scope that was allowed for the first', async () => {
    const { store } = fixture;
    await walkToCode(store, 'j1');
    await walkToReturn(store, 'j2');
    const other = {
      ...completion('j2').approval,
      redirectUri: 'http://127.0.0.1:7777/other',
      scopes: ['tickets:write'],
    };
    const completed = await store.completeJourney(completion('j2', { approval: other }), trail());
    expect(completed?.approval).toMatchObject({
      id: 'apr_j1',
      scopes: ['tickets:write'],
      redirectUris: ['http://127.0.0.1:7777/other'],
    });
  });

  test('a changed face takes exactly the new scopes and redirect', async () => {
    const { store } = fixture;
    await walkToCode(store, 'j1');
    await walkToReturn(store, 'j2');
    const changed = {
      id: 'apr_j2',
      redirectUri: 'https://acme.example/cb',
      scopes: ['tickets:write'],
      face: { ...face, destination: 'https://acme.example' },
      expiresAt: T0 + 91 * DAY,
    };
    const completed = await store.completeJourney(completion('j2', { approval: changed }), trail());
    expect(completed?.approval).toMatchObject({
      id: 'apr_j1',
      scopes: ['tickets:write'],
      redirectUris: ['https://acme.example/cb'],
      face: { destination: 'https://acme.example' },
    });
  });

  test('an expired approval is renewed with exactly the new scopes', async () => {
    const { store } = fixture;
    await walkToCode(store, 'j1', { approval: { ...completion('j1').approval, expiresAt: T0 + 10 } });
    await walkToReturn(store, 'j2');
    const again = { ...completion('j2').approval, scopes: ['tickets:write'] };
    const completed = await store.completeJourney(completion('j2', { approval: again }), trail(T0 + 10));
    expect(completed?.approval).toMatchObject({ id: 'apr_j1', scopes: ['tickets:write'], expiresAt: T0 + 90 * DAY });
  });

  test('after a revocation the next completion makes a new approval and the tombstone stays', async () => {
    const { store } = fixture;
    await walkToCode(store, 'j1');
    await store.revokeApprovals('usr_ann', ['apr_j1'], 'asked', trail());
    await walkToCode(store, 'j2');
    expect((await store.findApproval('usr_ann', 'cli_acme', 'tickets'))?.id).toBe('apr_j2');
    expect(await store.getApproval('apr_j1')).toMatchObject({ revokedAt: T0, revokedReason: 'asked' });
  });

  test('an anonymous journey decided before the person revoked the client does not complete after it', async () => {
    const { store } = fixture;
    await walkToCode(store, 'j1');
    await walkToReturn(store, 'j2');
    await store.revokeApprovals('usr_ann', undefined, 'asked', trail(T0 + 5));
    const before = await fixture.counts();
    expect(await store.completeJourney(completion('j2'), trail(T0 + 6))).toBeUndefined();
    expect(await fixture.counts()).toEqual(before);
    expect(await store.failJourney('j2', 'revoked_meanwhile', trail(T0 + 6))).toBeDefined();
  });

  test('one decided in the second of the revocation and before it does not, another person’s does', async () => {
    const { store } = fixture;
    await store.identifyPerson({ id: 'usr_bob', upstream: 'github', subject: '2', name: 'Bob' }, T0);
    await walkToCode(store, 'j1');
    await walkToReturn(store, 'j2');
    await walkToReturn(store, 'j3');
    await store.revokeApprovals('usr_ann', undefined, 'asked', trail());
    await walkToReturn(store, 'j4');
    expect(await store.completeJourney(completion('j2'), trail(T0 + 1))).toBeUndefined();
    expect(await store.completeJourney(completion('j3', { userId: 'usr_bob' }), trail(T0 + 1))).toBeDefined();
    expect(await store.completeJourney(completion('j4'), trail(T0 + 1))).toBeDefined();
  });

  test('a journey nobody looked at does not complete when the approval it rested on went in the same second', async () => {
    const { store } = fixture;
    await walkToCode(store, 'j1');
    await store.revokeApprovals('usr_ann', undefined, 'asked', trail());
    await walkToReturn(store, 'j2', { screen: 'skip', reasons: [] });
    expect(await store.completeJourney(completion('j2'), trail(T0 + 1))).toBeUndefined();
  });

  test('a journey that names a person completes for nobody else', async () => {
    const { store } = fixture;
    await store.identifyPerson({ id: 'usr_bob', upstream: 'github', subject: '2', name: 'Bob' }, T0);
    await walkToReturn(store, 'j1', { expectedUserId: 'usr_bob' });
    expect(await store.completeJourney(completion('j1'), trail())).toBeUndefined();
    expect(await store.completeJourney(completion('j1', { userId: 'usr_bob' }), trail())).toBeDefined();
  });

  test.each([
    ['a disabled person', `update users set disabled_at = 5 where id = 'usr_ann'`],
    ['a blocked client', `update clients set blocked_at = 5 where id = 'cli_acme'`],
    ['a client that is gone', `delete from clients where id = 'cli_acme'`],
  ])('%s completes nothing', async (_case, sql) => {
    await walkToReturn(fixture.store, 'j1');
    await fixture.sql(sql);
    const before = await fixture.counts();
    expect(await fixture.store.completeJourney(completion('j1'), trail())).toBeUndefined();
    expect(await fixture.counts()).toEqual(before);
  });

  test('a journey that has not returned, or is of the other kind, does not complete', async () => {
    const { store } = fixture;
    await store.openJourney(newJourney('j1'), trail());
    expect(await store.completeJourney(completion('j1'), trail())).toBeUndefined();
    await store.recordConsent(consent('j1'), trail());
    expect(await store.completeJourney(completion('j1'), trail())).toBeUndefined();
    await walkToReturn(store, 'j2');
    expect(await store.completeSignIn('j2', 'usr_ann', completion('j2').session, trail())).toBeUndefined();
  });

  test('a sign-in journey begins a session and nothing else', async () => {
    const { store } = fixture;
    await store.openJourney(signIn('s1'), trail());
    await store.recordConsent(consent('s1'), trail());
    await store.claimUpstreamState(hash('state-s1'), hash('cookie-s1'), trail());
    expect(await store.completeJourney(completion('s1'), trail())).toBeUndefined();
    const finished = await store.completeSignIn('s1', 'usr_ann', completion('s1').session, trail());
    expect(finished).toMatchObject({ kind: 'sign_in', outcome: 'completed' });
    expect(await store.completeSignIn('s1', 'usr_ann', completion('s1').session, trail())).toBeUndefined();
    expect((await store.findSession(hash('session-s1'), T0, T0))?.user.id).toBe('usr_ann');
    expect(await fixture.counts()).toMatchObject({ sessions: 1, approvals: 0, codes: 0, upstream_grants: 0 });
    expect(await events(store)).toEqual(['client.registered', 'sign_in.started', 'session.started']);
  });

  test('a new session ends the one it replaces', async () => {
    const { store } = fixture;
    await walkToCode(store, 'j1');
    await walkToCode(store, 'j2', {
      session: { idHash: hash('session-j2'), expiresAt: T0 + DAY, replaces: hash('session-j1') },
    });
    expect(await store.findSession(hash('session-j1'), T0, T0)).toBeUndefined();
    expect(await store.findSession(hash('session-j2'), T0, T0)).toBeDefined();
    expect((await events(store)).filter((event) => event === 'session.ended')).toHaveLength(1);
  });

  test('a client used by many is noted as used at most once an hour', async () => {
    const { store } = fixture;
    await store.insertClient(client('cli_2'), trail());
    await walkToCode(store, 'j1');
    await walkToReturn(store, 'j2');
    await store.completeJourney(completion('j2'), trail(T0 + 60));
    expect((await store.findClient('cli_acme'))?.lastUsedAt).toBe(T0);
    expect((await store.findClient('cli_2'))?.lastUsedAt).toBeUndefined();
    expect(await store.redeemCode(redemption('j1'), trail())).toBeDefined();
  });
});
