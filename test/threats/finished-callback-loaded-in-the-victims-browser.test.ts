/** Login CSRF: the attacker's finished callback is loaded in the victim's browser, which then works in the attacker's account. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BrowserJar } from '../support/browser-jar.ts';
import { count } from '../support/database-file.ts';
import { signInAs } from '../support/upstreams/oidc-upstream.ts';
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

const sessionOf = (jar: BrowserJar) => jar.cookiesFor(world.setting.issuer).get('mcb_session')?.value;

describe("T-A19 the attacker's finished callback is loaded in the victim's browser", () => {
  it('is refused, and the victim stays who they were', async () => {
    const malicious = await registerMalicious(world.setting.issuer);
    const attacker = new BrowserJar();
    const { upstreamUrl } = await handOffIn(world, attacker, malicious);
    const returning = await signInAs('aiko', attacker, upstreamUrl);
    const victim = await rememberedVictim(world, 'maya');
    const session = sessionOf(victim.jar);

    const answer = await victim.jar.get(returning.next ?? '');
    expectNoWayOut(answer, 403);
    expect(answer.headers['set-cookie']).toBeUndefined();
    expect(sessionOf(victim.jar)).toBe(session);
    expect((await victim.jar.get(`${world.setting.issuer}/account`)).body).toContain('Signed in as <bdi>maya</bdi>');
    expect(count(world.setting, 'codes', 'client_id = ?', malicious.client_id)).toBe(0);
  });

  it('is refused for a sign-in to the account page as well', async () => {
    const attacker = new BrowserJar();
    const handOff = await attacker.follow(await attacker.get(`${world.setting.issuer}/account/sign-in/corp`));
    const returning = await signInAs('aiko', attacker, handOff.next ?? '');
    const victim = new BrowserJar();

    const answer = await victim.get(returning.next ?? '');
    expectNoWayOut(answer, 403);
    expect(sessionOf(victim)).toBeUndefined();
    expect((await victim.get(`${world.setting.issuer}/account`)).body).not.toContain('Signed in as');
  });

  it('starts no sign-in from another site', async () => {
    const hops = world.upstream.seen('/auth').length;
    for (const site of ['cross-site', 'same-site']) {
      const answer = await new BrowserJar().get(`${world.setting.issuer}/account/sign-in/corp`, {
        'sec-fetch-site': site,
      });
      expect(answer.status).toBe(303);
      expect(answer.next).toBe(`${world.setting.issuer}/account`);
    }
    expect(world.upstream.seen('/auth').length).toBe(hops);
  });

  it('answers 400 to a callback that nobody began', async () => {
    const exchanges = world.upstream.seen('/token').length;
    for (const query of [
      '',
      '?code=abc',
      '?state=constant',
      `?code=abc&state=${'s'.repeat(43)}`,
      `?error=access_denied&state=${'s'.repeat(43)}`,
    ]) {
      expectNoWayOut(await new BrowserJar().get(`${world.setting.issuer}/callback/corp${query}`), 400);
    }
    expect(world.upstream.seen('/token').length).toBe(exchanges);
  });
});
