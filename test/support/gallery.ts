/**
 * Every page in every state, in a real Chromium: the preview of a broker in demo mode, opened at a size, in a theme.
 *
 * A page of the gallery keeps a list of everything that went wrong in it; an address outside the broker's origin is
 * refused and noted.
 */
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { fixturesFor } from '../../views/fixtures.ts';
import { documentOf } from '../../views/layout.tsx';
import type { Text } from '../../views/messages/catalog.ts';
import type { Frame } from '../../views/models.ts';
import { startTestBroker, type TestBroker } from './broker.ts';
import { launchChromium } from './chromium.ts';
import { dress, type Look } from './looks.ts';

const UPSTREAM = {
  preset: 'oauth2',
  authorization_endpoint: 'http://127.0.0.1:9/authorize',
  token_endpoint: 'http://127.0.0.1:9/token',
  userinfo_endpoint: 'http://127.0.0.1:9/user',
  subject_field: 'id',
  client_id: 'broker-at-upstream',
  client_secret: 'upstream-secret-5f0c1d7e9a3b48d2',
};
const FRAME: Frame = {
  brand: { name: 'Northwind MCP', logoUrl: undefined, supportUrl: undefined },
  stylesheets: [],
  demo: true,
  timeZone: 'UTC',
  now: 1_795_181_580,
  account: undefined,
  whyUrl: '/help/why',
  accountUrl: '/account',
  reportUrl: undefined,
};

/** The names of all pages there are. */
export const PAGE_NAMES: readonly string[] = fixturesFor(FRAME).map(({ name }) => name);
export const CONSENT_PAGES = PAGE_NAMES.filter((name) => name.startsWith('consent-'));

export interface GalleryPage {
  readonly page: Page;
  /** Requests to elsewhere, script errors, refusals by the content security policy. */
  readonly complaints: string[];
  open(name: string, language?: string): Promise<void>;
  /** The same page in these words, put into the page that is open: no visit to the server. */
  openInWords(name: string, text: Text): Promise<void>;
  dress(look: Look): Promise<void>;
}

export interface Gallery {
  readonly setting: TestBroker;
  newPage(): Promise<GalleryPage>;
  close(): Promise<void>;
}

export async function openGallery(): Promise<Gallery> {
  const [setting, browser] = await Promise.all([
    startTestBroker(UPSTREAM, {
      mode: 'demo',
      settings: { brand: { name: 'Northwind MCP', support_url: 'https://help.northwind.example' } },
    }),
    launchChromium(),
  ]);
  return {
    setting,
    newPage: () => newPage(browser, setting),
    close: async () => {
      await browser.close();
      await setting.close();
    },
  };
}

async function newPage(browser: Browser, setting: TestBroker): Promise<GalleryPage> {
  const context = await browser.newContext();
  const page = await context.newPage();
  const complaints = await watch(context, page, setting.issuer);
  const stylesheet = /href="([^"]+\.css)"/.exec(await (await fetch(`${setting.issuer}/preview`)).text())?.[1] ?? '';
  return {
    page,
    complaints,
    open: async (name, language = 'en') => {
      const answer = await page.goto(`${setting.issuer}/preview/${name}?lang=${language}`);
      if (answer?.status() !== 200) throw new Error(`${name} in ${language}: ${answer?.status()}`);
    },
    openInWords: async (name, text) => {
      const fixture = fixturesFor({ ...FRAME, stylesheets: [stylesheet] }).find((one) => one.name === name);
      if (!page.url().startsWith(setting.issuer)) await page.goto(`${setting.issuer}/preview`);
      await page.setContent(documentOf(fixture?.page(text) ?? ''), { waitUntil: 'load' });
    },
    dress: (look) => dress(page, look),
  };
}

async function watch(context: BrowserContext, page: Page, origin: string): Promise<string[]> {
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(`script: ${error.message}`));
  page.on('console', (message) => {
    if (/content security policy|refused to/i.test(message.text())) complaints.push(`policy: ${message.text()}`);
  });
  await context.route(
    (url) => url.origin !== origin,
    (route) => {
      complaints.push(`request to ${route.request().url()}`);
      return route.abort();
    },
  );
  return complaints;
}
