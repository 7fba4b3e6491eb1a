/** One approval used for more: a wider scope, another redirect, another server, a changed client (requirement B-16). */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TASKS_URL } from '../support/broker.ts';
import { BrowserJar } from '../support/browser-jar.ts';
import { count, plant, rows, stateRows } from '../support/database-file.ts';
import type { RegisteredClient } from '../support/mcp-client.ts';
import { allowOnce, registerConfidential, skipped } from '../support/returning-person.ts';
import { expectOurPage, hopsUpstream, type OidcWorld, openAuthorize, startWorld } from '../support/victim.ts';

let world: OidcWorld;
let client: RegisteredClient;
const jar = new BrowserJar();
beforeAll(async () => {
  world = await startWorld({ twoResources: true, settings: { consent: { remember: 'skip_when_assured' } } });
  client = await registerConfidential(world.setting.issuer, {
    redirect_uris: ['https://app.example.org/cb', 'https://app.example.org/cb2', 'https://other.example.org/cb'],
    client_uri: 'https://app.example.org/',
  });
  await allowOnce(world, jar, 'maya', client, { scope: 'notes:read notes:write' });
});
afterAll(() => world.close());

const APPROVED = { scope: 'notes:read notes:write' };

async function expectAsked(changes: Readonly<Record<string, string | null>>, words: string) {
  const before = { hops: hopsUpstream(world), states: stateRows(world.setting) };
  const page = await openAuthorize(world, jar, client, { ...APPROVED, ...changes });
  expectOurPage(world, page, before.hops);
  expect(page.body).toContain(words);
  expect(stateRows(world.setting)).toBe(before.states);
}

/** Runs with one member of the stored registration changed, and puts it back. */
async function withMetadata(member: string, value: unknown, work: () => Promise<void>) {
  const kept = rows(world.setting, 'SELECT metadata FROM clients WHERE id = ?', client.client_id)[0]?.metadata;
  const put = (metadata: unknown) =>
    plant(world.setting, 'UPDATE clients SET metadata = ? WHERE id = ?', metadata, client.client_id);
  expect(put(JSON.stringify({ ...JSON.parse(String(kept)), [member]: value }))).toBe(1);
  try {
    await work();
  } finally {
    put(kept);
  }
}

describe('T-A16 an approval is stretched to something else', () => {
  it('covers what was approved, and a part of it', async () => {
    expect(skipped(world, await openAuthorize(world, jar, client, APPROVED))).toBe(true);
    expect(skipped(world, await openAuthorize(world, jar, client, { scope: 'notes:read' }))).toBe(true);
  });

  it('asks for a wider scope', () =>
    expectAsked({ scope: 'notes:read notes:write notes:purge' }, 'asking for more access'));
  it('asks for another redirect of the same site', () =>
    expectAsked({ redirect_uri: 'https://app.example.org/cb2' }, 'has changed since you allowed it'));
  it('asks for another redirect of another site', () =>
    expectAsked({ redirect_uri: 'https://other.example.org/cb' }, 'other.example.org'));
  it('asks for another server', () => expectAsked({ resource: TASKS_URL, scope: 'tasks:read' }, 'Northwind Tasks'));

  it.each([
    ['name', 'Ledger Pro', 'has changed since you allowed it'],
    ['clientUri', 'https://elsewhere.example.org/', 'elsewhere.example.org'],
  ])('asks after a change of the client (%s)', async (member, value, words) => {
    await withMetadata(member, value, () => expectAsked({}, words));
    expect(skipped(world, await openAuthorize(world, jar, client, APPROVED))).toBe(true);
  });

  it('asks when the client stopped proving who it is', () =>
    withMetadata('authMethod', 'client_secret_post', () => expectAsked({}, 'has changed')));

  it('asks the next person in the same registry', async () => {
    const other = new BrowserJar();
    await allowOnce(world, other, 'jonas', await registerConfidential(world.setting.issuer));
    const hops = hopsUpstream(world);
    expectOurPage(world, await openAuthorize(world, other, client, APPROVED), hops);
  });

  it('changed nothing in the registry by asking', () => {
    expect(count(world.setting, 'approvals', 'client_id = ?', client.client_id)).toBe(1);
    expect(
      rows(world.setting, 'SELECT scopes, redirect_uris FROM approvals WHERE client_id = ?', client.client_id),
    ).toEqual([{ scopes: '["notes:read","notes:write"]', redirect_uris: '["https://app.example.org/cb"]' }]);
  });
});
