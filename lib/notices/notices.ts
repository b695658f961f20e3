import 'server-only';
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { config } from '../config';
import { DingTalkError } from '../dingtalk/errors';
import { fitsNotice, RECEIVERS_PER_TASK, recallNotice } from '../dingtalk/notices';
import { dingTalkClient } from '../dingtalk-client';
import { toAppError } from '../dingtalk-problems';
import { directoryStore } from '../directory/store';
import { directoryTree } from '../directory/tree';
import { AppError } from '../errors';
import { safeReturnTo } from '../http/return-to';
import { log } from '../log';
import { outsideRequest, singleton } from '../singleton';
import { record } from '../storage/audit-log';
import { recordsDatabase } from '../storage/databases';
import { monthlyCalls } from '../storage/monthly-calls';
import { createNoticeSender, digestOf, type NoticeApp, toMessage } from './notice-sender';
import { createNoticeStore, type NoticeReport, type Receiver } from './notice-store';

/** A work notification of this app. */
export interface Notice {
  to: {
    /** User ids. */
    members?: readonly string[];
    /** With everything below them, as the directory knows them now. */
    departments?: readonly number[];
  };
  /** At most 50 characters. */
  title: string;
  /** Clients show three lines. Two notices with the same title, text and page on one day reach a person once. */
  text: string;
  /** A page of this app, such as `/meetings`: it opens in the client, signed in. */
  page: string;
  /** Whether it is fetched later who was left out and who has read it: a call that counts for each 100 people. Default true. */
  withResult?: boolean;
}

/** What sending a notice would come to, as far as it is known now. */
export interface NoticePlan {
  receivers: number;
  /** Calls that count: sendings, and at least as many results. */
  calls: { send: number; result: number };
  /** Calls that this month has left. */
  callsLeft: number;
  /** Who would get nothing: DingTalk would leave them out without a word. */
  leftOut: Pick<Receiver, 'userId' | 'outcome'>[];
}

/** DingTalk gives results, and takes messages back, for so long. */
const RESULT_LIFE_MS = 86_400_000;
const PRUNE_EVERY_MS = 3_600_000;
const PAGE = 1000;

const store = singleton('notices', () => createNoticeStore(recordsDatabase()));
const waker = singleton('notices-waker', () => ({ wake: (): void => undefined }));

/** @throws AppError `agent-id-missing` */
function noticeApp(): NoticeApp {
  const { corpId, agentId, publicUrl } = config();
  if (agentId === undefined) throw new AppError('agent-id-missing');
  return { corpId, agentId, publicUrl };
}

/** @throws AppError `notice-invalid` with the field as `hint` */
function check({ title, text, page }: Notice, app: NoticeApp) {
  const fail = (hint: string) => new AppError('notice-invalid', { hint });
  if (title.trim() === '') throw fail('title');
  if (text.trim() === '') throw fail('text');
  if (safeReturnTo(page) !== page) throw fail('page');
  const notice = { id: '', title: title.trim(), content: text.trim(), page };
  if (!fitsNotice(toMessage(notice, app))) throw fail(notice.title.length > 50 ? 'title' : 'text');
  return notice;
}

async function receiversOf({ members = [], departments = [] }: Notice['to']): Promise<string[]> {
  const found = new Set(members);
  const tree = departments.length > 0 ? await directoryTree() : undefined;
  for (const id of tree?.withBelow([...departments]) ?? []) {
    for (let offset = 0, full = true; full; offset += PAGE) {
      const page = await directoryStore().membersOf(id, { offset, limit: PAGE });
      for (const { userId } of page) found.add(userId);
      full = page.length === PAGE;
    }
  }
  return [...found];
}

/**
 * What {@link notify} would do, without doing it.
 *
 * @throws AppError `agent-id-missing`, `notice-invalid`
 */
export async function planNotice(notice: Notice): Promise<NoticePlan> {
  const app = noticeApp();
  const checked = check(notice, app);
  const userIds = await receiversOf(notice.to);
  const leftOut = await store().whoIsLeftOut(userIds, digestOf(checked, app));
  const send = Math.ceil(userIds.length / RECEIVERS_PER_TASK);
  const { left } = await monthlyCalls().state();
  return {
    receivers: userIds.length,
    calls: { send, result: notice.withResult === false ? 0 : send },
    callsLeft: left,
    leftOut: [...leftOut].map(([userId, outcome]) => ({ userId, outcome })),
  };
}

/**
 * Sends a work notification, soon: it is in a queue that outlives the process. Each person gets it once, or is named in
 * the {@link noticeReport}.
 *
 * @param by who sends it: a user id, or a part of the app; for the audit
 * @returns the id for report and recall
 * @throws AppError `agent-id-missing`, `notice-invalid`, `calls-spent` where the month has fewer calls left than it takes
 */
export async function notify(
  notice: Notice,
  { by }: { by: string },
): Promise<{ id: string; plan: NoticePlan }> {
  const app = noticeApp();
  const checked = check(notice, app);
  const plan = await planNotice(notice);
  if (plan.receivers === 0) throw new AppError('notice-invalid', { hint: 'to' });
  if (plan.calls.send + plan.calls.result > plan.callsLeft) throw new AppError('calls-spent');
  const id = randomUUID();
  await store().enqueue({
    ...checked,
    id,
    digest: digestOf(checked, app),
    by,
    wantsResult: notice.withResult !== false,
    userIds: await receiversOf(notice.to),
  });
  waker().wake();
  return { id, plan };
}

/** How a notice stands; null where there is none such. */
export function noticeReport(id: string): Promise<NoticeReport | null> {
  return store().report(id);
}

/**
 * Takes a notice back, from those too who have it, for 24 hours. One call that counts for each 100 people.
 *
 * @returns tasks that were taken back, and those that could not be
 * @throws AppError `calls-spent`, what DingTalk refused
 */
export async function recall(
  id: string,
  { by }: { by: string },
): Promise<{ recalled: number; kept: number }> {
  const { agentId } = noticeApp();
  let recalled = 0;
  const tasks = await store().tasksOf(id);
  for (const { number, state, task_id, sent_at } of tasks) {
    if (state === 'waiting' && (await store().markRecalled(id, number, 'waiting'))) recalled++;
    if (state !== 'sent' || task_id === null || Date.now() - (sent_at ?? 0) > RESULT_LIFE_MS) continue;
    try {
      await monthlyCalls().counted('notices', (extras) =>
        recallNotice(dingTalkClient(), { agentId, taskId: task_id }, extras),
      );
    } catch (error) {
      const cause = error instanceof AppError ? error.cause : error;
      // DingTalk does not know it any more.
      if (cause instanceof DingTalkError && cause.code === '400002') continue;
      throw toAppError(error);
    }
    if (await store().markRecalled(id, number, 'sent')) recalled++;
  }
  record({ event: 'notice-recalled', by, detail: id, count: Math.max(1, recalled) });
  return { recalled, kept: tasks.length - recalled };
}

/** Sends what is in the queue, from an earlier process too, until it is closed. */
export function startNotices(): { close(): void } {
  if (config().agentId === undefined) return { close: () => undefined };
  const stopped = new AbortController();
  let woken = new AbortController();
  waker().wake = () => woken.abort();
  const sender = createNoticeSender({
    store: store(),
    client: dingTalkClient(),
    app: noticeApp(),
    counted: (send) => monthlyCalls().counted('notices', send),
    async pause(ms) {
      const signal = AbortSignal.any([stopped.signal, woken.signal]);
      await delay(ms, undefined, { ref: false, signal }).catch(() => undefined);
      if (woken.signal.aborted) woken = new AbortController();
    },
    onFailure: (failure) => log().warn({ event: 'notice', ...failure }),
  });
  const prune = () =>
    store()
      .prune(Date.now() - config().auditDays * 86_400_000)
      .catch((error: unknown) => log().error({ event: 'notices', err: error }));
  const pruning = setInterval(prune, PRUNE_EVERY_MS).unref();
  void outsideRequest(() =>
    sender.run(stopped.signal, (error) => log().error({ event: 'notices', err: error })),
  );
  return {
    close() {
      clearInterval(pruning);
      stopped.abort();
    },
  };
}
