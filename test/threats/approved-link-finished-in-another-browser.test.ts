/** FastMCP CVE-2026-27124: the attacker approves, and sends the victim the upstream address that follows. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BrowserJar } from '../support/browser-jar.ts';
import { auditRows, count, rows } from '../support/database-file.ts';
import {
  expectNoWayOut,
  handOffIn,
  type OidcWorld,
  registerMalicious,
  rememberedVictim,
  startWorld,
} from '../support/victim.ts';

let world: OidcWorld;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.close());

describe("T-A02 a link approved by the attacker is finished in the victim's browser", () => {
  it('ends in a 403 page with the state burnt and the attempt on record', async () => {
    const victim = await rememberedVictim(world, 'maya');
    const malicious = await registerMalicious(world.setting.issuer);
    const attacker = new BrowserJar();
    const { upstreamUrl } = await handOffIn(world, attacker, malicious);
    const before = { codes: count(world.setting, 'codes'), exchanges: world.upstream.seen('/token').length };

    const passed = await victim.jar.get(upstreamUrl);
    expect(passed.next?.startsWith(`${world.setting.issuer}/callback/corp?code=`)).toBe(true);
    const answer = await victim.jar.follow(passed);

    expectNoWayOut(answer, 403);
    expect(answer.body).toContain('started in a different browser');
    expect(answer.body).not.toContain('evil.example.net');
    expect(count(world.setting, 'codes')).toBe(before.codes);
    expect(count(world.setting, 'approvals', 'client_id = ?', malicious.client_id)).toBe(0);
    expect(world.upstream.seen('/token').length).toBe(before.exchanges);
    expect(rows(world.setting, 'SELECT outcome FROM journeys WHERE client_id = ?', malicious.client_id)).toEqual([
      { outcome: 'browser_mismatch' },
    ]);
    expect(auditRows(world.setting, 'journey.browser_mismatch')).toMatchObject([
      { client_id: malicious.client_id, details: { cookie: 'none' } },
    ]);

    const late = await attacker.get(passed.next ?? '');
    expectNoWayOut(late, 400);
    expect(count(world.setting, 'codes')).toBe(before.codes);
  });

  it('is told apart from a browser that has a journey cookie of its own', async () => {
    const malicious = await registerMalicious(world.setting.issuer);
    const victim = await rememberedVictim(world, 'jonas');
    const attacker = new BrowserJar();
    const stolen = await handOffIn(world, attacker, malicious);
    await handOffIn(world, victim.jar, victim.client);

    const answer = await victim.jar.follow(await victim.jar.get(stolen.upstreamUrl));
    expectNoWayOut(answer, 403);
    expect(count(world.setting, 'codes', 'client_id = ?', malicious.client_id)).toBe(0);
  });

  it('refuses another value under the right cookie name', async () => {
    const malicious = await registerMalicious(world.setting.issuer);
    const attacker = new BrowserJar();
    const { upstreamUrl } = await handOffIn(world, attacker, malicious);
    const victim = await rememberedVictim(world, 'aiko');
    const name = [...attacker.cookiesFor(world.setting.issuer).keys()].find((cookie) =>
      cookie.startsWith('mcb_journey_'),
    );
    victim.jar.setCookie(world.setting.issuer, `${name}=${'A'.repeat(43)}; Path=/`);

    const answer = await victim.jar.follow(await victim.jar.get(upstreamUrl));
    expectNoWayOut(answer, 403);
    expect(auditRows(world.setting, 'journey.browser_mismatch').at(-1)).toMatchObject({
      client_id: malicious.client_id,
      details: { cookie: 'other' },
    });
  });

  it('lets the browser that approved finish', async () => {
    const { jar, client } = await rememberedVictim(world, 'maya');
    const { upstreamUrl } = await handOffIn(world, jar, client);
    const answer = await jar.follow(await jar.get(upstreamUrl));
    expect(answer.status).toBe(303);
    expect(answer.next).toMatch(/^http:\/\/127\.0\.0\.1:33418\/callback\?code=[A-Za-z0-9_-]{43}&/);
  });
});
