/**
 * JSON that can mean one thing only (RFC 8259 section 4 leaves doubled names open; parsers differ in which one wins).
 *
 * Whoever judges a text here and hands the same text on must be sure that the next reader sees what was judged. Refuses
 * doubled names and nesting nobody needs.
 */

const MOST_NESTED = 100;

export type StrictJson =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly problem: string };

/** The value of the text, when every reader reads the same. Never throws. */
export function parseStrictJson(text: string): StrictJson {
  try {
    const value: unknown = JSON.parse(text);
    const problem = ambiguityOf(text);
    return problem === undefined ? { ok: true, value } : { ok: false, problem };
  } catch {
    return { ok: false, problem: 'the body is not JSON' };
  }
}

/** Walks text that is valid JSON: only strings and brackets matter, and a string before a colon is a name. */
function ambiguityOf(text: string): string | undefined {
  const open: (Set<string> | undefined)[] = [];
  for (let at = 0; at < text.length; at += 1) {
    const sign = text[at];
    if (sign === '{' || sign === '[') {
      open.push(sign === '{' ? new Set() : undefined);
      if (open.length > MOST_NESTED) return `the body is nested deeper than ${MOST_NESTED} levels`;
    } else if (sign === '}' || sign === ']') {
      open.pop();
    } else if (sign === '"') {
      const end = endOfString(text, at);
      if (isName(text, end)) {
        const names = open.at(-1);
        const name = String(JSON.parse(text.slice(at, end)));
        if (names?.has(name) === true) return 'a name comes twice in one object of the body';
        names?.add(name);
      }
      at = end - 1;
    }
  }
  return undefined;
}

/** The place after the closing quote of the string that opens at `start`. */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at + 1;
}

function isName(text: string, after: number): boolean {
  let at = after;
  while (' \t\r\n'.includes(text[at] ?? '.')) at += 1;
  return text[at] === ':';
}
