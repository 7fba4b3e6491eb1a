/** A client leaves the configuration, or ends its registration: all it had is over, whatever breaks off on the way, on both engines. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Engine } from '../../src/store/engine.ts';
import { type Store, StoreUnavailable } from '../../src/store/store.ts';
import { storeOver } from '../../src/store/verbs/index.ts';
import {
  client,
  completion,
  ENGINES,
  events,
  type Fixture,
  hash,
  metadata,
  newId,
  newJourney,
  openFixture,
  populate,
  redemption,
  rotation,
  T0,
  trail,
  unchanged,
  update,
  walkToReturn,
} from './fixture.ts';

const ID = 'cli_acme';
const ADDRESS = 'https://quill.example/client.json';
const configured = (id = ID) =>
  client(id, { kind: 'configured', secretHash: hash('secret'), managementHash: undefined });
const later = trail(T0 + 1, { kind: 'system', id: undefined });
const reading = {
  id: ADDRESS,
  metadata,
  document: {
    ...{ confirmedAt: T0 + 1, freshUntil: T0 + 300, etag: undefined, lastModified: undefined },
    ...{ failingSince: undefined, retryAt: undefined, withdrawnAt: undefined, withdrawals: 0 },
  },
  readAt: T0 + 1,
};
const CAPS = { host: 'quill.example', perHost: 3, total: 5 };

/** An instance that dies after so many commits. */
function dyingAfter(engine: Engine, commits: number): Store {
  let left = commits;
  const unit: Engine['unit'] = (begin, options) => {
    left -= 1;
    return left < 0 ? Promise.reject(new StoreUnavailable('died')) : engine.unit(begin, options);
  };
  return storeOver({ ...engine, unit }, newId);
}

describe.each(ENGINES)('clients that leave on %s', (engine) => {
  let fixture: Fixture;
  let store: Store;
  beforeEach(async () => {
    fixture = await openFixture(engine);
    store = fixture.store;
  });
  afterEach(() => fixture.close());

  /** Ann has allowed it, and somebody nobody knows yet is just deciding. */
  async function give(id = ID): Promise<void> {
    await store.identifyPerson({ id: 'usr_ann', upstream: 'github', subject: '1', name: 'Ann' }, T0);
    const { request } = newJourney('j1');
    const asked = request && { request: { ...request, clientId: id } };
    await walkToReturn(store, 'j1', asked);
    await store.completeJourney(completion('j1'), trail());
    await store.redeemCode(redemption('j1'), trail());
    await store.openJourney(newJourney('j2', asked), trail());
    expect(await live()).toBeDefined();
  }
  async function configureAndGive(id = ID): Promise<void> {
    await store.syncConfiguredClients([configured(id)], trail());
    await give(id);
  }
  const live = () => store.findAccessToken(hash('access-j1-0'), T0 + 2);
  const count = async (event: string) => (await events(store)).filter((one) => one === event).length;
  /** What is left alive in the registry and under way, and what was told to the upstream. */
  const remains = async () => {
    const { approvals = [], grants = [], upstream_revocations = [], journeys = [] } = await fixture.dump();
    return {
      approvals: approvals.filter((row) => row.revoked_at === null).length,
      grants: grants.filter((row) => row.ended_at === null).length,
      told: upstream_revocations.length,
      journeys: journeys.filter((row) => row.finished_at === null).length,
    };
  };
  const overForGood = async () => {
    expect(await live()).toBeUndefined();
    expect(await store.rotateRefresh(rotation('j1', 0), trail(T0 + 2))).toBeUndefined();
    expect(await remains()).toEqual({ approvals: 0, grants: 0, told: 1, journeys: 0 });
    expect(await count('approval.revoked')).toBe(1);
  };

  describe('taken out of the configuration', () => {
    /** An instance begins without it, or with these, and dies. */
    const startAndDie = async (commits: number, list = [] as ReturnType<typeof configured>[]) =>
      expect(dyingAfter(fixture.engine, commits).syncConfiguredClients(list, later)).rejects.toThrow('died');

    test('all it had ends with a report, and nothing of it comes back with the id', async () => {
      await configureAndGive();
      const before = store.mark();
      const [first, ...others] = await store.syncConfiguredClients([], later);
      expect([first?.id, others]).toEqual([ID, []]);
      expect(first?.ended).toMatchObject({ approvals: 1, grants: 1, accessTokens: 1, journeys: 1, upstreamGrants: 1 });
      expect(await store.findRevocation(first?.ended.revocation ?? '')).toMatchObject({ reason: 'unconfigured' });
      expect(store.mark()).not.toBe(before);
      expect(await store.findClient(ID)).toBeUndefined();
      expect(await store.syncConfiguredClients([], later)).toEqual([]);
      await store.syncConfiguredClients([configured()], later);
      await overForGood();
      expect(await count('client.unconfigured')).toBe(1);
    });

    test('nothing of it comes back as the document at its address', async () => {
      await configureAndGive(ADDRESS);
      await store.syncConfiguredClients([], later);
      expect(await store.keepDocument(reading, CAPS, later)).toMatchObject({ kind: 'document', blockedAt: undefined });
      await overForGood();
    });

    test('what an earlier version left alive ends before the id is configured again', async () => {
      await configureAndGive();
      await fixture.sql(`delete from clients where id = '${ID}'`);
      expect(await store.syncConfiguredClients([configured()], later)).toMatchObject([{ id: ID }]);
      await overForGood();
    });

    test('what was given in the seconds between the start and the block ends, too', async () => {
      await configureAndGive();
      await fixture.sql(`update approvals set granted_at = ${T0 + 60}`);
      await store.syncConfiguredClients([], later);
      await overForGood();
    });

    test.each([1, 2, 3, 4, 5])('dying after commit %i, the next start without it goes on', async (commits) => {
      await configureAndGive();
      await startAndDie(commits);
      expect(await live()).toBeUndefined();
      expect(await count('client.unconfigured')).toBe(1);
      await store.syncConfiguredClients([], later);
      expect(await store.findClient(ID)).toBeUndefined();
      await overForGood();
      expect(await count('client.unconfigured')).toBe(1);
    });

    test.each([1, 3, 5])('dying after commit %i, it can be configured again, without what it had', async (commits) => {
      await configureAndGive();
      await startAndDie(commits);
      await startAndDie(2, [configured()]);
      expect((await store.findClient(ID))?.blockedReason).toBe('unconfigured');
      await store.syncConfiguredClients([configured()], later);
      expect(await store.findClient(ID)).toMatchObject({ kind: 'configured', blockedAt: undefined });
      await overForGood();
      expect(await count('client.configured')).toBe(2);
      await walkToReturn(store, 'j3', {}, T0 + 5);
      expect(await store.completeJourney(completion('j3'), trail(T0 + 5))).toBeDefined();
    });

    test('an administrator who blocks it meanwhile has the last word: configured again or not, it stays', async () => {
      await configureAndGive(ADDRESS);
      await startAndDie(1);
      await store.blockClient(ADDRESS, 'phishing', later);
      await store.syncConfiguredClients([configured(ADDRESS)], later);
      expect(await store.findClient(ADDRESS)).toMatchObject({ kind: 'configured', blockedReason: 'phishing' });
      await store.syncConfiguredClients([], later);
      expect(await store.findClient(ADDRESS)).toMatchObject({ kind: 'document', blockedReason: 'phishing' });
      await overForGood();
    });

    test('one that an administrator has blocked ends as well, once', async () => {
      await configureAndGive();
      await fixture.sql(`update clients set blocked_at = 5, blocked_reason = 'bad'`);
      await startAndDie(2);
      expect((await store.findClient(ID))?.blockedReason).toBe('bad');
      await store.syncConfiguredClients([], later);
      await store.syncConfiguredClients([configured()], later);
      await overForGood();
      expect(await count('client.unconfigured')).toBe(1);
    });

    test('nobody lifts the block of one that is on its way out, or passes off a block of their own as it', async () => {
      await configureAndGive();
      await startAndDie(1);
      expect(unchanged(await store.unblockClient(ID, 'mistake', later))?.blockedReason).toBe('unconfigured');
      await expect(store.blockClient(ID, 'unconfigured', later)).rejects.toThrow(/unconfigured/);
      expect(await count('client.unblocked')).toBe(0);
    });

    test('instances that start at once end it once, and none fails', async () => {
      await configureAndGive();
      for (let n = 0; n < 150; n += 1) await store.openJourney(newJourney(`late${n}`), trail());
      const stores = [store, await fixture.another(), await fixture.another(), await fixture.another()];
      await Promise.all([...stores, ...stores].map((one) => one.syncConfiguredClients([], later)));
      expect(await store.findClient(ID)).toBeUndefined();
      expect(await count('client.unconfigured')).toBe(1);
      await overForGood();
    });

    test('instances with and without it that start at once leave nothing of before alive', async () => {
      await configureAndGive();
      const other = await fixture.another();
      await Promise.all([store.syncConfiguredClients([], later), other.syncConfiguredClients([configured()], later)]);
      await store.syncConfiguredClients([configured()], later);
      expect(await store.findClient(ID)).toMatchObject({ kind: 'configured', blockedAt: undefined });
      expect(await count('client.unconfigured')).toBe(1);
      await overForGood();
    });
  });

  describe('ended by their holder', () => {
    beforeEach(() => populate(store));
    const close = (held = 'management', by = store) => by.closeRegistration(ID, hash(held), later);
    const closeAndDie = async (commits: number) =>
      expect(close('management', dyingAfter(fixture.engine, commits))).rejects.toThrow('died');

    test.each([1, 2, 3, 4, 5])('dying after commit %i, the holder goes on, and nobody else', async (commits) => {
      await give();
      await closeAndDie(commits);
      expect(await live()).toBeUndefined();
      expect(await store.updateClient(ID, update(), later)).toBeUndefined();
      expect(await close('other')).toBeUndefined();
      expect(await close()).toBeDefined();
      expect(await store.findClient(ID)).toBeUndefined();
      await overForGood();
      expect([await count('client.blocked'), await count('client.deleted')]).toEqual([1, 1]);
      expect(await close()).toBeUndefined();
    });

    test('an administrator’s block in the middle stays, and its holder cannot end it', async () => {
      await give();
      await closeAndDie(1);
      expect(unchanged(await store.blockClient(ID, 'abuse', later))?.client.blockedReason).toBe('abuse');
      expect(await close()).toBeUndefined();
      expect(await store.findClient(ID)).toMatchObject({ blockedReason: 'abuse' });
      await overForGood();
    });

    test('an administrator does not bring it back, but may delete it', async () => {
      await give();
      await closeAndDie(1);
      expect(unchanged(await store.unblockClient(ID, 'mistake', later))?.blockedReason).toBe('deregistered');
      expect(await store.deleteClient(ID, 'stuck', later)).toMatchObject({ approvals: 1 });
      expect(await store.findClient(ID)).toBeUndefined();
      await overForGood();
    });

    test('several times at once, all of it is on record once', async () => {
      await give();
      const other = await fixture.another();
      const answers = await Promise.all([close(), close('management', other), close(), close('management', other)]);
      expect(answers.some((answer) => answer !== undefined)).toBe(true);
      await overForGood();
      expect([await count('client.blocked'), await count('client.deleted')]).toEqual([1, 1]);
    });
  });
});
