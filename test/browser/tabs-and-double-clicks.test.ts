/**
 * What people do to a consent page: click twice, open it twice, go back, reload, come late, lose a cookie. Each ends in
 * exactly one code or in one page that helps, with scripts and without.
 */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Landing, startLanding } from '../support/app-landing.ts';
import { startGithubSetting } from '../support/broker.ts';
import { launchChromium, startVisit, type Visit } from '../support/chromium.ts';
import {
  authorizationUrl,
  newPkce,
  type Pkce,
  type RegisteredClient,
  redeem,
  register,
} from '../support/mcp-client.ts';

let world: Awaited<ReturnType<typeof startGithubSetting>>;
let browser: Browser;
beforeAll(async () => {
  [world, browser] = await Promise.all([
    startGithubSetting({ settings: { limits: { registrations: 'off', prompts: 'off' } } }),
    launchChromium(),
  ]);
}, 180_000);
afterAll(async () => {
  await browser.close();
  await world.close();
});

interface Scene {
  readonly visit: Visit;
  readonly page: Page;
  readonly landing: Landing;
  readonly client: RegisteredClient;
  readonly pkce: Pkce;
  readonly url: string;
  /** Another tab of the same browser. */
  tab(url: string): Promise<Page>;
  /** How many answers have reached the app once nothing more comes. */
  answers(): Promise<URLSearchParams[]>;
}

/** An app that waits, and a browser that stands on the consent page. */
async function onConsentPage(javaScript: boolean, steps: (scene: Scene) => Promise<void>): Promise<void> {
  const landing = await startLanding();
  const visit = await startVisit(browser, { javaScript });
  const { issuer } = world.setting;
  try {
    const client = await register(issuer, { redirect_uris: [landing.redirectUri] });
    const pkce = newPkce();
    const url = authorizationUrl(issuer, client, pkce);
    await visit.page.goto(url);
    await steps({
      visit,
      page: visit.page,
      landing,
      client,
      pkce,
      url,
      tab: async (address) => {
        const page = await visit.context.newPage();
        await page.goto(address);
        return page;
      },
      answers: () => allAnswers(landing),
    });
    expect(visit.complaints).toEqual([]);
  } finally {
    await visit.close();
    await landing.close();
  }
}

const SILENCE = 700;

async function allAnswers(landing: Landing): Promise<URLSearchParams[]> {
  const arrived: URLSearchParams[] = [await landing.arrival()];
  for (;;) {
    const next = await Promise.race([
      landing.arrival(),
      new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), SILENCE)),
    ]);
    if (next === undefined) return arrived;
    arrived.push(next);
  }
}

const allow = (page: Page) => page.getByRole('button', { name: /^(Allow|Continue)$/ });
const deny = (page: Page) => page.getByRole('button', { name: 'Don’t allow', exact: true });
const heading = async (page: Page): Promise<string> => (await page.locator('h1').textContent()) ?? '';
const connected = (page: Page) => page.getByRole('heading', { name: 'Connected' }).waitFor();

async function expectOneCode(scene: Scene): Promise<void> {
  const answers = await scene.answers();
  expect(answers.map((answer) => [...answer.keys()])).toEqual([['code', 'state', 'iss']]);
  const code = answers[0]?.get('code') ?? '';
  expect((await redeem(world.setting.issuer, scene.client, code, scene.pkce)).status).toBe(200);
}

/** The address of the consent page that this page's form posts to. */
const consentUrl = async (page: Page): Promise<string> =>
  new URL((await page.locator('main form').getAttribute('action')) ?? '', page.url()).href;

describe.each([
  ['with scripts', true],
  ['without scripts', false],
])('%s', { timeout: 60_000 }, (_what, javaScript) => {
  const onPage = (steps: (scene: Scene) => Promise<void>) => onConsentPage(javaScript, steps);

  it('a double click on Allow gives the app one code', async () => {
    await onPage(async (scene) => {
      await allow(scene.page).dblclick({ noWaitAfter: true });
      await expectOneCode(scene);
      await connected(scene.page);
    });
  });

  it('a journey by keyboard alone, from the first Tab to the app', async () => {
    await onPage(async (scene) => {
      const { page } = scene;
      for (let at = 0; at < 20; at += 1) {
        await page.keyboard.press('Tab');
        if ((await page.evaluate<string>('document.activeElement.value')) === 'allow') break;
      }
      await page.keyboard.press('Enter');
      await expectOneCode(scene);
      await connected(page);
    });
  });

  it('two tabs of different requests both finish', async () => {
    await onPage(async (scene) => {
      const pkce = newPkce();
      const other = await scene.tab(authorizationUrl(world.setting.issuer, scene.client, pkce, { state: 'other' }));
      await allow(scene.page).click();
      await connected(scene.page);
      await allow(other).click();
      await connected(other);
      const states = (await scene.answers()).map((answer) => [answer.get('state'), answer.has('code')]);
      expect(states).toEqual([
        ['client-state-1', true],
        ['other', true],
      ]);
    });
  });

  it('of two tabs of one request the first decides, and the other says so', async () => {
    await onPage(async (scene) => {
      const other = await scene.tab(await consentUrl(scene.page));
      await allow(scene.page).click();
      await connected(scene.page);
      await deny(other).click();
      await other.getByRole('heading', { name: 'You already answered this request' }).waitFor();
      await expectOneCode(scene);
    });
  });

  it('the page loaded twice leaves both forms good', async () => {
    await onPage(async (scene) => {
      await scene.tab(await consentUrl(scene.page));
      await allow(scene.page).click();
      await expectOneCode(scene);
      await connected(scene.page);
    });
  });

  it('back after Allow shows a page that helps, and gives no second code', async () => {
    await onPage(async (scene) => {
      await allow(scene.page).click();
      await connected(scene.page);
      await scene.page.goBack();
      expect(scene.page.url().startsWith(world.setting.issuer)).toBe(true);
      expect(await heading(scene.page)).toMatch(/already (answered this request|has access)/);
      await expectOneCode(scene);
    });
  });

  it('a reload of the page after Don’t allow tells the app the same again', async () => {
    await onPage(async (scene) => {
      const go = `${await consentUrl(scene.page)}/go`;
      await deny(scene.page).click();
      await connected(scene.page);
      await scene.page.goto(go, { waitUntil: 'commit' });
      await connected(scene.page);
      const answers = await scene.answers();
      expect(answers.map((answer) => answer.get('error'))).toEqual(['access_denied', 'access_denied']);
    });
  });

  it('a lost cookie ends in the page about cookies, and in no answer', async () => {
    await onPage(async (scene) => {
      await scene.visit.context.clearCookies();
      await allow(scene.page).click();
      await scene.page.getByRole('heading', { name: 'Your browser didn’t keep our cookie' }).waitFor();
      expect(scene.visit.trail.some((address) => address.startsWith(scene.landing.redirectUri))).toBe(false);
    });
  });

  it('the language is the one the app or the browser asks for', async () => {
    await onPage(async (scene) => {
      await scene.page.goto(`${scene.url}&ui_locales=ar`);
      expect(await scene.page.locator('html').getAttribute('dir')).toBe('rtl');
      await scene.visit.context.setExtraHTTPHeaders({ 'accept-language': 'de-AT,de;q=0.8' });
      await scene.page.goto(scene.url);
      expect(await deny(scene.page).count()).toBe(0);
      expect(await scene.page.locator('html').getAttribute('lang')).toBe('de-AT');
      await scene.page.locator('button[value="allow"]').click();
      await connected(scene.page);
    });
  });

  it('the language chosen on the page stays, and the request can still be answered', async () => {
    await onPage(async (scene) => {
      const { page } = scene;
      await page.getByRole('link', { name: 'العربية' }).click();
      await page.locator('html[dir="rtl"]').waitFor();
      await page.getByRole('link', { name: 'Français' }).click();
      await page.locator('html[lang="fr"]').waitFor();
      await page.locator('button[value="allow"]').click();
      await connected(page);
      await page.goto(`${world.setting.issuer}/account`);
      expect(await page.locator('html').getAttribute('lang')).toBe('fr');
      await expectOneCode(scene);
    });
  });

  it('a report is taken, and the request stays to be answered', async () => {
    await onPage(async (scene) => {
      const { page } = scene;
      await page.getByRole('link', { name: 'Report this request' }).click();
      await page.getByRole('textbox').fill('Somebody sent me this link.');
      await page.locator('main form button[type="submit"]').click();
      await page
        .locator('h1')
        .filter({ hasNotText: /^Report/ })
        .waitFor();
      expect(scene.visit.trail.some((address) => address.startsWith(scene.landing.redirectUri))).toBe(false);
      await page.getByRole('main').getByRole('link').first().click();
      await allow(page).click();
      await expectOneCode(scene);
    });
  });
});

describe('a request that ran out', { timeout: 60_000 }, () => {
  it('answers 410, goes nowhere and makes no code', async () => {
    await onConsentPage(true, async ({ page, visit, landing }) => {
      world.setting.clock.advance(3600);
      const [answer] = await Promise.all([
        page.waitForResponse((response) => response.request().method() === 'POST'),
        allow(page).click(),
      ]);
      expect([answer.status(), answer.headers().location, answer.headers().refresh]).toEqual([
        410,
        undefined,
        undefined,
      ]);
      expect(await heading(page)).toBe('This request has expired');
      expect(visit.trail.some((address) => address.startsWith(landing.redirectUri))).toBe(false);
    });
  });
});
