/** Real programs against the broker: `npm run test:programs`. Apart from `npm test`, because they need a Node of their own. */
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  root: fileURLToPath(new URL('../..', import.meta.url)),
  test: {
    environment: 'node',
    include: ['test/programs/*.program.ts'],
    globalSetup: ['test/programs/install.ts'],
    maxWorkers: 1,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
