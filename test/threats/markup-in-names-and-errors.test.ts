/** FastMCP #3418, CVE-2025-62800, CVE-2026-77272, CVE-2026-42235: markup in whatever a stranger may write, shown on our pages. */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BrowserJar, type JarResponse } from '../support/browser-jar.ts';
import { launchChromium, signInByClicking, startVisit, type Visit } from '../support/chromium.ts';
import { authorizationUrl, decide, newPkce, register } from '../support/mcp-client.ts';
import { allowOnce } from '../support/returning-person.ts';
import { handOffIn, type OidcWorld, openAuthorize, startWorld } from '../support/victim.ts';

let world: OidcWorld;
let browser: Browser;
beforeAll(async () => {
  [world, browser] = await Promise.all([startWorld(), launchChromium()]);
}, 180_000);
afterAll(async () => {
  await browser.close();
  await world.close();
});

const VECTORS = [
  '"><img src=x onerror=alert(1)>',
  '</title><script>alert(1)</script>',
  "'-alert(1)-'",
  '{{999983*999979}}${999983*999979}<%= 999983*999979 %>',
  '<svg/onload=alert(1)>',
  '"autofocus onfocus=alert(1) x="',
  '</bdi></dl><iframe srcdoc="<script>alert(1)</script>">',
  '<!--<script>alert(1)</script>',
  '<a href="javascript:alert(1)">x</a>',
];
const ALL = VECTORS.join(' ');

/** Every text member a registrant may fill. */
const members = (vector: string) => ({
  client_name: vector,
  'client_name#de': vector,
  contacts: [vector],
  software_id: vector,
  software_version: vector,
  scope: vector,
});

function expectInert(page: JarResponse): void {
  expect(page.headers['content-type']).toBe('text/html; charset=UTF-8');
  expect(page.headers['content-security-policy']).toContain("default-src 'none'");
  expect(page.headers['content-security-policy']).not.toMatch(/unsafe|script-src/);
  expect(page.body).not.toMatch(/<(img|script|iframe|object|embed|base|meta http)/i);
  expect(page.body.replace(/"[^"]*"/g, '""')).not.toMatch(/<[^>]*[\s/"]on[a-z]+\s*=/i);
  expect(page.body).not.toMatch(/\bhref="\s*javascript:/i);
  expect(page.body).not.toContain('999962000357');
}

/** Nothing of the vector became an element, and nothing ran. */
async function expectQuiet(visit: Visit): Promise<void> {
  const grown = visit.page.locator(
    'script, iframe, img[src="x"], [onerror], [onload], [onfocus], [autofocus], a[href^="javascript"]',
  );
  expect(await grown.count()).toBe(0);
  expect(visit.complaints).toEqual([]);
}

describe('T-B01 markup in names and errors', { timeout: 60_000 }, () => {
  it.each(VECTORS)('stays text on the consent page and after a refusal: %s', async (vector) => {
    const jar = new BrowserJar();
    const client = await register(world.setting.issuer, members(vector));
    const page = await openAuthorize(world, jar, client);
    expect(page.status).toBe(200);
    expectInert(page);
    expectInert(await jar.follow(await decide(jar, page, 'deny')));
  });

  it('stays text in a redirect URI, on the page, in the hand-off and in an error', async () => {
    const redirect = `https://evil.example.net/cb?x="><img/src=x/onerror=alert(1)><script>alert(1)</script>`;
    const jar = new BrowserJar();
    const client = await register(world.setting.issuer, { client_name: 'Plain', redirect_uris: [redirect] });
    const page = await openAuthorize(world, jar, client);
    expectInert(page);
    expect(page.body).toContain('&quot;&gt;&lt;img/src=x');
    expectInert(await jar.follow(await decide(jar, page, 'deny')));
    expectInert(await openAuthorize(world, jar, client, { scope: 'bogus' }));
    expectInert(await openAuthorize(world, jar, client, { redirect_uri: `${redirect}&y` }));
  });

  it.each([
    'client_id',
    'redirect_uri',
    'scope',
    'state',
    'response_type',
    'code_challenge_method',
    'resource',
    'prompt',
    'ui_locales',
    'error',
    'error_description',
  ])('stays text in the parameter %s of a request', async (name) => {
    const client = await register(world.setting.issuer, { redirect_uris: ['https://evil.example.net/cb'] });
    const page = await openAuthorize(world, new BrowserJar(), client, { [name]: ALL });
    expect(page.next).toBeUndefined();
    expectInert(page);
    const renamed = await new BrowserJar().get(
      `${authorizationUrl(world.setting.issuer, client, newPkce())}&${encodeURIComponent(ALL)}=1&${encodeURIComponent(ALL)}=2`,
    );
    expectInert(renamed);
  });

  it("stays unseen in the upstream's error, with a true state and with a false one", async () => {
    const jar = new BrowserJar();
    const client = await register(world.setting.issuer);
    const { upstreamUrl } = await handOffIn(world, jar, client);
    const state = new URL(upstreamUrl).searchParams.get('state') ?? '';
    const query = (given: string) =>
      new URLSearchParams({ error: ALL, error_description: ALL, error_uri: 'javascript:alert(1)', state: given });
    for (const given of [ALL, state]) {
      const page = await jar.get(`${world.setting.issuer}/callback/corp?${query(given)}`);
      expectInert(page);
      expect(page.body).not.toContain('alert');
    }
    expectInert(await jar.get(`${world.setting.issuer}/callback/${encodeURIComponent(ALL)}?state=${state}`));
    expectInert(await jar.get(`${world.setting.issuer}/${encodeURIComponent(ALL)}`));
    expectInert(await jar.get(`${world.setting.issuer}/consent/${encodeURIComponent(ALL)}`));
  });

  it('stays text on the account page', async () => {
    const jar = new BrowserJar();
    for (const vector of VECTORS.slice(0, 3)) {
      const client = await register(world.setting.issuer, members(vector));
      await allowOnce(world, jar, 'maya', client, { scope: 'notes:read' }, [['understood', 'yes']]);
    }
    const account = await jar.get(`${world.setting.issuer}/account`);
    expect(account.body).toContain('&lt;script&gt;');
    expectInert(account);
    const [row] = [...account.body.matchAll(/href="(\/account\/remove\/[^"]+)"/g)].map((match) => match[1]);
    expectInert(await jar.get(`${world.setting.issuer}${row}`));
  });

  it('fires nothing in a real browser on error pages', async () => {
    const visit = await startVisit(browser);
    try {
      const client = await register(world.setting.issuer, {
        ...members(ALL),
        redirect_uris: ['https://evil.example.net/cb'],
      });
      for (const changes of [
        { client_id: ALL },
        { redirect_uri: ALL },
        { scope: ALL },
        { state: ALL },
        { prompt: ALL },
      ]) {
        await visit.page.goto(authorizationUrl(world.setting.issuer, client, newPkce(), changes));
        await expectQuiet(visit);
      }
      await visit.page.goto(
        `${world.setting.issuer}/callback/corp?${new URLSearchParams({ error: ALL, error_description: ALL, state: ALL })}`,
      );
      await expectQuiet(visit);
    } finally {
      await visit.close();
    }
  });

  it('fires nothing in a real browser from the consent page to the account page', async () => {
    const visit = await startVisit(browser);
    try {
      const client = await register(world.setting.issuer, {
        ...members(VECTORS[1] ?? ''),
        redirect_uris: ['cursor://anysphere.cursor-mcp/oauth/callback'],
      });
      await visit.page.goto(authorizationUrl(world.setting.issuer, client, newPkce()));
      await expectQuiet(visit);
      await visit.page.locator('button[value="allow"]').click();
      await signInByClicking(
        visit.page,
        'jonas',
        visit.page.getByRole('heading', { name: 'Access allowed' }).waitFor(),
      );
      await expectQuiet(visit);
      await visit.page.goto(`${world.setting.issuer}/account`);
      expect(await visit.page.locator('h3').first().textContent()).toContain('<script>');
      await expectQuiet(visit);
    } finally {
      await visit.close();
    }
  });
});
