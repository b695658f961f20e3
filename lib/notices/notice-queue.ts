import 'server-only';
import type { NoticeResult } from '../dingtalk/notices';
import { beijingDay } from '../storage/call-counter';
import type { Statements } from '../storage/database';
import type { ClaimedTask } from './notice-claim';
import { moveReceivers, type NoticeStore } from './notice-store';

/** When a result is fetched: right after the sending it is not there yet. */
const LOOK_AFTER_MS = [60_000, 600_000, 3_600_000];

/** What became of tasks. @see notice-claim.ts for whose turn it is */
export function createNoticeQueue({ db, now }: Pick<NoticeStore, 'db' | 'now'>) {
  return {
    /** DingTalk has taken it. */
    sent: (task: ClaimedTask, taskId: number | undefined): Promise<void> =>
      db.transaction((tx) => noteSent(tx, task, { taskId, at: now() })),

    /** It was certainly not sent this time. */
    postponed: (task: ClaimedTask, retry: Retry): Promise<void> =>
      db.transaction((tx) => postpone(tx, task, { ...retry, at: now() })),

    /** It may have been sent: as for a process that died, its lease runs out and the rules decide. */
    async unsure(task: ClaimedTask, { dueAt, problem }: Retry): Promise<void> {
      await db.run(
        'UPDATE notice_task SET due_at = ?, problem = ? WHERE notice_id = ? AND number = ?',
        dueAt,
        problem,
        ...keyOf(task),
      );
    },

    /** It is not going to be sent. */
    failed: (task: ClaimedTask, problem: string): Promise<void> =>
      db.transaction((tx) => noteFailed(tx, task, { problem, at: now() })),

    /** What DingTalk says became of it. @returns whether it says so of all recipients */
    async settle(task: ClaimedTask, result: NoticeResult): Promise<boolean> {
      const told = new Set([
        ...result.read,
        ...result.unread,
        ...result.invalid,
        ...result.failed,
        ...result.refused.map(({ userId }) => userId),
      ]);
      const isWhole = task.userIds.every((userId) => told.has(userId));
      await db.transaction(async (tx) => {
        await moveAsTold(tx, task, result);
        await noteLook(tx, task, { isLast: isWhole, at: now() });
      });
      return isWhole;
    },

    /** A result could not be fetched. */
    looked: (task: ClaimedTask): Promise<void> => noteLook(db, task, { isLast: false, at: now() }),
  };
}

/** When a task is tried again, and why it has to be. */
interface Retry {
  dueAt: number;
  problem: string;
}

function keyOf({ notice, number }: ClaimedTask): [string, number] {
  return [notice.id, number];
}

async function noteSent(
  tx: Statements,
  task: ClaimedTask,
  { taskId, at }: { taskId: number | undefined; at: number },
): Promise<void> {
  const looksAt = task.wantsResult && taskId !== undefined ? at + LOOK_AFTER_MS[0]! : null;
  await tx.run(
    `UPDATE notice_task SET state = 'sent', sent_at = ?, task_id = ?, problem = NULL, due_at = ?
     WHERE notice_id = ? AND number = ?`,
    at,
    taskId ?? null,
    looksAt,
    ...keyOf(task),
  );
  await moveReceivers(tx, { id: task.notice.id, number: task.number, from: ['waiting'], to: 'sent' });
}

async function postpone(
  tx: Statements,
  task: ClaimedTask,
  { dueAt, problem, at }: Retry & { at: number },
): Promise<void> {
  const state = task.isRepeated ? 'sending' : 'waiting';
  await tx.run(
    'UPDATE notice_task SET state = ?, due_at = ?, attempted_at = NULL, problem = ? WHERE notice_id = ? AND number = ?',
    state,
    dueAt,
    problem,
    ...keyOf(task),
  );
  // Another notice of the same content may go first now.
  if (!task.isRepeated) await forgetReached(tx, task, beijingDay(at));
}

async function noteFailed(
  tx: Statements,
  task: ClaimedTask,
  { problem, at }: { problem: string; at: number },
): Promise<void> {
  await tx.run(
    "UPDATE notice_task SET state = 'failed', due_at = NULL, problem = ? WHERE notice_id = ? AND number = ?",
    problem,
    ...keyOf(task),
  );
  const to = task.isRepeated ? 'unknown' : 'failed';
  await moveReceivers(tx, { id: task.notice.id, number: task.number, from: ['waiting'], to });
  if (!task.isRepeated) await forgetReached(tx, task, beijingDay(at));
}

async function moveAsTold(tx: Statements, task: ClaimedTask, result: NoticeResult): Promise<void> {
  const of = { id: task.notice.id, number: task.number, from: ['sent', 'unread', 'read'] };
  for (const outcome of ['unread', 'read', 'invalid', 'failed'] as const) {
    await moveReceivers(tx, { ...of, to: outcome, userIds: result[outcome] });
  }
  for (const [code, userIds] of byCode(result.refused)) {
    // Left out of a repetition as having it already: the attempt before has reached them.
    const hasIt = code === '143106' && task.attempts > 1;
    await moveReceivers(tx, { ...of, to: hasIt ? 'sent' : 'refused', userIds, code: code ?? null });
  }
}

/** A result was asked for. @param isLast it is not asked for again */
async function noteLook(
  on: Statements,
  task: ClaimedTask,
  { isLast, at }: { isLast: boolean; at: number },
): Promise<void> {
  const next = isLast ? undefined : LOOK_AFTER_MS[task.looks + 1];
  await on.run(
    'UPDATE notice_task SET looks = looks + 1, due_at = ? WHERE notice_id = ? AND number = ?',
    next === undefined ? null : at + next,
    ...keyOf(task),
  );
}

async function forgetReached(tx: Statements, { notice, userIds }: ClaimedTask, day: string): Promise<void> {
  await tx.run(
    `DELETE FROM notice_reached WHERE day = ? AND notice_id = ? AND ${tx.dialect.isIn('user_id')}`,
    day,
    notice.id,
    tx.dialect.list(userIds),
  );
}

function byCode(refused: NoticeResult['refused']): Map<string | undefined, string[]> {
  const groups = new Map<string | undefined, string[]>();
  for (const { userId, code } of refused) groups.set(code, [...(groups.get(code) ?? []), userId]);
  return groups;
}
