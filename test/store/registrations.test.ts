/** The verbs of registration, its management and its end, on both engines. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { NewClient } from '../../src/store/store.ts';
import {
  client,
  completion,
  DAY,
  ENGINES,
  events,
  type Fixture,
  hash,
  metadata,
  newJourney,
  openFixture,
  populate,
  T0,
  trail,
  update,
  walkToCode,
} from './fixture.ts';

const LIFETIMES = { unapproved: DAY, idle: 90 * DAY };

describe.each(ENGINES)('registrations on %s', (engine) => {
  let fixture: Fixture;
  beforeEach(async () => {
    fixture = await openFixture(engine);
  });
  afterEach(() => fixture.close());

  const add = (id: string, sourceMark: string, more: Partial<NewClient> = {}) =>
    fixture.store.insertClient({ ...client(id, more), sourceMark, ...more }, trail(more.createdAt));
  const there = async (): Promise<string[]> => {
    const { clients } = await fixture.dump();
    return (clients ?? []).map((row) => String(row.id)).sort();
  };

  test('the holder of the token changes everything at once, and holds the next token then', async () => {
    const { store } = fixture;
    await add('cli_1', 'a');
    const renamed = update({ metadata: { ...metadata, name: 'New name' }, secretHash: hash('secret') });
    expect(await store.updateClient('cli_1', renamed, trail())).toMatchObject({
      metadata: { name: 'New name' },
      secretHash: hash('secret'),
      managementHash: hash('management-2'),
    });
    expect(await store.updateClient('cli_1', renamed, trail())).toBeUndefined();
    expect(await store.updateClient('cli_none', renamed, trail())).toBeUndefined();
    expect(await events(store)).toEqual(['client.registered', 'client.updated']);
  });

  test('of many changes with one token, one is made', async () => {
    const { store } = fixture;
    await add('cli_1', 'a');
    const tries = Array.from({ length: 10 }, (_, number) =>
      store.updateClient('cli_1', update({ nextHash: hash(`next-${number}`) }), trail()),
    );
    expect((await Promise.all(tries)).filter((changed) => changed !== undefined)).toHaveLength(1);
  });

  test('a blocked client is neither changed nor ended by its token', async () => {
    const { store } = fixture;
    await add('cli_1', 'a');
    await store.blockClient('cli_1', 'abuse', trail());
    expect(await store.updateClient('cli_1', update(), trail())).toBeUndefined();
    expect(await store.closeRegistration('cli_1', hash('management'), trail())).toBeUndefined();
    expect(await store.findClient('cli_1')).toMatchObject({
      blockedReason: 'abuse',
      metadata: { name: metadata.name },
    });
  });

  test('a change can make a client wait, and one that waits is not changed, but may go', async () => {
    const { store } = fixture;
    await add('cli_1', 'a');
    const standing = { quarantinedAt: T0, usableBy: 'nobody' } as const;
    expect(await store.updateClient('cli_1', update({ standing }), trail())).toMatchObject(standing);
    const again = update({ heldHash: hash('management-2'), nextHash: hash('management-3') });
    expect(await store.updateClient('cli_1', again, trail())).toBeUndefined();
    await store.admitClient('cli_1', 'fine', trail());
    const changed = await store.updateClient('cli_1', again, trail());
    expect([changed?.managementHash, changed?.quarantinedAt]).toEqual([hash('management-3'), undefined]);
  });

  test('the end of a registration takes along all it had, once', async () => {
    const { store } = fixture;
    await populate(store);
    await walkToCode(store, 'j1');
    expect(await store.closeRegistration('cli_acme', hash('other'), trail())).toBeUndefined();
    const ended = await store.closeRegistration('cli_acme', hash('management'), trail());
    expect(ended).toMatchObject({ approvals: 1, codes: 1, upstreamGrants: 1 });
    expect(await store.findClient('cli_acme')).toBeUndefined();
    expect(await store.closeRegistration('cli_acme', hash('management'), trail())).toBeUndefined();
    expect((await events(store)).slice(-2)).toEqual(['approval.revoked', 'client.deleted']);
  });

  test('a configured client has no token to be managed by', async () => {
    const { store } = fixture;
    await store.syncConfiguredClients([client('cli_listed', { kind: 'configured' })], trail());
    await fixture.sql(`update clients set management_hash = 'hash:management'`);
    expect(await store.updateClient('cli_listed', update(), trail())).toBeUndefined();
    expect(await store.closeRegistration('cli_listed', hash('management'), trail())).toBeUndefined();
  });

  test('beyond the cap the source with the most loses its oldest first', async () => {
    const unapprovedCap = 5;
    await add('honest', 'home', { createdAt: T0, unapprovedCap });
    for (let number = 1; number <= 9; number += 1)
      await add(`flood-${number}`, 'flooder', { createdAt: T0 + number, unapprovedCap });
    expect(await there()).toEqual(['flood-6', 'flood-7', 'flood-8', 'flood-9', 'honest']);
    expect((await events(fixture.store)).filter((event) => event === 'client.evicted')).toHaveLength(5);
  });

  test('sources with equally many lose one after the other, the oldest first', async () => {
    for (const [number, source] of ['a', 'b', 'a', 'b', 'c'].entries())
      await add(`cli-${number}`, source, { createdAt: T0 + number, unapprovedCap: 3 });
    expect(await there()).toEqual(['cli-2', 'cli-3', 'cli-4']);
  });

  test('what somebody is deciding on is the last of its source to go', async () => {
    await add('cli_acme', 'flooder', { createdAt: T0 });
    await fixture.store.openJourney(newJourney('j1', { createdAt: T0, expiresAt: T0 + 600 }), trail());
    for (let number = 1; number <= 4; number += 1)
      await add(`flood-${number}`, 'flooder', { createdAt: T0 + number, unapprovedCap: 2 });
    expect(await there()).toEqual(['cli_acme', 'flood-4']);
  });

  test('approved, blocked and configured clients neither count nor go', async () => {
    const { store } = fixture;
    await populate(store);
    await walkToCode(store, 'j1');
    await add('cli_blocked', 'a');
    await store.blockClient('cli_blocked', 'abuse', trail());
    await store.syncConfiguredClients([client('cli_listed', { kind: 'configured' })], trail());
    await add('cli_1', 'a', { createdAt: T0 + 1, unapprovedCap: 1 });
    await add('cli_2', 'a', { createdAt: T0 + 2, unapprovedCap: 1 });
    expect(await there()).toEqual(['cli_2', 'cli_acme', 'cli_blocked', 'cli_listed']);
  });

  test('of unused twins the newest stay, and no young one goes', async () => {
    const twins = { twinMark: 'twin', twins: { kept: 2, youngest: 3600 } };
    for (let number = 0; number < 4; number += 1) await add(`old-${number}`, 'a', { createdAt: T0 + number, ...twins });
    expect(await there()).toHaveLength(4);
    await add('cli_other', 'a', { createdAt: T0 });
    await add('young', 'a', { createdAt: T0 + 3602, ...twins });
    expect(await there()).toEqual(['cli_other', 'old-3', 'young']);
  });

  test('the sweep forgets who was never approved after its time, save what is under way', async () => {
    const { store } = fixture;
    await add('cli_acme', 'a', { createdAt: T0 });
    await add('cli_idle', 'a', { createdAt: T0 });
    await add('cli_later', 'a', { createdAt: T0 + 1 });
    await store.openJourney(newJourney('j1', { createdAt: T0 + DAY, expiresAt: T0 + DAY + 600 }), trail());
    await store.sweep(T0 + DAY - 1, 100, LIFETIMES);
    expect(await there()).toHaveLength(3);
    await store.sweep(T0 + DAY, 100, LIFETIMES);
    expect(await there()).toEqual(['cli_acme', 'cli_later']);
    await store.sweep(T0 + DAY + 600, 100, LIFETIMES);
    expect(await there()).toEqual([]);
    expect((await events(store)).filter((event) => event === 'client.expired')).toHaveLength(2);
  });

  test('the sweep forgets an approved client after its idle time, never one with a live approval', async () => {
    const { store } = fixture;
    await populate(store);
    const approval = { ...completion('j1').approval, expiresAt: T0 + 200 * DAY };
    await walkToCode(store, 'j1', { approval });
    await store.sweep(T0 + 199 * DAY, 100, LIFETIMES);
    expect(await there()).toEqual(['cli_acme']);
    await store.sweep(T0 + 200 * DAY, 100, LIFETIMES);
    expect(await there()).toEqual([]);
  });

  test('a revoked approval does not keep a client beyond its idle time', async () => {
    const { store } = fixture;
    await populate(store);
    await walkToCode(store, 'j1');
    await store.revokeApprovals('usr_ann', undefined, 'by_person', trail());
    await store.sweep(T0 + 90 * DAY - 1, 100, LIFETIMES);
    expect(await there()).toEqual(['cli_acme']);
    await store.sweep(T0 + 90 * DAY, 100, LIFETIMES);
    expect(await there()).toEqual([]);
  });

  test('the sweep goes in slices, and leaves blocked and configured clients alone', async () => {
    const { store } = fixture;
    for (let number = 0; number < 5; number += 1) await add(`cli_${number}`, 'a');
    await store.blockClient('cli_0', 'abuse', trail());
    await store.syncConfiguredClients([client('cli_listed', { kind: 'configured' })], trail());
    expect(await store.sweep(T0 + 400 * DAY, 3, LIFETIMES)).toBe(3);
    expect(await store.sweep(T0 + 400 * DAY, 3, LIFETIMES)).toBe(1);
    expect(await there()).toEqual(['cli_0', 'cli_listed']);
  });

  test('a client that goes while somebody decides leaves no approval behind', async () => {
    const { store } = fixture;
    await populate(store);
    await walkToCode(store, 'j0');
    const before = await fixture.counts();
    await fixture.sql(`delete from clients where id = 'cli_acme'`);
    await expect(walkToCode(store, 'j1')).rejects.toThrow('did not complete');
    expect((await fixture.counts()).approvals).toBe(before.approvals);
  });
});
