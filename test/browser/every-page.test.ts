/**
 * Every page in every state as people see it: at 320 px (which is 400 % zoom of 1280), 375 and 1280, light, dark and
 * in forced colours, left to right and right to left.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { focused } from '../support/chromium.ts';
import {
  axeComplaints,
  type Gallery,
  type GalleryPage,
  LOOKS,
  openGallery,
  PAGE_NAMES,
  SIZES,
} from '../support/gallery.ts';
import {
  colourOnlyComplaints,
  edgeComplaints,
  overflowComplaints,
  spaceOutText,
  tabComplaints,
  targetComplaints,
} from '../support/page-checks.ts';

/** One language of each direction of writing. */
const DIRECTIONS = ['en', 'ar'] as const;
/** The rules whose answer can change with colours alone; the markup is the same in every theme. */
const BY_COLOUR = ['color-contrast', 'link-in-text-block', 'target-size'];

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

describe('every page', { timeout: 60_000 }, () => {
  it.each(PAGE_NAMES)('%s is accessible and whole at every size, in every theme and direction', async (name) => {
    const complaints = await inBothDirections(name, async (shown) => {
      const { page } = shown;
      const found: string[] = [];
      if ((await focused(page)) !== 'BODY') found.push('something has the focus');
      for (const look of LOOKS) {
        await shown.dress(look);
        const here = [
          ...(await axeComplaints(page, look.theme === 'light' ? undefined : BY_COLOUR)),
          ...(await edgeComplaints(page)),
          ...(look.theme === 'light' ? [...(await overflowComplaints(page)), ...(await targetComplaints(page))] : []),
          ...(look.theme === 'light' ? await colourOnlyComplaints(page) : []),
        ];
        found.push(...here.map((complaint) => `${look.width} ${look.theme} ${complaint}`));
      }
      return found;
    });
    expect(complaints).toEqual([]);
  });

  it.each(PAGE_NAMES)('%s survives the text spacing people may set, and shows where the focus is', async (name) => {
    const complaints = await inBothDirections(name, async (shown) => {
      const found: string[] = [];
      for (const size of [SIZES[0], SIZES[2]]) {
        await shown.dress({ ...size, theme: size.width === 320 ? 'dark' : 'light' });
        const { complaints, stops } = await tabComplaints(shown.page);
        found.push(...complaints.map((complaint) => `${size.width} ${complaint}`));
        if (!stops[0]?.startsWith('a.skip')) found.push(`${size.width} begins with ${stops[0]}`);
        await shown.page.evaluate('document.activeElement.blur()');
        await shown.page.reload();
      }
      await spaceOutText(shown.page);
      for (const size of SIZES) {
        await shown.dress({ ...size, theme: 'light' });
        found.push(...(await overflowComplaints(shown.page)).map((complaint) => `${size.width} spaced ${complaint}`));
      }
      return found;
    });
    expect(complaints).toEqual([]);
  });
});
