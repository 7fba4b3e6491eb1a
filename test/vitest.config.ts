/**
 * One configuration for every suite: two workers (the smallest machine we promise), a Postgres started once.
 */
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  root: fileURLToPath(new URL('..', import.meta.url)),
  test: {
    environment: 'node',
    include: ['test/**/*.test.{ts,tsx}'],
    globalSetup: ['test/support/global-setup.ts'],
    maxWorkers: 2,
    // A busy machine is no defect: what hangs is found by these, what is slow is not.
    testTimeout: 90_000,
    hookTimeout: 180_000,
  },
});
