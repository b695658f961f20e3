import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type Emulator, startEmulator } from '../../../emulator/server';
import { createSyncStore } from '../../../lib/directory/sync/run-store';
import { sync } from '../../../lib/directory/sync/sync';
import { noticeReport, notify, planNotice, recall, startNotices } from '../../../lib/notices/notices';
import { closeAudit } from '../../../lib/storage/audit-log';
import { closeDatabases, directoryDatabase, openDatabases } from '../../../lib/storage/databases';
import { appEnv } from '../../support/app';
import { clientOf, FAST } from '../../support/directory';

/** What the author of a page calls, in this very process: the directory, the queue and DingTalk are real ones. */

let emulator: Emulator;
let queue: ReturnType<typeof startNotices>;
beforeAll(async () => {
  emulator = await startEmulator({ members: 130, enforceQps: false });
  const env = { ...appEnv(emulator, 'http://localhost:3000'), DINGTALK_AGENT_ID: emulator.agentId };
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  await openDatabases();
  const store = createSyncStore(directoryDatabase);
  await sync({ store, client: clientOf(emulator), startedBy: 'command', pace: FAST });
  queue = startNotices();
});
afterAll(async () => {
  queue.close();
  await closeAudit();
  await closeDatabases();
  await emulator.close();
});

const notice = (more: object) => ({ to: {}, title: '体检', text: '请预约时间', page: '/meetings', ...more });
const delivered = () => Object.keys(emulator.control.delivered());

test('a department with all below it gets a notice, each person once, and it is taken back from all of them', async () => {
  const [root] = emulator.company.departments.filter(
    ({ parentId }) => parentId === undefined || parentId === 0,
  );
  const everyone = emulator.company.people.map(({ userid }) => userid);
  const wanted = notice({ to: { departments: [root?.id ?? 1], members: everyone.slice(0, 5) } });
  const plan = await planNotice(wanted);
  expect([plan.receivers, plan.calls]).toEqual([everyone.length, { send: 2, result: 2 }]);
  const { id } = await notify(wanted, { by: 'hr' });
  await vi.waitFor(() => expect(delivered()).toHaveLength(everyone.length), 10_000);
  expect(new Set(delivered())).toEqual(new Set(everyone));
  await vi.waitFor(async () => expect((await noticeReport(id))!.counts).toEqual({ sent: everyone.length }));

  expect(await recall(id, { by: 'hr' })).toEqual({ recalled: 2, kept: 0 });
  expect(everyone.filter((userid) => emulator.control.notices(userid).length > 0)).toEqual([]);
  expect((await noticeReport(id))!.counts).toEqual({ recalled: everyone.length });
  // Nothing is left to take back.
  expect(await recall(id, { by: 'hr' })).toEqual({ recalled: 0, kept: 2 });
});

test('what is not known any more at DingTalk stays as it is', async () => {
  const { userid } = emulator.company.people[0]!;
  const { id } = await notify(notice({ to: { members: [userid] }, title: '二' }), { by: 'hr' });
  await vi.waitFor(async () => expect((await noticeReport(id))!.counts).toEqual({ sent: 1 }), 10_000);
  emulator.control.fault({
    endpoint: '/topapi/message/corpconversation/recall',
    fault: { kind: 'errcode', errcode: 400002 },
  });
  expect(await recall(id, { by: 'hr' })).toEqual({ recalled: 0, kept: 1 });
});

test.each([
  ['to', { to: { departments: [987654321] } }],
  ['title', { to: { members: ['a'] }, title: ' ' }],
  ['page', { to: { members: ['a'] }, page: 'https://evil.example/' }],
])('a notice with a wrong “%s” is refused before anything is kept', async (hint, more) => {
  const before = delivered().length;
  await expect(notify(notice(more), { by: 'hr' })).rejects.toMatchObject({ detail: { hint } });
  expect(delivered()).toHaveLength(before);
});
