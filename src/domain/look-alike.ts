/**
 * Whether a self-chosen name imitates a known one (UTS 39 in spirit: skeletons, script mixing; plus small edits).
 *
 * Decides on resemblance only; whether it is an alarm depends on the destination and is domain/identity's verdict.
 * Must never be the only guard: a name that passes is still unproved.
 */
import { foldConfusables } from './confusables.ts';

export interface NamedBrand {
  readonly names: readonly string[];
  /** An everyday word: only a name that is nothing else counts. */
  readonly common: boolean;
  /** Apps are fairly named after what they are for: "Notes for GitHub", "Editor (Northwind)". */
  readonly mentionable: boolean;
}

/** Words that add nothing to who an app claims to be; already folded by `foldConfusables` when compared. */
const FILLER = new Set(
  `
    a an and the my by for from in of on to with your via app application agent assistant client cli
    connector desktop extension helper ide integration mcp mobile plugin proxy server tool web website
    broker consent admin approved auth certified connect login oauth official secure security sign
    signin sso support trusted verified account it team teams enterprise business pro plus inc llc ltd
    gmbh corp beta demo dev local preview sample test
  `
    .trim()
    .split(/\s+/)
    .map(foldConfusables),
);
const MOST_WORDS = 40;
/** Shorter names differ by one letter from too many innocent words. */
const EDIT_MIN_LETTERS = 5;

/** Every brand the name resembles, in the order given. The name is taken raw: what cleaning drops may not hide a look-alike. */
export function findLookAlikes<T extends NamedBrand>(name: string, brands: readonly T[]): readonly T[] {
  const visible = name.replace(/[\p{Cf}\p{Cc}\p{Default_Ignorable_Code_Point}]/gu, (char) =>
    /\s/.test(char) ? ' ' : '',
  );
  const everything = wordsOf(visible);
  const outsideMentions = wordsOf(visible.replace(/\([^)]*\)|\[[^\]]*\]/g, ' ').replace(/\b(?:for|to)\s+\S+/giu, ' '));
  return brands.filter((brand) => {
    const words = brand.mentionable ? outsideMentions : everything;
    return brand.names.some((target) => resembles(words, everything, wordsOf(target), brand.common));
  });
}

function resembles(
  words: readonly string[],
  everything: readonly string[],
  target: readonly string[],
  common: boolean,
): boolean {
  const wanted = target.join('');
  if (everything.join('') === wanted && wanted !== '') return true;
  const core = withoutFiller(target).join('');
  if (core === '') return false;
  const own = withoutFiller(everything).join('');
  if (own === core || own === wanted) return true;
  if (core.length >= EDIT_MIN_LETTERS && withinOneEdit(own, core)) return true;
  return !common && core.length > 2 && hasWindow(words, wanted === core ? [core] : [wanted, core]);
}

function hasWindow(words: readonly string[], targets: readonly string[]): boolean {
  return words.some((_, start) => {
    for (let end = start + 1; end <= words.length; end += 1) {
      if (targets.includes(words.slice(start, end).join(''))) return true;
    }
    return false;
  });
}

function wordsOf(name: string): readonly string[] {
  return name
    .normalize('NFKC')
    .replace(/(\p{Ll})(\p{Lu})/gu, '$1 $2')
    .split(/[^\p{L}\p{N}\p{M}@$|!]+/u)
    .map(foldConfusables)
    .filter((word) => word !== '')
    .slice(0, MOST_WORDS);
}

function withoutFiller(words: readonly string[]): readonly string[] {
  return words.filter((word) => !FILLER.has(word));
}

/** One insertion, deletion, replacement or swap of neighbours. */
function withinOneEdit(left: string, right: string): boolean {
  if (left === right) return true;
  const [short, long] = left.length <= right.length ? [left, right] : [right, left];
  if (long.length - short.length > 1) return false;
  let at = 0;
  while (at < short.length && short[at] === long[at]) at += 1;
  if (long.length > short.length) return short.slice(at) === long.slice(at + 1);
  const swapped =
    short[at] === long[at + 1] && short[at + 1] === long[at] && short.slice(at + 2) === long.slice(at + 2);
  return swapped || short.slice(at + 1) === long.slice(at + 1);
}

/** Alphabets whose letters pass for one another; one word never honestly holds two of them. */
const ALPHABETS = [
  /\p{Script=Latin}/u,
  /\p{Script=Cyrillic}/u,
  /\p{Script=Greek}/u,
  /\p{Script=Armenian}/u,
  /\p{Script=Cherokee}/u,
  /\p{Script=Coptic}/u,
  /\p{Script=Georgian}/u,
  /\p{Script=Lisu}/u,
  /\p{Script=Hebrew}/u,
];

/** Whether one word mixes alphabets. Japanese with Latin is no mix of this kind. */
export function mixesScripts(name: string): boolean {
  return name
    .split(/[^\p{L}\p{M}\p{N}]+/u)
    .some((word) => ALPHABETS.filter((alphabet) => alphabet.test(word)).length > 1);
}

const DOMAIN_IN_TEXT =
  /(?:^|[^\p{L}\p{N}.-])((?:[\p{L}\p{N}-]+[.\u3002\uff0e])+(?:com|net|org|io|app|dev|ai|co|me|xyz|info|biz|online|site|cloud|link|click|page|pages|example|uk|de|fr|jp|ru|cn))(?![\p{L}\p{N}])/giu;

/** Whether a name carries an address. A name that is one of `own` (the destination's or publisher's domain) is honest. */
export function containsUrl(name: string, own: readonly string[]): boolean {
  const visible = name.normalize('NFKC').replace(/[\p{Cf}\p{Cc}]/gu, '');
  if (/:\/\/|(?:^|\W)www\.|(?:^|\W)(?:javascript|data|mailto):/i.test(visible)) return true;
  return Array.from(visible.matchAll(DOMAIN_IN_TEXT), (found) => (found[1] ?? '').toLowerCase()).some(
    (domain) => !own.some((site) => domain === site || domain.endsWith(`.${site}`)),
  );
}
