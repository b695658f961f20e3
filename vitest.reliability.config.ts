import { defineConfig } from 'vitest/config';
import base from './vitest.config.ts';

/** The long runs alone, one after the other; `npm test` has a short version of each. */
export default defineConfig({
  ...base,
  test: {
    ...base.test,
    include: ['tests/reliability/**/*.test.ts'],
    env: { RELIABILITY: process.env.RELIABILITY ?? 'long' },
    fileParallelism: false,
  },
});
