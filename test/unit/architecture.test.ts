/**
 * The rooms of the house: reads what every file imports and refuses what ARCHITECTURE.md forbids.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { describe, expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '..', '..');
const LONGEST_FILE = 300;
/** Tables of words: as long as what they list. */
const TABLES = /^views\/messages\//;

interface SourceFile {
  readonly path: string;
  readonly text: string;
}

interface Import {
  /** A path from the root for own files, the package's or module's name otherwise. */
  readonly target: string;
  readonly typeOnly: boolean;
}

const sources: readonly SourceFile[] = ['src', 'views']
  .flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name)),
  )
  .filter((path) => /\.tsx?$/.test(path))
  .map((path) => ({ path, text: readFileSync(join(ROOT, path), 'utf8') }));

function importsOf({ path, text }: SourceFile): Import[] {
  const statements = text.matchAll(/^(?:import|export)\s+(type\s)?(?:[^'";]*?\sfrom\s+)?['"]([^'"]+)['"]/gm);
  const dynamic = text.matchAll(/\bimport\(\s*['"]([^'"]+)['"]/g);
  const named = [...statements].map((match) => ({ name: match[2] ?? '', typeOnly: match[1] !== undefined }));
  const called = [...dynamic].map((match) => ({ name: match[1] ?? '', typeOnly: false }));
  return [...named, ...called].map(({ name, typeOnly }) => ({
    target: name.startsWith('.') ? normalize(join(dirname(path), name)) : name,
    typeOnly,
  }));
}

const isOwn = (target: string): boolean => target.startsWith('src/') || target.startsWith('views/');
const packageOf = (target: string): string =>
  (target.startsWith('@') ? target.split('/').slice(0, 2) : target.split('/').slice(0, 1)).join('/');

/** The room a file belongs to: its folder under src, `views`, or the file itself at the top of src. */
function roomOf(path: string): string {
  const [top, second = '', ...deeper] = path.split('/');
  return top === 'views' ? 'views' : deeper.length === 0 ? `src/${second}` : second;
}

const ENDPOINT_ROOMS = ['registration', 'journey', 'tokens', 'resources', 'front', 'account', 'admin', 'browser'];
/** What the front asks of forward-auth: the verdict about a token, and what is said of its bearer. */
const VERDICT = ['src/resources/access-verdict.ts', 'src/resources/assertion.ts'];

/** What a room may not import; a room without an entry may import anything. */
const FORBIDDEN: Readonly<Record<string, (target: string, typeOnly: boolean) => boolean>> = {
  domain: (target) => roomOf(target) !== 'domain' || !isOwn(target),
  views: (target) =>
    isOwn(target)
      ? !['views', 'domain'].includes(roomOf(target))
      : !['hono/jsx', 'hono/jsx/jsx-runtime', 'hono/html', 'hono/utils/html'].includes(target),
  store: (target) =>
    isOwn(target)
      ? !['store', 'domain', 'config'].includes(roomOf(target))
      : ['hono', '@hono/node-server', 'undici', 'jose', 'oslo', 'arctic'].includes(packageOf(target)),
  security: (target, typeOnly) =>
    isOwn(target)
      ? !(
          ['security', 'domain'].includes(roomOf(target)) ||
          (typeOnly && ['config', 'src/ports.ts'].includes(roomOf(target)))
        )
      : ['drizzle-orm', 'better-sqlite3', 'pg'].includes(packageOf(target)),
  observability: (target, typeOnly) =>
    isOwn(target)
      ? !(
          ['observability', 'security', 'domain'].includes(roomOf(target)) ||
          (typeOnly && ['config', 'src/ports.ts'].includes(roomOf(target)))
        )
      : ['drizzle-orm', 'better-sqlite3', 'pg'].includes(packageOf(target)),
  upstream: (target, typeOnly) =>
    isOwn(target)
      ? !(
          ['upstream', 'domain'].includes(roomOf(target)) ||
          target === 'src/security/secrets.ts' ||
          (typeOnly && ['security', 'config', 'src/ports.ts'].includes(roomOf(target)))
        )
      : ['hono', '@hono/node-server', 'drizzle-orm', 'better-sqlite3', 'pg', 'undici'].includes(packageOf(target)),
  custody: (target, typeOnly) =>
    isOwn(target)
      ? !(
          ['custody', 'domain', 'security'].includes(roomOf(target)) ||
          (typeOnly && ['store', 'upstream', 'src/ports.ts'].includes(roomOf(target)))
        )
      : true,
  config: (target) =>
    isOwn(target)
      ? !(
          ['config', 'domain'].includes(roomOf(target)) ||
          ['src/security/secrets.ts', 'src/upstream/presets.ts', 'src/upstream/provider.ts'].includes(target)
        )
      : ['hono', '@hono/node-server', 'drizzle-orm', 'better-sqlite3', 'pg', 'undici'].includes(packageOf(target)),
  // Runs in other people's servers: of the broker nothing but pure decisions.
  verify: (target, typeOnly) =>
    isOwn(target)
      ? !['verify', 'domain'].includes(roomOf(target))
      : !['jose', 'lru-cache', 'node:crypto'].includes(target) && !(typeOnly && target === 'hono'),
  'src/ports.ts': (_target, typeOnly) => !typeOnly,
};

function forbiddenForEndpoints(room: string, target: string, typeOnly: boolean): boolean {
  if (!isOwn(target))
    return ['drizzle-orm', 'better-sqlite3', 'pg', 'arctic', 'oslo', ...(room === 'front' ? [] : ['undici'])].includes(
      packageOf(target),
    );
  const other = roomOf(target);
  if (['store', 'upstream', 'config', 'observability'].includes(other))
    return !typeOnly && target !== 'src/store/store.ts';
  if (room === 'front' && VERDICT.includes(target)) return false;
  if (ENDPOINT_ROOMS.includes(other)) return other !== room && other !== 'browser' && !typeOnly;
  return ['cli', 'demo', 'src/broker.ts', 'src/app.ts', 'src/main.ts'].includes(other);
}

/** Who alone may import a package, outside the demo. */
const ONE_IMPORTER: readonly { readonly what: RegExp; readonly where: RegExp }[] = [
  { what: /^drizzle-orm(\/|$)/, where: /^src\/store\// },
  { what: /^(better-sqlite3|pg)$/, where: /^src\/store\/(open-sqlite|open-postgres|sqlite-backup)\.ts$/ },
  { what: /^oslo(\/|$)/, where: /^src\/security\/secrets\.ts$/ },
  { what: /^arctic$/, where: /^src\/upstream\/presets\.ts$/ },
  // dial.ts goes to addresses of the operator's configuration alone, and streams.
  { what: /^undici$/, where: /^src\/(security\/(safe-fetch|address-guard)|front\/dial)\.ts$/ },
];

/** Words that only some files may use, outside the demo. */
const ONE_USER: readonly { readonly what: RegExp; readonly where: RegExp; readonly name: string }[] = [
  { name: 'process.env', what: /\bprocess\.env\b/, where: /^src\/config\// },
  {
    name: 'the global fetch',
    what: /(?<![.\w])fetch\((?!:)|globalThis\.fetch/,
    where: /^src\/(security\/safe-fetch|upstream\/[a-z0-9-]+|verify\/introspected)\.tsx?$/,
  },
  { name: 'redirect()', what: /\bc\.redirect\(/, where: /^src\/(browser|journey)\/responder\.tsx?$/ },
  { name: 'the Location header', what: /['"]location['"]/i, where: /^src\/(browser|journey)\/responder\.tsx?$/ },
  // Its answer depends on how often it was asked: src/domain/parse-url.ts.
  { name: 'URL.canParse', what: /\bcanParse\b/, where: /^nowhere$/ },
];

function breachesOf(file: SourceFile): string[] {
  const room = roomOf(file.path);
  if (room === 'demo') return [];
  const imports = importsOf(file);
  const forbidden =
    FORBIDDEN[room] ??
    (ENDPOINT_ROOMS.includes(room)
      ? (target: string, typeOnly: boolean) => forbiddenForEndpoints(room, target, typeOnly)
      : () => false);
  const code = file.text.replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '');
  return [
    ...imports
      .filter(({ target, typeOnly }) => forbidden(target, typeOnly))
      .map(({ target }) => `${file.path} may not import ${target}`),
    ...ONE_IMPORTER.flatMap(({ what, where }) =>
      imports
        .filter(
          ({ target, typeOnly }) => what.test(target) && !where.test(file.path) && !(typeOnly && room === 'store'),
        )
        .map(({ target }) => `${file.path} is not the importer of ${target}`),
    ),
    ...ONE_USER.filter(({ what, where }) => what.test(code) && !where.test(file.path)).map(
      ({ name }) => `${file.path} may not use ${name}`,
    ),
  ];
}

describe('the rooms', () => {
  test('no file imports or uses what its room may not', () => {
    expect(sources.flatMap(breachesOf)).toEqual([]);
  });

  test.each([
    ['src/domain/planted.ts', "import { z } from 'zod';", 'src/domain/planted.ts may not import zod'],
    [
      'src/domain/planted.ts',
      "import { hash } from 'node:crypto';",
      'src/domain/planted.ts may not import node:crypto',
    ],
    [
      'src/domain/planted.ts',
      "export * from '../store/store.ts';",
      'src/domain/planted.ts may not import src/store/store.ts',
    ],
    [
      'views/planted.tsx',
      "import { open } from '../src/store/open.ts';",
      'views/planted.tsx may not import src/store/open.ts',
    ],
    [
      'src/journey/planted.ts',
      "import {\n  eq,\n} from 'drizzle-orm';",
      'src/journey/planted.ts may not import drizzle-orm',
    ],
    [
      'src/journey/planted.ts',
      "import { x } from '../tokens/issue.ts';",
      'src/journey/planted.ts may not import src/tokens/issue.ts',
    ],
    ['src/upstream/planted.ts', "import { Hono } from 'hono';", 'src/upstream/planted.ts may not import hono'],
    ['src/cli/planted.ts', "const pg = await import('pg');", 'src/cli/planted.ts is not the importer of pg'],
    [
      'src/security/planted.ts',
      "import { sha256 } from 'oslo/crypto';",
      'src/security/planted.ts is not the importer of oslo/crypto',
    ],
    ['src/admin/planted.ts', 'const key = process.env.KEY;', 'src/admin/planted.ts may not use process.env'],
    [
      'src/admin/planted.ts',
      "await fetch('https://example.com');",
      'src/admin/planted.ts may not use the global fetch',
    ],
    ['src/config/planted.ts', 'if (URL.canParse(text)) return;', 'src/config/planted.ts may not use URL.canParse'],
    ['src/account/planted.ts', "return c.redirect('/account');", 'src/account/planted.ts may not use redirect()'],
    ['src/account/planted.ts', "c.header('Location', next);", 'src/account/planted.ts may not use the Location header'],
  ])('a breach planted in %s is reported: %s', (path, text, report) => {
    expect(breachesOf({ path, text: `/** Planted. */\n${text}\n` })).toContain(report);
  });
});

describe('the files', () => {
  test(`none is longer than ${LONGEST_FILE} lines`, () => {
    const long = sources.filter(({ path, text }) => !TABLES.test(path) && text.split('\n').length > LONGEST_FILE + 1);
    expect(long.map(({ path }) => path)).toEqual([]);
  });

  test('each opens with a comment that says what it is for', () => {
    const silent = sources.filter(({ text }) => !/^(#!.*\n)?(\/\*\* @jsx.*\n)?\/\*\*/.test(text));
    expect(silent.map(({ path }) => relative('.', path))).toEqual([]);
  });
});
