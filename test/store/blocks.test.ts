/** Opening once and under caps, extending, reporting, blocking: the contract on both engines, one winner among many. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  completion,
  consent,
  ENGINES,
  events,
  type Fixture,
  hash,
  newJourney,
  openFixture,
  populate,
  T0,
  trail,
  walkToCode,
  walkToReturn,
} from './fixture.ts';

const MANY = 24;
const many = <T>(work: (index: number) => Promise<T>) =>
  Promise.all(Array.from({ length: MANY }, (_, index) => work(index)));

const block = (id = 'blk_1', more: object = {}) => ({
  id,
  userId: 'usr_ann',
  clientId: 'cli_acme',
  appKey: hash('acme'),
  name: 'Acme Desktop',
  redirectUri: 'http://127.0.0.1:7777/callback',
  createdAt: T0,
  ...more,
});

describe.each(ENGINES)('opening and blocking on %s', (engine) => {
  let fixture: Fixture;
  beforeEach(async () => {
    fixture = await openFixture(engine);
    await populate(fixture.store);
  });
  afterEach(() => fixture.close());

  test(`${MANY} openings of one request by one browser are one journey, warned about once`, async () => {
    const { store } = fixture;
    const same = { browserHash: hash('browser'), mergeKey: hash('request') };
    const opened = await many((index) =>
      store.openJourney(newJourney(`j${index}`, same), trail(), { warned: ['looks_like'] }),
    );
    expect(new Set(opened.map((journey) => journey.id)).size).toBe(1);
    expect((await fixture.counts()).journeys).toBe(1);
    expect((await events(store)).filter((event) => event === 'consent.warned')).toHaveLength(1);
  });

  test('an expired or decided journey is not found again', async () => {
    const { store } = fixture;
    const same = { browserHash: hash('browser'), mergeKey: hash('request') };
    await store.openJourney(newJourney('j1', same), trail());
    const later = { ...same, createdAt: T0 + 600, expiresAt: T0 + 1200 };
    expect((await store.openJourney(newJourney('j2', later), trail(T0 + 600))).id).toBe('j2');
    await store.refuseConsent('j2', trail(T0 + 601));
    expect((await store.openJourney(newJourney('j3', later), trail(T0 + 602))).id).toBe('j3');
    expect((await store.openJourney(newJourney('j4', later), trail(T0 + 603))).id).toBe('j3');
  });

  test('undecided journeys beyond a cap go, the oldest first; decided ones stay', async () => {
    const { store } = fixture;
    const caps = { perBrowser: 2, perClient: 100, total: 100 };
    const open = (id: string, at: number) =>
      store.openJourney(newJourney(id, { browserHash: hash('one'), createdAt: T0 + at }), trail(), { caps });
    await open('j1', 0);
    await store.recordConsent(consent('j1'), trail());
    for (const [index, id] of ['j2', 'j3', 'j4'].entries()) await open(id, index + 1);
    const found = await Promise.all(['j1', 'j2', 'j3', 'j4'].map((id) => store.findJourney(id)));
    expect(found.map((journey) => journey?.id)).toEqual(['j1', undefined, 'j3', 'j4']);
    await store.openJourney(newJourney('j5', { createdAt: T0 + 9 }), trail(), {
      caps: { perBrowser: 9, perClient: 9, total: 2 },
    });
    expect(await store.findJourney('j3')).toBeUndefined();
    expect(await store.findJourney('j5')).toBeDefined();
  });

  test.each([
    ['of one browser', { perBrowser: 1, perClient: 100, total: 100 }],
    ['of one client', { perBrowser: 100, perClient: 1, total: 100 }],
    ['in all', { perBrowser: 100, perClient: 100, total: 1 }],
  ])('the one just opened is never the one that a cap %s removes, also within one second', async (_, caps) => {
    const { store } = fixture;
    for (const id of ['j9', 'j5', 'j1', 'j7']) {
      await store.openJourney(newJourney(id, { browserHash: hash('one') }), trail(), { caps });
      expect((await store.findJourney(id))?.id).toBe(id);
    }
  });

  test(`a journey is extended once by ${MANY}, while undecided and nearly over`, async () => {
    const { store } = fixture;
    await store.openJourney(newJourney('j1'), trail());
    expect(await store.extendJourney('j1', T0 + 600, T0 + 900, T0)).toBeUndefined();
    const won = await many(() => store.extendJourney('j1', T0 + 620, T0 + 1100, T0 + 500));
    expect(won.flatMap((journey) => journey?.expiresAt ?? [])).toEqual([T0 + 1100]);
    expect(await store.extendJourney('j1', T0 + 1200, T0 + 1700, T0 + 1000)).toBeUndefined();
    expect(await store.extendJourney('none', T0 + 620, T0 + 1100, T0)).toBeUndefined();
  });

  test(`a request is reported once by ${MANY}, with its words, and stays undecided`, async () => {
    const { store } = fixture;
    await store.openJourney(newJourney('j1'), trail());
    const won = await many((index) => store.reportRequest('j1', `words ${index}`, trail()));
    expect(won.filter((journey) => journey !== undefined)).toHaveLength(1);
    const rows = await store.listAudit({ event: 'request.reported', limit: 10 });
    expect(rows).toMatchObject([{ clientId: 'cli_acme', details: { journey: 'j1', request: 'req_j1' } }]);
    expect((await store.findJourney('j1'))?.decision).toBeUndefined();
  });

  test('a block is one per person and app, ends what is named, and is found by client or app', async () => {
    const { store } = fixture;
    await walkToCode(store, 'j1');
    await store.openJourney(newJourney('j2', { expectedUserId: 'usr_ann' }), trail());
    const ended = await store.blockApp(block(), ['apr_j1'], trail());
    expect(ended).toMatchObject({ approvals: 1, codes: 1, journeys: 1 });
    expect(await store.blockApp(block('blk_2'), [], trail())).toMatchObject({ approvals: 0, journeys: 0 });
    expect(await store.listBlocks('usr_ann')).toEqual([block()]);
    expect((await store.findBlock('usr_ann', 'cli_acme', hash('renamed')))?.id).toBe('blk_1');
    expect((await store.findBlock('usr_ann', 'cli_other', hash('acme')))?.id).toBe('blk_1');
    expect(await store.findBlock('usr_ann', 'cli_other', hash('renamed'))).toBeUndefined();
    expect(await store.findBlock('usr_bob', 'cli_acme', hash('acme'))).toBeUndefined();
    expect((await events(store)).filter((event) => event.startsWith('app.'))).toEqual(['app.blocked']);
  });

  test('a block is taken back once, by its person alone', async () => {
    const { store } = fixture;
    await store.blockApp(block(), [], trail());
    expect(await store.unblockApp('usr_bob', 'blk_1', trail())).toBeUndefined();
    const won = await many(() => store.unblockApp('usr_ann', 'blk_1', trail()));
    expect(won.filter((removed) => removed !== undefined)).toEqual([block()]);
    expect(await store.listBlocks('usr_ann')).toEqual([]);
    expect((await events(store)).filter((event) => event.startsWith('app.'))).toEqual(['app.blocked', 'app.unblocked']);
  });

  test('a journey that returns to a blocked app completes nothing', async () => {
    const { store } = fixture;
    await walkToReturn(store, 'j1');
    await store.blockApp(block('blk_1', { clientId: 'cli_twin' }), [], trail());
    expect(await store.completeJourney(completion('j1', { appKey: hash('acme') }), trail())).toBeUndefined();
    expect(await store.isDestinationKnown('loopback')).toBe(false);
    expect(await fixture.counts()).toMatchObject({ approvals: 0, codes: 0, sessions: 0, destinations: 0 });
    expect((await store.findJourney('j1'))?.finishedAt).toBeUndefined();
  });

  test('a block and a completion at the same moment leave no live approval of the blocked app', async () => {
    const { store } = fixture;
    const other = await fixture.another();
    for (let round = 0; round < 8; round += 1) {
      await walkToReturn(store, `r${round}`);
      await Promise.all([
        store.completeJourney(completion(`r${round}`, { appKey: hash('acme') }), trail()),
        other.blockApp(block(`blk_r${round}`), [], trail()),
      ]);
      expect(await store.listApprovals('usr_ann', T0)).toEqual([]);
      await store.unblockApp('usr_ann', `blk_r${round}`, trail());
    }
  });

  test('a destination is known from the first approval there', async () => {
    const { store } = fixture;
    expect(await store.isDestinationKnown('loopback')).toBe(false);
    await walkToCode(store, 'j1');
    expect(await store.isDestinationKnown('loopback')).toBe(true);
    await store.revokeApprovals('usr_ann', undefined, 'test', trail());
    expect(await store.isDestinationKnown('loopback')).toBe(true);
    expect(await store.isDestinationKnown('https://acme.example')).toBe(false);
  });

  test('a person’s activity is their own, since the moment, with renewals counted', async () => {
    const { store } = fixture;
    await walkToCode(store, 'j1');
    const about = { userId: 'usr_ann', clientId: 'cli_acme' };
    for (const at of [T0 - 10, T0 + 1, T0 + 2]) await store.recordEvent('refresh.rotated', about, trail(at));
    await store.recordEvent('consent.denied', { userId: 'usr_bob' }, trail(T0 + 3));
    const { rows, renewals } = await store.listActivity('usr_ann', T0, 2);
    expect(rows.map(({ event }) => event)).toEqual(['code.issued', 'approval.granted']);
    expect(renewals).toEqual([{ clientId: 'cli_acme', count: 2, latest: T0 + 2 }]);
  });
});
