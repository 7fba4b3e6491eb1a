/**
 * What an operator may put on the pages: own words for a sentence, a colour, a language there is.
 *
 * Decides what the configuration check reports; the pages take what has passed. A sentence keeps its placeholders.
 */
import { contrastProblem } from './brand.ts';
import { LANGUAGES } from './messages/catalog.ts';
import { en, type MessageKey } from './messages/en.ts';

const marksOf = (sentence: string): string =>
  [...(sentence.match(/\{\w+\}/g) ?? []), ...(sentence.match(/<\/?b>/g) ?? [])].sort().join(' ');

/** What is wrong with the operator's own words for a known key; undefined when nothing is. */
function wordsProblem(key: string, words: string): string | undefined {
  const own = en[key as MessageKey];
  if (typeof own !== 'string') return 'this sentence has forms by number and cannot be replaced';
  if (marksOf(own) === marksOf(words)) return undefined;
  return marksOf(own) === '' ? 'this sentence has no placeholders' : `this sentence has to keep ${marksOf(own)}`;
}

/** Handed to the configuration, which knows no pages. */
export const PAGE_RULES = {
  languages: LANGUAGES,
  messageKeys: Object.keys(en),
  wordsProblem,
  contrastProblem,
};
