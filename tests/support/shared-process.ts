import { afterAll, expect, vi } from 'vitest';

// Before each of the test files that share a process: modules and singletons (`lib/singleton.ts`) of its own.
vi.resetModules();
for (const key of Object.getOwnPropertySymbols(globalThis)) {
  if (key.description?.startsWith('dingpass.')) delete (globalThis as Record<symbol, unknown>)[key];
}

const env = { ...process.env };
const { write } = process.stdout;

afterAll(() => {
  const changed = Object.keys({ ...env, ...process.env }).filter((name) => env[name] !== process.env[name]);
  const left = process.stdout.write === write ? changed : [...changed, 'process.stdout.write'];
  expect(left, 'left behind for the next file: see `CHANGES_PROCESS` in vitest.config.ts').toEqual([]);
});
