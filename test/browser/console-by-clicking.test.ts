/** The admin console in Chromium: its flows without JavaScript, and every page accessible and whole in every look. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADMIN_KEY, admin } from '../support/admin.ts';
import { NOTES_CREDENTIAL } from '../support/broker.ts';
import { BrowserJar } from '../support/browser-jar.ts';
import { launchChromium, startVisit } from '../support/chromium.ts';
import { makeLink } from '../support/console.ts';
import { LOOKS, lookComplaints } from '../support/looks.ts';
import { introspect, obtainTokens, register } from '../support/mcp-client.ts';
import { type OidcWorld, startWorld } from '../support/victim.ts';
import { makeChangedTool, makeWait } from '../support/waiting-things.ts';

let world: OidcWorld;
let browser: Browser;
beforeAll(async () => {
  const people = [{ upstream: 'corp', subject: 'maya', role: 'admin' }];
  [world, browser] = await Promise.all([
    startWorld({ settings: { admin: { keys: [ADMIN_KEY], people } } }),
    launchChromium(),
  ]);
}, 60_000);
afterAll(async () => {
  await browser.close();
  await world.close();
});

async function grantTo(person: string, name: string) {
  const client = await register(world.setting.issuer, { client_name: name });
  return obtainTokens(world.setting.issuer, new BrowserJar(), person, {}, client);
}

const at = (path: string): string => `${world.setting.issuer}/admin${path}`;
const heading = (page: Page, name: string) => page.getByRole('heading', { level: 1, name }).waitFor();

describe('without scripts', { timeout: 90_000 }, () => {
  it('an administrator signs in, finds an app, revokes it, blocks it, reads the log, signs out', async () => {
    const { tokens, client } = await grantTo('jonas', 'Quill Editor');
    await grantTo('maya', 'Heron Tool');
    const visit = await startVisit(browser, { javaScript: false });
    const { page } = visit;
    try {
      await page.goto(at(''));
      await page.getByRole('link', { name: /^Sign in with/ }).click();
      await page.locator('button[value="maya"]').click();
      await heading(page, 'Overview');

      await page.getByRole('navigation', { name: 'Console' }).getByRole('link', { name: 'Approvals' }).click();
      await page.getByLabel('Client ID').fill(client.client_id);
      await page.getByLabel('State').selectOption('active');
      await page.getByRole('button', { name: 'Filter' }).click();
      await page.getByRole('link', { name: '“Quill Editor”' }).click();
      await heading(page, 'Approval');
      await page.getByRole('link', { name: 'Revoke…' }).click();
      await page.getByLabel(/^Reason/).fill('lost laptop');
      await page.getByRole('button', { name: 'Revoke' }).click();
      await heading(page, 'Approval revoked');
      const { active } = await introspect(world.setting.issuer, tokens.access_token, 'notes', NOTES_CREDENTIAL);
      expect(active).toBe(false);

      await page.goto(at(`/app?id=${client.client_id}`));
      await page.getByRole('link', { name: 'Block and revoke…' }).click();
      await page.getByText('Nobody’s access ends by this.').waitFor();
      await page.getByLabel(/^Reason/).fill('look-alike');
      await page.getByRole('button', { name: 'Block and revoke' }).click();
      await heading(page, 'App blocked');
      await page.getByRole('link', { name: 'Back' }).click();
      await page.getByText('Blocked because').waitFor();

      await page.getByRole('link', { name: 'See its audit log' }).click();
      expect(await page.getByText('client.blocked').count()).toBe(1);
      await page.getByRole('button', { name: 'Sign out' }).click();
      await heading(page, 'Signed out');
      await page.goto(at('/approvals'));
      await heading(page, 'Admin console');
      expect(visit.complaints).toEqual([]);
    } finally {
      await visit.close();
    }
  });
});

const ENDS = LOOKS.filter(({ width }) => width !== 375);

/** Looks at the page that is open, narrow and wide, in every theme; what is wrong, with its name before it. */
const examine = async (page: Page, name: string): Promise<string[]> =>
  (await lookComplaints(page, ENDS)).map((complaint) => `${name} ${complaint}`);

/** A client that is approved, one that waits, and a rule; what their pages are opened by. */
async function somethingToShow() {
  const { issuer } = world.setting;
  const name = 'A name that goes on and on without a place to break: Quilleditorquilleditorquilleditor';
  const { client } = await grantTo('jonas', name);
  await grantTo('aiko', 'Birch Notebook');
  const waiting = await register(issuer, { client_name: 'Heron Tool' });
  makeWait(world.setting, waiting.client_id, 'I need it for my notes.');
  makeChangedTool(world.setting, 'tol_1', 'list_notes');
  await admin(issuer, 'POST', '/blocks', { body: { name: 'owl*', reason: 'not ours', revoke: false } });
  const [approval] = (await admin(issuer, 'GET', `/approvals?client_id=${client.client_id}`)).json.items;
  return [
    ...['/apps', '/approvals', '/people', '/quarantine', '/rules', '/tools', '/audit', '/status', '/explain'],
    '/approvals?state=revoked&user=usr_none',
    `/app?id=${client.client_id}`,
    `/person?id=${approval.user}`,
    `/approval?id=${approval.id}`,
    '/approval?id=none',
    `/waiting?id=${waiting.client_id}`,
    '/tool?id=tol_1',
    '/explain?reference=req_none&client_id=nobody&redirect_uri=https://app.example/cb',
    '/confirm/block_name?name=quill*',
    `/confirm/block_app?id=${client.client_id}`,
  ];
}

// One visit through all of them: long on a busy machine.
describe('every page', { timeout: 400_000 }, () => {
  it('is accessible and whole at every size, in every theme', async () => {
    const paths = await somethingToShow();
    const { url } = await makeLink(world.setting, 'admin');
    const visit = await startVisit(browser);
    const { page } = visit;
    const found: string[] = [];
    try {
      await page.goto(at(''));
      found.push(...(await examine(page, 'entrance')));
      await page.goto(url);
      found.push(...(await examine(page, 'link')));
      await page.getByRole('button', { name: 'Enter' }).click();
      await heading(page, 'Overview');
      found.push(...(await examine(page, 'overview')));
      for (const path of paths) {
        expect((await page.goto(at(path)))?.status(), path).toBe(path.endsWith('id=none') ? 404 : 200);
        found.push(...(await examine(page, path)));
      }
      await page.getByLabel(/^Reason/).fill('x');
      await page.getByRole('button', { name: 'Block and revoke' }).click();
      await heading(page, 'App blocked');
      found.push(...(await examine(page, 'done')));
      await page.goto(url);
      found.push(...(await examine(page, 'spent link')));
      expect(found).toEqual([]);
      expect(visit.complaints).toEqual([]);
    } finally {
      await visit.close();
    }
  });
});
