import { expect, test } from 'vitest';
import { foldAlike } from '../../../lib/dal/admin-audit';
import type { WrittenLine } from '../../../lib/storage/audit-store';

let id = 1000;
const line = (more: Partial<WrittenLine>): WrittenLine => ({
  ...{ id: id--, at: 0, event: 'sign-in', count: 1 },
  ...more,
});
const many = (count: number, more: (at: number) => Partial<WrittenLine>) =>
  Array.from({ length: count }, (_, at) => line(more(at)));
const sizes = (lines: WrittenLine[]) => foldAlike(lines).map((group) => group.length);

test('ninety people whom one event ends are one group, with all of their lines', () => {
  const left = many(90, (at) => ({ event: 'person-ended', reason: 'left', by: 'event', userId: `u${at}` }));
  const [group, ...others] = foldAlike(left);
  expect(others).toEqual([]);
  expect(group).toEqual(left);
});

test('lines of one person, and of nobody known, are folded where they are alike', () => {
  const refused = { event: 'sign-in-refused', reason: 'not-member', detail: 'webview' } as const;
  expect(sizes(many(5, () => refused))).toEqual([5]);
  expect(sizes(many(4, () => ({ event: 'access-refused', userId: 'a', detail: '/admin' })))).toEqual([4]);
});

test('people who sign in one after another stay lines of their own, and so do those who sign out themselves', () => {
  expect(sizes(many(4, (at) => ({ userId: `u${at}`, detail: 'webview dingtalk-mac' })))).toEqual([
    1, 1, 1, 1,
  ]);
  const own = many(3, (at) => ({ event: 'sign-out', reason: 'signed-out', userId: `u${at}`, by: `u${at}` }));
  expect(sizes(own)).toEqual([1, 1, 1]);
});

test('what happened with long pauses between is no run', () => {
  const minute = 60_000;
  const left = (at: number) =>
    line({ event: 'person-ended', reason: 'left', by: 'event', userId: `u${at}`, at });
  expect(sizes([60, 50, 40, 30].map((minutes) => left(minutes * minute)))).toEqual([4]);
  expect(sizes([90, 60, 30, 0].map((minutes) => left(minutes * minute)))).toEqual([1, 1, 1, 1]);
  expect(sizes([99, 98, 97, 3, 2, 1].map((minutes) => left(minutes * minute)))).toEqual([3, 3]);
});

test('a group ends where something else comes between, or where anything differs; two are no group', () => {
  const ended = (more: Partial<WrittenLine>) =>
    many(3, (at) => ({ event: 'person-ended', reason: 'left', by: 'event', userId: `u${at}`, ...more }));
  expect(sizes([...ended({}), line({ userId: 'x' }), ...ended({})])).toEqual([3, 1, 3]);
  expect(sizes([...ended({}), ...ended({ reason: 'check' }), ...ended({ by: 'boss' })])).toEqual([3, 3, 3]);
  expect(sizes(ended({}).slice(1))).toEqual([1, 1]);
  expect(sizes([])).toEqual([]);
});
