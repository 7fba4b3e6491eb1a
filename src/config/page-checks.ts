/**
 * What the pages make of the operator's wishes: a readable accent, a language there is, sentences there are.
 *
 * The rules come from whoever draws the pages; this file only places and words the problems.
 */
import type { ReportAt } from './checks.ts';
import { valueAt } from './issues.ts';
import { didYouMean } from './problems.ts';

/** What the pages accept. */
export interface PageRules {
  readonly languages: readonly string[];
  readonly messageKeys: readonly string[];
  readonly wordsProblem: (key: string, words: string) => string | undefined;
  /** Whether text on this colour would be unreadable (below 4.5:1), and the nearest shade that is not. */
  readonly contrastProblem: (accent: string) => { readonly suggestion: string } | undefined;
}

export function checkPages(root: unknown, rules: PageRules, report: ReportAt): void {
  checkAccent(root, rules, report);
  const locale = valueAt(root, ['default_locale']);
  if (typeof locale === 'string' && !rules.languages.includes(locale))
    report(
      ['default_locale'],
      'E127',
      `there is no language "${locale}"`,
      `write one of ${rules.languages.join(', ')}`,
    );
  for (const [language, words] of Object.entries(valuesOf(valueAt(root, ['messages'])))) {
    if (!rules.languages.includes(language)) {
      const fix = `write one of ${rules.languages.join(', ')}`;
      report(['messages', language], 'E127', `there is no language "${language}"`, fix);
      continue;
    }
    for (const [key, sentence] of Object.entries(valuesOf(words)))
      checkSentence([language, key], sentence, rules, report);
  }
}

const valuesOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};

function checkAccent(root: unknown, rules: PageRules, report: ReportAt): void {
  const accent = valueAt(root, ['brand', 'accent']);
  if (typeof accent !== 'string') return;
  const [, short, long] = /^#(?:([0-9a-f]{3})|([0-9a-f]{6}))$/i.exec(accent) ?? [];
  const written = long ?? short?.replace(/./g, '$&$&');
  const problem = written === undefined ? undefined : rules.contrastProblem(`#${written}`);
  if (problem === undefined) return;
  report(
    ['brand', 'accent'],
    'E120',
    'white text on this accent has a contrast below 4.5:1',
    `write "${problem.suggestion}" or a darker shade`,
  );
}

function checkSentence(
  [language, key]: readonly [string, string],
  sentence: unknown,
  rules: PageRules,
  report: ReportAt,
): void {
  const path = ['messages', language, key];
  if (!rules.messageKeys.includes(key)) {
    const meant = didYouMean(key, rules.messageKeys);
    const fix = meant === undefined ? 'keys are listed in docs/messages.md' : `did you mean ${meant}?`;
    report(path, 'E127', `there is no sentence "${key}"`, fix);
    return;
  }
  const problem = typeof sentence === 'string' ? rules.wordsProblem(key, sentence) : undefined;
  if (problem !== undefined) report(path, 'E127', problem, 'keep its placeholders and bold marks, or remove it');
}
