/**
 * What can be measured on a page a person looks at: overflow, clipped text, targets, the focus ring, control edges.
 *
 * The measuring happens in the page, so it is text here; each check answers with complaints, and none means well.
 */
import type { Page } from 'playwright-core';

/** Shared by all checks: what is on screen, and colours by the WCAG 2 formula. */
const TOOLS = `
  const look = (element) => getComputedStyle(element);
  const box = (element) => element.getBoundingClientRect();
  const name = (element) => element.tagName.toLowerCase() + (element.className && typeof element.className === 'string' ? '.' + element.className.split(' ').join('.') : '') +
    ' “' + (element.textContent || element.getAttribute('value') || '').trim().slice(0, 24) + '”';
  const shown = (element) => element.checkVisibility() && box(element).width > 2 && box(element).height > 2 && !element.closest('.skip:not(:focus)');
  const all = (selector) => [...document.querySelectorAll(selector)].filter(shown);
  const rgba = (text) => (text.match(/[\\d.]+/g) ?? [0, 0, 0, 0]).map(Number);
  const over = (top, under) => { const a = top[3] ?? 1; return [0, 1, 2].map((at) => top[at] * a + under[at] * (1 - a)); };
  const ground = (element) => { if (!element) return [255, 255, 255]; const own = rgba(look(element).backgroundColor); return (own[3] ?? 1) === 1 ? own.slice(0, 3) : over(own, ground(element.parentElement)); };
  const light = (color) => { const [r, g, b] = color.slice(0, 3).map((part) => part / 255).map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const contrast = (one, other) => { const [high, low] = [light(one), light(other)].sort((a, b) => b - a); return (high + 0.05) / (low + 0.05); };
`;

const run = <Result>(page: Page, body: string): Promise<Result> =>
  page.evaluate<Result>(`(() => { ${TOOLS} ${body} })()`);

/** No sideways scrolling, nothing beyond the window's edges, no text cut off by its own box. */
export const overflowComplaints = (page: Page): Promise<string[]> =>
  run(
    page,
    `const root = document.documentElement; const found = [];
    if (root.scrollWidth > root.clientWidth) found.push('scrolls sideways: ' + root.scrollWidth + ' of ' + root.clientWidth);
    for (const element of all('body *')) {
      if (element.closest('svg, thead') && look(element.closest('svg, thead')).position === 'absolute') continue;
      const { left, right } = box(element);
      if (right > root.clientWidth + 1 || left < -1) found.push('beyond the edge: ' + name(element));
      if (look(element).overflowX !== 'visible' && element.scrollWidth > element.clientWidth + 1) found.push('cut off: ' + name(element));
      if (look(element).overflowY === 'hidden' && element.scrollHeight > element.clientHeight + 1) found.push('cut off below: ' + name(element));
    }
    return found;`,
  );

/** WCAG 2.5.8: 24 by 24, links inside a sentence excepted; the buttons of a decision are 44 high. */
export const targetComplaints = (page: Page): Promise<string[]> =>
  run(
    page,
    `const inSentence = (element) => element.tagName === 'A' && look(element).display === 'inline';
    return [
      ...all('a, button, input:not([type=hidden]), textarea, summary').filter((one) => !inSentence(one))
        .filter((one) => box(one).width < 24 || box(one).height < 24).map((one) => 'under 24: ' + name(one)),
      ...all('.actions .button').filter((one) => box(one).height < 44).map((one) => 'under 44: ' + name(one)),
    ];`,
  );

/** Every control can be told from what is around it, 3:1, and the main button from the other one (WCAG 1.4.11). */
export const edgeComplaints = (page: Page): Promise<string[]> =>
  run(
    page,
    `const found = [];
    for (const button of all('.button')) {
      const around = ground(button.parentElement);
      const edge = rgba(look(button).borderTopColor);
      if (parseFloat(look(button).borderTopWidth) < 1) found.push('no edge: ' + name(button));
      if (Math.max(contrast(over(edge, around), around), contrast(ground(button), around)) < 3) found.push('faint edge: ' + name(button));
    }
    for (const row of all('.actions')) {
      const [main] = [...row.querySelectorAll('.main')]; const [other] = [...row.querySelectorAll('.button:not(.main)')];
      if (main && other && ground(main).join() === ground(other).join()) found.push('main button looks like the other');
    }
    return found;`,
  );

/** Pills and tags say in words, and pills by a shape too, what their colour says. */
export const colourOnlyComplaints = (page: Page): Promise<string[]> =>
  run(
    page,
    `return [
      ...all('.pill, .tag').filter((one) => one.textContent.trim().length < 2).map((one) => 'no words: ' + name(one)),
      ...all('.pill').filter((one) => !one.querySelector('svg')?.checkVisibility()).map((one) => 'no shape: ' + name(one)),
      ...all('.note, .notice').filter((one) => !one.querySelector('svg') && one.getAttribute('role') !== 'alert').map((one) => 'no shape: ' + name(one)),
    ];`,
  );

/** Machine text reads left to right whatever the page does, and what begins a line stands where reading begins. */
export const directionComplaints = (page: Page): Promise<string[]> =>
  run(
    page,
    `const rtl = document.documentElement.dir === 'rtl';
    return [
      ...all('.code').filter((one) => look(one).direction !== 'ltr').map((one) => 'not left to right: ' + name(one)),
      ...all('.stop').filter((stop) => {
        const [tile, words] = [box(stop.querySelector('.tile')), box(stop.querySelector('dt'))];
        return rtl ? tile.right < words.left : tile.left > words.left + words.width;
      }).map((one) => 'not mirrored: ' + name(one)),
      ...(look(document.body).direction === (rtl ? 'rtl' : 'ltr') ? [] : ['the page runs the wrong way']),
    ];`,
  );

/** Where Tab begins: nothing has the focus, and the next stop is the first. */
export const beginAtTheTop = (page: Page): Promise<void> =>
  page.evaluate(`(() => {
    document.activeElement?.blur();
    getSelection().removeAllRanges();
    const start = document.createElement('span');
    start.tabIndex = -1;
    document.body.prepend(start);
    start.focus();
    start.remove();
  })()`);

/** The distances that WCAG 1.4.12 lets people set. */
export const spaceOutText = (page: Page): Promise<void> =>
  page.evaluate(`(() => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync('*{line-height:1.5!important;letter-spacing:.12em!important;word-spacing:.16em!important}p{margin-block-end:2em!important}');
    document.adoptedStyleSheets = [sheet];
  })()`);

interface Stop {
  readonly name: string;
  readonly order: number;
  readonly complaints: readonly string[];
}

/** Walks through the page with Tab and answers what is wrong on the way: order, ring, what is hidden behind something. */
export async function tabComplaints(page: Page): Promise<{ readonly stops: string[]; readonly complaints: string[] }> {
  const expected = await run<number>(
    page,
    `return [...document.querySelectorAll(${FOCUSABLE})].filter((one) => one.checkVisibility()).length;`,
  );
  const stops: Stop[] = [];
  for (let at = 0; at < expected; at += 1) {
    await page.keyboard.press('Tab');
    stops.push(await run<Stop>(page, STOP));
  }
  const orders = stops.map(({ order }) => order);
  const inOrder = orders.every((order, at) => order === at);
  return {
    stops: stops.map(({ name }) => name),
    complaints: [
      ...stops.flatMap(({ complaints }) => complaints),
      ...(inOrder ? [] : [`order of the source is not the order of Tab: ${orders}`]),
      ...(await run<string[]>(page, READING_ORDER)),
    ],
  };
}

const FOCUSABLE = `'a[href], button, input:not([type=hidden]), textarea, summary'`;

const STOP = `
  const focusable = [...document.querySelectorAll(${FOCUSABLE})].filter((one) => one.checkVisibility());
  const element = document.activeElement; const { left, top, width, height } = box(element); const style = look(element);
  const complaints = [];
  const summary = element.tagName === 'SUMMARY';
  if (style.outlineStyle === 'none' || parseFloat(style.outlineWidth) < 2) complaints.push('no ring: ' + name(element));
  if (contrast(over(rgba(style.outlineColor), ground(element.parentElement)), ground(element.parentElement)) < 3) complaints.push('faint ring: ' + name(element));
  if (left < 0 || top < 0 || left + width > innerWidth || top + Math.min(height, innerHeight) > innerHeight + 1) complaints.push('off screen: ' + name(element));
  const [line] = element.getClientRects();
  const hit = document.elementFromPoint(line.left + line.width / 2, line.top + line.height / 2);
  if (style.pointerEvents !== 'none' && !(element.contains(hit) || hit?.contains(element) && summary)) complaints.push('behind something: ' + name(element));
  return { name: name(element), order: focusable.indexOf(element), complaints };
`;

/** Later in the source is lower on the screen, or further along the line in the direction of reading. */
const READING_ORDER = `
  const rtl = document.documentElement.dir === 'rtl'; const found = [];
  for (const group of all('form, .actions, .facts, .links, footer ul, .abilities')) {
    const items = [...group.querySelectorAll(${FOCUSABLE})].filter(shown);
    for (let at = 1; at < items.length; at += 1) {
      const [one, other] = [box(items[at - 1]), box(items[at])];
      const below = other.top >= one.bottom - 4; const beside = rtl ? other.right <= one.left + 1 : other.left >= one.right - 1;
      if (!below && !beside) found.push(name(items[at]) + ' comes after ' + name(items[at - 1]));
    }
  }
  return found;
`;
