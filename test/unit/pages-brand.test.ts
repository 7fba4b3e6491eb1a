import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { brandTokens, contrastProblem } from '../../views/brand.ts';
import { brandStylesheet, contentHash, stylesheetFor } from '../../views/stylesheet.ts';

/** WCAG 2 contrast, written anew so that the derivation is checked by other code than its own. */
function contrast(one: string, other: string): number {
  const luminance = (color: string) => {
    const full = color.length === 4 ? color.replace(/[0-9a-f]/gi, '$&$&') : color;
    const linear = (at: number) => {
      const share = Number.parseInt(full.slice(at, at + 2), 16) / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    };
    return 0.2126 * linear(1) + 0.7152 * linear(3) + 0.0722 * linear(5);
  };
  const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b) as [number, number];
  return (high + 0.05) / (low + 0.05);
}

describe('the operator’s accent colour', () => {
  it('is refused below 4.5:1, with a shade that passes', () => {
    expect(contrastProblem('#0b5c70')).toBeUndefined();
    expect(contrastProblem('#767676')).toBeUndefined();
    expect(contrastProblem('#777777')).toEqual({ suggestion: '#757575' });
    const problem = contrastProblem('#ffcc00');
    expect(problem && contrast(problem.suggestion, '#ffffff')).toBeGreaterThanOrEqual(4.5);
  });

  it('is refused when it is no #rrggbb', () => {
    for (const value of ['red', '#fff', '#12345g', '#000000;}', ''])
      expect(contrastProblem(value)).toEqual({ suggestion: '#0b5c70' });
    expect(() => brandStylesheet('#000;}body{display:none')).toThrow();
  });

  it('gives readable companions in light and dark, whatever it is', () => {
    const color = fc
      .tuple(fc.nat(255), fc.nat(255), fc.nat(255))
      .map((parts) => `#${parts.map((part) => part.toString(16).padStart(2, '0')).join('')}`);
    fc.assert(
      fc.property(color, (accent) => {
        for (const mode of ['light', 'dark'] as const) {
          const tokens = brandTokens(accent, mode);
          const surfaces = mode === 'light' ? ['#ffffff', '#e7eceb', '#f5f8f7'] : ['#182120', '#1f2927', '#0e1413'];
          expect(contrast(tokens['on-accent'], tokens.accent)).toBeGreaterThanOrEqual(4.5);
          expect(contrast(tokens['on-accent'], tokens['accent-hover'])).toBeGreaterThanOrEqual(4.5);
          for (const surface of [...surfaces, tokens['accent-tint']])
            expect(contrast(tokens['accent-ink'], surface)).toBeGreaterThanOrEqual(4.5);
        }
      }),
      { numRuns: 300 },
    );
  }, 180_000);
});

describe('the stylesheet', () => {
  const { css, path } = stylesheetFor('#0b5c70');

  it('asks for nothing else', () => {
    expect(css).not.toMatch(/url\(|@import|@font-face|https?:/);
  });

  it('uses logical properties only, so that it mirrors', () => {
    expect(css).not.toMatch(
      /[;{](?:margin|padding|border|inset)?-?(?:left|right)\s*:|text-align:(?:left|right)|[;{](?:width|height):/,
    );
  });

  it('covers dark, contrast, forced colours and print', () => {
    for (const query of ['prefers-color-scheme:dark', 'prefers-contrast:more', 'forced-colors:active', '@media print'])
      expect(css).toContain(query);
  });

  it('keeps the allowing button from the first half second, also for people who want no motion', () => {
    expect(css).toContain('.settle{animation:settle .5s}');
    expect(css).toContain('@keyframes settle{0%,99.9%{pointer-events:none}}');
    expect(css).not.toContain('prefers-reduced-motion');
  });

  it('is named by its content', () => {
    expect(contentHash('')).toBe('cbf29ce484222325');
    expect(contentHash('a')).toBe('af63dc4c8601ec8c');
    expect(path).toMatch(/^\/assets\/[0-9a-f]{16}\.css$/);
    expect(stylesheetFor('#0b5c71').path).not.toBe(path);
  });
});
