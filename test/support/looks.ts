/**
 * How a page is looked at: in every size and theme a person may have chosen at their own machine, by axe and by our own
 * measures. Must never find a page whole that it has not looked at in every one of them.
 */
import axe from 'axe-core';
import type { Page } from 'playwright-core';
import { colourOnlyComplaints, edgeComplaints, overflowComplaints, targetComplaints } from './page-checks.ts';

export interface Look {
  readonly width: number;
  readonly height: number;
  readonly theme: 'light' | 'dark' | 'forced';
}

/** 320 × 256 is a window of 1280 × 1024 at 400 % zoom. */
export const SIZES = [
  { width: 320, height: 256 },
  { width: 375, height: 812 },
  { width: 1280, height: 800 },
] as const;
const THEMES = ['light', 'dark', 'forced'] as const;
export const LOOKS: readonly Look[] = SIZES.flatMap((size) => THEMES.map((theme) => ({ ...size, theme })));

/** Shows an open page as it is in this look. */
export async function dress(page: Page, { width, height, theme }: Look): Promise<void> {
  await page.setViewportSize({ width, height });
  await page.emulateMedia({
    colorScheme: theme === 'dark' ? 'dark' : 'light',
    forcedColors: theme === 'forced' ? 'active' : 'none',
  });
}

/** In each look: axe, edges of controls; by size alone, what scrolls, is cut off, too small to hit, or told by colour alone. */
export async function lookComplaints(page: Page, looks: readonly Look[] = LOOKS): Promise<string[]> {
  const found: string[] = [];
  for (const look of looks) {
    await dress(page, look);
    const light = look.theme === 'light';
    const here = [
      ...(await axeComplaints(page, light ? undefined : BY_COLOUR)),
      ...(await edgeComplaints(page)),
      ...(light ? [...(await overflowComplaints(page)), ...(await targetComplaints(page))] : []),
      ...(light ? await colourOnlyComplaints(page) : []),
    ];
    found.push(...here.map((complaint) => `${look.width} ${look.theme} ${complaint}`));
  }
  return found;
}

/** The rules whose answer can change with colours alone; the markup is the same in every theme. */
const BY_COLOUR = ['color-contrast', 'link-in-text-block', 'target-size'];

/** What axe finds wrong, as `rule: element`; WCAG 2.0 to 2.2 A and AA, and best practice. `rules`: only these. */
async function axeComplaints(page: Page, rules?: readonly string[]): Promise<string[]> {
  // Half a megabyte: given to a page when it is first asked for, not to each that is opened.
  if (!(await page.evaluate<boolean>('"axe" in window'))) await page.evaluate(`${axe.source};undefined`);
  const only = rules === undefined ? AXE_TAGS : { type: 'rule', values: rules };
  return page.evaluate<string[]>(`axe.run(document, { runOnly: ${JSON.stringify(only)}, resultTypes: ['violations'],
    elementRef: false, selectors: true }).then(({ violations }) =>
    violations.flatMap(({ id, nodes }) => nodes.map(({ target }) => id + ': ' + target.join(' '))))`);
}

const AXE_TAGS = {
  type: 'tag',
  values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
};
