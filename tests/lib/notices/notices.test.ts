import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Emulator, startEmulator } from '../../../emulator/server';
import type { DingTalkOptions } from '../../../lib/dingtalk/client';
import { sendNotice } from '../../../lib/dingtalk/notices';
import { createTransport } from '../../../lib/dingtalk/transport';
import { type ClaimedTask, claimTask } from '../../../lib/notices/notice-claim';
import { createNoticeSender, digestOf, toMessage } from '../../../lib/notices/notice-sender';
import { createNoticeStore, type NoticeStore } from '../../../lib/notices/notice-store';
import { beijingDay, createCallCounter } from '../../../lib/storage/call-counter';
import type { Database } from '../../../lib/storage/database';
import { recordsMigrations } from '../../../lib/storage/migrations';
import { createMonthlyCalls } from '../../../lib/storage/monthly-calls';
import { createTestDatabase, ENGINES, type TestDatabase } from '../../support/databases';
import { createLine } from '../../support/dingtalk-client';

/** The queue with the emulator's DingTalk; time is the emulator's, and waiting moves it. */

const SEND = '/topapi/message/corpconversation/asyncsend_v2';
const RESULT = '/topapi/message/corpconversation/getsendresult';

let emulator: Emulator;
beforeAll(async () => {
  emulator = await startEmulator({ members: 250, enforceQps: false });
});
afterAll(() => emulator.close());
beforeEach(() => emulator.control.reset());

const nowOf = (of: Emulator) => () => Date.parse(of.control.clock().now);
const now = () => nowOf(emulator)();
/** To a time of day in Beijing. */
function advanceTo(time: string) {
  const wanted = Date.parse(`${new Date(now() + 8 * 3_600_000).toISOString().slice(0, 10)}T${time}+08:00`);
  emulator.control.advanceClock(wanted - now() + (wanted < now() ? 86_400_000 : 0));
}

/** Another process over the same database. */
async function startProcess(
  place: TestDatabase,
  {
    limit = 100_000,
    of = emulator,
    ...options
  }: { limit?: number; of?: Emulator } & Partial<DingTalkOptions> = {},
) {
  const db = await place.open(recordsMigrations);
  const app = { corpId: of.corpId, agentId: of.agentId, publicUrl: 'https://door.example.com' };
  const clock = nowOf(of);
  const store = createNoticeStore(db, clock);
  const calls = createMonthlyCalls({ counter: createCallCounter(db, clock), limit, now: clock });
  const pause = async (ms: number) => of.control.advanceClock(Math.ceil(ms));
  const failures: string[] = [];
  const { client } = createLine(of, { timeoutMs: 2000, ...options });
  const sender = createNoticeSender({
    store,
    app,
    client,
    counted: (send) => calls.counted('notices', send),
    pause,
    onFailure: ({ problem }) => failures.push(problem),
  });
  return { db, store, sender, calls, failures, app, client, pause };
}
type Process = Awaited<ReturnType<typeof startProcess>>;

let lastId = 0;
async function enqueue(
  { store, app }: Pick<Process, 'store' | 'app'>,
  userIds: readonly string[],
  more: { title?: string; wantsResult?: boolean } = {},
): Promise<string> {
  lastId += 1;
  const notice = {
    id: `notice-${lastId}`,
    title: more.title ?? '食堂',
    content: '今天有鱼',
    page: '/canteen?day=1',
  };
  const { wantsResult = true } = more;
  await store.enqueue({ ...notice, digest: digestOf(notice, app), by: 'zhang', wantsResult, userIds });
  return notice.id;
}
/** Everything that is due, now and later. */
async function drain({ sender, store, pause }: Pick<Process, 'sender' | 'store' | 'pause'>): Promise<void> {
  for (let until = await sender.work(); until !== undefined; until = await sender.work())
    await pause(Math.max(1, until - store.now()));
}
const everybody = () => emulator.company.people.map(({ userid }) => userid);
const outcomesOf = async (store: NoticeStore, id: string) => (await store.report(id))!.counts;

describe.each(ENGINES)('notices: %s', (engine) => {
  const opened: Database[] = [];
  let place: TestDatabase;
  let process: Process;
  async function another(limit?: number) {
    const one = await startProcess(place, limit === undefined ? {} : { limit });
    opened.push(one.db);
    return one;
  }
  beforeEach(async () => {
    place = await createTestDatabase(engine);
    process = await another();
    advanceTo('10:00');
  });
  afterEach(async () => {
    for (const db of opened.splice(0)) await db.close();
  });

  test('go out in tasks of a hundred, open their page on each client, and are settled by their results', async () => {
    const [first, ...others] = everybody();
    const id = await enqueue(process, [first!, ...others, 'nobody.known']);
    await process.sender.work();
    expect(emulator.control.calls().byEndpoint).toMatchObject({ [SEND]: 3 });
    expect(await outcomesOf(process.store, id)).toEqual({ sent: 251 });
    const [notice] = emulator.control.notices(first!);
    expect(notice).toMatchObject({ title: '食堂', text: '今天有鱼' });
    expect(notice!.url).toBe(`https://door.example.com/canteen?day=1&corpid=${emulator.corpId}`);
    const desktop = new URL(notice!.pcUrl!);
    expect(Object.fromEntries(desktop.searchParams)).toEqual({
      corpid: emulator.corpId,
      container_type: 'work_platform',
      app_id: `0_${emulator.agentId}`,
      redirect_type: 'jump',
      redirect_url: notice!.url,
    });
    emulator.control.readNotice(first!, notice!.taskId);
    await drain(process);
    expect(await outcomesOf(process.store, id)).toEqual({ read: 1, unread: 249, invalid: 1 });
    expect((await process.store.report(id))!.leftOut).toEqual([
      { userId: 'nobody.known', outcome: 'invalid', code: undefined },
    ]);
    expect((await process.calls.state()).byKind.notices).toBe(emulator.control.calls().counted);
    const [line] = await process.db.all('SELECT event, actor, detail, count FROM audit');
    expect(line).toEqual({ event: 'notice-sent', actor: 'zhang', detail: id, count: 251 });
  });

  test('the same content reaches a person once a day, and who is left out is named, before and after', async () => {
    const [a, b, c] = everybody();
    await enqueue(process, [a!, b!]);
    await drain(process);
    const notice = { id: '', title: '食堂', content: '今天有鱼', page: '/canteen?day=1' };
    const planned = await process.store.whoIsLeftOut([a!, b!, c!], digestOf(notice, process.app));
    expect(Object.fromEntries(planned)).toEqual({ [a!]: 'repeated', [b!]: 'repeated' });
    const again = await enqueue(process, [a!, b!, c!]);
    await drain(process);
    expect(await outcomesOf(process.store, again)).toEqual({ repeated: 2, unread: 1 });
    expect(emulator.control.notices(a!)).toHaveLength(1);
    advanceTo('10:00');
    const nextDay = await enqueue(process, [a!]);
    await drain(process);
    expect(await outcomesOf(process.store, nextDay)).toEqual({ unread: 1 });
  });

  test('what others of the app have sent is known from DingTalk’s result alone', async () => {
    const [a] = everybody();
    const elsewhere = await startProcess(await createTestDatabase(engine));
    opened.push(elsewhere.db);
    await enqueue(elsewhere, [a!]);
    await drain(elsewhere);
    const id = await enqueue(process, [a!]);
    await drain(process);
    expect((await process.store.report(id))!.leftOut).toEqual([
      { userId: a, outcome: 'refused', code: '143106' },
    ]);
  });

  test('nobody is sent more than 500 a day', async () => {
    const [a, b] = everybody();
    const { dialect } = process.db;
    const rows = Array.from({ length: 500 }, (_, at) => ({ digest: `content ${at}` }));
    await process.db.run(
      `INSERT INTO notice_reached (day, user_id, digest, notice_id)
       SELECT ?, ?, digest, 'another' FROM ${dialect.table('one', { digest: 'text' })}`,
      beijingDay(now()),
      a!,
      dialect.rows(rows),
    );
    const id = await enqueue(process, [a!, b!]);
    await drain(process);
    expect((await process.store.report(id))!.leftOut).toEqual([
      { userId: a, outcome: 'day-limit', code: undefined },
    ]);
    expect(emulator.control.delivered()).toEqual({ [b!]: 1 });
  });

  test('the answer to a sending is lost: sent again, it still comes once', async () => {
    const [a] = everybody();
    emulator.control.fault({ endpoint: SEND, fault: { kind: 'hangup', consumed: true } });
    const id = await enqueue(process, [a!]);
    await drain(process);
    expect(emulator.control.delivered()).toEqual({ [a!]: 1 });
    expect(await outcomesOf(process.store, id)).toEqual({ sent: 1 });
    expect(process.failures).toEqual(['unreachable']);
  });

  test.each([
    ['before it has sent', false],
    ['after it has sent', true],
  ])('the process dies %s: another one finishes, and each person has it once', async (_, isSent) => {
    const people = everybody();
    const id = await enqueue(process, people);
    const claim = await claimTask(process.store, (notice) => digestOf(notice, process.app));
    const { notice, userIds } = (claim as { task: ClaimedTask }).task;
    const message = toMessage(notice, process.app);
    if (isSent) await sendNotice(process.client, { agentId: emulator.agentId, userIds, message });
    const next = await another();
    await next.sender.work();
    expect(await outcomesOf(next.store, id)).toEqual({ waiting: 100, sent: 150 });
    await drain(next);
    const delivered = emulator.control.delivered();
    expect(people.map((userid) => delivered[userid])).toEqual(people.map(() => 1));
    expect(await outcomesOf(next.store, id)).toEqual(isSent ? { sent: 100, unread: 150 } : { unread: 250 });
  });

  test.each([
    ['on another day', '23:58', 2 * 3_600_000],
    ['when the day is nearly over', '23:52', 120_000],
  ])('what may have been sent is not sent again %s: it is marked as unknown', async (_, time, laterMs) => {
    const [a, b] = everybody();
    advanceTo(time);
    emulator.control.fault({ endpoint: SEND, fault: { kind: 'hangup', consumed: true } });
    const id = await enqueue(process, [a!, b!]);
    await process.sender.work();
    emulator.control.advanceClock(laterMs);
    await drain(process);
    expect(emulator.control.delivered()).toEqual({ [a!]: 1, [b!]: 1 });
    expect(await outcomesOf(process.store, id)).toEqual({ unknown: 2 });
  });

  test('what was certainly not sent is sent on the next day', async () => {
    const [a] = everybody();
    advanceTo('23:59');
    emulator.control.fault({ endpoint: SEND, times: 3, fault: { kind: 'errcode', errcode: 90002 } });
    const id = await enqueue(process, [a!]);
    await drain(process);
    expect(emulator.control.delivered()).toEqual({ [a!]: 1 });
    expect(await outcomesOf(process.store, id)).toEqual({ unread: 1 });
  });

  test('a refusal that nobody can wait for fails it, and says why', async () => {
    const [a] = everybody();
    emulator.control.fault({ endpoint: SEND, fault: { kind: 'errcode', errcode: 40056 } });
    const id = await enqueue(process, [a!]);
    await drain(process);
    const report = (await process.store.report(id))!;
    expect([report.counts, report.problems]).toEqual([{ failed: 1 }, ['agent-refused']]);
    // The same content may go out when it is mended.
    const again = await enqueue(process, [a!]);
    await drain(process);
    expect(await outcomesOf(process.store, again)).toEqual({ unread: 1 });
  });

  test('the month’s ceiling stops it, here and at DingTalk', async () => {
    const people = everybody();
    const poor = await another(2);
    const id = await enqueue(poor, people);
    await drain(poor);
    const report = (await poor.store.report(id))!;
    expect([report.counts, report.problems]).toEqual([{ sent: 200, failed: 50 }, ['calls-spent']]);
    emulator.control.settings({ monthlyCalls: emulator.control.calls().counted });
    const other = await enqueue(process, people.slice(0, 1), { title: '另一条' });
    await drain(process);
    expect((await process.store.report(other))!.problems).toEqual(['calls-spent']);
  });

  test('a result that is late is fetched again, three times at most', async () => {
    const [a] = everybody();
    const empty = { send_result: { read_user_id_list: [], unread_user_id_list: [] }, errcode: 0 };
    emulator.control.fault({
      endpoint: RESULT,
      times: 'always',
      fault: { kind: 'json', status: 200, body: empty },
    });
    const id = await enqueue(process, [a!]);
    await drain(process);
    expect(emulator.control.calls().byEndpoint[RESULT]).toBe(3);
    expect(await outcomesOf(process.store, id)).toEqual({ sent: 1 });
  });

  test('is forgotten after its time, and what people got with it', async () => {
    const [a] = everybody();
    const id = await enqueue(process, [a!]);
    await drain(process);
    emulator.control.advanceClock(5 * 86_400_000);
    await process.store.prune(now() - 86_400_000);
    expect(await process.store.report(id)).toBeNull();
    expect(await process.db.all('SELECT * FROM notice_reached')).toEqual([]);
    expect(await process.db.all('SELECT * FROM notice_receiver')).toEqual([]);
  });
});

test('10,000 people, with duplicates, limits and a crash in the middle: each once, everybody left out is named', async () => {
  const big = await startEmulator({ members: 10_000, enforceQps: false });
  const place = await createTestDatabase('file');
  const people = big.company.people.map(({ userid }) => userid);
  const strangers = Array.from({ length: 50 }, (_, at) => `left.long.ago${at}`);
  // Of some DingTalk knows that they had it, or had enough, of others we do.
  const send = createTransport();
  let sendings = 0;
  const dying = await startProcess(place, {
    of: big,
    // The forty-first reaches DingTalk, and its process is no more.
    transport: async (request) => {
      const answer = await send(request);
      if (request.url.pathname === SEND && ++sendings > 40) await new Promise(() => {});
      return answer;
    },
  });
  await enqueue(dying, people.slice(0, 300), { wantsResult: false });
  const id = await enqueue(dying, [...people, ...strangers]);
  void dying.sender.work();
  await vi.waitFor(() => expect(sendings).toBe(41), 30_000);
  const next = await startProcess(place, { of: big });
  const other = await startProcess(await createTestDatabase('file'), { of: big });
  await enqueue(other, people.slice(9000, 9100), { wantsResult: false });
  await drain(other);
  await drain(next);
  const delivered = big.control.delivered();
  expect(people.filter((userid) => delivered[userid] !== 1)).toEqual([]);
  const report = (await next.store.report(id))!;
  const leftOut: Record<string, number> = {};
  for (const { outcome, code = '' } of report.leftOut)
    leftOut[`${outcome} ${code}`] = (leftOut[`${outcome} ${code}`] ?? 0) + 1;
  expect(leftOut).toEqual({ 'invalid ': 50, 'repeated ': 300, 'refused 143106': 100 });
  const total = Object.values(report.counts).reduce((sum, count) => sum + count, 0);
  expect(total).toBe(10_050);
  expect((await next.calls.state()).used).toBe(big.control.calls().counted - 1);
  await Promise.all([dying.db, next.db, other.db].map((db) => db.close()));
  await big.close();
});
