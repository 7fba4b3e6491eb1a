/**
 * What people do to a consent page: click twice, open it twice, go back, reload, come late, lose a cookie, ignore a
 * warning. Each ends in exactly one code or in one page that helps; every scene is played with scripts and without.
 */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { focused } from '../support/chromium.ts';
import { openStage, type Scene, type Stage } from '../support/consent-scene.ts';
import { authorizationUrl, newPkce } from '../support/mcp-client.ts';

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
}, 180_000);
afterAll(() => stage.close());

const allow = (page: Page) => page.getByRole('button', { name: /^(Allow|Continue)$/ });
const deny = (page: Page) => page.getByRole('button', { name: 'Don’t allow', exact: true });
const heading = async (page: Page): Promise<string> => (await page.locator('h1').textContent()) ?? '';
const says = (page: Page, name: string) => page.getByRole('heading', { level: 1, name }).waitFor();
const connected = (page: Page) => says(page, 'Connected');
const ANSWERED = 'You already answered this request';

/** The address of the consent page that this page's form posts to. */
const consentUrl = async (page: Page): Promise<string> =>
  new URL((await page.locator('main form').getAttribute('action')) ?? '', page.url()).href;
const play = (steps: (scene: Scene) => Promise<void>, name?: string) => stage.play(steps, name);

describe('with scripts and without,', () => {
  it('a double click on Allow gives the app one code', () =>
    play(async (scene) => {
      await allow(scene.page).dblclick({ noWaitAfter: true });
      await connected(scene.page);
      await stage.expectOneCode(scene);
    }));

  it('a journey by keyboard alone leads from the first Tab to the app', () =>
    play(async (scene) => {
      const { page } = scene;
      for (let at = 0; at < 20; at += 1) {
        await page.keyboard.press('Tab');
        if ((await page.evaluate<string>('document.activeElement.value')) === 'allow') break;
      }
      await page.keyboard.press('Enter');
      await connected(page);
      await stage.expectOneCode(scene);
    }));

  it('two tabs of different requests both finish', () =>
    play(async (scene) => {
      const other = await scene.tab(authorizationUrl(stage.issuer, scene.client, newPkce(), { state: 'other' }));
      await allow(scene.page).click();
      await connected(scene.page);
      await allow(other).click();
      await connected(other);
      const states = (await scene.answers(2)).map((answer) => [answer.get('state'), answer.has('code')]);
      expect(states).toEqual([
        ['client-state-1', true],
        ['other', true],
      ]);
    }));

  it('of two tabs of one request the first decides, and the other says so', () =>
    play(async (scene) => {
      const other = await scene.tab(await consentUrl(scene.page));
      await allow(scene.page).click();
      await connected(scene.page);
      await deny(other).click();
      await says(other, ANSWERED);
      await stage.expectOneCode(scene);
    }));

  it('the page loaded twice leaves both forms good, for one code', () =>
    play(async (scene) => {
      const other = await scene.tab(await consentUrl(scene.page));
      await allow(scene.page).click();
      await connected(scene.page);
      await allow(other).click();
      await says(other, ANSWERED);
      await stage.expectOneCode(scene);
    }));

  it('back after Allow shows a page that helps, and gives no second code', () =>
    play(async (scene) => {
      await allow(scene.page).click();
      await connected(scene.page);
      await scene.page.goBack();
      expect(scene.page.url().startsWith(stage.issuer)).toBe(true);
      expect(await heading(scene.page)).toMatch(/already (answered this request|has access)/);
      await stage.expectOneCode(scene);
    }));

  it('a reload of the page after Allow shows a page that helps, and gives no second code', () =>
    play(async (scene) => {
      const go = `${await consentUrl(scene.page)}/go`;
      await allow(scene.page).click();
      await connected(scene.page);
      await scene.page.goto(go, { waitUntil: 'commit' });
      await says(scene.page, ANSWERED);
      await stage.expectOneCode(scene);
    }));

  it('a reload of the page after Don’t allow tells the app the same again', () =>
    play(async (scene) => {
      const go = `${await consentUrl(scene.page)}/go`;
      await deny(scene.page).click();
      await connected(scene.page);
      await scene.page.goto(go, { waitUntil: 'commit' });
      await connected(scene.page);
      const answers = await scene.answers(2);
      expect(answers.map((answer) => answer.get('error'))).toEqual(['access_denied', 'access_denied']);
    }));

  it('a lost cookie ends in the page about cookies, and in no answer', () =>
    play(async ({ visit, page }) => {
      await visit.context.clearCookies();
      await allow(page).click();
      await says(page, 'Your browser didn’t keep our cookie');
    }));

  it('the way on, opened in another browser, ends in a page about that, and in no answer', () =>
    play(async ({ visit, page, stranger }) => {
      let upstream = '';
      const elsewhere = (url: URL) => url.origin !== stage.issuer;
      await visit.context.route(elsewhere, (route) => {
        upstream = route.request().url();
        return route.fulfill({ body: '<h1>Kept</h1>', contentType: 'text/html' });
      });
      await allow(page).click();
      await says(page, 'Kept');
      const other = await stranger();
      await other.goto(upstream);
      expect(await heading(other)).toBe('This request was started in a different browser');
    }));

  it('the language is the one the app or the browser asks for', () =>
    play(async (scene) => {
      await scene.page.goto(`${scene.url}&ui_locales=ar`);
      expect(await scene.page.locator('html').getAttribute('dir')).toBe('rtl');
      await scene.visit.context.setExtraHTTPHeaders({ 'accept-language': 'de-AT,de;q=0.8' });
      await scene.page.goto(scene.url);
      expect(await deny(scene.page).count()).toBe(0);
      expect(await scene.page.locator('html').getAttribute('lang')).toBe('de-AT');
      await scene.page.locator('button[value="allow"]').click();
      await connected(scene.page);
      await stage.expectOneCode(scene);
    }));

  it('the language chosen on the page stays, and the request can still be answered', () =>
    play(async (scene) => {
      const { page } = scene;
      await page.getByRole('link', { name: 'العربية' }).click();
      await page.locator('html[dir="rtl"]').waitFor();
      await page.getByRole('link', { name: 'Français' }).click();
      await page.locator('html[lang="fr"]').waitFor();
      await page.locator('button[value="allow"]').click();
      await connected(page);
      await page.goto(`${stage.issuer}/account`);
      expect(await page.locator('html').getAttribute('lang')).toBe('fr');
      await stage.expectOneCode(scene);
    }));

  it('a report is taken, and the request stays to be answered', () =>
    play(async (scene) => {
      const { page } = scene;
      await page.getByRole('link', { name: 'Report this request' }).click();
      await page.getByRole('textbox').fill('Somebody sent me this link.');
      await page.locator('main form button[type="submit"]').click();
      await page
        .locator('h1')
        .filter({ hasNotText: /^Report/ })
        .waitFor();
      expect(scene.landing.received()).toBe(0);
      await page.getByRole('main').getByRole('link').first().click();
      await allow(page).click();
      await connected(page);
      await stage.expectOneCode(scene);
    }));
});

const TRICK = 'Qu\u200bill';

describe('a page that warns, with scripts and without,', () => {
  it('takes no Allow without its tick: not by itself, and not at the server, whose page leads to the box', () =>
    play(async (scene) => {
      const { page, visit } = scene;
      const anyway = page.getByRole('button', { name: 'Allow anyway' });
      const box = page.locator('#understood');
      const before = visit.trail.length;
      await anyway.click();
      expect(await page.evaluate<boolean>('document.querySelector("#understood").validity.valueMissing')).toBe(true);
      expect(visit.trail.length).toBe(before);

      await page.evaluate('document.querySelector("#understood").removeAttribute("required")');
      await anyway.click();
      await page.getByRole('alert').waitFor();
      expect(await page.title()).toMatch(/^Error: /);
      await page.getByRole('alert').getByRole('link').click();
      expect(await focused(page)).toBe('INPUT');
      await box.check();
      await anyway.click();
      await connected(page);
      await stage.expectOneCode(scene);
    }, TRICK));

  it('tells the app of a refusal only when the person says so', () =>
    play(async ({ page, landing, answers }) => {
      await deny(page).click();
      await says(page, 'You didn’t allow this');
      expect(landing.received()).toBe(0);
      await page.getByRole('link', { name: 'Tell the app anyway' }).click();
      await connected(page);
      const [answer] = await answers();
      expect([answer?.get('error'), answer?.get('state')]).toEqual(['access_denied', 'client-state-1']);
    }, TRICK));
});

describe('a request that ran out', () => {
  it('answers 410, goes nowhere and makes no code', () =>
    play(async ({ page }) => {
      stage.advance(3600);
      const [answer] = await Promise.all([
        page.waitForResponse((response) => response.request().method() === 'POST'),
        allow(page).click(),
      ]);
      const { location, refresh } = answer.headers();
      expect([answer.status(), location, refresh]).toEqual([410, undefined, undefined]);
      expect(await heading(page)).toBe('This request has expired');
    }));
});
