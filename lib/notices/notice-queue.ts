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
  const key = ({ notice, number }: ClaimedTask): [string, number] => [notice.id, number];

  return {
    /** DingTalk has taken it. */
    sent(task: ClaimedTask, taskId: number | undefined): Promise<void> {
      return db.transaction(async (tx) => {
        const looksAt = task.wantsResult && taskId !== undefined ? now() + LOOK_AFTER_MS[0]! : null;
        await tx.run(
          `UPDATE notice_task SET state = 'sent', sent_at = ?, task_id = ?, problem = NULL, due_at = ?
           WHERE notice_id = ? AND number = ?`,
          now(),
          taskId ?? null,
          looksAt,
          ...key(task),
        );
        await moveReceivers(tx, { id: task.notice.id, number: task.number, from: ['waiting'], to: 'sent' });
      });
    },

    /** It was certainly not sent this time. */
    async postponed(
      task: ClaimedTask,
      { dueAt, problem }: { dueAt: number; problem: string },
    ): Promise<void> {
      await db.transaction(async (tx) => {
        const state = task.isRepeated ? 'sending' : 'waiting';
        await tx.run(
          'UPDATE notice_task SET state = ?, due_at = ?, attempted_at = NULL, problem = ? WHERE notice_id = ? AND number = ?',
          state,
          dueAt,
          problem,
          ...key(task),
        );
        // Another notice of the same content may go first now.
        if (!task.isRepeated) await forgetReached(tx, task, beijingDay(now()));
      });
    },

    /** It may have been sent: as for a process that died, its lease runs out and the rules decide. */
    async unsure(task: ClaimedTask, { dueAt, problem }: { dueAt: number; problem: string }): Promise<void> {
      await db.run(
        'UPDATE notice_task SET due_at = ?, problem = ? WHERE notice_id = ? AND number = ?',
        dueAt,
        problem,
        ...key(task),
      );
    },

    /** It is not going to be sent. */
    async failed(task: ClaimedTask, problem: string): Promise<void> {
      await db.transaction(async (tx) => {
        await tx.run(
          "UPDATE notice_task SET state = 'failed', due_at = NULL, problem = ? WHERE notice_id = ? AND number = ?",
          problem,
          ...key(task),
        );
        const to = task.isRepeated ? 'unknown' : 'failed';
        await moveReceivers(tx, { id: task.notice.id, number: task.number, from: ['waiting'], to });
        if (!task.isRepeated) await forgetReached(tx, task, beijingDay(now()));
      });
    },

    /** What DingTalk says became of it. @returns whether it says so of all recipients */
    async settle(task: ClaimedTask, result: NoticeResult): Promise<boolean> {
      const { notice, number } = task;
      const told = new Set([
        ...result.read,
        ...result.unread,
        ...result.invalid,
        ...result.failed,
        ...result.refused.map(({ userId }) => userId),
      ]);
      const isWhole = task.userIds.every((userId) => told.has(userId));
      const next = isWhole ? undefined : LOOK_AFTER_MS[task.looks + 1];
      await db.transaction(async (tx) => {
        const move = (
          userIds: readonly string[],
          to: 'read' | 'unread' | 'invalid' | 'failed' | 'sent' | 'refused',
          code?: string,
        ) =>
          moveReceivers(tx, {
            id: notice.id,
            number,
            from: ['sent', 'unread', 'read'],
            to,
            userIds,
            code: code ?? null,
          });
        await move(result.unread, 'unread');
        await move(result.read, 'read');
        await move(result.invalid, 'invalid');
        await move(result.failed, 'failed');
        for (const [code, userIds] of byCode(result.refused)) {
          // Left out of a repetition as having it already: the attempt before has reached them.
          const hasIt = code === '143106' && task.attempts > 1;
          await move(userIds, hasIt ? 'sent' : 'refused', code);
        }
        await tx.run(
          'UPDATE notice_task SET looks = looks + 1, due_at = ? WHERE notice_id = ? AND number = ?',
          next === undefined ? null : now() + next,
          ...key(task),
        );
      });
      return isWhole;
    },

    /** A result could not be fetched. */
    async looked(task: ClaimedTask): Promise<void> {
      const next = LOOK_AFTER_MS[task.looks + 1];
      await db.run(
        'UPDATE notice_task SET looks = looks + 1, due_at = ? WHERE notice_id = ? AND number = ?',
        next === undefined ? null : now() + next,
        ...key(task),
      );
    },
  };
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
