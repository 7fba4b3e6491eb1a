/** FastMCP GHSA-c2jp-c369-7pvx: a static upstream client, open registration, an upstream that remembers, no page of our own. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { count, stateRows } from '../support/database-file.ts';
import {
  expectOurPage,
  hopsUpstream,
  type OidcWorld,
  openAuthorize,
  registerMalicious,
  rememberedVictim,
  startWorld,
} from '../support/victim.ts';

let world: OidcWorld;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.close());

describe("T-A01 a stranger's client rides an old upstream consent", () => {
  it('gets a page of ours, no code, and nothing upstream, from a person with a live session', async () => {
    const { jar } = await rememberedVictim(world, 'maya');
    const malicious = await registerMalicious(world.setting.issuer);
    const before = {
      hops: hopsUpstream(world),
      states: stateRows(world.setting),
      codes: count(world.setting, 'codes'),
    };

    const page = await openAuthorize(world, jar, malicious, {}, { 'sec-fetch-site': 'cross-site' });

    expectOurPage(world, page, before.hops);
    expect(page.body).toContain('evil.example.net');
    expect(page.body).toContain('Handy Helper');
    expect(stateRows(world.setting)).toBe(before.states);
    expect(count(world.setting, 'codes')).toBe(before.codes);
    expect(count(world.setting, 'journeys', 'client_id = ? AND decision IS NULL', malicious.client_id)).toBe(1);
  });

  it('gets the page as well when the request arrives by POST', async () => {
    const { jar } = await rememberedVictim(world, 'jonas');
    const malicious = await registerMalicious(world.setting.issuer);
    const hops = hopsUpstream(world);
    const query = {
      response_type: 'code',
      client_id: malicious.client_id,
      redirect_uri: malicious.redirect_uris[0] ?? '',
      scope: 'notes:read',
      code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
      code_challenge_method: 'S256',
    };
    const sent = await jar.postForm(`${world.setting.issuer}/authorize`, query, {
      origin: 'https://evil.example.net',
      'sec-fetch-site': 'cross-site',
    });
    expect(sent.status).toBe(303);
    expect(sent.next?.startsWith(`${world.setting.issuer}/authorize?`)).toBe(true);
    const page = await jar.follow(sent);
    expectOurPage(world, page, hops);
  });

  it('leaves the approval of the honest client to the honest client', async () => {
    const { client } = await rememberedVictim(world, 'aiko');
    const malicious = await registerMalicious(world.setting.issuer);
    expect(count(world.setting, 'approvals', 'client_id = ? AND revoked_at IS NULL', client.client_id)).toBe(1);
    expect(count(world.setting, 'approvals', 'client_id = ?', malicious.client_id)).toBe(0);
  });
});
