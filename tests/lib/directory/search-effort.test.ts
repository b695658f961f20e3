import { expect, test } from 'vitest';
import { parseQuery, planSearch } from '../../../lib/directory/search-query';
import { createSyncStore } from '../../../lib/directory/sync/run-store';
import type { Database } from '../../../lib/storage/database';
import { openDirectory } from '../../support/directory-file';
import { person, publishReading } from '../../support/directory-store-suite';

/** A database that writes down what it is asked. */
function listening(db: Database): { db: Database; asked: string[] } {
  const asked: string[] = [];
  const all: Database['all'] = (sql, ...values) => {
    asked.push(sql);
    return db.all(sql, ...values);
  };
  const get: Database['get'] = (sql, ...values) => {
    asked.push(sql);
    return db.get(sql, ...values);
  };
  return { db: { ...db, all, get }, asked };
}

const SECRET = { name: '覃密', title: '并购顾问', jobNumber: 'M0007', mobile: '13911112222' };

test('a search for somebody hidden is as much work as one for nobody, so that its time tells nothing', async () => {
  const { db, asked } = listening(await openDirectory());
  const store = createSyncStore(() => db);
  const crowd = Array.from({ length: 300 }, (_, n) => person(`p${n}`, { name: '王伟', title: '专员' }));
  await publishReading(store, {
    tree: { 1: undefined, 10: 1 },
    people: { 1: crowd, 10: [person('Secret01', SECRET)] },
  });
  const effortFor = async (typed: string, within?: { departmentIds: number[]; userIds: string[] }) => {
    asked.length = 0;
    const plan = planSearch(parseQuery(typed).terms.join(' '), false);
    const { people, isComplete } = await store.find(plan, {
      accepts: ({ member }) => member.userId !== 'Secret01',
      limit: 21,
      within,
    });
    return { people: people.length, isComplete, asked: [...asked] };
  };
  // Each beside a text of the same kind that nobody has.
  for (const [hidden, nobody] of [
    ['并购顾问', '并购顾间'],
    ['并购', '购并'],
    ['覃密', '覃蜜'],
    ['tanmi', 'tanxi'],
    ['qm', 'qx'],
    ['M0007', 'M0008'],
    ['2222', '2223'],
    ['Secret01', 'Secret02'],
    ['并购 覃', '并购 钱'],
  ]) {
    for (const within of [undefined, { departmentIds: [10], userIds: [] }]) {
      const effort = await effortFor(nobody!, within);
      expect({ hidden, ...(await effortFor(hidden!, within)) }).toEqual({ hidden, ...effort });
      expect(effort).toMatchObject({ people: 0, isComplete: true });
      // Each is a way to the server and back.
      expect(effort.asked.length).toBeLessThanOrEqual(5);
    }
  }
});
