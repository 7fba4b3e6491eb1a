/** Where the migrations of each engine lie: beside package.json, found upwards from `src/` and from `dist/` alike. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export function migrationsFolder(dialect: 'sqlite' | 'postgres'): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) {
    if (folder === dirname(folder)) throw new Error('the package of the broker was not found above its own code');
    folder = dirname(folder);
  }
  return join(folder, 'migrations', dialect);
}
