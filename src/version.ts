/**
 * The version this package was published under, read from its own package.json.
 */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The folder that holds package.json, migrations and the documentation; the same from sources and from dist. */
const packageRoot = rootAbove(import.meta.dirname);

export const version = String(
  (JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as { version: unknown }).version,
);

function rootAbove(folder: string): string {
  const candidate = join(folder, 'package.json');
  const parent = dirname(folder);
  if (existsSync(candidate) || parent === folder) return folder;
  return rootAbove(parent);
}
