import { expect, test } from 'vitest';
import { createCallBudget } from '../../../lib/dal/call-budget';

function budget() {
  let now = 0;
  return { ...createCallBudget(() => now), pass: (seconds: number) => (now += seconds * 1000) };
}

/** How often a member may ask when they try once every so many seconds. */
function tries(
  { take, pass }: ReturnType<typeof budget>,
  userId: string,
  count: number,
  every: number,
): number {
  let taken = 0;
  for (let tried = 0; tried < count; tried++) {
    if (take(userId)) taken++;
    pass(every);
  }
  return taken;
}

test("a member's pages ask DingTalk at most 15 times a minute, and 300 times a day", () => {
  expect(tries(budget(), 'zhang', 600, 0.1)).toBe(15);
  const long = budget();
  expect(tries(long, 'zhang', 86_400, 1)).toBe(300);
  expect(long.take('zhang')).toBe(true);
});

test('all pages together ask at most 4 times a second and 3600 times an hour', () => {
  const crowd = budget();
  const everybody = (people: number) =>
    Array.from({ length: people }, (_, at) => crowd.take(`person-${at}`)).filter(Boolean).length;
  expect(everybody(1000)).toBe(4);
  let taken = 4;
  for (let second = 1; second < 3600; second++) {
    crowd.pass(1);
    taken += [0, 1, 2, 3, 4].filter((at) => crowd.take(`${second}-${at}`)).length;
  }
  expect(taken).toBe(3600);
});

test('whoever has spent their own part takes nothing from the others', () => {
  const shared = budget();
  tries(shared, 'zhang', 20, 0.3);
  shared.pass(1);
  for (let tried = 0; tried < 100; tried++) expect(shared.take('zhang')).toBe(false);
  expect(shared.take('li')).toBe(true);
});
