import 'server-only';
import { createHash } from 'node:crypto';
import type { Client } from '../dingtalk/client';
import { clientLinks } from '../dingtalk/client-links';
import { DingTalkError } from '../dingtalk/errors';
import { getNoticeResult, type NoticeMessage, sendNotice } from '../dingtalk/notices';
import type { DingTalkRequest } from '../dingtalk/request';
import { AppError } from '../errors';
import { type ClaimedTask, claimTask } from './notice-claim';
import { createNoticeQueue } from './notice-queue';
import type { NoticeStore, StoredNotice } from './notice-store';

/** Whose app it is, and where its pages are. */
export interface NoticeApp {
  corpId: string;
  agentId: string;
  publicUrl: string;
}

export interface SenderOptions {
  store: NoticeStore;
  client: Client;
  app: NoticeApp;
  /** Sends a call that counts. @throws AppError */
  counted<T>(send: (extras: Pick<DingTalkRequest<unknown>, 'onSend'>) => Promise<T>): Promise<T>;
  /** Waits some ms; sooner where something was put into the queue. */
  pause(ms: number): Promise<void>;
  onFailure?: (failure: { noticeId: string; task: number; problem: string; err: unknown }) => void;
}

/** DingTalk allows 20 calls a second; other processes send too. */
const SEND_EVERY_MS = 120;
const IDLE_MS = 15_000;
const AGAIN_AFTER_MS = 30_000;
/** Sent again while DingTalk may still be at the first one, both could be delivered. */
const UNSURE_FOR_MS = 90_000;

export function toMessage({ title, content, page }: StoredNotice, app: NoticeApp): NoticeMessage {
  return { title, text: content, links: clientLinks({ ...app, url: app.publicUrl + page }) };
}

/** What DingTalk compares. */
export function digestOf(notice: StoredNotice, app: NoticeApp): string {
  return createHash('sha256')
    .update(JSON.stringify(toMessage(notice, app)))
    .digest('base64url');
}

/** Sends what is in the queue, and fetches the results. */
export function createNoticeSender({ store, client, app, counted, pause, onFailure }: SenderOptions) {
  const queue = createNoticeQueue(store);
  const { now } = store;
  const { agentId } = app;

  async function send(task: ClaimedTask): Promise<void> {
    const message = toMessage(task.notice, app);
    try {
      const taskId = await counted((extras) =>
        sendNotice(client, { agentId, userIds: task.userIds, message }, extras),
      );
      await queue.sent(task, taskId);
    } catch (error) {
      await settleFailure(task, error);
    }
  }

  async function settleFailure(task: ClaimedTask, error: unknown): Promise<void> {
    const problem = error instanceof AppError ? error.problem : 'internal';
    onFailure?.({ noticeId: task.notice.id, task: task.number, problem, err: error });
    const cause = error instanceof AppError ? error.cause : error;
    if (!(cause instanceof DingTalkError)) {
      // Our own ceiling: nothing was sent. Anything else: the lease runs out.
      if (error instanceof AppError) await queue.failed(task, problem);
      return;
    }
    const passes = cause.isThrottled || cause.isBusy || !cause.detail.mayHaveHadEffect;
    if (passes) await queue.postponed(task, { dueAt: now() + AGAIN_AFTER_MS * task.attempts, problem });
    else if (cause.kind === 'rejected') await queue.failed(task, problem);
    else await queue.unsure(task, { dueAt: now() + UNSURE_FOR_MS * task.attempts, problem });
  }

  async function look(task: ClaimedTask): Promise<void> {
    const { taskId } = task;
    if (taskId === undefined) return;
    try {
      const result = await counted((extras) => getNoticeResult(client, { agentId, taskId }, extras));
      await queue.settle(task, result);
    } catch (error) {
      const problem = error instanceof AppError ? error.problem : 'internal';
      onFailure?.({ noticeId: task.notice.id, task: task.number, problem, err: error });
      await queue.looked(task);
    }
  }

  return {
    /**
     * Does what is due now.
     *
     * @returns when there is more to do, Unix time in ms; undefined: when something is put into the queue
     */
    async work(signal?: AbortSignal): Promise<number | undefined> {
      while (!signal?.aborted) {
        const claim = await claimTask(store, (notice) => digestOf(notice, app));
        if (!('task' in claim)) return claim.until;
        if (claim.task.work === 'send') await send(claim.task);
        else await look(claim.task);
        await pause(SEND_EVERY_MS);
      }
      return undefined;
    },

    /** Works until it is stopped. Never throws. @param onError told of what the queue itself fails with */
    async run(signal: AbortSignal, onError: (error: unknown) => void): Promise<void> {
      while (!signal.aborted) {
        const until = await this.work(signal).catch((error: unknown) => {
          onError(error);
          return undefined;
        });
        await pause(Math.max(1, Math.min(IDLE_MS, (until ?? Number.POSITIVE_INFINITY) - now())));
      }
    },
  };
}
