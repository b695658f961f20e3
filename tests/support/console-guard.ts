import { afterEach, beforeEach, expect } from 'vitest';

const METHODS = ['debug', 'error', 'info', 'log', 'trace', 'warn'] as const;
const written: string[] = [];

for (const method of METHODS) {
  console[method] = (...values: unknown[]) =>
    void written.push(`console.${method}: ${values.map(String).join(' ')}`);
}
process.on('warning', ({ name, message }) => written.push(`${name}: ${message}`));

/** What was written to the console since the last call. A test that expects output takes it. */
export function takeConsoleOutput(): string[] {
  return written.splice(0);
}

const expectSilence = () => expect(takeConsoleOutput(), 'unexpected output on the console').toEqual([]);

// The first finds what was written while the file was loaded or by its `beforeAll`.
beforeEach(expectSilence);
afterEach(expectSilence);
