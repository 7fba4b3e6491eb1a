/** A language nobody speaks: every message accented and two fifths longer, so that words from elsewhere and cut text stand out. */
import type { Text } from '../../views/messages/catalog.ts';
import type { Messages } from '../../views/messages/en.ts';

const FROM = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';
const TO = 'áƀçđéƒğĥíĵķļɱñóþɋŕšţúṽŵẋýžÁƁÇĐÉƑĞĤÍĴĶĻḾÑÓÞɊŔŠŢÚṼŴẊÝŽ';
const accented = (letters: string): string =>
  letters.replace(/[a-z]/gi, (letter) => [...TO][FROM.indexOf(letter)] ?? letter);

/** Place-holders and marks stay as they are. */
function strange(sentence: string): string {
  const changed = sentence.replace(/\{\w+\}|<\/?b>|([^{<]+)/g, (whole, words: string | undefined) =>
    words === undefined ? whole : accented(words),
  );
  const words = Math.max(1, Math.round(sentence.replace(/\{\w+\}|<\/?b>/g, '').length * 0.08));
  return `${changed}${' żżżż'.repeat(words)}`;
}

/** `tag` decides how dates and numbers read. */
export function pseudoText(messages: Messages, tag: string): Text {
  const entries = Object.entries(messages).map(([key, value]) => [
    key,
    typeof value === 'string'
      ? strange(value)
      : Object.fromEntries(Object.entries(value).map(([form, one]) => [form, strange(String(one))])),
  ]);
  return { tag, dir: 'ltr', messages: Object.fromEntries(entries) as Messages };
}
