/** The registry over all people, in numbers: pages, counts, slices, and verdicts on clients and people. On both engines. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Store } from '../../src/store/store.ts';
import { storeOver } from '../../src/store/verbs/index.ts';
import {
  client,
  completion,
  consent,
  DAY,
  ENGINES,
  events,
  type Fixture,
  hash,
  newId,
  newJourney,
  openFixture,
  populate,
  T0,
  trail,
  unchanged,
  update,
  walkToGrant,
} from './fixture.ts';

const admin = (at = T0 + 100) => trail(at, { kind: 'admin', id: 'adk_1' });

/** `count` approvals of as many people for the client `cli_acme`, one second apart, each at a site of its own. */
async function grantMany({ store, sql }: Fixture, count: number): Promise<void> {
  for (let n = 0; n < count; n += 1) {
    const id = String(n).padStart(4, '0');
    await store.identifyPerson({ id: `usr_${id}`, upstream: 'github', subject: `many-${id}`, name: `P ${id}` }, T0 + n);
    const face = JSON.stringify({ name: 'Acme', destination: `https://h${n % 3}.acme.example`, authMethod: 'none' });
    await sql(
      `insert into approvals (id, user_id, client_id, resource, upstream, redirect_uris, scopes, face, granted_at, expires_at)
       values ('apv_${id}', 'usr_${id}', 'cli_acme', '${n % 2 === 0 ? 'tickets' : 'wiki'}', 'github', '[]', '[]', '${face}',
       ${T0 + n}, ${T0 + 10_000})`,
    );
  }
}

async function pagesOf(store: Store, filter: Parameters<Store['listRegistry']>[0], limit: number): Promise<string[]> {
  const ids: string[] = [];
  let before: { at: number; id: string } | undefined;
  for (;;) {
    const page = await store.listRegistry(filter, { now: T0 + 200, limit, before });
    ids.push(...page.map(({ id }) => id));
    const last = page.at(-1);
    if (last === undefined || page.length < limit) return ids;
    before = { at: last.grantedAt, id: last.id };
  }
}

describe.each(ENGINES)('the registry on %s', (engine) => {
  let fixture: Fixture;
  beforeEach(async () => {
    fixture = await openFixture(engine);
    await populate(fixture.store);
  });
  afterEach(() => fixture.close());

  test('pages give every approval once, newest first, whatever the page size', async () => {
    await grantMany(fixture, 7);
    await fixture.sql(`update approvals set granted_at = ${T0 + 3} where id in ('apv_0004', 'apv_0005')`);
    const all = ['apv_0006', 'apv_0005', 'apv_0004', 'apv_0003', 'apv_0002', 'apv_0001', 'apv_0000'];
    for (const size of [1, 2, 3, 7, 8]) expect(await pagesOf(fixture.store, {}, size)).toEqual(all);
  });

  test('every filter, and all of them together, mean what they say', async () => {
    const { store, sql } = fixture;
    await grantMany(fixture, 6);
    await sql(`update approvals set revoked_at = ${T0 + 50}, revoked_reason = 'x' where id = 'apv_0002'`);
    await sql(`update approvals set expires_at = ${T0 + 150} where id = 'apv_0004'`);
    const found = (filter: Parameters<Store['listRegistry']>[0]) => pagesOf(store, filter, 50);

    expect(await found({ userId: 'usr_0003' })).toEqual(['apv_0003']);
    expect(await found({ clientId: 'cli_other' })).toEqual([]);
    expect(await found({ resource: 'wiki' })).toEqual(['apv_0005', 'apv_0003', 'apv_0001']);
    expect(await found({ site: 'h1.acme.example' })).toEqual(['apv_0004', 'apv_0001']);
    expect(await found({ site: 'acme.example' })).toHaveLength(6);
    expect(await found({ site: 'cme.example' })).toEqual([]);
    expect(await found({ site: 'loopback' })).toEqual([]);
    expect(await found({ state: 'active' })).toEqual(['apv_0005', 'apv_0003', 'apv_0001', 'apv_0000']);
    expect(await found({ state: 'revoked' })).toEqual(['apv_0002']);
    expect(await found({ state: 'expired' })).toEqual(['apv_0004']);
    expect(await found({ grantedBefore: T0 + 2 })).toEqual(['apv_0001', 'apv_0000']);
    const every = { userId: 'usr_0003', clientId: 'cli_acme', resource: 'wiki', site: 'h0.acme.example' } as const;
    expect(await found({ ...every, state: 'active', grantedBefore: T0 + 4 })).toEqual(['apv_0003']);
    expect(await store.countRegistry({ clientId: 'cli_acme' }, T0 + 200)).toEqual({
      approvals: 4,
      users: 4,
      clients: 1,
    });
  });

  test('revoking many goes through every slice, leaves the rest, and keeps one report of all of it', async () => {
    const { store } = fixture;
    await grantMany(fixture, 125);

    const ended = await store.revokeMatching(
      { clientId: 'cli_acme', grantedBefore: T0 + 120 },
      'incident 7',
      admin(T0 + 200),
    );

    expect(ended.approvals).toBe(120);
    expect(await store.countRegistry({}, T0 + 200)).toEqual({ approvals: 5, users: 5, clients: 1 });
    expect(await store.findRevocation(ended.revocation ?? '')).toMatchObject({
      reason: 'incident 7',
      actorKind: 'admin',
      actorId: 'adk_1',
      userId: undefined,
      ended: { approvals: 120 },
    });
    expect((await store.listAudit({ event: 'approval.revoked', limit: 200 })).length).toBe(120);
    expect(
      await store.revokeMatching({ clientId: 'cli_acme', grantedBefore: T0 + 120 }, 'again', admin(T0 + 200)),
    ).toEqual({
      ...{ approvals: 0, grants: 0, refreshTokens: 0, accessTokens: 0, codes: 0, journeys: 0, upstreamGrants: 0 },
      revocation: undefined,
    });
  });

  test('one that breaks off left a report of how far it came, and when', async () => {
    const { engine } = fixture;
    await grantMany(fixture, 30);
    let [units, seconds] = [0, T0 + 1_000];
    const dying = storeOver(
      {
        ...engine,
        time: { ...engine.time, now: () => seconds++ },
        unit: (begin, options) => {
          units += 1;
          return units <= 3 ? engine.unit(begin, options) : Promise.reject(new Error('the instance died'));
        },
      },
      newId,
    );
    const counted = { id: 'rvk_1', matched: 30 };

    await expect(dying.revokeMatching({ clientId: 'cli_acme' }, 'incident 8', admin(), counted)).rejects.toThrow(
      'died',
    );

    expect(await fixture.store.findRevocation('rvk_1')).toMatchObject({
      ...{ at: T0 + 100, matched: 30, finishedAt: undefined, movedAt: T0 + 1_002 },
      ended: { approvals: 16 },
    });
    await fixture.store.revokeMatching({ clientId: 'cli_acme' }, 'incident 8', admin(), { id: 'rvk_2', matched: 14 });
    const again = await fixture.store.findRevocation('rvk_2');
    expect(again).toMatchObject({ ended: { approvals: 14 }, matched: 14, finishedAt: again?.movedAt });
    expect(again?.finishedAt).toEqual(expect.any(Number));
  });

  test('two who revoke the same at once end each approval once between them', async () => {
    await grantMany(fixture, 60);
    const other = await fixture.another();
    const both = await Promise.all(
      [fixture.store, other].map((store) => store.revokeMatching({ resource: 'wiki' }, 'both', admin())),
    );
    expect(both.map(({ approvals }) => approvals).reduce((left, right) => left + right)).toBe(30);
    expect((await fixture.store.listAudit({ event: 'approval.revoked', limit: 200 })).length).toBe(30);
  });

  test('a blocked client has nothing left, makes nothing new, and gets nothing back when it may ask again', async () => {
    const { store } = fixture;
    await walkToGrant(store, 'a');
    await store.openJourney(newJourney('jny_late'), trail());
    await store.recordConsent(consent('jny_late'), trail());
    await store.claimUpstreamState(hash('state-jny_late'), hash('cookie-jny_late'), trail());

    const blocked = unchanged(await store.blockClient('cli_acme', 'phishing', admin()));

    expect(blocked?.ended).toMatchObject({ approvals: 1, grants: 1, accessTokens: 1 });
    expect(blocked?.client).toMatchObject({ blockedAt: T0 + 100, blockedReason: 'phishing' });
    expect(await store.completeJourney(completion('jny_late'), admin(T0 + 101))).toBeUndefined();
    expect(await store.blockClient('cli_acme', 'again', admin())).toMatchObject({
      client: { blockedReason: 'phishing' },
    });
    expect(await store.updateClient('cli_acme', update(), trail())).toBeUndefined();
    expect(await store.listClients('blocked', { limit: 5 })).toHaveLength(1);

    expect(unchanged(await store.unblockClient('cli_acme', 'cleared', admin(T0 + 200)))?.blockedAt).toBeUndefined();
    expect(await store.countRegistry({}, T0 + 200)).toEqual({ approvals: 0, users: 0, clients: 0 });
    expect(await store.completeJourney(completion('jny_late'), admin(T0 + 201))).toBeUndefined();
    expect(await events(store)).toEqual(expect.arrayContaining(['client.blocked', 'client.unblocked']));
  });

  test('a block stops what is under way for persons nobody knows yet, in slices, and reports it', async () => {
    const { store } = fixture;
    const late = Array.from({ length: 203 }, (_, index) => `jny_late${index}`);
    for (const id of late) await store.openJourney(newJourney(id), trail());
    await store.insertClient(client('cli_other'), trail());
    const { request, ...others } = newJourney('jny_of_other');
    if (request !== undefined)
      await store.openJourney({ ...others, request: { ...request, clientId: 'cli_other' } }, trail());

    const blocked = unchanged(await store.blockClient('cli_acme', 'phishing', admin()));

    expect(blocked?.ended).toMatchObject({ approvals: 0, journeys: late.length });
    const report = await store.findRevocation(blocked?.ended.revocation ?? '');
    expect(report).toMatchObject({ reason: 'phishing', ended: { approvals: 0, journeys: late.length } });
    await store.unblockClient('cli_acme', 'cleared', admin(T0 + 200));
    expect(await store.recordConsent(consent(late.at(-1) ?? ''), admin(T0 + 201))).toBeUndefined();
    expect(await store.recordConsent(consent('jny_of_other'), admin(T0 + 201))).toBeDefined();
  });

  test('what slipped in at the moment of a block ends before the block does', async () => {
    const { store, sql } = fixture;
    await store.blockClient('cli_acme', 'phishing', admin());
    await grantMany(fixture, 3);
    await sql(`update approvals set granted_at = ${T0 + 99}`);
    await store.unblockClient('cli_acme', 'cleared', admin(T0 + 200));
    expect(await store.countRegistry({}, T0 + 200)).toEqual({ approvals: 0, users: 0, clients: 0 });
  });

  test('a deleted client is gone with all it had; a configured one stays', async () => {
    const { store } = fixture;
    await walkToGrant(store, 'a');
    expect(await store.deleteClient('cli_acme', 'unused', admin())).toMatchObject({ approvals: 1 });
    expect(await store.findClient('cli_acme')).toBeUndefined();
    expect(await store.deleteClient('cli_acme', 'unused', admin())).toBeUndefined();
    await store.syncConfiguredClients([client('cli_fixed', { kind: 'configured' })], trail());
    expect(await store.deleteClient('cli_fixed', 'unused', admin())).toBeUndefined();
    expect(await store.findClient('cli_fixed')).toMatchObject({ id: 'cli_fixed', kind: 'configured' });
  });

  test('a decision on what somebody else has changed meanwhile leaves it alone', async () => {
    const { store } = fixture;
    const rule = (id: string, pattern: string) =>
      ({ id, kind: 'site', pattern, reason: 'bad', createdAt: T0, createdBy: undefined }) as const;
    const others = () => false;
    const before = await fixture.dump();
    expect(await store.blockClient('cli_acme', 'bad', admin(), others)).toBe('changed');
    expect(await store.deleteClient('cli_acme', 'bad', admin(), others)).toBe('changed');
    expect(await store.disableUser('usr_ann', 'bad', admin(), others)).toBe('changed');
    expect(await store.admitClient('cli_acme', 'fine', admin(), others)).toBe('changed');
    expect({ ...(await fixture.dump()), leases: [], keepsakes: [] }).toEqual({ ...before, leases: [], keepsakes: [] });
    await store.blockClient('cli_acme', 'bad', admin(), (client) => client.blockedAt === undefined);
    await store.disableUser('usr_ann', 'bad', admin(), (user) => user.disabledAt === undefined);
    expect(await store.unblockClient('cli_acme', 'fine', admin(), others)).toBe('changed');
    expect(await store.enableUser('usr_ann', 'fine', admin(), others)).toBe('changed');
    await store.addRefusalRule(rule('rul_1', 'a.example'), admin(), (rules) => rules.length === 0);
    expect(await store.addRefusalRule(rule('rul_2', 'b.example'), admin(), (rules) => rules.length === 0)).toBe(
      'changed',
    );
    expect(await store.removeRefusalRule('rul_1', 'over', admin(), others)).toBe('changed');
    expect((await store.listRefusalRules()).map(({ id }) => id)).toEqual(['rul_1']);
  });

  test('one of many callers begins a call; the others are told how it stands', async () => {
    const { store } = fixture;
    const other = await fixture.another();
    const call = { id: hash('once'), request: hash('this') };
    const times = { now: T0, leaseUntil: T0 + 900, expiresAt: T0 + DAY };
    const was = async (each: Store, request = call, at = times) => (await each.beginRepeatable(request, at)).was;
    const all = await Promise.all([store, other, store, other].map((each) => was(each)));
    expect(all.sort()).toEqual(['begun', 'under_way', 'under_way', 'under_way']);
    expect(await was(other, { ...call, request: hash('that') })).toBe('another_request');
    expect(await was(other, call, { ...times, now: T0 + 900 })).toBe('begun');
    await store.dropRepeatable(call.id);
    expect(await was(store)).toBe('begun');
    await store.keepAnswer(call.id, 200, '{}');
    await store.dropRepeatable(call.id);
    expect(await store.beginRepeatable(call, times)).toEqual({ was: 'answered', status: 200, answer: '{}' });
    expect(await was(store, { ...call, request: hash('that') }, { ...times, now: T0 + DAY })).toBe('begun');
    await store.sweep(T0 + DAY, 100);
    expect((await fixture.counts()).repeatable_calls).toBe(0);
  });

  test('the use of a key is on record once an hour, whichever instance saw it', async () => {
    const { store } = fixture;
    const other = await fixture.another();
    const use = (each: Store, at: number) => each.noteAdminKeyUse('config:1', admin(at));
    await Promise.all([store, other, store, other].map((each) => use(each, T0)));
    await use(store, T0 + 3599 - (T0 % 3600));
    expect((await events(store)).filter((event) => event === 'admin_key.used')).toHaveLength(1);
    await use(other, T0 + 3600);
    expect((await events(store)).filter((event) => event === 'admin_key.used')).toHaveLength(2);
  });

  test('a disabled person has neither sessions nor approvals, and neither comes back', async () => {
    const { store } = fixture;
    await walkToGrant(store, 'a');
    const disabled = await store.disableUser('usr_ann', 'left', admin());
    expect(disabled).toMatchObject({ sessions: 1, ended: { approvals: 1 }, user: { disabledAt: T0 + 100 } });
    expect((await store.listUsers({ state: 'disabled' }, { limit: 5 })).map(({ id }) => id)).toEqual(['usr_ann']);
    expect(unchanged(await store.enableUser('usr_ann', 'back', admin(T0 + 200)))?.disabledAt).toBeUndefined();
    expect(await store.countRegistry({ userId: 'usr_ann' }, T0 + 200)).toMatchObject({ approvals: 0 });
    expect(await store.signOutUser('usr_ann', admin(T0 + 201))).toBe(0);
    expect(await store.disableUser('usr_none', 'left', admin())).toBeUndefined();
  });

  test('an admin key is found while it is live, is touched once a minute, and ends once', async () => {
    const { store } = fixture;
    const key = { id: 'adk_1', name: 'on call', role: 'revoker', resources: ['wiki'], createdAt: T0 } as const;
    await store.insertAdminKey({ ...key, expiresAt: T0 + 500 }, hash('key'), trail());
    expect(await store.findAdminKey(hash('key'), T0 + 10)).toMatchObject({ id: 'adk_1', resources: ['wiki'] });
    await store.findAdminKey(hash('key'), T0 + 30);
    expect((await store.listAdminKeys()).map(({ lastUsedAt }) => lastUsedAt)).toEqual([T0 + 10]);
    await store.findAdminKey(hash('key'), T0 + 80);
    expect((await store.listAdminKeys()).map(({ lastUsedAt }) => lastUsedAt)).toEqual([T0 + 80]);
    expect(await store.findAdminKey(hash('key'), T0 + 500)).toBeUndefined();
    expect(await store.findAdminKey(hash('other'), T0 + 10)).toBeUndefined();
    expect([await store.revokeAdminKey('adk_1', admin()), await store.revokeAdminKey('adk_1', admin())]).toEqual([
      true,
      false,
    ]);
    expect(await store.findAdminKey(hash('key'), T0 + 110)).toBeUndefined();
  });
});
