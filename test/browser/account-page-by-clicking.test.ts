/** The account page in Chromium: sign in, see the apps, remove one and all, sign out; and after a removal its tokens are dead. */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NOTES_CREDENTIAL } from '../support/broker.ts';
import { BrowserJar } from '../support/browser-jar.ts';
import { focused, launchChromium, startVisit, type Visit } from '../support/chromium.ts';
import { introspect, obtainTokens, refresh, register } from '../support/mcp-client.ts';
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

async function grantTo(person: string, name: string) {
  const client = await register(world.setting.issuer, { client_name: name });
  return obtainTokens(world.setting.issuer, new BrowserJar(), person, {}, client);
}

/** Signs in on the account page; the upstream knows the broker, so it asks only who comes. */
async function signIn(visit: Visit, person: string): Promise<void> {
  await visit.page.goto(`${world.setting.issuer}/account`);
  expect(await focused(visit.page)).toBe('BODY');
  await visit.page.getByRole('main').getByRole('link').click();
  await visit.page.locator(`button[value="${person}"]`).click();
  await visit.page.getByRole('heading', { name: 'Apps with access' }).waitFor();
}

const names = (visit: Visit) => visit.page.locator('h3').allTextContents();
const active = async (token: string) =>
  (await introspect(world.setting.issuer, token, 'notes', NOTES_CREDENTIAL)).active;

describe.each([
  ['with scripts', true],
  ['without scripts', false],
])('the account page %s', { timeout: 60_000 }, (_what, javaScript) => {
  it('lists, removes one, keeps the other, removes all, signs out', async () => {
    const person = javaScript ? 'maya' : 'jonas';
    const first = await grantTo(person, 'Quill Editor');
    const second = await grantTo(person, 'Birch Notebook');
    const visit = await startVisit(browser, { javaScript });
    const { page } = visit;
    try {
      await signIn(visit, person);
      expect((await names(visit)).sort()).toEqual(['“Birch Notebook”', '“Quill Editor”']);
      expect(await focused(page)).toBe('BODY');

      await page.getByRole('link', { name: 'Remove “Quill Editor”' }).click();
      await page.getByRole('button', { name: /remove/i }).waitFor();
      expect(await active(first.tokens.access_token)).toBe(true);
      expect(await focused(page)).toBe('BODY');
      await page.getByRole('button', { name: /remove/i }).click();
      await page.getByRole('status').waitFor();
      expect(await names(visit)).toEqual(['“Birch Notebook”']);
      expect([await active(first.tokens.access_token), await active(second.tokens.access_token)]).toEqual([
        false,
        true,
      ]);
      expect(
        await (await refresh(world.setting.issuer, first.client, first.tokens.refresh_token)).json(),
      ).toMatchObject({ error: 'invalid_grant' });

      await page.getByRole('link', { name: /^Remove 1 app/ }).click();
      await page.getByRole('button', { name: /remove/i }).click();
      await page.getByRole('status').waitFor();
      expect(await names(visit)).toEqual([]);
      expect(await active(second.tokens.access_token)).toBe(false);

      await page.getByRole('button', { name: 'Sign out' }).click();
      await page.getByRole('link', { name: /sign in/i }).waitFor();
      await page.goto(`${world.setting.issuer}/account`);
      expect(await page.getByText('Signed in as').count()).toBe(0);

      const ours = [...visit.policies].filter(([address]) => address.startsWith(world.setting.issuer));
      expect(ours.length).toBeGreaterThanOrEqual(4);
      expect(ours.filter(([, policy]) => !policy.includes("form-action 'self'"))).toEqual([]);
      expect(visit.complaints).toEqual([]);
    } finally {
      await visit.close();
    }
  });
});

describe('somebody else’s rows', { timeout: 60_000 }, () => {
  it('are not listed and cannot be removed by their address', async () => {
    const theirs = await grantTo('aiko', 'Quill Editor');
    await grantTo('maya', 'Heron Tool');
    const jar = new BrowserJar();
    await obtainTokens(world.setting.issuer, jar, 'aiko');
    const [address] = [
      ...(await jar.get(`${world.setting.issuer}/account`)).body.matchAll(/href="(\/account\/remove\/apr_[^"]+)"/g),
    ].map((match) => match[1]);
    expect(address).toBeDefined();
    const visit = await startVisit(browser);
    try {
      await signIn(visit, 'maya');
      expect(await names(visit)).toEqual(['“Heron Tool”']);
      const answer = await visit.page.goto(`${world.setting.issuer}${address}`);
      expect(answer?.status()).toBe(404);
      expect(await active(theirs.tokens.access_token)).toBe(true);
    } finally {
      await visit.close();
    }
  });
});
