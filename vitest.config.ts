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
    include: ['tests/**/*.test.ts'],
    globalSetup: ['tests/support/global-setup.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // One file at a time: most of them start servers and browsers of their own, and many measure how long an answer
    // takes. On two cores, two such files at once would measure each other.
    fileParallelism: false,
  },
});
