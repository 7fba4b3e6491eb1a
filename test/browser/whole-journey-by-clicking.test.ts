/** The whole journey as a person walks it, by clicking, in Chromium: with scripts on and off, for every kind of client, to both ends. */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Landing, type LandingOptions, startLanding } from '../support/app-landing.ts';
import { NOTES_CREDENTIAL } from '../support/broker.ts';
import { focused, launchChromium, signInByClicking, startVisit, type Visit } from '../support/chromium.ts';
import { authorizationUrl, introspect, newPkce, redeem, register, type TokenAnswer } from '../support/mcp-client.ts';
import { makeTlsIdentity } from '../support/tls-identity.ts';
import { type OidcWorld, startWorld } from '../support/victim.ts';

let world: OidcWorld;
let browser: Browser;
beforeAll(async () => {
  [world, browser] = await Promise.all([startWorld(), launchChromium()]);
}, 180_000);
afterAll(async () => {
  await browser.close();
  await world.close();
});

const HOST = 'app.example.org';
const tls = makeTlsIdentity([HOST], []);
const SITES: readonly (readonly [string, LandingOptions])[] = [
  ['a loopback client', {}],
  ['an https client', { tls, host: HOST }],
];
const NATIVE_REDIRECT = 'cursor://anysphere.cursor-mcp/oauth/callback';

/** Opens a visit and, if needed, a landing, and closes both whatever happens. */
async function walk(
  javaScript: boolean,
  options: LandingOptions | undefined,
  steps: (visit: Visit, landing: Landing) => Promise<void>,
): Promise<void> {
  const landing = await startLanding(options);
  const visit = await startVisit(browser, { javaScript });
  try {
    await steps(visit, landing);
    const ours = [...visit.policies].filter(([address]) => address.startsWith(world.setting.issuer));
    expect(ours.length).toBeGreaterThanOrEqual(2);
    expect(
      ours.filter(([, policy]) => !policy.includes("form-action 'self'") || !policy.includes("frame-ancestors 'none'")),
    ).toEqual([]);
    expect(visit.complaints).toEqual([]);
  } finally {
    await visit.close();
    await landing.close();
  }
}

const button = (visit: Visit, name: string) => visit.page.getByRole('button', { name, exact: true });

async function openConsent(visit: Visit, redirectUri: string) {
  const client = await register(world.setting.issuer, { redirect_uris: [redirectUri] });
  const pkce = newPkce();
  await visit.page.goto(authorizationUrl(world.setting.issuer, client, pkce, { state: 'a&b=ü/ %' }));
  expect(await focused(visit.page)).toBe('BODY');
  return { client, pkce };
}

describe.each([
  ['with scripts', true],
  ['without scripts', false],
])('the whole journey %s', { timeout: 60_000 }, (_what, javaScript) => {
  it.each(SITES)('leads to %s with a code that works', async (_kind, options) => {
    await walk(javaScript, options, async (visit, landing) => {
      const { issuer } = world.setting;
      const { client, pkce } = await openConsent(visit, landing.redirectUri);
      await button(visit, 'Allow').click();
      const arrival = landing.arrival();
      await signInByClicking(visit.page, 'maya', arrival);
      const answer = await arrival;
      expect([...answer.keys()]).toEqual(['code', 'state', 'iss']);
      expect([answer.get('state'), answer.get('iss')]).toEqual(['a&b=ü/ %', issuer]);
      await visit.page.getByRole('heading', { name: 'Connected' }).waitFor();
      const tokens = (await (await redeem(issuer, client, answer.get('code') ?? '', pkce)).json()) as TokenAnswer;
      expect(await introspect(issuer, tokens.access_token, 'notes', NOTES_CREDENTIAL)).toMatchObject({
        active: true,
        scope: 'notes:read',
      });
    });
  });

  it('leads to an app by its private scheme, over a page that stays with its button', async () => {
    await walk(javaScript, undefined, async (visit) => {
      const { client, pkce } = await openConsent(visit, NATIVE_REDIRECT);
      await button(visit, 'Allow').click();
      await signInByClicking(
        visit.page,
        'jonas',
        visit.page.getByRole('heading', { name: 'Access allowed' }).waitFor(),
      );
      const href = (await visit.page.getByRole('link', { name: 'Open the app' }).getAttribute('href')) ?? '';
      expect(href.startsWith(`${NATIVE_REDIRECT}?code=`)).toBe(true);
      await expect.poll(() => visit.trail.includes(href), { timeout: 10_000 }).toBe(true);
      expect(visit.page.url().startsWith(`${world.setting.issuer}/callback/corp?`)).toBe(true);
      expect(await focused(visit.page)).toBe('BODY');
      expect(
        (await redeem(world.setting.issuer, client, new URL(href).searchParams.get('code') ?? '', pkce)).status,
      ).toBe(200);
    });
  });

  it.each(SITES)('tells %s that the person said no', async (_kind, options) => {
    await walk(javaScript, options, async (visit, landing) => {
      await openConsent(visit, landing.redirectUri);
      const hops = world.upstream.seen('/auth').length;
      await button(visit, 'Don’t allow').click();
      const answer = await landing.arrival();
      expect([...answer.keys()]).toEqual(['error', 'error_description', 'state', 'iss']);
      expect([answer.get('error'), answer.get('state'), answer.get('iss')]).toEqual([
        'access_denied',
        'a&b=ü/ %',
        world.setting.issuer,
      ]);
      expect(world.upstream.seen('/auth').length).toBe(hops);
    });
  });

  it('tells an app with a private scheme that the person said no', async () => {
    await walk(javaScript, undefined, async (visit) => {
      await openConsent(visit, NATIVE_REDIRECT);
      await button(visit, 'Don’t allow').click();
      const link = visit.page.getByRole('link', { name: 'Go back to the app' });
      const href = (await link.getAttribute('href')) ?? '';
      expect(href.startsWith(`${NATIVE_REDIRECT}?error=access_denied`)).toBe(true);
      await expect.poll(() => visit.trail.includes(href), { timeout: 10_000 }).toBe(true);
    });
  });

  it('shows a returning person the short page and leads on without asking who they are', async () => {
    await walk(javaScript, {}, async (visit, landing) => {
      const { client } = await openConsent(visit, landing.redirectUri);
      await button(visit, 'Allow').click();
      const first = landing.arrival();
      await signInByClicking(visit.page, 'aiko', first);
      await visit.page.getByRole('heading', { name: 'Connected' }).waitFor();
      await visit.page.goto(authorizationUrl(world.setting.issuer, client, newPkce()));
      expect(await visit.page.locator('h1').textContent()).toContain('already has access');
      await button(visit, 'Continue').click();
      const again = await landing.arrival();
      expect(again.get('code')).toMatch(/^[A-Za-z0-9_-]{43}$/);
    });
  });
});
