/** Ory Hydra PR 770: the attacker opens the request, the victim approves the same page, the attacker collects. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BrowserJar } from '../support/browser-jar.ts';
import { rows } from '../support/database-file.ts';
import { consentForm } from '../support/mcp-client.ts';
import {
  expectNoWayOut,
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

const decisionOf = (clientId: string) =>
  rows(world.setting, 'SELECT decision, upstream_state_hash FROM journeys WHERE client_id = ?', clientId);

describe("T-A13 the victim approves the attacker's page", () => {
  it('shows another browser no form, with or without a session', async () => {
    const malicious = await registerMalicious(world.setting.issuer);
    const { action } = consentForm(await openAuthorize(world, new BrowserJar(), malicious));
    const { jar } = await rememberedVictim(world, 'maya');
    for (const browser of [jar, new BrowserJar()]) {
      const shown = await browser.get(action);
      expectNoWayOut(shown, 403);
      expect(shown.body).not.toContain('name="ticket"');
      expect(shown.body).not.toContain('Handy Helper');
      expectNoWayOut(await browser.get(`${action}/go`), 403);
    }
  });

  it("refuses the victim's Allow, even with the attacker's ticket and our own origin", async () => {
    const malicious = await registerMalicious(world.setting.issuer);
    const { action, ticket } = consentForm(await openAuthorize(world, new BrowserJar(), malicious));
    const { jar } = await rememberedVictim(world, 'jonas');
    const hops = hopsUpstream(world);
    await jar.get(`${world.setting.issuer}/account`);
    expectNoWayOut(await jar.postForm(action, { ticket, decision: 'allow' }), 403);
    const crossSite = { origin: world.setting.issuer, 'sec-fetch-site': 'same-origin' };
    const withoutCookies = await new BrowserJar().postForm(action, { ticket, decision: 'allow' }, crossSite);
    expectNoWayOut(withoutCookies, 400);
    expect(withoutCookies.body).toContain('Your browser didn’t keep our cookie');
    expect(decisionOf(malicious.client_id)).toEqual([{ decision: null, upstream_state_hash: null }]);
    expect(hopsUpstream(world)).toBe(hops);
  });

  it("refuses it with a ticket the victim's own page gave", async () => {
    const malicious = await registerMalicious(world.setting.issuer);
    const { action } = consentForm(await openAuthorize(world, new BrowserJar(), malicious));
    const { jar } = await rememberedVictim(world, 'aiko');
    const own = consentForm(await openAuthorize(world, jar, malicious));
    expectNoWayOut(await jar.postForm(action, { ticket: own.ticket, decision: 'allow' }), 403);
    expect(decisionOf(malicious.client_id)).toEqual([
      { decision: null, upstream_state_hash: null },
      { decision: null, upstream_state_hash: null },
    ]);
  });
});
