import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cleanDisplayName } from '../../src/domain/display-name.ts';

const graphemes = new Intl.Segmenter('en');

describe('a self-chosen name', () => {
  it('stays as it is when there is nothing to clean', () => {
    expect(cleanDisplayName('Quill Editor')).toEqual({
      name: 'Quill Editor',
      initial: 'Q',
      cleaned: false,
      hidden: false,
      cut: false,
      length: 12,
      codePoints: undefined,
    });
  });

  it('loses bidi controls and zero-width characters, and that is told', () => {
    const name = cleanDisplayName('Qu\u200bill\u202e');
    expect(name).toMatchObject({ name: 'Quill', cleaned: true, hidden: true });
    expect(name.codePoints).toBe('Q u U+200B i l l U+202E');
  });

  it('has its lines and spaces folded into one space, which is no trick', () => {
    expect(cleanDisplayName('  Quill \n\t Editor\u00a0X ')).toMatchObject({
      name: 'Quill Editor X',
      hidden: false,
      cleaned: false,
    });
  });

  it('keeps joiners from counting as hidden where a script or an emoji needs them', () => {
    expect(cleanDisplayName('می\u200cخواهم').hidden).toBe(false);
    expect(cleanDisplayName('👩\u200d💻 Tool').hidden).toBe(false);
    expect(cleanDisplayName('❤\ufe0f Tool').hidden).toBe(false);
    expect(cleanDisplayName('Cla\u200dude').hidden).toBe(true);
  });

  it('is cut at 40 graphemes, never inside one', () => {
    const name = cleanDisplayName(`${'a'.repeat(39)}e\u0301bcd`);
    expect(name.name).toBe(`${'a'.repeat(39)}é…`);
    expect(name).toMatchObject({ cut: true, length: 44 });
  });

  it('cannot climb out of its line with combining marks', () => {
    expect(cleanDisplayName(`N${'\u0301'.repeat(50)}otes`).name).toBe('Ń\u0301\u0301\u0301otes');
  });

  it('is empty when nothing readable is left', () => {
    expect(cleanDisplayName('\u200b\u200b')).toMatchObject({ name: '', initial: undefined });
    expect(cleanDisplayName(undefined).name).toBe('');
  });

  it('never puts an emoji on the tile', () => {
    expect(cleanDisplayName('🔒 quill').initial).toBe('Q');
    expect(cleanDisplayName('🔒').initial).toBeUndefined();
  });

  it('never keeps a control, bidi or invisible character, whatever was sent', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 120 }), (raw) => {
        const { name } = cleanDisplayName(raw);
        expect(name).not.toMatch(/[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}]/u);
        expect(Array.from(graphemes.segment(name)).length).toBeLessThanOrEqual(41);
      }),
    );
  }, 180_000);
});
