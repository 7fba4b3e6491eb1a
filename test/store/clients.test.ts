/** The verbs about clients, on both engines. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  client,
  DAY,
  ENGINES,
  events,
  type Fixture,
  hash,
  metadata,
  openFixture,
  populate,
  T0,
  trail,
  walkToCode,
} from './fixture.ts';

const configured = (id: string, name = 'Listed') => client(id, { kind: 'configured', metadata: { ...metadata, name } });

describe.each(ENGINES)('clients on %s', (engine) => {
  let fixture: Fixture;
  beforeEach(async () => {
    fixture = await openFixture(engine);
  });
  afterEach(() => fixture.close());

  test('an id is given once; a second registration under it throws and leaves no trace', async () => {
    const { store } = fixture;
    await store.insertClient(client('cli_1'), trail());
    await expect(store.insertClient(client('cli_1', { secretHash: hash('other') }), trail())).rejects.toThrow();
    expect((await store.findClient('cli_1'))?.secretHash).toBeUndefined();
    expect(await events(store)).toEqual(['client.registered']);
  });

  test('an error of the database names no stored value', async () => {
    await fixture.store.insertClient(client('cli_secretive'), trail());
    const error = await fixture.store
      .insertClient(client('cli_secretive', { secretHash: hash('hush') }), trail())
      .catch((thrown) => thrown);
    const shown = `${error} ${error.stack} ${JSON.stringify(error)} ${error.cause}`;
    expect(shown).not.toContain('cli_secretive');
    expect(shown).not.toContain('hush');
  });

  test('the configured clients become exactly the listed ones, and a second time changes nothing', async () => {
    const { store } = fixture;
    await store.insertClient(client('cli_registered'), trail());
    await store.syncConfiguredClients([configured('a'), configured('b')], trail());
    await store.syncConfiguredClients([configured('b', 'Renamed'), configured('c')], trail());
    const before = await fixture.counts();
    await store.syncConfiguredClients([configured('c'), configured('b', 'Renamed')], trail());
    expect(await fixture.counts()).toEqual(before);
    expect(await store.findClient('a')).toBeUndefined();
    expect((await store.findClient('b'))?.metadata.name).toBe('Renamed');
    expect((await store.findClient('c'))?.kind).toBe('configured');
    expect(await store.findClient('cli_registered')).toBeDefined();
    expect((await events(store)).filter((event) => event === 'client.configured')).toHaveLength(4);
    expect((await events(store)).filter((event) => event === 'client.unconfigured')).toHaveLength(1);
  });

  test('a new list does not lift a block', async () => {
    await fixture.store.syncConfiguredClients([configured('a')], trail());
    await fixture.sql(`update clients set blocked_at = 5, blocked_reason = 'bad' where id = 'a'`);
    await fixture.store.syncConfiguredClients([configured('a', 'Renamed')], trail());
    expect(await fixture.store.findClient('a')).toMatchObject({
      blockedAt: 5,
      blockedReason: 'bad',
      metadata: { name: 'Renamed' },
    });
  });

  test('a configured id that a registered client has is refused, and nothing of the list is taken', async () => {
    await fixture.store.insertClient(client('x'), trail());
    await expect(fixture.store.syncConfiguredClients([configured('a'), configured('x')], trail())).rejects.toThrow(
      /x belongs to a registered client/,
    );
    expect(await fixture.store.findClient('a')).toBeUndefined();
    expect((await fixture.store.findClient('x'))?.kind).toBe('registered');
  });

  test('instances that start at once agree on the configured clients', async () => {
    const other = await fixture.another();
    const list = Array.from({ length: 10 }, (_unused, index) => configured(`cfg_${index}`));
    await Promise.all(
      [fixture.store, other, fixture.store, other].map((store) => store.syncConfiguredClients(list, trail())),
    );
    expect((await fixture.counts()).clients).toBe(10);
  });

  test('a client counts as approved while anybody has a live approval of it', async () => {
    const { store } = fixture;
    await populate(store);
    expect(await store.isClientApproved('cli_acme', T0)).toBe(false);
    await walkToCode(store, 'j1');
    expect(await store.isClientApproved('cli_acme', T0)).toBe(true);
    expect(await store.isClientApproved('cli_other', T0)).toBe(false);
    expect(await store.isClientApproved('cli_acme', T0 + 90 * DAY)).toBe(false);
    await store.revokeApprovals('usr_ann', undefined, 'asked', trail());
    expect(await store.isClientApproved('cli_acme', T0)).toBe(false);
  });
});
