/** GitLab CVE-2024-2177, CVE-2024-7404, "cross-window forgery": a page opened with `#id` of its button while the victim holds a key. */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startLanding } from '../support/app-landing.ts';
import { BrowserJar } from '../support/browser-jar.ts';
import { focused, launchChromium, startVisit } from '../support/chromium.ts';
import { count, rows } from '../support/database-file.ts';
import { authorizationUrl, newPkce, register } from '../support/mcp-client.ts';
import { type OidcWorld, openAuthorize, startWorld } from '../support/victim.ts';

let world: OidcWorld;
let browser: Browser;
beforeAll(async () => {
  [world, browser] = await Promise.all([startWorld(), launchChromium()]);
}, 180_000);
afterAll(async () => {
  await browser.close();
  await world.close();
});

const ALL_SCOPES = { scope: 'notes:read notes:write notes:purge' };
const FRAGMENTS = ['', 'allow', 'decision', 'main', 'understood', 'scope-notes:purge', ':~:text=Allow'];
/** A key held for more than a second, at the usual thirty a second. */
const REPEATS = 40;

const allowed = (clientId: string) =>
  count(
    world.setting,
    'journeys',
    "client_id = ? AND (decision = 'allow' OR upstream_state_hash IS NOT NULL)",
    clientId,
  );

describe('T-B06 a key is held while the page opens', { timeout: 60_000 }, () => {
  it.each(['Quill Editor', 'Claude'])(
    'gives the decision of a page for %s no id, no access key and no focus',
    async (name) => {
      const client = await register(world.setting.issuer, {
        client_name: name,
        redirect_uris: ['https://evil.example/cb'],
      });
      const { body } = await openAuthorize(world, new BrowserJar(), client, ALL_SCOPES);
      const buttons = body.match(/<button\b[^>]*>/g) ?? [];
      expect(buttons.filter((button) => button.includes('name="decision"'))).toHaveLength(2);
      for (const button of buttons) expect(button).not.toMatch(/\s(id|accesskey|tabindex|autofocus)\b/);
      expect(body).not.toMatch(/\s(autofocus|accesskey)\b/);
      expect(body).not.toMatch(/tabindex="[^-]/);
      expect(body).not.toMatch(/<a [^>]*\b(name|id)=/);
      expect(body.indexOf('value="deny"')).toBeLessThan(body.indexOf('value="allow"'));
    },
  );

  it.each([
    ['Enter', 'Quill Editor'],
    ['Space', 'Quill Editor'],
    ['Enter', 'Claude'],
    ['Space', 'Claude'],
  ])('approves nothing while %s is held over a page for %s, whatever the fragment', async (key, name) => {
    const landing = await startLanding();
    const client = await register(world.setting.issuer, { client_name: name, redirect_uris: [landing.redirectUri] });
    for (const fragment of FRAGMENTS) {
      const visit = await startVisit(browser);
      const address = `${authorizationUrl(world.setting.issuer, client, newPkce(), ALL_SCOPES)}${fragment === '' ? '' : `#${fragment}`}`;
      await visit.page.keyboard.down(key);
      await visit.page.goto(address, { waitUntil: 'commit' });
      for (let times = 0; times < REPEATS; times += 1) await visit.page.keyboard.down(key);
      await visit.page.keyboard.up(key);
      expect([fragment, allowed(client.client_id), visit.complaints]).toEqual([fragment, 0, []]);
      await visit.close();
    }
    await landing.close();
  });

  it.each(['', '#allow', '#decision', '#main', '#ticket'])(
    'focuses nothing on load with %j, and Enter then changes nothing',
    async (fragment) => {
      const client = await register(world.setting.issuer);
      const visit = await startVisit(browser);
      try {
        await visit.page.goto(`${authorizationUrl(world.setting.issuer, client, newPkce())}${fragment}`);
        expect(await focused(visit.page)).toBe('BODY');
        const at = visit.page.url();
        for (const key of ['Enter', 'Space', 'Enter']) await visit.page.keyboard.press(key);
        expect(visit.page.url()).toBe(at);
        expect(rows(world.setting, 'SELECT decision FROM journeys WHERE client_id = ?', client.client_id)).toEqual([
          { decision: null },
        ]);
      } finally {
        await visit.close();
      }
    },
  );

  it('refuses when Enter is pressed in a field of the form', async () => {
    const landing = await startLanding();
    const client = await register(world.setting.issuer, { redirect_uris: [landing.redirectUri] });
    const visit = await startVisit(browser);
    try {
      await visit.page.goto(authorizationUrl(world.setting.issuer, client, newPkce(), ALL_SCOPES));
      await visit.page.locator('input[name="scope"]').focus();
      await visit.page.keyboard.press('Enter');
      const answer = await landing.arrival();
      expect(answer.get('error')).toBe('access_denied');
      expect(answer.get('code')).toBeNull();
      expect(allowed(client.client_id)).toBe(0);
      expect(visit.complaints).toEqual([]);
    } finally {
      await visit.close();
      await landing.close();
    }
  });
});
