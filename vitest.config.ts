import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** Tests of the built app that measure time, memory or processor, or keep the machine busy: one at a time. */
const TIMED = [
  'tests/reliability/**/*.test.ts',
  'tests/app/{events,floods,revocation,slow-bodies,strangers,surface}.test.ts',
  'tests/bench.test.ts',
];

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
          include: ['tests/{lib,emulator}/**/*.test.ts', 'tests/*.test.ts'],
          exclude: TIMED,
          setupFiles: ['tests/support/console-guard.ts'],
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'served',
          globalSetup: ['tests/support/global-setup.ts'],
          include: ['tests/{app,browser}/**/*.test.ts'],
          exclude: TIMED,
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: 'timed',
          globalSetup: ['tests/support/global-setup.ts'],
          include: TIMED,
          fileParallelism: false,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
