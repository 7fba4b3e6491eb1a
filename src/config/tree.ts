/**
 * Reads YAML into plain values, fills in `${ENV_NAME}` and `${file:/path}`, and remembers where everything stood.
 *
 * Any scalar may hold one or several references, alone or inside other text; `$${` is a literal `${`. A reference to
 * something that does not exist, or is empty, is a problem and never an empty value.
 * Must never put a filled-in value into a problem.
 */
import {
  type Document,
  isMap,
  isNode,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  type Scalar,
  visit,
} from 'yaml';
import type { Environment } from './environment.ts';
import type { Problem } from './problems.ts';

export type SettingPath = readonly (string | number)[];

export interface SourceTree {
  /** Plain values, references filled in. */
  readonly value: unknown;
  /** `broker.yaml:7 issuer` for a path; the nearest ancestor that exists when the path does not. */
  place(path: SettingPath): string;
  readonly problems: readonly Problem[];
}

export interface Sources {
  readonly env: Environment;
  /** Contents of a file; throws when it cannot be read. */
  readonly readFile: (path: string) => string;
}

const REFERENCE = /\$(\$?)\{([^{}]*)\}/g;

/** Parses the text of the file called `name`. Syntax errors come back as problems, all of them. */
export function readTree(text: string, name: string, sources: Sources): SourceTree {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, stringKeys: true });
  const lineAt = (offset: number | undefined) => `${name}:${offset === undefined ? 1 : lines.linePos(offset).line}`;

  const place = (path: SettingPath): string => {
    for (let length = path.length; length >= 0; length -= 1) {
      const offset = offsetOf(document.contents, path.slice(0, length));
      if (offset !== undefined) return `${lineAt(offset)} ${path.join('.')}`.trim();
    }
    return `${name} ${path.join('.')}`.trim();
  };

  const problems: Problem[] = document.errors.map(({ code, message, pos: [offset] }) => {
    const at = { code: 'E100', place: lineAt(offset) } as const;
    return code === 'DUPLICATE_KEY'
      ? { ...at, problem: `${keyAt(document, offset)} stands here a second time`, fix: 'remove one of the two' }
      : {
          ...at,
          problem: message,
          fix: 'correct the YAML; texts that hold : # { } [ ] or start with $ or * belong in quotes',
        };
  });
  if (problems.length > 0) return { value: {}, place, problems };

  visit(document, {
    Scalar(key, node, ancestors) {
      if (key === 'key') return;
      const path = pathOf([...ancestors, node]);
      const setting = path.join('.');
      problems.push(...fillIn(node, { setting, place: `${lineAt(node.range?.[0])} ${setting}`.trim() }, sources));
    },
  });
  return { value: document.contents === null ? {} : document.toJS(), place, problems };
}

/** The name of the key that begins there. */
function keyAt(document: Document.Parsed, offset: number): string {
  let name = 'a key';
  visit(document, {
    Pair(_, { key }) {
      if (!isScalar(key) || key.range?.[0] !== offset) return undefined;
      name = String(key.value);
      return visit.BREAK;
    },
  });
  return name;
}

/** The keys and indexes on the way through maps and lists. */
function pathOf(nodes: readonly unknown[]): SettingPath {
  return nodes.flatMap((node, index): (string | number)[] => {
    const next = nodes[index + 1];
    if (isPair(node)) return [String(isScalar(node.key) ? node.key.value : node.key)];
    return isSeq(node) ? [node.items.indexOf(next)] : [];
  });
}

function offsetOf(node: unknown, path: SettingPath): number | undefined {
  const [head, ...rest] = path;
  if (head === undefined) return isNode(node) ? node.range?.[0] : undefined;
  if (isMap(node)) {
    const pair = node.items.find((item) => (isScalar(item.key) ? item.key.value : item.key) === head);
    if (pair === undefined) return undefined;
    if (rest.length > 0) return offsetOf(pair.value, rest);
    return isNode(pair.key) ? pair.key.range?.[0] : undefined;
  }
  const items = (node as { items?: unknown[] } | undefined)?.items;
  return Array.isArray(items) ? offsetOf(items[Number(head)], rest) : undefined;
}

interface Spot {
  readonly setting: string;
  readonly place: string;
}

function fillIn(node: Scalar, spot: Spot, sources: Sources): Problem[] {
  if (typeof node.value !== 'string') return [];
  const problems: Problem[] = [];
  node.value = node.value.replace(REFERENCE, (whole: string, escaped: string, reference: string) => {
    if (escaped !== '') return whole.slice(1);
    const found = reference.startsWith('file:') ? fromFile(reference.slice(5), sources) : sources.env[reference.trim()];
    if (found !== undefined && found !== '') return found;
    problems.push(missing(reference, spot));
    return whole;
  });
  return problems;
}

function fromFile(path: string, sources: Sources): string | undefined {
  try {
    return sources.readFile(path).replace(/\r?\n$/, '');
  } catch {
    return undefined;
  }
}

/** The settings that hold secrets of the broker's making, not what an upstream has given. */
const OWN_SECRET = /^(secrets|admin\.keys|registration\.initial_access_tokens)\.\d+$|^resources\..+\.credential$/;

const missing = (reference: string, { setting, place }: Spot): Problem =>
  reference.startsWith('file:')
    ? {
        code: 'E101',
        place,
        problem: `${reference.slice(5)} cannot be read or is empty`,
        fix: 'create the file, or let this process read it',
      }
    : {
        code: 'E101',
        place,
        problem: `${reference} is not set or empty`,
        fix: `set the environment variable ${reference}${OWN_SECRET.test(setting) ? '; consent-broker secret makes a value' : ''}`,
      };
