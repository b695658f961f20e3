import { expect, test } from 'vitest';
import type { Migration } from '../../../lib/storage/migrations';
import { ENGINES, openTestDatabase } from '../../support/databases';

const ROWS = 8000;
/** Which rows have a word, however it is spread: of these the first ones are asked for. */
const WORDS: Record<string, (id: number) => boolean> = {
  every: () => true,
  many: (id) => id % 20 === 0,
  some: (id) => id % 150 === 0,
  few: (id) => id % 2500 === 0,
  last: (id) => id > ROWS - 30,
  clustered: (id) => id <= 10 || id > ROWS - 300,
  one: (id) => id === 7777,
  none: () => false,
};
const TABLE: Migration = { name: 'full-text', sql: ({ fullText }) => fullText.create('directory_words') };

test.for(ENGINES)(
  'the rows that match come in their order, and too few only at the end, on %s',
  async (engine) => {
    const db = await openTestDatabase(engine, [TABLE]);
    const { fullText, table, rows } = db.dialect;
    try {
      const words = Array.from({ length: ROWS }, (_, at) => at + 1).map((id) => {
        const own = Object.keys(WORDS).filter((word) => WORDS[word]!(id));
        return { id, words: fullText.document(own, []) };
      });
      await db.transaction((tx) =>
        tx.run(
          `INSERT INTO directory_words (rowid, words)
         SELECT t.id, ${fullText.words('t.words')} FROM ${table('t', { id: 'integer', words: 'text' })}`,
          rows(words),
        ),
      );
      for (const [word, has] of Object.entries(WORDS)) {
        const query = fullText.query([[{ tokens: [word], goesOn: false }]]);
        for (const after of [0, 700, 7000]) {
          const wanted = words.map(({ id }) => id).filter((id) => id > after && has(id));
          const { sql, values } = fullText.next('directory_words', query, { after, enough: 21, limit: 100 });
          const ids = (await db.all<{ id: number }>(sql, ...values)).map(({ id }) => id);
          expect({ word, after, ids }).toEqual({ word, after, ids: wanted.slice(0, ids.length) });
          expect(ids.length).toBeGreaterThanOrEqual(Math.min(21, wanted.length));
          expect(ids.length).toBeLessThanOrEqual(100);
        }
      }
    } finally {
      await db.close();
    }
  },
);
