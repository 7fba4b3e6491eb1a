/**
 * `npm run screens`: takes the pictures of docs/screens/ from the pages as they are, and writes their table of contents.
 *
 * WebP, so that all of them together stay small; the run fails when one is over 60 KB or all are over 1.5 MB.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { launchChromium, startVisit } from './chromium.ts';
import { startConsoleWorld } from './console-screens.ts';
import { openGallery } from './gallery.ts';
import type { Look } from './looks.ts';

const DIRECTORY = join(import.meta.dirname, '..', '..', 'docs', 'screens');
const MOST_EACH = 60 * 1024;
const MOST_TOGETHER = 1.5 * 1024 * 1024;

interface Size {
  readonly width: number;
  readonly height: number;
}
const DESK: Size = { width: 760, height: 600 };
const WIDE: Size = { width: 960, height: 600 };
const PHONE: Size = { width: 375, height: 812 };

interface Shot {
  readonly name: string;
  readonly about: string;
  readonly look: Look;
  readonly language?: string;
}

const shot = (name: string, about: string, size: Size, theme: Look['theme'] = 'light', language?: string): Shot => ({
  name,
  about,
  look: { ...size, theme },
  ...(language === undefined ? {} : { language }),
});

const SHOTS: readonly Shot[] = [
  shot('consent-site', 'an app whose site is confirmed', DESK),
  shot('consent-site', 'the same in the dark', DESK, 'dark'),
  shot('consent-site', 'the same on a phone', PHONE),
  shot('consent-reviewed', 'an app the operator has reviewed', DESK),
  shot('consent-loopback', 'a program on this computer', DESK),
  shot('consent-loopback', 'the same on a phone, in the dark', PHONE, 'dark'),
  shot('consent-scheme', 'an app that opens its own links', DESK),
  shot('consent-hostile', 'a long name and a long address', DESK),
  shot('consent-many', 'many permissions', DESK),
  shot('consent-returning', 'the same app again', DESK),
  shot('consent-new-scopes', 'more than was allowed', DESK),
  shot('consent-changed', 'an app that has changed', DESK),
  shot('consent-alarm', 'a look-alike', DESK),
  shot('consent-alarm', 'a look-alike, in the dark', DESK, 'dark'),
  shot('consent-alarm-missing-tick', 'a look-alike, without the tick', PHONE),
  shot('consent-alarm-blocked', 'a look-alike where the operator blocks them', DESK),
  shot('consent-site', 'in Arabic', DESK, 'light', 'ar'),
  shot('consent-site', 'in German', PHONE, 'light', 'de'),
  shot('consent-loopback', 'in forced colours', DESK, 'forced'),
  shot('hand-off-scheme', 'allowed', DESK),
  shot('hand-off-denied', 'not allowed', DESK),
  shot('error-request-decided', 'answered before', DESK),
  shot('error-redirect-mismatch', 'a wrong address', DESK),
  shot('different-account', 'another account came back', DESK),
  shot('account', 'apps with access', WIDE),
  shot('account', 'apps with access, on a phone in the dark', PHONE, 'dark'),
  shot('account-remove', 'removing one', DESK),
  shot('account-activity', 'activity', DESK),
  shot('report', 'reporting a request', DESK),
];

/** Of the console, which has no fixtures: pages of a broker with some people and apps. */
const CONSOLE_SHOTS: readonly (Shot & { readonly path: string })[] = [
  {
    ...shot('console-approvals', 'the admin console: what people allowed', { width: 1280, height: 600 }),
    path: '/approvals',
  },
  { ...shot('console-apps', 'the apps, on a phone in the dark', PHONE, 'dark'), path: '/apps' },
];

const fileOf = ({ name, look, language = 'en' }: Shot): string =>
  `${name}-${look.width}-${look.theme}${language === 'en' ? '' : `-${language}`}.webp`;

async function take(page: Page): Promise<Buffer> {
  const chromium = await page.context().newCDPSession(page);
  const { width, height } = await page.evaluate<{ width: number; height: number }>(
    '({ width: document.documentElement.clientWidth, height: document.documentElement.scrollHeight })',
  );
  const { data } = await chromium.send('Page.captureScreenshot', {
    format: 'webp',
    quality: 50,
    captureBeyondViewport: true,
    clip: { x: 0, y: 0, width, height, scale: 1 },
  });
  await chromium.detach();
  return Buffer.from(data, 'base64');
}

/** Keeps one picture; answers its size. */
async function keep(one: Shot, page: Page): Promise<number> {
  const picture = await take(page);
  if (picture.length > MOST_EACH) throw new Error(`${fileOf(one)}: ${picture.length} bytes`);
  writeFileSync(join(DIRECTORY, fileOf(one)), picture);
  return picture.length;
}

async function takeConsole(): Promise<number> {
  const [world, browser] = [await startConsoleWorld(), await launchChromium()];
  try {
    const visit = await startVisit(browser);
    const at = await world.enter(visit);
    let together = 0;
    for (const one of CONSOLE_SHOTS) {
      await visit.page.setViewportSize(one.look);
      await visit.page.emulateMedia({ colorScheme: one.look.theme === 'dark' ? 'dark' : 'light' });
      await visit.page.goto(at(one.path));
      together += await keep(one, visit.page);
    }
    return together;
  } finally {
    await browser.close();
    await world.close();
  }
}

const lineOf = (one: Shot): string => `- [${one.name.replaceAll('-', ' ')}: ${one.about}](${fileOf(one)})`;

const gallery = await openGallery();
try {
  const shown = await gallery.newPage();
  const lines = ['# The pages', '', 'Made by `npm run screens` from the pages in `views/`.', ''];
  rmSync(DIRECTORY, { recursive: true, force: true });
  mkdirSync(DIRECTORY, { recursive: true });
  let together = 0;
  for (const one of SHOTS) {
    await shown.dress(one.look);
    await shown.open(one.name, one.language);
    // The names of seven languages need fonts that few servers have.
    await shown.page.evaluate('document.querySelector(".languages")?.remove()');
    together += await keep(one, shown.page);
    lines.push(lineOf(one));
  }
  together += await takeConsole();
  lines.push(...CONSOLE_SHOTS.map(lineOf));
  if (together > MOST_TOGETHER) throw new Error(`${together} bytes together`);
  writeFileSync(join(DIRECTORY, 'README.md'), `${lines.join('\n')}\n`);
  process.stdout.write(`${SHOTS.length + CONSOLE_SHOTS.length} pictures, ${Math.round(together / 1024)} KB\n`);
} finally {
  await gallery.close();
}
