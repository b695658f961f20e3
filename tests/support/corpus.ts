import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

interface Entry {
  id: string;
}

/** A corpus of hostile input, and the book that is kept of it: which entries ran, which cannot yet, and why. */
export interface Corpus<T extends Entry> {
  all: T[];
  /** What can be run now. */
  applying: T[];
  /** Defines a test of each entry that can be run; its name is the entry's id and what it is about. */
  each(about: (entry: T) => string, run: (entry: T) => Promise<void>): void;
  /** Defines the last tests: the numbers, each entry that cannot be run yet, each reasoned deviation. */
  report(numbers: { total: number; applying: number; deviations?: Record<string, string> }): void;
}

/** @param notYet entry id to the reason why nothing can be run */
export function openCorpus<T extends Entry>(name: string, notYet: Record<string, string> = {}): Corpus<T> {
  const file = new URL(`../corpora/${name}.json`, import.meta.url);
  const all = (JSON.parse(readFileSync(file, 'utf8')) as { entries: T[] }).entries;
  const applying = all.filter(({ id }) => !(id in notYet));
  const passed = new Set<string>();

  return {
    all,
    applying,
    each(about, run) {
      test.each(applying.map((entry) => [entry.id, about(entry), entry] as const))(
        '%s: %s',
        async (id, _about, entry) => {
          await run(entry);
          passed.add(id);
        },
      );
    },
    report({ total, applying: expected, deviations = {} }) {
      test(`counts: ${name}, ${expected} of ${total} entries apply and pass`, () => {
        expect({ total: all.length, applying: applying.length }).toEqual({ total, applying: expected });
        expect(applying.filter(({ id }) => !passed.has(id)).map(({ id }) => id)).toEqual([]);
      });
      const isEntry = (id: string) => expect(all.map((entry) => entry.id)).toContain(id);
      for (const [id, reason] of Object.entries(notYet)) test(`not yet: ${id}, ${reason}`, () => isEntry(id));
      for (const [id, reason] of Object.entries(deviations)) {
        test(`deviation: ${id}, ${reason}`, () => isEntry(id));
      }
    },
  };
}
