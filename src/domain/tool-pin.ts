/**
 * What of a tool is pinned: all that a model or a client's approval dialog could go by (tool poisoning, "rug pull").
 *
 * Decides which members count, in one comparable text, and which characters a person would not see. Must never depend on
 * the order in which a server happens to write members.
 */

export interface ToolDefinition {
  readonly name: string;
  /** The counting members, canonically: equal texts mean the same tool. */
  readonly text: string;
  readonly hidden: readonly HiddenKind[];
}

export type HiddenKind = 'bidi' | 'zero_width' | 'tag' | 'variation' | 'control';

const LONGEST_NAME = 200;
/** Pictures, and what is for programs alone. Any other member counts, also one that only some client reads. */
const NOT_COUNTING = new Set(['icons', '_meta']);

const KINDS: readonly (readonly [HiddenKind, RegExp])[] = [
  ['bidi', /[\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069]/u],
  ['zero_width', /\u034F|[\u00AD\u180E\u200B-\u200D\u2060-\u2064\u206A-\u206F\u3164\uFEFF\uFFA0]/u],
  ['tag', /[\u{E0000}-\u{E007F}]/u],
  ['variation', /[\u{E0100}-\u{E01EF}]/u],
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
  ['control', /[\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F-\u009F\uFFF9-\uFFFB]/u],
];

/** Whether a tool may be called so: a name that can be kept and looked up in any database. What is not can be no tool's. */
export const isToolName = (name: unknown): name is string =>
  typeof name === 'string' && name !== '' && name.length <= LONGEST_NAME && !/[\p{Cc}\p{Cs}]/u.test(name);

/** What is pinned of a listed tool; undefined for what is no tool (no name, or one nobody may call). */
export function definitionOf(tool: unknown): ToolDefinition | undefined {
  if (typeof tool !== 'object' || tool === null) return undefined;
  const members = tool as Readonly<Record<string, unknown>>;
  const { name } = members;
  if (!isToolName(name)) return undefined;
  const counting = Object.entries(members).filter(([member]) => !NOT_COUNTING.has(member));
  return { name, text: canonical(Object.fromEntries(counting)), hidden: hiddenKinds(counting) };
}

/** JSON with the names of every object in order. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const members = Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1));
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonical(member)}`).join(',')}}`;
}

/** Every kind of unseen character in any text below the values, names of members included. */
function hiddenKinds(values: readonly unknown[]): readonly HiddenKind[] {
  const texts: string[] = [];
  const visit = (value: unknown): void => {
    if (typeof value === 'string') texts.push(value);
    else if (Array.isArray(value)) value.forEach(visit);
    else if (typeof value === 'object' && value !== null)
      for (const [name, member] of Object.entries(value)) visit([name, member]);
  };
  visit(values);
  return KINDS.filter(([, pattern]) => texts.some((text) => pattern.test(text))).map(([kind]) => kind);
}
