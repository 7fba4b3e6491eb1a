/** An administrator decides in Chromium without JavaScript: on apps that wait, by rules, on changed tools; and asks why. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ADMIN_KEY, admin } from '../support/admin.ts';
import { NOTES_CREDENTIAL } from '../support/broker.ts';
import { BrowserJar } from '../support/browser-jar.ts';
import { launchChromium, startVisit, type Visit } from '../support/chromium.ts';
import { makeLink } from '../support/console.ts';
import {
  authorizationUrl,
  introspect,
  newPkce,
  obtainTokens,
  type RegisteredClient,
  register,
} from '../support/mcp-client.ts';
import { type OidcWorld, startWorld } from '../support/victim.ts';
import { makeChangedTool, NEW_HASH, OLD_HASH } from '../support/waiting-things.ts';

let world: OidcWorld;
let issuer: string;
let browser: Browser;
/** The administrator's window, and the window of a person elsewhere. */
let visits: { readonly admin: Visit; readonly person: Visit };

beforeAll(async () => {
  const settings = { admin: { keys: [ADMIN_KEY] }, registration: { new_clients: 'quarantined' } };
  [world, browser] = await Promise.all([startWorld({ settings }), launchChromium()]);
  issuer = world.setting.issuer;
}, 60_000);
afterAll(async () => {
  await browser.close();
  await world.close();
});

beforeEach(async () => {
  const [first, second] = await Promise.all([0, 1].map(() => startVisit(browser, { javaScript: false })));
  if (first === undefined || second === undefined) throw new Error('no window');
  visits = { admin: first, person: second };
  const { url } = await makeLink(world.setting, 'admin');
  await first.page.goto(url);
  await first.page.getByRole('button', { name: 'Enter' }).click();
  await heading(first.page, 'Overview');
});
afterEach(async () => {
  const complaints = [...visits.admin.complaints, ...visits.person.complaints];
  await Promise.all([visits.admin.close(), visits.person.close()]);
  expect(complaints).toEqual([]);
});

const heading = (page: Page, name: string) => page.getByRole('heading', { level: 1, name, exact: true }).waitFor();
const visitSection = (page: Page, name: string) =>
  page.getByRole('navigation', { name: 'Console' }).getByRole('link', { name, exact: true }).click();
const follow = (page: Page, name: string) => page.getByRole('link', { name, exact: true }).click();
const press = (page: Page, name: string) => page.getByRole('button', { name, exact: true }).click();
const askFor = (page: Page, client: RegisteredClient) => page.goto(authorizationUrl(issuer, client, newPkce()));

async function giveReason(page: Page, reason: string, button: string): Promise<void> {
  await page.getByLabel(/^Reason/).fill(reason);
  await press(page, button);
}

/** A person meets the waiting page of this client and says why they need it. */
async function askedByPerson(page: Page, client: RegisteredClient, words: string): Promise<void> {
  await askFor(page, client);
  await heading(page, 'This app isn’t accepted yet');
  await page.getByRole('textbox').fill(words);
  await page.locator('form.report button').click();
  await page.getByText('We have your request').first().waitFor();
}

async function accept({ client_id }: RegisteredClient): Promise<void> {
  const body = { decision: 'accept', reason: 'fine' };
  const { status } = await admin(issuer, 'POST', `/quarantine/${client_id}`, { body });
  expect(status).toBe(200);
}

/** Whether a person gets the page that asks. */
async function isAskedFor(client: RegisteredClient): Promise<boolean> {
  const { page } = visits.person;
  await askFor(page, client);
  return (await page.locator('button[name="decision"]').count()) === 2;
}

describe('without scripts', { timeout: 120_000 }, () => {
  it('an app that waits is accepted, and the person who asked goes on', async () => {
    const { admin: ours, person } = visits;
    const client = await register(issuer, { client_name: 'Heron Tool' });
    await askedByPerson(person.page, client, 'For my notes');

    await visitSection(ours.page, 'Waiting');
    await follow(ours.page, '“Heron Tool”');
    await heading(ours.page, 'App that waits');
    await ours.page.getByText('For my notes').first().waitFor();
    await follow(ours.page, 'Accept…');
    await heading(ours.page, 'Let everybody use this app?');
    await giveReason(ours.page, 'known vendor', 'Accept');
    await heading(ours.page, 'App accepted');

    expect(await isAskedFor(client)).toBe(true);
    expect((await admin(issuer, 'GET', '/quarantine')).json.items).toEqual([]);
  });

  it('an app that waits is rejected, and stays out', async () => {
    const { admin: ours, person } = visits;
    const client = await register(issuer, { client_name: 'Owl Helper' });
    await askedByPerson(person.page, client, 'please');

    await visitSection(ours.page, 'Waiting');
    await follow(ours.page, '“Owl Helper”');
    await follow(ours.page, 'Reject and revoke…');
    await heading(ours.page, 'Reject and block this app?');
    await giveReason(ours.page, 'look-alike', 'Reject and revoke');
    await heading(ours.page, 'App rejected');

    expect(await isAskedFor(client)).toBe(false);
    expect((await admin(issuer, 'GET', `/clients/${client.client_id}`)).json).toMatchObject({
      state: 'blocked',
      blocked_reason: 'look-alike',
    });
  });

  it('a name is refused with what it ends, keeps new ones out, and is let in again', async () => {
    const { page } = visits.admin;
    const client = await register(issuer, { client_name: 'Birch Helper' });
    await accept(client);
    const { tokens } = await obtainTokens(issuer, new BrowserJar(), 'jonas', {}, client);

    await visitSection(page, 'Rules');
    await page.getByLabel('Name (* any text, ? one character)').fill('birch*');
    await press(page, 'Refuse name…');
    await heading(page, 'Refuse names that fit whatever registers?');
    await page.getByText('This ends 1 approvals of 1 people for 1 apps.').waitFor();
    await giveReason(page, 'look-alike', 'Refuse and revoke');
    await heading(page, 'Name refused');
    expect((await introspect(issuer, tokens.access_token, 'notes', NOTES_CREDENTIAL)).active).toBe(false);
    const late = await register(issuer, { client_name: 'Birch Notes' });
    await accept(late);
    expect(await isAskedFor(late)).toBe(false);

    await visitSection(page, 'Rules');
    await follow(page, 'birch*');
    await heading(page, 'Rule');
    await follow(page, 'Take back…');
    await giveReason(page, 'cleared', 'Take back');
    await heading(page, 'Rule taken back');
    expect(await isAskedFor(late)).toBe(true);
    expect((await introspect(issuer, tokens.access_token, 'notes', NOTES_CREDENTIAL)).active).toBe(false);
  });

  it('a site is refused', async () => {
    const { page } = visits.admin;
    const client = await register(issuer, { redirect_uris: ['https://login.evil.example/cb'] });
    await accept(client);
    expect(await isAskedFor(client)).toBe(true);
    await visitSection(page, 'Rules');
    await page.getByLabel('Site (host, loopback, scheme:name)').fill('evil.example');
    await press(page, 'Refuse site…');
    await heading(page, 'Refuse this site whatever registers?');
    await page.getByText('Nobody’s access ends by this.').waitFor();
    await giveReason(page, 'phishing', 'Refuse and revoke');
    await heading(page, 'Site refused');
    expect(await isAskedFor(client)).toBe(false);
  });

  it('a changed tool is looked at, and its new definition let count', async () => {
    const { page } = visits.admin;
    makeChangedTool(world.setting, 'tol_1', 'list_notes');
    await visitSection(page, 'Tools');
    await follow(page, '“list_notes”');
    for (const text of [OLD_HASH, NEW_HASH, 'zero_width']) await page.getByText(text).first().waitFor();
    await follow(page, 'Let the new definition count…');
    await heading(page, 'Let this definition count?');
    await page.getByText(NEW_HASH).first().waitFor();
    await giveReason(page, 'new release', 'Let it count');
    await heading(page, 'Tool decided');
    expect((await admin(issuer, 'GET', '/tools/tol_1')).json).toMatchObject({ state: 'accepted', hash: NEW_HASH });
  });

  it('a reference that a person read out is explained, and so is a request that nobody made yet', async () => {
    const { admin: ours, person } = visits;
    const client = await register(issuer, { client_name: 'Lark' });
    const elsewhere = { ...client, redirect_uris: [`${client.redirect_uris[0]}/`] };
    await askFor(person.page, elsewhere);
    const reference = /req_[0-9a-f]{32}/.exec((await person.page.textContent('body')) ?? '')?.[0] ?? '';

    await visitSection(ours.page, 'Explain');
    await ours.page.getByLabel('Reference').fill(reference);
    await ours.page.getByRole('button', { name: 'Explain' }).first().click();
    await ours.page.getByText('redirect_trailing_slash').first().waitFor();

    await ours.page.getByLabel('Client ID').fill(client.client_id);
    await ours.page.getByLabel('Redirect URI (else the first)').fill('https://elsewhere.example/');
    await ours.page.getByRole('button', { name: 'Explain' }).last().click();
    await ours.page.getByText('redirect_mismatch').first().waitFor();
  });
});
