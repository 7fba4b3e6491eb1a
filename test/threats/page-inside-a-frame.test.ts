/** Clickjacking (RFC 9700 4.16): our pages inside somebody else's, under a finger that means something else. */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startSite } from '../support/app-landing.ts';
import { BrowserJar, type JarResponse } from '../support/browser-jar.ts';
import { launchChromium, startVisit } from '../support/chromium.ts';
import { authorizationUrl, consentForm, decide, newPkce, register } from '../support/mcp-client.ts';
import { allowOnce } from '../support/returning-person.ts';
import { signInAs } from '../support/upstreams/oidc-upstream.ts';
import { handOffIn, type OidcWorld, openAuthorize, registerMalicious, startWorld } from '../support/victim.ts';

let world: OidcWorld;
let browser: Browser;
beforeAll(async () => {
  [world, browser] = await Promise.all([startWorld(), launchChromium()]);
}, 180_000);
afterAll(async () => {
  await browser.close();
  await world.close();
});

/** One of every kind of page. */
async function everyPage(): Promise<ReadonlyMap<string, JarResponse>> {
  const { issuer } = world.setting;
  const pages = new Map<string, JarResponse>();
  const jar = new BrowserJar();
  const client = await register(issuer);
  const native = await register(issuer, { redirect_uris: ['cursor://anysphere.cursor-mcp/oauth/callback'] });
  pages.set('sign-in', await new BrowserJar().get(`${issuer}/account`));
  pages.set('consent', await openAuthorize(world, jar, client));
  pages.set('alarm', await openAuthorize(world, jar, await registerMalicious(issuer, { client_name: 'Claude' })));
  const denied = await decide(jar, await openAuthorize(world, jar, client), 'deny');
  pages.set('denied', await jar.follow(denied));
  const { page, handOff } = await handOffIn(world, jar, native);
  pages.set('to upstream', handOff);
  const returning = await signInAs('maya', jar, handOff.next ?? '');
  pages.set('to the app', await jar.follow(returning));
  pages.set('callback again', await jar.get(returning.next ?? ''));
  pages.set('already answered', await jar.get(consentForm(page).action));
  pages.set('account', await jar.get(`${issuer}/account`));
  pages.set('remove', await jar.get(`${issuer}/account/remove/all`));
  pages.set('other browser', await new BrowserJar().get(consentForm(page).action));
  pages.set('expired', await jar.get(`${issuer}/consent/jny_unknown`));
  pages.set('unknown client', await jar.get(`${issuer}/authorize?client_id=nobody`));
  pages.set('wrong redirect', await openAuthorize(world, jar, client, { redirect_uri: 'https://evil.example.net/' }));
  pages.set('unapproved', await openAuthorize(world, jar, await registerMalicious(issuer), { scope: 'bogus' }));
  pages.set(
    'stale form',
    await jar.postForm(consentForm(await openAuthorize(world, jar, client)).action, { decision: 'allow' }),
  );
  pages.set('why', await jar.get(`${issuer}/help/why`));
  pages.set('not found', await jar.get(`${issuer}/nothing/here`));
  return pages;
}

/** Documents of every frame below the page, as a person would see them. */
async function framedTexts(visit: Awaited<ReturnType<typeof startVisit>>): Promise<readonly string[]> {
  const frames = visit.page.frames().filter((frame) => frame !== visit.page.mainFrame());
  return Promise.all(
    frames.map((frame) => frame.evaluate<string>("document.documentElement?.innerText ?? ''").catch(() => '')),
  );
}

describe('T-B05 a page of ours inside a frame', { timeout: 60_000 }, () => {
  it('is forbidden by header on every page, whatever its status', async () => {
    const pages = await everyPage();
    expect(pages.size).toBe(18);
    for (const [name, page] of pages) {
      const policy = String(page.headers['content-security-policy']).split('; ');
      expect([
        name,
        page.headers['x-frame-options'],
        policy.includes("frame-ancestors 'none'"),
        policy.includes("form-action 'self'"),
      ]).toEqual([name, 'DENY', true, true]);
      expect([
        name,
        policy.includes("default-src 'none'"),
        policy.includes("base-uri 'none'"),
        page.headers['x-content-type-options'],
      ]).toEqual([name, true, true, 'nosniff']);
      expect([name, page.headers['cache-control'], page.headers['content-type']]).toEqual([
        name,
        'no-store',
        'text/html; charset=UTF-8',
      ]);
      expect(page.headers['access-control-allow-origin']).toBeUndefined();
    }
  });

  // An object gives way by itself to an answer that is an error, and so never asks the policy.
  it.each([
    ['iframe', 5],
    ['object', 0],
    ['embed', 5],
  ])('does not show in an %s of another site, nor of another port, in Chromium', async (element, refusals) => {
    const { issuer } = world.setting;
    const client = await register(issuer);
    const framed = [
      authorizationUrl(issuer, client, newPkce()),
      `${issuer}/account`,
      `${issuer}/nothing`,
      `${issuer}/authorize?client_id=nobody`,
      `${issuer}/help/why`,
    ];
    const html = (address: string) => {
      const text = address.replaceAll('&', '&amp;');
      if (element === 'object') return `<object data="${text}" type="text/html" width="600" height="400"></object>`;
      return `<${element} src="${text}" width="600" height="400"></${element}>`;
    };
    const site = await startSite({
      '/': `<h1>Win a prize</h1>${framed.map(html).join('')}`,
      '/control': `<h1>Win a prize</h1>${html('/harmless')}`,
      '/harmless': '<p>this may be framed</p>',
    });
    const visit = await startVisit(browser);
    try {
      await visit.page.goto(authorizationUrl(issuer, client, newPkce()));
      for (const host of ['127.0.0.1', 'localhost']) {
        await visit.page.goto(`http://${host}:${site.port}/control`);
        expect((await framedTexts(visit)).join()).toContain('this may be framed');
        await visit.page.goto(`http://${host}:${site.port}/`);
        const refused = () => visit.complaints.filter((complaint) => complaint.includes('frame-ancestors')).length;
        await expect.poll(refused, { timeout: 15_000 }).toBeGreaterThanOrEqual(refusals);
        for (const text of await framedTexts(visit))
          expect(text).not.toMatch(/Northwind|Allow|Corp|recognise|nothing at this address/);
        visit.complaints.length = 0;
      }
    } finally {
      await visit.close();
      await site.close();
    }
  });

  it('is not shown to a person who is signed in either', async () => {
    const jar = new BrowserJar();
    const client = await register(world.setting.issuer);
    await allowOnce(world, jar, 'jonas', client);
    const page = await openAuthorize(world, jar, client);
    expect(page.body).toContain('already has access');
    expect(page.headers['content-security-policy']).toContain("frame-ancestors 'none'");
  });
});
