/**
 * Puts a message and its values together: as markup on the page, or as plain text for a title or label.
 *
 * Decides nothing. Values go in as JSX children, so escaping is JSX's; a message's own text is never parsed as HTML.
 */
import type { Child } from 'hono/jsx';
import type { Text } from './messages/catalog.ts';
import type { en, MessageKey } from './messages/en.ts';

type Names<Sentence> = Sentence extends `${string}{${infer Name}}${infer Rest}` ? Name | Names<Rest> : never;
type Sentence<Key extends MessageKey> = (typeof en)[Key] extends string
  ? (typeof en)[Key]
  : (typeof en)[Key] extends { other: infer Other }
    ? Other
    : never;
type Values<Key extends MessageKey, Value> = [Names<Sentence<Key>>] extends [never]
  ? []
  : [values: Readonly<Record<Names<Sentence<Key>>, Value>>];
type SentenceKey = { [Key in MessageKey]: (typeof en)[Key] extends string ? Key : never }[MessageKey];
type PluralKey = Exclude<MessageKey, SentenceKey>;

/** A message as markup; `<b>` becomes `<strong>`, each value stands where its name stood. */
export function say<Key extends SentenceKey>(text: Text, key: Key, ...values: Values<Key, Child>): Child {
  return markup(text.messages[key] as string, (values[0] ?? {}) as Readonly<Record<string, Child>>);
}

/** A message as plain text, for `<title>` and accessible names. */
export function plain<Key extends SentenceKey>(text: Text, key: Key, ...values: Values<Key, string>): string {
  return fill(text.messages[key] as string, (values[0] ?? {}) as Readonly<Record<string, string>>);
}

/** The form of a message that fits `count`; `{count}` is the formatted number. */
export function sayCount<Key extends PluralKey>(
  text: Text,
  key: Key,
  count: number,
  values: Readonly<Record<string, Child>> = {},
): Child {
  return markup(formFor(text, key, count), { ...values, count: number(text, count) });
}

export function plainCount(text: Text, key: PluralKey, count: number): string {
  return fill(formFor(text, key, count), { count: number(text, count) });
}

export function number(text: Text, value: number): string {
  return new Intl.NumberFormat(text.tag).format(value);
}

function formFor(text: Text, key: PluralKey, count: number): string {
  const forms = text.messages[key];
  return forms[new Intl.PluralRules(text.tag).select(count)] ?? forms.other;
}

function fill(sentence: string, values: Readonly<Record<string, string>>): string {
  return sentence.replace(/<\/?b>/g, '').replace(/\{(\w+)\}/g, (_, name: string) => values[name] ?? '');
}

function markup(sentence: string, values: Readonly<Record<string, Child>>): Child {
  const parts = sentence.split(/<b>(.*?)<\/b>/g);
  return <>{parts.map((part, at) => (at % 2 === 1 ? <strong>{place(part, values)}</strong> : place(part, values)))}</>;
}

function place(part: string, values: Readonly<Record<string, Child>>): Child[] {
  return part.split(/\{(\w+)\}/g).map((piece, at) => (at % 2 === 1 ? values[piece] : piece));
}
