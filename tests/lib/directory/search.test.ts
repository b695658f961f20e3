import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, test, vi } from 'vitest';
import { findPeople } from '../../../lib/directory/search';
import { syncStore } from '../../../lib/directory/sync/run-store';
import { directoryTree } from '../../../lib/directory/tree';
import { visibilityOf } from '../../../lib/directory/visibility';
import { openDatabases } from '../../../lib/storage/databases';
import { person, publishReading } from '../../support/directory-store-suite';

const ENV = {
  DATA_DIR: mkdtempSync(join(tmpdir(), 'dingpass-search-')),
  DINGTALK_CORP_ID: 'ding1',
  DINGTALK_CLIENT_ID: 'client',
  DINGTALK_CLIENT_SECRET: 'secret',
  PUBLIC_ORIGIN: 'http://127.0.0.1:3000',
  SESSION_KEYS: 'a:a-test-secret-of-more-than-32-characters-a',
};

const crowd = Array.from({ length: 4200 }, (_, n) => person(`crowd${n}`, { name: '王伟' }));
const staff = Array.from({ length: 70 }, (_, n) => person(`staff${n}`, { name: `李${n}号` }));

/** 1 → 10 → 11, 1 → 20, 1 → 30; their names are 部门 and the number. Who is in 30 sees 30 only. */
beforeAll(async () => {
  for (const [name, value] of Object.entries(ENV)) vi.stubEnv(name, value);
  await openDatabases();
  await publishReading(syncStore(), {
    tree: { 1: undefined, 10: 1, 11: 10, 20: 1, 30: 1, 40: 1 },
    people: {
      1: crowd,
      10: staff.slice(0, 60),
      11: staff.slice(40),
      20: staff.slice(0, 69),
      40: [...crowd.slice(0, 50), staff[50]!],
      30: [crowd[4199]!, person('guest', { name: '客' })],
    },
    rules: { 30: { restricted: true } },
  });
});

async function found(userId: string, terms: string[], limit = 100) {
  const tree = await directoryTree();
  const viewer = { userId, member: await syncStore().member(userId), roles: [] };
  const view = { tree, viewer, visibility: visibilityOf(tree, viewer, false) };
  const { people, isComplete } = await findPeople(view, terms, limit);
  return { ids: people.map(({ member }) => member.userId), isComplete };
}

const ids = (from: number, to?: number) => staff.slice(from, to).map(({ userId }) => userId);

test('a department’s name finds its people, then those of the departments below, each once', async () => {
  expect(await found('staff0', ['部门10'])).toEqual({ ids: ids(0), isComplete: true });
  expect(await found('staff0', ['部门10'], 65)).toEqual({ ids: ids(0, 65), isComplete: true });
});

test('two departments find who is in both, wherever they stand in them', async () => {
  expect(await found('staff0', ['部门11', '部门20'])).toEqual({ ids: ids(40, 69), isComplete: true });
  expect(await found('staff0', ['部门40', '部门20'], 21)).toEqual({ ids: ['staff50'], isComplete: true });
  expect(await found('staff0', ['部门20', '部门11', '李68'])).toEqual({ ids: ['staff68'], isComplete: true });
});

test('a department narrows a name, before or after it, and one above does too', async () => {
  for (const terms of [
    ['李65号', '部门11'],
    ['部门11', '李65号'],
    ['部门10', '65'],
  ]) {
    expect(await found('staff0', terms)).toEqual({ ids: ['staff65'], isComplete: true });
  }
  expect((await found('staff0', ['李5号', '部门11'])).ids).toEqual([]);
});

test('who sees few finds them behind any number of others', async () => {
  for (const terms of [['王伟'], ['ww'], ['王', '部门30']]) {
    expect(await found('guest', terms)).toEqual({ ids: ['crowd4199'], isComplete: true });
  }
  expect((await found('guest', ['王', '部门1'])).ids).toEqual([]);
});

test('nothing is found for nothing', async () => {
  expect(await found('staff0', [])).toEqual({ ids: [], isComplete: true });
});
