/** The documents say what is there: files, tests, commands, links and the example configuration. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runCli } from '../../src/cli/run.ts';
import { readConfig } from '../../src/config/load.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const DOCUMENTS = [
  'README.md',
  'ARCHITECTURE.md',
  'SECURITY.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  'deploy/README.md',
  ...readdirSync(join(ROOT, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

/** Files and folders of the project written as code: `src/app.ts`, `test/store/`. */
const filesNamedIn = (text: string): string[] =>
  [...text.matchAll(/`((?:src|test|views|docs|migrations|deploy)\/[\w./-]*)`/g)].map(([, path = '']) => path);
const missing = (paths: readonly string[]): string[] => paths.filter((path) => !existsSync(join(ROOT, path)));

/** The cells of the table rows that begin with an identifier of this shape. */
const rowsOf = (text: string, id: RegExp): string[][] =>
  text
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .map((line) => line.split('|').map((cell) => cell.trim()))
    .filter(([, first = '']) => id.test(first));

const THREAT = /^T-[A-I]\d\d$/;
const threatRows = rowsOf(read('SECURITY.md'), THREAT);
const requirementRows = rowsOf(read('docs/protocol.md'), /^[A-D]-\d\d$/);
const testsIn = (cells: readonly string[]): string[] =>
  filesNamedIn(cells.join(' ')).filter((path) => path.startsWith('test/'));

describe.each(DOCUMENTS)('%s', (document) => {
  const text = read(document);

  it('names only files that exist', () => {
    expect(missing(filesNamedIn(text))).toEqual([]);
  });

  it('links only to files that exist', () => {
    const links = [...text.matchAll(/\]\((?!https?:|#)([^)#\s]+)/g)].map(([, path = '']) =>
      join(dirname(document), path),
    );
    expect(missing(links)).toEqual([]);
  });

  it('names only npm scripts that exist', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    const called = [...text.matchAll(/\bnpm (?:run (?:-s )?([\w:-]+)|(start|test)\b)/g)].map(
      ([, run, bare]) => run ?? bare ?? '',
    );
    expect(called.filter((name) => !Object.hasOwn(scripts, name))).toEqual([]);
  });

  it('names only commands of the broker that exist', async () => {
    const called = [...text.matchAll(/node dist\/src\/main\.js ((?:[a-z]+ ?)+)/g)].map(([, words = '']) =>
      words.trim(),
    );
    const unknown = await Promise.all(
      called.map(async (words) => (usesOf(await usageOf(words), words) ? [] : [words])),
    );
    expect(unknown.flat()).toEqual([]);
  });
});

/** A command names its parents in its usage, a top-level one the program. */
const usesOf = (usage: string, words: string): boolean =>
  new RegExp(`^USAGE (consent-broker )?${words}( |$)`, 'm').test(usage);

/** What `--help` says to these words; without a command of that name it is the help of everything. */
async function usageOf(words: string): Promise<string> {
  let said = '';
  const terminal = {
    out: (text: string) => {
      said += text;
    },
    err: () => undefined,
    env: {},
    cwd: ROOT,
    colour: false,
    interactive: false,
  };
  await runCli([...words.split(' '), '--help'], terminal);
  return said;
}

describe('the threat table', () => {
  it('has rows of six cells, each id once', () => {
    const ids = threatRows.map(([, id]) => id);
    expect(ids.length).toBeGreaterThan(0);
    expect(new Set(ids).size).toBe(ids.length);
    expect(threatRows.filter((cells) => cells.length !== 8)).toEqual([]);
  });

  it.each(threatRows.map((cells) => [cells[1] ?? '', cells] as const))(
    '%s names its code and a test of its own',
    (id, cells) => {
      expect(filesNamedIn(cells[5] ?? '').length).toBeGreaterThan(0);
      const tests = testsIn([cells[6] ?? '']);
      expect(tests.length).toBeGreaterThan(0);
      const strangers = tests.filter((path) => path.startsWith('test/threats/') && !read(path).includes(id));
      expect(strangers).toEqual([]);
    },
  );
});

describe('the requirement tables', () => {
  it.each([
    ['A', 87],
    ['B', 23],
    ['C', 19],
  ])('have a row for each requirement %s, 01 to %i, once', (letter, length) => {
    const ids = requirementRows.flatMap(([, id = '']) => (id.startsWith(letter) ? [id] : []));
    expect(ids).toEqual(Array.from({ length }, (_, index) => `${letter}-${String(index + 1).padStart(2, '0')}`));
  });

  it.each(requirementRows.map((cells) => [cells[1] ?? '', cells] as const))(
    '%s names a test, or says that there is none',
    (_id, cells) => {
      const [, , , state = '', ...rest] = cells;
      expect(['tested', 'built', 'partly', 'not built', 'for clients']).toContain(state);
      expect(testsIn(rest).length > 0).toBe(state === 'tested' || state === 'partly');
    },
  );
});

describe('the table of promises about pages', () => {
  const promises = rowsOf(read('docs/pages.md'), /^\d+$/);
  /** Promises that only people can keep or break. */
  const OF_PEOPLE = ['50', '56'];

  it('has all 56, once, in order', () => {
    expect(promises.map(([, number]) => Number(number))).toEqual(Array.from({ length: 56 }, (_, index) => index + 1));
  });

  it.each(promises.map((cells) => [cells[1] ?? '', cells[3] ?? ''] as const))(
    '%s names tests by their titles',
    (number, cell) => {
      const named = [...cell.matchAll(/`(test\/[\w./-]+)`: “(.+?)”(?=<br>|$)/g)];
      expect(named.length > 0).toBe(!OF_PEOPLE.includes(number));
      expect(named.length).toBe(testsIn([cell]).length);
      const untrue = named.filter(([, path = '', title = '']) => !titlesIn(read(path)).has(title));
      expect(untrue.map(([whole]) => whole)).toEqual([]);
    },
  );
});

/** What tests of a file are called: the first argument of `it` and `test`, and of what `each` answers. */
const titlesIn = (source: string): Set<string> =>
  new Set(
    [...source.matchAll(/(?:\b(?:it|test)|\))\(\s*(?:'((?:[^'\\\n]|\\.)*)'|"((?:[^"\\\n]|\\.)*)")/g)].map(
      ([, single, double]) => (single ?? double ?? '').replace(/\\(.)/g, '$1'),
    ),
  );

describe('the example configuration', () => {
  it('in the README is accepted as it is', () => {
    const yaml = /```yaml\n([\s\S]*?)```/.exec(read('README.md'))?.[1] ?? '';
    const env = {
      BROKER_SECRET: 'documents-ring-8Wq2Zx5Lm0Rt7Ks4Vb1Nc',
      GITHUB_SECRET: '5d0f3c9b7a1e48d26c4b0f9e8a7d6c5b4a392817',
      TICKETS_SECRET: 'documents-tickets-3Jd9Pf6Hy2Gu8Xa5Qe1',
    };
    expect(readConfig(yaml, { env, baseDir: ROOT, name: 'broker.yaml' })).toMatchObject({ ok: true });
  });
});
