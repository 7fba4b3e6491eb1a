/**
 * The languages there are, and which one a request gets (OIDC Core 3.1.2.1 `ui_locales`, RFC 9110 12.5.4).
 *
 * Decides by lookup in order of preference. Must never fail: an unknown or malformed wish falls through to the default.
 */
import { ar } from './ar.ts';
import { de } from './de.ts';
import { en, type Messages } from './en.ts';
import { es } from './es.ts';
import { fr } from './fr.ts';
import { ja } from './ja.ts';
import { zhHans } from './zh-hans.ts';

/** A language as the views use it. */
export interface Text {
  /** BCP 47 tag, for `lang` and Intl. */
  readonly tag: string;
  readonly dir: 'ltr' | 'rtl';
  readonly messages: Messages;
}

const TEXTS: readonly Text[] = [
  { tag: 'en', dir: 'ltr', messages: en },
  { tag: 'de', dir: 'ltr', messages: de },
  { tag: 'fr', dir: 'ltr', messages: fr },
  { tag: 'es', dir: 'ltr', messages: es },
  { tag: 'ja', dir: 'ltr', messages: ja },
  { tag: 'zh-Hans', dir: 'ltr', messages: zhHans },
  { tag: 'ar', dir: 'rtl', messages: ar },
];

/** Every language tag there is a text for, English first. */
export const LANGUAGES: readonly string[] = TEXTS.map((text) => text.tag);

const NAMES: Readonly<Record<string, string>> = {
  en: 'English',
  de: 'Deutsch',
  fr: 'Français',
  es: 'Español',
  ja: '日本語',
  'zh-Hans': '简体中文',
  ar: 'العربية',
};

/** What a language calls itself. */
export const languageName = (tag: string): string => NAMES[tag] ?? tag;

/** The operator's own words: by language, by key. Checked when the configuration is read. */
export type Overrides = Readonly<Record<string, Readonly<Record<string, string>>>>;

export interface LanguageWishes {
  /** The person's own choice. */
  readonly chosen?: string | undefined;
  /** `ui_locales` of the authorization request: tags by preference, space separated. */
  readonly uiLocales: string | undefined;
  readonly acceptLanguage: string | undefined;
  /** The operator's default tag; English when it has no text. */
  readonly fallback: string | undefined;
  readonly overrides?: Overrides;
}

/** The text for a request: the person's choice, `ui_locales`, then `Accept-Language`, then the operator's default, then English. Never throws. */
export function pickText(wishes: LanguageWishes): Text {
  const wanted = [
    wishes.chosen ?? '',
    ...(wishes.uiLocales ?? '').slice(0, 200).split(' '),
    ...acceptedTags(wishes.acceptLanguage ?? ''),
    wishes.fallback ?? '',
  ];
  for (const tag of wanted) {
    const found = findText(tag);
    if (found) return withOverrides(found, wishes.overrides);
  }
  return withOverrides(textFor('en'), wishes.overrides);
}

function withOverrides(text: Text, overrides: Overrides | undefined): Text {
  const own = Object.entries(overrides ?? {}).find(([tag]) => findText(tag)?.messages === text.messages)?.[1];
  return own === undefined ? text : { ...text, messages: { ...text.messages, ...own } };
}

/** The text of one of `LANGUAGES`; English for any other tag. */
export function textFor(tag: string): Text {
  return findText(tag) ?? { tag: 'en', dir: 'ltr', messages: en };
}

function acceptedTags(header: string): readonly string[] {
  return header
    .slice(0, 500)
    .split(',')
    .map((part, position) => {
      const [tag = '', ...parameters] = part.trim().split(/\s*;\s*/);
      const quality = Number(parameters.find((one) => one.startsWith('q='))?.slice(2) ?? '1');
      return { tag, position, quality: Number.isFinite(quality) ? quality : 0 };
    })
    .filter((one) => one.quality > 0)
    .toSorted((one, other) => other.quality - one.quality || one.position - other.position)
    .map((one) => one.tag);
}

/**
 * The text for a tag, under that very tag, so that dates follow the reader's region (`en-GB`, `de-AT`).
 * Traditional Chinese readers are not served simplified text.
 */
function findText(tag: string): Text | undefined {
  const found = /^([a-z]{2,3})(?:-([a-z]{4}))?(?:-([a-z]{2}|\d{3}))?$/i.exec(tag);
  const [, language = '', script, region] = found ?? [];
  const text = TEXTS.find((one) => one.tag.split('-')[0] === language.toLowerCase());
  if (text === undefined || /^hant$/i.test(script ?? '')) return undefined;
  if (text.tag === 'zh-Hans') return script === undefined && /^(tw|hk|mo)$/i.test(region ?? '') ? undefined : text;
  return region === undefined ? text : { ...text, tag: `${text.tag}-${region.toUpperCase()}` };
}
