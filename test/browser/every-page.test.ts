/**
 * Every page in every state as people see it: at 320 px (which is 400 % zoom of 1280), 375 and 1280, light, dark and
 * in forced colours, left to right and right to left.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { focused } from '../support/chromium.ts';
import { type Gallery, type GalleryPage, openGallery, PAGE_NAMES } from '../support/gallery.ts';
import { lookComplaints, SIZES } from '../support/looks.ts';
import {
  beginAtTheTop,
  directionComplaints,
  overflowComplaints,
  spaceOutText,
  tabComplaints,
} from '../support/page-checks.ts';

/** One language of each direction of writing. */
const DIRECTIONS = ['en', 'ar'] as const;

let gallery: Gallery;
const pages: Partial<Record<(typeof DIRECTIONS)[number], GalleryPage>> = {};
beforeAll(async () => {
  gallery = await openGallery();
  for (const language of DIRECTIONS) pages[language] = await gallery.newPage();
}, 180_000);
afterAll(() => gallery.close());

/** Looks at a page in both directions at once, and collects what is wrong. */
async function inBothDirections(
  name: string,
  complaintsOf: (shown: GalleryPage) => Promise<readonly string[]>,
): Promise<string[]> {
  const found = await Promise.all(
    DIRECTIONS.map(async (language) => {
      const shown = pages[language];
      if (shown === undefined) throw new Error('no page');
      shown.complaints.length = 0;
      await shown.open(name, language);
      const complaints = [...(await complaintsOf(shown)), ...shown.complaints];
      return complaints.map((complaint) => `${language} ${complaint}`);
    }),
  );
  return found.flat();
}

/** Through the page with Tab, narrow and wide, in the dark and in the light. */
async function focusComplaints({ page, dress }: GalleryPage): Promise<string[]> {
  const found: string[] = [];
  for (const size of [SIZES[0], SIZES[2]]) {
    await dress({ ...size, theme: size.width === 320 ? 'dark' : 'light' });
    await beginAtTheTop(page);
    const { complaints, stops } = await tabComplaints(page);
    found.push(...complaints.map((complaint) => `${size.width} ${complaint}`));
    if (!stops[0]?.startsWith('a.skip')) found.push(`${size.width} begins with ${stops[0]}`);
  }
  return found;
}

/** With the distances of WCAG 1.4.12; the last look at a page, for they stay. */
async function spacingComplaints({ page, dress }: GalleryPage): Promise<string[]> {
  const found: string[] = [];
  await spaceOutText(page);
  for (const size of SIZES) {
    await dress({ ...size, theme: 'light' });
    found.push(...(await overflowComplaints(page)).map((complaint) => `${size.width} spaced ${complaint}`));
  }
  return found;
}

describe('every page', () => {
  it.each(PAGE_NAMES)(
    '%s is accessible and whole at every size, in every theme and direction, and shows where the focus is',
    async (name) => {
      const complaints = await inBothDirections(name, async (shown) => [
        ...((await focused(shown.page)) === 'BODY' ? [] : ['something has the focus']),
        ...(await lookComplaints(shown.page)),
        ...(await directionComplaints(shown.page)),
        ...(await focusComplaints(shown)),
        ...(await spacingComplaints(shown)),
      ]);
      expect(complaints).toEqual([]);
    },
  );
});
