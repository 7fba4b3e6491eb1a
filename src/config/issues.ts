/**
 * Turns what the schema found into problems with code, place and fix, with a "did you mean" for misspelt names.
 *
 * Must never quote a value that could be a secret: only names, types and the words a setting may have.
 */
import { z } from 'zod';
import { didYouMean, type Problem, type ProblemCode } from './problems.ts';
import { settings } from './schema.ts';
import type { SettingPath, SourceTree } from './tree.ts';

/** A node of the schema as JSON Schema shows it; the documentation and the masks are read from it, too. */
export interface SchemaNode {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly format?: string;
  readonly secret?: true | 'password';
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: SchemaNode | false;
  readonly items?: SchemaNode;
  readonly oneOf?: readonly SchemaNode[];
  readonly anyOf?: readonly SchemaNode[];
}

export const settingsNode = z.toJSONSchema(settings, { io: 'input', unrepresentable: 'any' }) as SchemaNode;

/** The value under a path of plain values; undefined where there is none. */
export const valueAt = (value: unknown, path: SettingPath): unknown =>
  path.reduce<unknown>(
    (inner, key) =>
      typeof inner === 'object' && inner !== null ? (inner as Record<string | number, unknown>)[key] : undefined,
    value,
  );

/** The presets that an alternative of the upstreams describes. */
export const presetsOf = ({ properties }: SchemaNode): readonly unknown[] =>
  properties?.preset?.enum ?? (properties?.preset?.const === undefined ? [] : [properties.preset.const]);

/** The alternative of a node that fits the value: the upstream of its preset, the object of a bucket. */
export function fittingNode(node: SchemaNode | undefined, value: unknown): SchemaNode | undefined {
  const preset = valueAt(value, ['preset']);
  const byPreset = node?.oneOf?.find((option) => presetsOf(option).includes(preset));
  const isRecord = typeof value === 'object' && value !== null && !Array.isArray(value);
  const byShape = node?.anyOf?.find((option) =>
    isRecord ? option.properties !== undefined : option.properties === undefined && option.type !== 'null',
  );
  return byPreset ?? byShape ?? node;
}

/** The schema node of one key inside a value. */
export const childNode = (node: SchemaNode | undefined, key: string | number): SchemaNode | undefined =>
  typeof key === 'number' ? node?.items : (node?.properties?.[key] ?? (node?.additionalProperties || undefined));

function knownKeys(path: SettingPath, root: unknown): readonly string[] {
  let node: SchemaNode | undefined = fittingNode(settingsNode, root);
  for (const [index, key] of path.entries()) {
    node = fittingNode(childNode(node, key as string | number), valueAt(root, path.slice(0, index + 1)));
  }
  return Object.keys(node?.properties ?? {});
}

type Issue = z.core.$ZodIssue;

/** The problems behind one schema issue, in the order of the file. */
export function problemsOf(issue: Issue, tree: SourceTree, base: SettingPath = []): Problem[] {
  const path = [...base, ...issue.path] as SettingPath;
  const say = (code: ProblemCode, problem: string, fix: string, where: SettingPath = path): Problem[] => [
    { code, place: tree.place(where), problem, fix },
  ];
  const value = valueAt(tree.value, path);
  const name = nameOf(path);

  if (issue.code === 'custom') {
    const params = issue.params as { code?: ProblemCode; fix?: string } | undefined;
    return params?.code === undefined
      ? say('E106', `${name} has the wrong form`, issue.message)
      : say(params.code, issue.message.replace(/^this /, `${name}: this `), params.fix ?? '');
  }
  if (issue.code === 'unrecognized_keys') {
    const known = knownKeys(path, tree.value);
    return issue.keys.flatMap((key) => {
      const meant = didYouMean(key, known);
      const fix = meant === undefined ? `known here: ${known.join(', ')}` : `did you mean ${meant}?`;
      return say('E102', `${key} is not a setting`, fix, [...path, key]);
    });
  }
  if (issue.code === 'invalid_key')
    return issue.issues.flatMap((inner) => problemsOf({ ...inner, path: [] } as Issue, tree, path));
  if (value === undefined)
    return say('E105', `${name} is missing`, `add ${path.join('.')}: ${descriptionAt(path, tree.value)}`);
  if (issue.code === 'invalid_value') return say(...wrongWord(name, issue.values.map(String), value));
  if (issue.code === 'invalid_union') return say(...wrongUnion(issue, name, value));
  if (issue.code === 'invalid_type') return say(...wrongType(issue.expected, name, value));
  if (issue.code === 'invalid_format') return say('E106', `${name} has the wrong form`, issue.message);
  return say(
    'E106',
    `${name} is ${issue.code === 'too_small' ? 'too short or too few' : 'too long or too many'}`,
    issue.message,
  );
}

const meantOr = (value: unknown, allowed: readonly string[]): string => {
  const meant = didYouMean(String(value), allowed);
  return meant === undefined ? 'write one of these' : `did you mean ${meant}?`;
};

const nameOf = (path: SettingPath): string =>
  path.length === 0
    ? 'the file'
    : typeof path.at(-1) === 'number'
      ? `${path.at(-2)}[${path.at(-1)}]`
      : String(path.at(-1));

function wrongWord(name: string, allowed: readonly string[], value: unknown): [ProblemCode, string, string] {
  const got = typeof value === 'string' && value.length <= 40 ? `; got "${value}"` : '';
  return [name === 'risk' ? 'E112' : 'E106', `${name} must be ${listed(allowed)}${got}`, meantOr(value, allowed)];
}

function wrongUnion(issue: z.core.$ZodIssueInvalidUnion, name: string, value: unknown): [ProblemCode, string, string] {
  const presets = settingsNode.properties?.upstreams?.additionalProperties;
  if (name === 'preset') return wrongWord(name, presetNames(presets || undefined), value);
  const inner = issue.errors
    .flat()
    .find((candidate) => candidate.path.length > 0 || candidate.code === 'unrecognized_keys');
  return [
    'E106',
    `${name} is neither off nor complete${inner === undefined ? '' : ` (${[...inner.path].join('.') || inner.message})`}`,
    'write off, or all members: see docs/configuration.md',
  ];
}

const presetNames = (node: SchemaNode | undefined): string[] => (node?.oneOf ?? []).flatMap(presetsOf).map(String);

function wrongType(expected: string, name: string, value: unknown): [ProblemCode, string, string] {
  const got =
    value === null
      ? 'nothing'
      : Array.isArray(value)
        ? 'a list'
        : typeof value === 'object'
          ? 'a group of settings'
          : `a ${typeof value}`;
  const wanted =
    { string: 'text', array: 'a list', record: 'a group of settings', object: 'a group of settings' }[expected] ??
    expected;
  const fix =
    expected === 'string' && (typeof value === 'number' || typeof value === 'boolean')
      ? 'put it in quotes'
      : `write ${wanted}`;
  return ['E106', `${name} must be ${wanted}; got ${got}`, fix];
}

const listed = (words: readonly string[]): string =>
  words.length === 1
    ? `"${words[0]}"`
    : `${words
        .slice(0, -1)
        .map((word) => `"${word}"`)
        .join(', ')} or "${words.at(-1)}"`;

/** A description as a terminal shows it: links by their file, names without marks. */
const plainText = (markdown: string): string =>
  markdown.replace(/\[[^\]]+\]\(([^)]+)\)/g, 'docs/$1').replaceAll('`', '');

function descriptionAt(path: SettingPath, root: unknown): string {
  let node: SchemaNode | undefined = settingsNode;
  for (const [index, key] of path.entries())
    node = childNode(fittingNode(node, valueAt(root, path.slice(0, index))), key);
  return node?.description === undefined ? 'see docs/configuration.md' : plainText(node.description);
}
