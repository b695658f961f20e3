import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  resolve: {
    alias: {
      '@': here('.'),
      // The guard throws outside a React server bundle; the tests are the server.
      'server-only': here('./tests/support/server-only.ts'),
    },
  },
  test: {
    testTimeout: 30_000,
    hookTimeout: 60_000,
    projects: [
      {
        extends: true,
        test: {
          name: 'units',
          include: ['tests/{lib,emulator}/**/*.test.ts', 'tests/{architecture,docs}.test.ts'],
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'served',
          globalSetup: ['tests/support/global-setup.ts'],
          include: ['tests/{app,browser,reliability}/**/*.test.ts', 'tests/bench.test.ts'],
          // One file at a time: they start servers and browsers of their own, and many measure how long an answer
          // takes. On two cores, two such files at once would measure each other.
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
