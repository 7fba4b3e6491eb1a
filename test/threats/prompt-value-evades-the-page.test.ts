/** better-auth #4736: the consent branch was reached by `prompt=consent` alone (OpenID Connect Core 3.1.2.1). */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BrowserJar } from '../support/browser-jar.ts';
import { count, stateRows } from '../support/database-file.ts';
import { answerOf, authorizationUrl, newPkce } from '../support/mcp-client.ts';
import { allowOnce, registerConfidential, skipped } from '../support/returning-person.ts';
import {
  expectNoWayOut,
  expectOurPage,
  hopsUpstream,
  type OidcWorld,
  openAuthorize,
  registerMalicious,
  rememberedVictim,
  startWorld,
} from '../support/victim.ts';

let world: OidcWorld;
let victim: Awaited<ReturnType<typeof rememberedVictim>>;
beforeAll(async () => {
  world = await startWorld({ settings: { consent: { remember: 'skip_when_assured' } } });
  victim = await rememberedVictim(world, 'maya');
});
afterAll(() => world.close());

const PAGE = [null, '', 'login', 'consent', 'login consent', 'select_account', 'consent select_account login'];
const JUNK = ['nonsense', 'CONSENT', 'none login', 'consent,login', 'login nonsense', '%00', 'create'];

describe('T-A07 a prompt value evades the page', () => {
  it.each(PAGE)("shows a stranger's client the page with prompt %j", async (prompt) => {
    const malicious = await registerMalicious(world.setting.issuer);
    const before = {
      hops: hopsUpstream(world),
      states: stateRows(world.setting),
      codes: count(world.setting, 'codes'),
    };
    expectOurPage(world, await openAuthorize(world, victim.jar, malicious, { prompt }), before.hops);
    expectOurPage(world, await openAuthorize(world, new BrowserJar(), malicious, { prompt }), before.hops);
    expect(stateRows(world.setting)).toBe(before.states);
    expect(count(world.setting, 'codes')).toBe(before.codes);
  });

  it.each([...JUNK, 'none'])(
    "answers a stranger's client with prompt %j by a page that goes nowhere",
    async (prompt) => {
      const malicious = await registerMalicious(world.setting.issuer);
      const hops = hopsUpstream(world);
      for (const jar of [victim.jar, new BrowserJar()])
        expectNoWayOut(await openAuthorize(world, jar, malicious, { prompt }), 400);
      expect(hopsUpstream(world)).toBe(hops);
      expect(count(world.setting, 'journeys', 'client_id = ?', malicious.client_id)).toBe(0);
    },
  );

  it('tells an approved client on prompt=none that the person is needed, signed in or not', async () => {
    const hops = hopsUpstream(world);
    const signedIn = await openAuthorize(world, victim.jar, victim.client, { prompt: 'none' });
    expect(signedIn.status).toBe(303);
    expect(answerOf(signedIn).get('error')).toBe('consent_required');
    expect(answerOf(signedIn).get('code')).toBeNull();
    const nobody = await openAuthorize(world, new BrowserJar(), victim.client, { prompt: 'none' });
    expect(answerOf(nobody).get('error')).toBe('login_required');
    expect(hopsUpstream(world)).toBe(hops);
  });

  it('shows even an assured client the page with every value but none at all', async () => {
    const assured = await registerConfidential(world.setting.issuer);
    await allowOnce(world, victim.jar, 'maya', assured);
    const hops = hopsUpstream(world);
    for (const prompt of PAGE.filter((value) => value !== null && value !== '')) {
      expectOurPage(world, await openAuthorize(world, victim.jar, assured, { prompt }), hops);
    }
    expect(skipped(world, await openAuthorize(world, victim.jar, assured, { prompt: null }))).toBe(true);
    expect(answerOf(await openAuthorize(world, victim.jar, assured, { prompt: 'none' })).get('error')).toBe(
      'consent_required',
    );
    expect(hopsUpstream(world)).toBe(hops);
  });

  it('refuses prompt given twice, whichever comes first', async () => {
    const hops = hopsUpstream(world);
    for (const pair of ['&prompt=consent&prompt=none', '&prompt=none&prompt=consent', '&prompt=&prompt=']) {
      const answer = await victim.jar.get(authorizationUrl(world.setting.issuer, victim.client, newPkce()) + pair);
      expect(answerOf(answer).get('error')).toBe('invalid_request');
      expect(answerOf(answer).get('code')).toBeNull();
    }
    expect(hopsUpstream(world)).toBe(hops);
  });
});
