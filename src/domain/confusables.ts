/**
 * Letters that pass for others, folded to one (after the data of UTS 39; the small part that reads as Latin letters).
 *
 * Decides what counts as the same letter when names are compared. Must never be used on a name that is shown.
 */

/** Each Latin letter, then the characters that pass for it after NFKC, accent removal and lower-casing. */
const PASSES_FOR: Readonly<Record<string, string>> = {
  a: 'аαɑ4@ᴀꭺɐ',
  b: 'ьƅʙ8вßβᏏ',
  c: 'сϲᴄꮯ¢ℂ',
  d: 'ԁɗᴅꭰժ',
  e: 'еєҽ3ɛεᴇꭼ℮ә',
  f: 'ƒſϝꞙꜰ',
  g: 'ɡցɢԍ9',
  h: 'һհʜнᏂ',
  j: 'јϳʝᴊ',
  k: 'кκᴋĸқ',
  l: 'i1|!ıіιłӏǀɩɪʟ',
  m: 'мᴍɱ',
  n: 'пηոɴ',
  o: '0оοօᴏσөø๐',
  p: 'рρᴘþ',
  q: 'ԛզգ',
  r: 'гʀᴦɾꭇ',
  s: 'ѕ5$ꜱʂ',
  t: 'тτ7ᴛŧ',
  u: 'υսᴜμцʋ',
  v: 'νѵᴠ',
  w: 'ԝѡωшɯᴡ',
  x: 'хχ×',
  y: 'уγүʏყ',
  z: 'ᴢʐƶ2',
};

const FOLD: ReadonlyMap<string, string> = new Map(
  Object.entries(PASSES_FOR).flatMap(([letter, twins]) => [...twins].map((twin) => [twin, letter] as const)),
);

/** The skeleton of a word: two words that look alike have the same one. `rn` reads as m, `vv` as w, i and 1 as l. */
export function foldConfusables(word: string): string {
  const plain = word.normalize('NFKC').normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
  return Array.from(plain, (char) => FOLD.get(char) ?? char)
    .join('')
    .replaceAll('rn', 'm')
    .replaceAll('vv', 'w')
    .replace(/[^\p{L}\p{N}]/gu, '');
}
