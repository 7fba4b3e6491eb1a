/**
 * Forms, links and words of a page, read the way a browser without JavaScript would use them.
 *
 * Reads the plain HTML of the broker and of the practice upstream; it is no general parser, and what it cannot read
 * is missing, which fails the walk. Must never be used to decide anything about security.
 */

export interface FormButton {
  readonly name: string | undefined;
  readonly value: string;
  readonly label: string;
}

export interface Form {
  readonly action: string;
  readonly method: 'get' | 'post';
  /** What is submitted whatever button is pressed: hidden inputs, ticked boxes, texts. */
  readonly fields: readonly (readonly [string, string])[];
  readonly hiddenNames: readonly string[];
  readonly buttons: readonly FormButton[];
}

export interface Link {
  readonly href: string;
  readonly label: string;
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: ' ' };
const ATTRIBUTE = /([a-z][\w:-]*)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+)))?/gi;

const decode = (text: string): string =>
  text.replace(/&(?:#x([0-9a-f]+)|#(\d+)|([a-z]+));/gi, (whole, hex, decimal, name) => {
    if (name !== undefined) return ENTITIES[name.toLowerCase()] ?? whole;
    return String.fromCodePoint(hex === undefined ? Number(decimal) : Number.parseInt(hex, 16));
  });

const UNSEEN = /<(head|style|script)\b[\s\S]*?<\/\1>/gi;
/** Tags within a line: words go on right behind them. */
const INLINE = /<\/?(?:a|b|bdi|code|em|span|strong)\b[^>]*>/gi;

/** The words a person sees, whitespace collapsed; tags, styles and the document's head are gone. */
export const textOf = (html: string): string =>
  decode(
    html
      .replace(UNSEEN, ' ')
      .replace(INLINE, '')
      .replace(/<[^>]*>/g, ' '),
  )
    .replace(/\s+/g, ' ')
    .trim();

/** The document's first `h1`, or its title: what the page is about. */
export const headingOf = (html: string): string =>
  textOf(/<h1\b[^>]*>([\s\S]*?)<\/h1>/i.exec(html)?.[1] ?? /<title>([\s\S]*?)<\/title>/i.exec(html)?.[1] ?? '');

/** The page without what is folded away in `details`. */
export const withoutDetails = (html: string): string => html.replace(/<details\b[\s\S]*?<\/details>/gi, ' ');

/** All links with an address, in order. */
export const linksOf = (html: string): Link[] =>
  elements(html, 'a').flatMap(({ attributes, content }) =>
    attributes.href === undefined ? [] : [{ href: attributes.href, label: textOf(content) }],
  );

/** All forms, in order. */
export const formsOf = (html: string): Form[] => elements(html, 'form').map(readForm);

function readForm({ attributes, content }: Element): Form {
  const inputs = [...content.matchAll(/<input\b([^>]*)>/gi)].map((match) => readAttributes(match[1] ?? ''));
  const submitted = inputs.filter(({ type = 'text', ...input }) =>
    type === 'checkbox' || type === 'radio' ? 'checked' in input : type !== 'submit',
  );
  return {
    action: attributes.action ?? '',
    method: attributes.method?.toLowerCase() === 'post' ? 'post' : 'get',
    fields: submitted.flatMap(({ name, value }) => (name === undefined ? [] : [[name, value ?? 'on'] as const])),
    hiddenNames: inputs.filter(({ type }) => type === 'hidden').map(({ name }) => name ?? ''),
    buttons: elements(content, 'button')
      .filter((button) => (button.attributes.type ?? 'submit') === 'submit')
      .map((button) => ({
        name: button.attributes.name,
        value: button.attributes.value ?? '',
        label: textOf(button.content),
      })),
  };
}

interface Element {
  readonly attributes: Readonly<Record<string, string>>;
  readonly content: string;
}

const elements = (html: string, tag: string): Element[] =>
  [...html.matchAll(new RegExp(`<${tag}\\b([^>]*)>([\\s\\S]*?)</${tag}>`, 'gi'))].map((match) => ({
    attributes: readAttributes(match[1] ?? ''),
    content: match[2] ?? '',
  }));

const readAttributes = (text: string): Record<string, string> =>
  Object.fromEntries(
    [...text.matchAll(ATTRIBUTE)].map(([, name = '', double, single, bare]) => [
      name.toLowerCase(),
      decode(double ?? single ?? bare ?? ''),
    ]),
  );
