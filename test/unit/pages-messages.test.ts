import { describe, expect, it } from 'vitest';
import { LANGUAGES, pickText, textFor } from '../../views/messages/catalog.ts';
import { en, type Messages, type Plural } from '../../views/messages/en.ts';

const pick = (uiLocales?: string, acceptLanguage?: string, fallback?: string) =>
  pickText({ uiLocales, acceptLanguage, fallback }).tag;
const formsOf = (value: string | Plural) => (typeof value === 'string' ? [value] : Object.values(value));
const marksOf = (sentence: string) =>
  [...(sentence.match(/\{\w+\}/g) ?? []), ...(sentence.match(/<\/?b>/g) ?? [])].sort();

describe('the language of a page', () => {
  it('is what the app asked for, then the browser, then the operator’s, then English', () => {
    expect(pick('fr de', 'es')).toBe('fr');
    expect(pick(undefined, 'xx, es;q=0.8')).toBe('es');
    expect(pick('xx yy', undefined, 'ja')).toBe('ja');
    expect(pick()).toBe('en');
  });

  it('follows quality before position, and leaves out what is refused', () => {
    expect(pick(undefined, 'de;q=0.5, fr;q=0.9, es;q=0')).toBe('fr');
    expect(pick(undefined, 'es;q=0', 'de')).toBe('de');
  });

  it('keeps the reader’s region for dates', () => {
    expect(pick('de-AT')).toBe('de-AT');
    expect(pick(undefined, 'en-GB,en;q=0.9')).toBe('en-GB');
    expect(pick('pt-BR fr-CA')).toBe('fr-CA');
  });

  it('serves simplified Chinese only to those who read it', () => {
    expect(pick('zh-CN')).toBe('zh-Hans');
    expect(pick('zh')).toBe('zh-Hans');
    expect(pick('zh-Hans-SG')).toBe('zh-Hans');
    expect(pick('zh-TW')).toBe('en');
    expect(pick('zh-Hant de')).toBe('de');
  });

  it('survives any wish', () => {
    expect(pick('"><script>', '*;q=zzz,,;;', '%')).toBe('en');
    expect(pick('x'.repeat(100_000), ','.repeat(100_000))).toBe('en');
  });

  it('runs right to left in Arabic', () => {
    expect(pickText({ uiLocales: 'ar-EG', acceptLanguage: undefined, fallback: undefined })).toMatchObject({
      tag: 'ar-EG',
      dir: 'rtl',
    });
  });
});

describe.each(LANGUAGES.filter((tag) => tag !== 'en'))('%s', (tag) => {
  const { messages } = textFor(tag);

  it('has the place-holders and marks of the English in every sentence', () => {
    for (const key of Object.keys(en) as (keyof Messages)[]) {
      const expected = marksOf(formsOf(en[key]).at(-1) ?? '');
      for (const form of formsOf(messages[key])) {
        const marks = marksOf(form);
        const countLeftOut = typeof en[key] === 'string' ? marks : [...new Set([...marks, '{count}'])].sort();
        expect(typeof en[key] === 'string' ? marks : countLeftOut, `${tag} ${key}`).toEqual(
          typeof en[key] === 'string' ? expected : [...new Set([...expected, '{count}'])].sort(),
        );
      }
    }
  });

  it('has every plural form its grammar needs', () => {
    const needed = new Intl.PluralRules(tag)
      .resolvedOptions()
      .pluralCategories.filter((form) => form !== 'many' || tag === 'ar');
    for (const [key, value] of Object.entries(messages)) {
      if (typeof value !== 'string') expect(Object.keys(value), key).toEqual(expect.arrayContaining(needed));
    }
  });

  it('is no English', () => {
    const same = (Object.keys(en) as (keyof Messages)[]).filter(
      (key) => JSON.stringify(messages[key]) === JSON.stringify(en[key]),
    );
    expect(same.length, same.join()).toBeLessThanOrEqual(8);
  });
});
