/** Tokens that clients have for themselves, on both engines. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { client, ENGINES, events, type Fixture, hash, openFixture, T0, trail } from './fixture.ts';

const TOKEN = {
  tokenHash: hash('machine'),
  clientId: 'cli_listed',
  resource: 'tickets',
  scopes: ['tickets:read'],
  issuedAt: T0,
  expiresAt: T0 + 600,
};

describe.each(ENGINES)('machine tokens on %s', (engine) => {
  let fixture: Fixture;
  beforeEach(async () => {
    fixture = await openFixture(engine);
    await fixture.store.syncConfiguredClients([client('cli_listed', { kind: 'configured' })], trail());
  });
  afterEach(() => fixture.close());
  const live = (at = T0) => fixture.store.findMachineToken(hash('machine'), at);

  test('a token lives until its end', async () => {
    expect(await fixture.store.issueMachineToken(TOKEN, trail())).toBe(true);
    expect(await live(T0 + 599)).toEqual(TOKEN);
    expect(await live(T0 + 600)).toBeUndefined();
    expect(await events(fixture.store)).toEqual(['client.configured', 'machine_token.issued']);
  });

  test('a client that registered itself, a blocked and an unknown one get none', async () => {
    const { store } = fixture;
    await store.insertClient(client('cli_own'), trail());
    await store.blockClient('cli_listed', 'abuse', trail());
    for (const clientId of ['cli_own', 'cli_listed', 'cli_none'])
      expect(await store.issueMachineToken({ ...TOKEN, clientId }, trail())).toBeUndefined();
    expect((await fixture.counts()).machine_tokens).toBe(0);
  });

  test('a block ends it, and the end of the block does not bring it back', async () => {
    const { store } = fixture;
    await store.issueMachineToken(TOKEN, trail());
    await store.blockClient('cli_listed', 'abuse', trail());
    expect(await live()).toBeUndefined();
    await store.unblockClient('cli_listed', 'mistake', trail());
    expect(await live()).toBeUndefined();
  });

  test('it ends with the client’s place in the configuration, for good', async () => {
    const { store } = fixture;
    await store.issueMachineToken(TOKEN, trail());
    await store.syncConfiguredClients([], trail());
    expect(await live()).toBeUndefined();
    await store.syncConfiguredClients([client('cli_listed', { kind: 'configured' })], trail());
    expect(await live()).toBeUndefined();
  });

  test('its own client revokes it, once, and no other', async () => {
    const { store } = fixture;
    await store.issueMachineToken(TOKEN, trail());
    expect(await store.revokeMachineToken(hash('machine'), 'cli_other', trail())).toBe(false);
    expect(await live()).toBeDefined();
    expect(await store.revokeMachineToken(hash('machine'), 'cli_listed', trail())).toBe(true);
    expect(await store.revokeMachineToken(hash('machine'), 'cli_listed', trail())).toBe(false);
    expect(await live()).toBeUndefined();
  });

  test('the sweep removes it after its end', async () => {
    await fixture.store.issueMachineToken(TOKEN, trail());
    expect(await fixture.store.sweep(T0 + 599, 10)).toBe(0);
    expect(await fixture.store.sweep(T0 + 600, 10)).toBe(1);
  });
});
