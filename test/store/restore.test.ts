/** After a restore nothing lives that the copy says lives; approvals stay, and are asked for again (threat T-I09). */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  client,
  completion,
  consent,
  ENGINES,
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

const NOW = trail(T0 + 5, { kind: 'system', id: 'restore' });

describe.each(ENGINES)('on %s', (engine) => {
  let fixture: Fixture;
  beforeEach(async () => {
    fixture = await openFixture(engine);
    const { store } = fixture;
    await populate(store);
    await walkToGrant(store, 'j1');
    await walkToCode(store, 'j2');
    await store.openJourney(newJourney('j3'), trail());
    await store.recordConsent(consent('j3'), trail());
    await walkToReturn(store, 'j4');
    const key = {
      id: 'adk_1',
      name: 'ops',
      role: 'admin',
      resources: undefined,
      createdAt: T0,
      expiresAt: undefined,
    } as const;
    await store.insertAdminKey(key, hash('admin'), trail());
    const link = { id: 'lnk_1', role: 'admin', resources: undefined, createdAt: T0, expiresAt: T0 + 600 } as const;
    await store.insertConsoleLink(link, hash('link'), trail());
    await store.insertClient(client('cli_machine', { kind: 'configured' }), trail());
    const machine = { clientId: 'cli_machine', resource: 'tickets', scopes: [], issuedAt: T0, expiresAt: T0 + 600 };
    await store.issueMachineToken({ tokenHash: hash('machine'), ...machine }, trail());
  });
  afterEach(() => fixture.close());

  test('everything alive ends, and nothing of it can be used', async () => {
    const { store } = fixture;
    expect(await store.endEverything(NOW)).toEqual({
      grants: 1,
      machineTokens: 1,
      codes: 1,
      journeys: 4,
      sessions: 2,
      approvals: 1,
      adminKeys: 1,
      consoleSessions: 1,
      signingKeys: 0,
    });
    const later = trail(T0 + 6);
    expect(await store.findAccessToken(hash('access-j1-0'), T0 + 6)).toBeUndefined();
    expect(await store.rotateRefresh(rotation('j1', 0), later)).toBeUndefined();
    expect(await store.redeemCode(redemption('j2'), later)).toBeUndefined();
    expect(await store.claimUpstreamState(hash('state-j3'), hash('cookie-j3'), later)).toBeUndefined();
    expect(await store.completeJourney(completion('j4'), later)).toBeUndefined();
    expect(await store.findSession(hash('session-j1'), T0 + 6, T0)).toBeUndefined();
    expect(await store.findMachineToken(hash('machine'), T0 + 6)).toBeUndefined();
    expect(await store.findConsoleLink(hash('link'), T0 + 6)).toBeUndefined();
    expect(await store.findAdminKey(hash('admin'), T0 + 6)).toBeUndefined();
  });

  test('the approval is kept, and has expired, so the person is asked', async () => {
    const { store } = fixture;
    await store.endEverything(NOW);
    const listed = await store.listRegistry({ state: 'expired' }, { now: T0 + 5, before: undefined, limit: 9 });
    expect(listed.map(({ id, expiresAt }) => [id, expiresAt])).toEqual([['apr_j1', T0 + 5]]);
  });

  test('once is enough, and it is on record', async () => {
    const { store } = fixture;
    await store.endEverything(NOW);
    expect(Object.values(await store.endEverything(NOW))).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0]);
    expect(await store.listAudit({ event: 'database.restored', limit: 9 })).toHaveLength(2);
  });
});
