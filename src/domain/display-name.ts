/**
 * A client-chosen name made fit to be shown (RFC 7591 section 5: such names are claims, not facts).
 *
 * Decides what is dropped, what is cut, and what the person is told about it. Must never invent a character,
 * and must never be undone: views show `name` only; the raw text appears as escaped code points.
 */
import type { DisplayName } from './types.ts';

/** Shown graphemes of a name; the rest is replaced by one ellipsis and said so. */
const NAME_LIMIT = 40;
/** Marks that may sit on one base character: enough for every living script, too few to climb over a line. */
const MARK_LIMIT = 3;
const RAW_LIMIT = 200;
/** Code points looked at; far more than any shown name needs, so that a huge one costs nothing. */
const READ_LIMIT = 2000;
const GRAPHEMES = new Intl.Segmenter('en', { granularity: 'grapheme' });

export interface CleanedName {
  /** Empty when nothing readable was left. */
  readonly name: DisplayName;
  /** First letter or digit of the name, upper case, for the tile; undefined when it has none. */
  readonly initial: string | undefined;
  /** Characters were dropped or replaced, whitespace apart. */
  readonly cleaned: boolean;
  /** Bidirectional controls or invisible characters were dropped that no script needs in that place. */
  readonly hidden: boolean;
  /** The name was longer than what is shown. */
  readonly cut: boolean;
  /** Characters (code points) the client sent. */
  readonly length: number;
  /** The raw name as escaped code points, when cleaned; for Technical details. */
  readonly codePoints: string | undefined;
}

const DROPPED = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Cn}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\ufffd]/u;
const WHITESPACE = /[\t\n\v\f\r\u0085\u2028\u2029\p{Zs}]+/gu;
/** A joiner is part of the spelling between letters of these scripts (UAX 31 section 2.3), and between emoji. */
const JOINED =
  /[\p{Script=Arabic}\p{Script=Devanagari}\p{Script=Bengali}\p{Script=Gujarati}\p{Script=Gurmukhi}\p{Script=Kannada}\p{Script=Malayalam}\p{Script=Oriya}\p{Script=Sinhala}\p{Script=Tamil}\p{Script=Telugu}\p{Script=Khmer}\p{Script=Mongolian}\p{Extended_Pictographic}\p{Emoji_Modifier}\p{M}]/u;
const LEGITIMATE_JOINER = /[\u200c\u200d]/u;
const EMOJI_SELECTOR = /[\ufe0e\ufe0f]/u;

/**
 * Cleans a name: NFC, controls, bidi and zero-width characters dropped, whitespace collapsed, 40 graphemes.
 * Never throws; any string gives a result whose `name` is safe inside `<bdi>` on one line box.
 */
export function cleanDisplayName(raw: string | undefined): CleanedName {
  const sent = [...(raw ?? '')];
  const spaced = [...sent.slice(0, READ_LIMIT).join('').normalize('NFC').replace(WHITESPACE, ' ')];
  const kept = spaced.filter((char) => !DROPPED.test(char));
  const hidden = spaced.some((char, at) => DROPPED.test(char) && !belongs(char, spaced[at - 1], spaced[at + 1]));
  const marked = limitMarks(kept.join('')).replace(/ +/g, ' ').trim();
  const graphemes = Array.from(GRAPHEMES.segment(marked), (part) => part.segment);
  const cut = graphemes.length > NAME_LIMIT || sent.length > READ_LIMIT;
  const name = cut ? `${graphemes.slice(0, NAME_LIMIT).join('').trimEnd()}…` : marked;
  const cleaned = kept.length !== spaced.length || marked.length < kept.join('').trim().replace(/ +/g, ' ').length;
  return {
    name: name as DisplayName,
    initial: /[\p{L}\p{N}]/u.exec(name)?.[0].toLocaleUpperCase('en'),
    cleaned,
    hidden,
    cut,
    length: sent.length,
    codePoints: cleaned ? escapeCodePoints(sent) : undefined,
  };
}

function belongs(char: string, before: string | undefined, after: string | undefined): boolean {
  if (EMOJI_SELECTOR.test(char)) return before !== undefined && /[\p{Emoji}]/u.test(before);
  return LEGITIMATE_JOINER.test(char) && [before, after].every((near) => near !== undefined && JOINED.test(near));
}

function limitMarks(text: string): string {
  return text.replace(/\p{M}+/gu, (marks) => [...marks].slice(0, MARK_LIMIT).join(''));
}

function escapeCodePoints(sent: readonly string[]): string {
  const shown = sent.slice(0, RAW_LIMIT).map((char) => {
    if (/^[\x21-\x7e]$/.test(char)) return char;
    return `U+${(char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
  });
  return sent.length > RAW_LIMIT ? `${shown.join(' ')} …` : shown.join(' ');
}
