/** What a client had, when its id comes again or its row goes: nothing of it is left to come to life, on both engines. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Store } from '../../src/store/store.ts';
import {
  client,
  completion,
  consent,
  ENGINES,
  type Fixture,
  hash,
  metadata,
  newJourney,
  openFixture,
  populate,
  redemption,
  rotation,
  T0,
  trail,
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

describe.each(ENGINES)('what is left behind on %s', (engine) => {
  let fixture: Fixture;
  let store: Store;
  beforeEach(async () => {
    fixture = await openFixture(engine);
    store = fixture.store;
  });
  afterEach(() => fixture.close());

  const ann = () => store.identifyPerson({ id: 'usr_ann', upstream: 'github', subject: '1', name: 'Ann' }, T0);
  async function give(id = ID): Promise<void> {
    await ann();
    const { request } = newJourney('j1');
    await walkToReturn(store, 'j1', request && { request: { ...request, clientId: id } });
    await store.completeJourney(completion('j1'), trail());
    await store.redeemCode(redemption('j1'), trail());
    expect(await store.findAccessToken(hash('access-j1-0'), T0 + 1)).toBeDefined();
  }
  /** Allowed at the last moment, and still at the upstream's token endpoint when the time is over. */
  async function returnLate(): Promise<void> {
    await ann();
    await store.openJourney(newJourney('j1', { expiresAt: T0 + 600 }), trail());
    await store.recordConsent(consent('j1'), trail(T0 + 590));
    expect(await store.claimUpstreamState(hash('state-j1'), hash('cookie-j1'), trail(T0 + 599))).toBeDefined();
  }
  const completes = async (at: number) => (await store.completeJourney(completion('j1'), trail(at))) !== undefined;
  /** As versions before this one took a client out: the row, and nothing else. */
  const dropRow = (id: string) => fixture.sql(`delete from clients where id = '${id}'`);

  test('access of a dropped id does not come to life with a document at it', async () => {
    await store.syncConfiguredClients([configured(ADDRESS)], trail());
    await give(ADDRESS);
    await dropRow(ADDRESS);
    await store.syncConfiguredClients([], later);
    expect(await store.keepDocument(reading, CAPS, later)).toMatchObject({ id: ADDRESS, kind: 'document' });
    expect(await store.findAccessToken(hash('access-j1-0'), T0 + 2)).toBeUndefined();
    expect(await store.rotateRefresh(rotation('j1', 0), trail(T0 + 2))).toBeUndefined();
  });

  test('nor does a journey, with the id listed again', async () => {
    await store.syncConfiguredClients([configured()], trail());
    await ann();
    await walkToReturn(store, 'j1');
    await dropRow(ID);
    await store.syncConfiguredClients([configured()], later);
    expect(await completes(T0 + 4)).toBe(false);
  });

  test('one that came back in time and is finished late is stopped as well: out of the list and in again', async () => {
    await store.syncConfiguredClients([configured()], trail());
    await returnLate();
    await store.syncConfiguredClients([], trail(T0 + 601));
    await store.syncConfiguredClients([configured()], trail(T0 + 603));
    expect(await completes(T0 + 604)).toBe(false);
  });

  test('blocked and unblocked', async () => {
    await populate(store);
    await returnLate();
    await store.blockClient(ID, 'bad', trail(T0 + 601));
    await store.unblockClient(ID, 'ok', trail(T0 + 603));
    expect(await completes(T0 + 604)).toBe(false);
  });

  test('and it completes where nobody stopped it', async () => {
    await populate(store);
    await returnLate();
    expect(await completes(T0 + 604)).toBe(true);
  });

  test('deleting a client ends what was granted in the second of the block, too, and tells the upstream', async () => {
    await populate(store);
    await give();
    await fixture.sql(`update approvals set granted_at = ${T0 + 3}`);
    await store.deleteClient(ID, 'gone', later);
    const { approvals = [], upstream_revocations = [] } = await fixture.dump();
    expect(approvals.filter((row) => row.revoked_at === null)).toEqual([]);
    expect(upstream_revocations).toHaveLength(1);
  });
});
