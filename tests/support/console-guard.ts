import { afterAll, afterEach, beforeEach, expect } from 'vitest';

const METHODS = ['debug', 'error', 'info', 'log', 'trace', 'warn'] as const;
const written: string[] = [];

for (const method of METHODS) {
  console[method] = (...values: unknown[]) =>
    void written.push(`console.${method}: ${values.map(String).join(' ')}`);
}
const onWarning = ({ name, message }: Error) => written.push(`${name}: ${message}`);
process.on('warning', onWarning);
afterAll(() => void process.off('warning', onWarning));

/** What was written to the console since the last call. A test that expects output takes it. */
export function takeConsoleOutput(): string[] {
  return written.splice(0);
}

const expectSilence = () => expect(takeConsoleOutput(), 'unexpected output on the console').toEqual([]);

// The first finds what was written while the file was loaded or by its `beforeAll`.
beforeEach(expectSilence);
afterEach(expectSilence);
