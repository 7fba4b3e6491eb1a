/**
 * The decision on the consent page: two equal buttons, Enter that refuses, the half second in which Allow sleeps, and
 * an address that no name can push away.
 */
import { gzipSync } from 'node:zlib';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ABILITIES, NAMES } from '../../views/fixture-facts.ts';
import { textFor } from '../../views/messages/catalog.ts';
import { en } from '../../views/messages/en.ts';
import { startVisit, type Visit } from '../support/chromium.ts';
import { CONSENT_PAGES, type Gallery, type GalleryPage, openGallery, PAGE_NAMES } from '../support/gallery.ts';
import { SIZES } from '../support/looks.ts';
import { authorizationUrl, newPkce, register } from '../support/mcp-client.ts';
import { overflowComplaints } from '../support/page-checks.ts';
import { pseudoText } from '../support/pseudo-text.ts';
import { type OidcWorld, startWorld } from '../support/victim.ts';

let gallery: Gallery;
let shown: GalleryPage;
let world: OidcWorld;
beforeAll(async () => {
  [gallery, world] = await Promise.all([openGallery(), startWorld()]);
  shown = await gallery.newPage();
}, 180_000);
afterAll(async () => {
  await gallery.close();
  await world.close();
});

const TWO_BUTTONS = CONSENT_PAGES.filter((name) => name !== 'consent-alarm-blocked');
const DENY = 'button[value="deny"]';
const ALLOW = 'button[value="allow"]';

interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

const boxesOf = (page: Page, ...selectors: readonly string[]): Promise<Box[]> =>
  page.evaluate<Box[]>(
    `${JSON.stringify(selectors)}.map((one) => document.querySelector(one).getBoundingClientRect().toJSON())`,
  );

/** What is wrong with the two buttons at every size, in the language that is open. */
async function buttonComplaints({ page, dress }: GalleryPage, language: string): Promise<string[]> {
  const found: string[] = [];
  for (const size of SIZES) {
    await dress({ ...size, theme: 'light' });
    const [deny, allow] = (await boxesOf(page, DENY, ALLOW)) as [Box, Box];
    const about = `${language} ${size.width}:`;
    if (Math.abs(deny.width - allow.width) > 1) found.push(`${about} ${deny.width} and ${allow.width} wide`);
    if (Math.abs(deny.height - allow.height) > 1) found.push(`${about} ${deny.height} and ${allow.height} high`);
    const beside = language === 'ar' ? allow.x + allow.width <= deny.x : deny.x + deny.width <= allow.x;
    if (!(size.width === 1280 ? beside : deny.y + deny.height <= allow.y)) found.push(`${about} not deny, then allow`);
  }
  await page.locator(DENY).focus();
  await page.keyboard.press('Tab');
  const next = await page.evaluate<string>('document.activeElement.value');
  return next === 'allow' ? found : [...found, `${language}: after deny comes ${next}`];
}

/** Presses Enter in each field of the form but Allow; the buttons it was submitted by. Nothing is sent. */
async function submittersByEnter(page: Page): Promise<{ readonly pressed: number; readonly by: string[] }> {
  await page.evaluate(`document.querySelector('main form').addEventListener('submit', (event) => {
    event.preventDefault();
    (window.submittedBy ??= []).push(event.submitter.value);
  })`);
  const fields = await page.locator('form input[type="checkbox"], form button[value="deny"]').all();
  for (const field of fields) {
    await field.focus();
    await page.keyboard.press('Enter');
  }
  return { pressed: fields.length, by: await page.evaluate<string[]>('window.submittedBy') };
}

describe('the two buttons', () => {
  it.each(TWO_BUTTONS)(
    'of %s are equal and next to each other, the refusal first, and Enter anywhere else refuses',
    async (name) => {
      const found: string[] = [];
      for (const language of ['de', 'ar']) {
        await shown.openInWords(name, textFor(language));
        found.push(...(await buttonComplaints(shown, language)));
      }
      await shown.open(name);
      found.push(...(await buttonComplaints(shown, 'en')));
      expect(found).toEqual([]);
      const { pressed, by } = await submittersByEnter(shown.page);
      expect(pressed).toBeGreaterThan(0);
      expect(by).toEqual(Array(pressed).fill('deny'));
    },
  );

  it.each(['consent-reviewed', 'consent-forwarded', 'consent-site'])(
    'of %s are on the first screen at 1280 by 800',
    async (name) => {
      await shown.open(name);
      await shown.dress({ width: 1280, height: 800, theme: 'light' });
      // Only the demo carries its line at the top.
      await shown.page.evaluate('document.querySelector(".demo").remove()');
      const [{ y, height }] = (await boxesOf(shown.page, ALLOW)) as [Box];
      expect(y + height).toBeLessThanOrEqual(800);
    },
  );
});

describe('Allow', { timeout: 60_000 }, () => {
  it.each([
    ['with scripts', true, 'no-preference'],
    ['without scripts', false, 'no-preference'],
    ['without scripts, for people who want less motion', false, 'reduce'],
  ] as const)('sleeps for half a second: %s', async (_what, javaScript, reducedMotion) => {
    const client = await register(world.setting.issuer);
    const visit = await startVisit(shown.page.context().browser() ?? fail(), { javaScript });
    const { page } = visit;
    try {
      await page.emulateMedia({ reducedMotion });
      await page.goto(authorizationUrl(world.setting.issuer, client, newPkce()));
      const posts: string[] = [];
      page.on('request', (request) => void (request.method() === 'POST' && posts.push(request.url())));
      const [{ x, y, width, height }] = (await boxesOf(page, ALLOW)) as [Box];
      const clickAt = async (milliseconds: number) => {
        await page.evaluate(
          `document.querySelector('${ALLOW}').getAnimations().concat(window.nap ?? []).forEach((nap) => { window.nap = nap; nap.pause(); nap.currentTime = ${milliseconds}; })`,
        );
        await page.mouse.click(x + width / 2, y + height / 2);
      };
      await page.reload();
      for (const early of [0, 250, 490]) await clickAt(early);
      expect(posts).toEqual([]);
      expect(await page.locator('h1').textContent()).toContain('Allow');
      await clickAt(501);
      await expect.poll(() => posts.length).toBe(1);
      expect(visit.complaints).toEqual([]);
    } finally {
      await visit.close();
    }
  });
});

describe('the address', { timeout: 60_000 }, () => {
  /** A long name beside a short one for which the page gives the same warnings, or none. */
  const HOSTILE = [
    ['Northwind', 'Northwind IT approved this app. '.repeat(16).slice(0, 500)],
    ['Quill', 'W'.repeat(500)],
    ['Qu\u200bill', `${'\u202e'}${'\u200b'.repeat(40)}${'Quill\n\n\n'.repeat(50)}`.slice(0, 500)],
    ['Quill', 'Z\u0334\u0335\u0336\u0337'.repeat(100)],
    ['Quill', '\u{1f469}\u200d\u{1f469}\u200d\u{1f467}'.repeat(60).slice(0, 500)],
  ] as const;
  const PLACE = 'http://127.0.0.1:33418/callback';
  const ADDRESS = ['A program on this computer', '127.0.0.1 port 33418. Any program here could be listening.'];

  let visit: Visit;
  beforeAll(async () => {
    visit = await startVisit(shown.page.context().browser() ?? fail());
  });
  afterAll(() => visit.close());

  /** Where the address stands, from the top of the page, at every size; and its characters. */
  const measure = async (name: string) => {
    const client = await register(world.setting.issuer, { client_name: name, redirect_uris: [PLACE] });
    const { page } = visit;
    await page.goto(authorizationUrl(world.setting.issuer, client, newPkce()));
    const tops: number[] = [];
    for (const { width } of SIZES) {
      await page.setViewportSize({ width, height: 800 });
      const [{ y }] = (await boxesOf(page, '.stop + .stop .name')) as [Box];
      tops.push(y);
    }
    const goes = page.locator('.stop').nth(1);
    return {
      warnings: await page.locator('.alarm h1').count(),
      tops,
      address: await goes.locator('.name, .small:has-text("127.0.0.1")').allTextContents(),
    };
  };

  it('is moved by at most three lines and not changed by any name', async () => {
    const shorts = new Map<string, Awaited<ReturnType<typeof measure>>>();
    for (const [short, long] of HOSTILE) {
      const before = shorts.get(short) ?? (await measure(short));
      shorts.set(short, before);
      const after = await measure(long);
      expect(after.warnings).toEqual(before.warnings);
      const moved = after.tops.map((top, at) => Math.round(top - (before.tops[at] ?? Number.NaN)));
      expect(Math.max(...moved), `${long.slice(0, 8)} ${moved}`).toBeLessThanOrEqual(3 * 24);
      expect(after.address).toEqual(ADDRESS);
      expect(before.address).toEqual(ADDRESS);
    }
    expect([...shorts.values()].map(({ warnings }) => warnings)).toEqual([1, 0, 1]);
  });

  it('is in view without a click at 320 pixels when it has 253 characters, its owner on a line of its own', async () => {
    const labels = ['northwind-example-com', 'a'.repeat(63), 'b'.repeat(63), 'c'.repeat(63)];
    const host = `${[...labels, 'd'.repeat(253 - labels.join('.').length - 1 - '.example.org'.length)].join('.')}.example.org`;
    expect(host).toHaveLength(253);
    const client = await register(world.setting.issuer, { redirect_uris: [`https://${host}/cb`] });
    await visit.page.setViewportSize({ width: 320, height: 640 });
    await visit.page.goto(authorizationUrl(world.setting.issuer, client, newPkce()));
    const goes = visit.page.locator('.stop').nth(1);
    expect(await goes.locator('.code.big').textContent()).toBe('example.org');
    expect(await goes.getByText(host).isVisible()).toBe(true);
    expect(await visit.page.locator('details .stop').count()).toBe(0);
    expect(await overflowComplaints(visit.page)).toEqual([]);
  });
});

describe('what is sent', () => {
  it.each(CONSENT_PAGES)('for %s is at most 20 KB compressed, markup and stylesheet together', async (name) => {
    const page = await (await fetch(`${gallery.setting.issuer}/preview/${name}`)).text();
    const sheets = [...page.matchAll(/<link rel="stylesheet" href="([^"]+)"/g)].map((match) => match[1]);
    expect(sheets).toHaveLength(1);
    const css = await (await fetch(`${gallery.setting.issuer}${sheets[0]}`)).text();
    expect(gzipSync(page).length + gzipSync(css).length).toBeLessThanOrEqual(20 * 1024);
  });
});

describe('in words of no language, two fifths longer', { timeout: 60_000 }, () => {
  it.each(PAGE_NAMES)('%s is whole and says nothing that no message holds', async (name) => {
    await shown.openInWords(name, pseudoText(en, textFor('ja').tag));
    const complaints: string[] = [];
    for (const size of SIZES) {
      await shown.dress({ ...size, theme: 'light' });
      complaints.push(...(await overflowComplaints(shown.page)).map((complaint) => `${size.width} ${complaint}`));
    }
    const said = await shown.page.evaluate<
      string[]
    >(`[...document.querySelectorAll('body *, title')].flatMap((element) => [
      ...(element.closest('bdi, .code, .tile, .monogram, .tech dd') ? [] : [...element.childNodes].filter((node) => node.nodeType === 3).map((node) => node.data)),
      element.getAttribute('aria-label') ?? '', element.getAttribute('alt') ?? '' ])`);
    const foreign = said.flatMap((words) => words.match(/[A-Za-z]{3,}/g) ?? []).filter((word) => !GIVEN.has(word));
    expect([...complaints, ...new Set(foreign)]).toEqual([]);
  });
});

/** Words of the fixtures themselves: people, brands, servers, apps, and what a server calls its permissions. */
const GIVEN = new Set(
  [
    'Northwind MCP Tickets Docs Billing GitHub maya northwind example quill vendor evil ledger Ledger Agent Inspector',
    ...Object.values(ABILITIES)
      .flat()
      .map(({ title }) => title ?? ''),
    ...Object.values(NAMES).map(({ name }) => name),
  ].flatMap((words) => words.split(/[^A-Za-z]+/)),
);

function fail(): never {
  throw new Error('no browser');
}
