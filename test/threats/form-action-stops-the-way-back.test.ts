/**
 * FastMCP #2302, metamcp #170 and their kin: Chromium applies `form-action` to the whole chain after a form, so the way
 * back to the client is cut after the code exists; operators then weaken the policy or switch consent off (requirements E6).
 */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Landing, type LandingOptions, startLanding, startSite } from '../support/app-landing.ts';
import { launchChromium, signInByClicking, startVisit } from '../support/chromium.ts';
import { authorizationUrl, newPkce, redeem, register } from '../support/mcp-client.ts';
import { makeTlsIdentity } from '../support/tls-identity.ts';
import { startLoopbackServer } from '../support/upstreams/loopback-server.ts';
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
const KINDS: readonly (readonly [string, LandingOptions])[] = [
  ['a loopback client', {}],
  ['an https client', { tls, host: HOST }],
  ['an https client whose callback hands on to claude://', { tls, host: HOST, handsOnTo: 'claude://oauth/callback' }],
];

async function withLanding(options: LandingOptions, work: (landing: Landing) => Promise<void>): Promise<void> {
  const landing = await startLanding(options);
  try {
    await work(landing);
  } finally {
    await landing.close();
  }
}

describe('T-B14 form-action stops the way back', { timeout: 60_000 }, () => {
  it('does so in this very Chromium when a form answers with a redirect to another origin', async () => {
    const elsewhere = await startSite({ '/': 'elsewhere' });
    const former = await startLoopbackServer((request, response) => {
      if (request.method === 'POST') return void response.writeHead(303, { location: `${elsewhere.origin}/` }).end();
      response
        .writeHead(200, { 'content-type': 'text/html', 'content-security-policy': "form-action 'self'" })
        .end('<form method="post"><button>Go</button></form>');
    });
    const visit = await startVisit(browser);
    try {
      await visit.page.goto(former.origin);
      const complained = visit.page.waitForEvent('console', (message) => /form-action/.test(message.text()));
      await visit.page.getByRole('button').click();
      await complained;
      expect(visit.complaints.join()).toContain('form-action');
      expect(elsewhere.connections).toBe(0);
    } finally {
      await visit.close();
      await former.close();
      await elsewhere.close();
    }
  });

  it.each(KINDS)('lets the flow end at %s, with the policy still in place on every page', async (_what, options) => {
    await withLanding(options, async (landing) => {
      const { issuer } = world.setting;
      const client = await register(issuer, { redirect_uris: [landing.redirectUri] });
      const pkce = newPkce();
      const visit = await startVisit(browser);
      try {
        await visit.page.goto(authorizationUrl(issuer, client, pkce));
        await visit.page.getByRole('button', { name: 'Allow', exact: true }).click();
        const arrival = landing.arrival();
        await signInByClicking(visit.page, 'maya', arrival);
        const answer = await arrival;
        expect(answer.get('iss')).toBe(issuer);
        expect((await redeem(issuer, client, answer.get('code') ?? '', pkce)).status).toBe(200);
        if (options.handsOnTo !== undefined)
          await expect
            .poll(() => visit.trail.some((address) => address.startsWith('claude://oauth/callback?code=')))
            .toBe(true);
        const ours = [...visit.policies].filter(([address]) => address.startsWith(issuer));
        expect(ours.length).toBeGreaterThanOrEqual(2);
        for (const [, policy] of ours) {
          expect(policy).toContain("form-action 'self'");
          expect(policy).toContain("frame-ancestors 'none'");
        }
        expect(visit.complaints).toEqual([]);
      } finally {
        await visit.close();
      }
    });
  });

  it('lets the flow end at a cursor:// client, whose page stays with its button', async () => {
    const { issuer } = world.setting;
    const client = await register(issuer, { redirect_uris: ['cursor://anysphere.cursor-mcp/oauth/callback'] });
    const pkce = newPkce();
    const visit = await startVisit(browser);
    try {
      await visit.page.goto(authorizationUrl(issuer, client, pkce));
      await visit.page.getByRole('button', { name: 'Allow', exact: true }).click();
      await signInByClicking(
        visit.page,
        'jonas',
        visit.page.getByRole('heading', { name: 'Access allowed' }).waitFor(),
      );
      const href = await visit.page.getByRole('link', { name: 'Open the app' }).getAttribute('href');
      expect(href?.startsWith('cursor://anysphere.cursor-mcp/oauth/callback?code=')).toBe(true);
      await expect.poll(() => visit.trail.includes(href ?? '')).toBe(true);
      expect(await visit.page.getByRole('heading', { name: 'Access allowed' }).isVisible()).toBe(true);
      expect((await redeem(issuer, client, new URL(href ?? '').searchParams.get('code') ?? '', pkce)).status).toBe(200);
      expect(visit.complaints).toEqual([]);
    } finally {
      await visit.close();
    }
  });
});
