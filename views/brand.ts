/**
 * The operator's accent colour made usable: checked for contrast, and its light and dark companions derived.
 *
 * Decides colours by WCAG contrast alone (4.5:1 for text). Must never let anything but `#rrggbb` into a stylesheet.
 */

type Rgb = readonly [number, number, number];

const WHITE: Rgb = [255, 255, 255];
/** The darkest surface accent text stands on in light mode, and the lightest one in dark mode (see the stylesheet). */
const LIGHT_SURFACE: Rgb = [231, 236, 235];
const DARK_SURFACE: Rgb = [31, 41, 39];
const DARK_CARD: Rgb = [24, 33, 32];
const TEXT_CONTRAST = 4.5;
const DARK_INK: Rgb = [6, 30, 36];

export interface BrandTokens {
  /** Filled buttons. */
  readonly accent: string;
  readonly 'accent-hover': string;
  /** Text on `accent`. */
  readonly 'on-accent': string;
  /** Links and accent text on any of our surfaces. */
  readonly 'accent-ink': string;
  readonly 'accent-tint': string;
  readonly 'accent-line': string;
}

/**
 * Whether white text on this colour is below 4.5:1 (WCAG 1.4.3); then the nearest darker shade that is not.
 * A value that is not `#rrggbb` is a problem too; its suggestion is the default accent.
 */
export function contrastProblem(accent: string): { readonly suggestion: string } | undefined {
  const color = parse(accent);
  if (color === undefined) return { suggestion: DEFAULT_ACCENT };
  if (contrast(color, WHITE) >= TEXT_CONTRAST) return undefined;
  return { suggestion: hex(darkened(color)) };
}

/** Petrol: neither the green of "safe" nor the red of danger. */
const DEFAULT_ACCENT = '#0b5c70';

/** All accent tokens of one mode. Throws on a colour that is not `#rrggbb`. */
export function brandTokens(accent: string, mode: 'light' | 'dark'): BrandTokens {
  const color = parse(accent);
  if (color === undefined) throw new Error('accent must be #rrggbb');
  return mode === 'light' ? lightTokens(color) : darkTokens(color);
}

function lightTokens(color: Rgb): BrandTokens {
  const fill = darkened(color);
  const tint = mix(saturated(fill), WHITE, 0.88);
  const ink = towards(fill, [0, 0, 0], (one) =>
    [LIGHT_SURFACE, tint].every((surface) => contrast(one, surface) >= TEXT_CONTRAST),
  );
  return {
    accent: hex(fill),
    'accent-hover': hex(mix(fill, [0, 0, 0], 0.18)),
    'on-accent': '#fff',
    'accent-ink': hex(ink),
    'accent-tint': hex(tint),
    'accent-line': hex(mix(fill, WHITE, 0.6)),
  };
}

function darkTokens(color: Rgb): BrandTokens {
  const tint = mix(darkened(color), DARK_CARD, 0.6);
  const readable = (one: Rgb) => [DARK_SURFACE, tint, DARK_INK].every((surface) => contrast(one, surface) >= 7);
  const ink = towards(saturated(color), WHITE, readable);
  return {
    accent: hex(ink),
    'accent-hover': hex(mix(ink, WHITE, 0.35)),
    'on-accent': hex(DARK_INK),
    'accent-ink': hex(ink),
    'accent-tint': hex(tint),
    'accent-line': hex(mix(ink, DARK_CARD, 0.6)),
  };
}

/** The colour itself, or the nearest shade on which white text is readable. */
function darkened(color: Rgb): Rgb {
  return towards(color, [0, 0, 0], (one) => contrast(one, WHITE) >= TEXT_CONTRAST);
}

/** The same hue at full strength, so that lightening it for dark mode does not end in grey. */
function saturated(color: Rgb): Rgb {
  const most = Math.max(...color);
  return most === 0 ? color : (color.map((part) => (part / most) * 200) as unknown as Rgb);
}

function parse(value: string): Rgb | undefined {
  const found = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(value);
  if (!found) return undefined;
  return [1, 2, 3].map((at) => Number.parseInt(found[at] ?? '', 16)) as unknown as Rgb;
}

function hex(color: Rgb): string {
  return `#${color.map((part) => Math.round(part).toString(16).padStart(2, '0')).join('')}`;
}

function mix(from: Rgb, to: Rgb, share: number): Rgb {
  return from.map((part, at) => Math.round(part + ((to[at] ?? 0) - part) * share)) as unknown as Rgb;
}

/** The first step on the way to `goal` that is good enough; `goal` itself when none is. */
function towards(color: Rgb, goal: Rgb, goodEnough: (one: Rgb) => boolean): Rgb {
  for (let step = 0; step <= 50; step += 1) {
    const one = mix(color, goal, step / 50);
    if (goodEnough(one)) return one;
  }
  return goal;
}

/** WCAG 2 relative luminance and contrast ratio. */
function contrast(one: Rgb, other: Rgb): number {
  const [high = 0, low = 0] = [luminance(one), luminance(other)].toSorted((a, b) => b - a);
  return (high + 0.05) / (low + 0.05);
}

function luminance(color: Rgb): number {
  const [red = 0, green = 0, blue = 0] = color.map((part) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
