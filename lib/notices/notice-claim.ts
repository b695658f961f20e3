import 'server-only';
import { beijingDay } from '../storage/call-counter';
import type { Database, Statements, Transaction } from '../storage/database';
import { moveReceivers, type StoredNotice, whoIsLeftOut } from './notice-store';

/** A task whose turn it is, kept from other processes for {@link LEASE_MS}. */
export interface ClaimedTask {
  notice: StoredNotice;
  number: number;
  work: 'send' | 'result';
  /** Of those who get it. */
  userIds: string[];
  /** It may have been sent before. */
  isRepeated: boolean;
  attempts: number;
  taskId: number | undefined;
  wantsResult: boolean;
  looks: number;
}

/** Until then: nothing to do. `undefined`: until something is put into the queue. */
export type Claim = { task: ClaimedTask } | { until: number | undefined };

/** A sending that is not settled by then was interrupted. */
const LEASE_MS = 60_000;
/** DingTalk leaves people out beyond 5000 a minute. */
const MOST_A_MINUTE = 4500;
const MINUTE_MS = 60_000;
const MOST_ATTEMPTS = 8;
/** Sent again so late, it could count as one of the next day, and come twice. */
const LAST_REPETITION = '23:50';
const BEIJING_MS = 8 * 3_600_000;

interface Row {
  notice_id: string;
  number: number;
  state: 'waiting' | 'sending' | 'sent';
  day: string | null;
  attempts: number;
  receivers: number;
  task_id: number | null;
  looks: number;
  title: string;
  content: string;
  page: string;
  digest: string;
  wants_result: number;
}

/**
 * The queue's rules: a task is sent once; one that may have been sent is sent again only as the same content on the same
 * day, when DingTalk leaves out who has it. Every step is written down before it is taken.
 *
 * @returns the next task, marked as being worked on: on the disk before it is sent
 */
export function claimTask(
  { db, now }: { db: Database; now: () => number },
  digestOf: (notice: StoredNotice) => string,
): Promise<Claim> {
  const work = async (tx: Transaction): Promise<Claim> => {
    const at = now();
    for (;;) {
      const until = await roomAt(tx, at);
      const row = await nextRow(tx, { at, sends: until <= at });
      if (!row) return { until: await wakeAt(tx, at, until) };
      const task =
        row.state === 'sent'
          ? await claimResult(tx, row, at)
          : await claimSend(tx, row, { at, digest: digestOf(toNotice(row)) });
      if (task) return { task };
    }
  };
  return db.transaction(work, { durable: true, lock: 'notices' });
}

/** @returns undefined where there is nothing left to send */
async function claimSend(
  tx: Transaction,
  row: Row,
  { at, digest }: { at: number; digest: string },
): Promise<ClaimedTask | undefined> {
  const day = beijingDay(at);
  const isRepeated = row.state === 'sending';
  const isLate = new Date(at + BEIJING_MS).toISOString().slice(11, 16) >= LAST_REPETITION;
  const isOther = day !== row.day || isLate || digest !== row.digest;
  if (isRepeated && (isOther || row.attempts >= MOST_ATTEMPTS)) {
    await giveUp(tx, row, 'unknown');
    return undefined;
  }
  if (row.attempts >= MOST_ATTEMPTS) {
    await giveUp(tx, row, 'failed');
    return undefined;
  }
  if (!isRepeated) await leaveOut(tx, row, { day, digest });
  const userIds = await receiversOf(tx, row, ['waiting']);
  await tx.run(
    `UPDATE notice_task SET state = ?, day = ?, attempts = attempts + 1, attempted_at = ?, due_at = ?, receivers = ?
     WHERE notice_id = ? AND number = ?`,
    userIds.length === 0 ? 'sent' : 'sending',
    day,
    userIds.length === 0 ? null : at,
    userIds.length === 0 ? null : at + LEASE_MS,
    userIds.length,
    row.notice_id,
    row.number,
  );
  if (!isRepeated) await tx.run('UPDATE notice SET digest = ? WHERE id = ?', digest, row.notice_id);
  if (userIds.length === 0) return undefined;
  return { ...claimed(row), work: 'send', userIds, isRepeated, attempts: row.attempts + 1 };
}

async function claimResult(tx: Transaction, row: Row, at: number): Promise<ClaimedTask> {
  await tx.run(
    'UPDATE notice_task SET due_at = ? WHERE notice_id = ? AND number = ?',
    at + LEASE_MS,
    row.notice_id,
    row.number,
  );
  const userIds = await receiversOf(tx, row, ['sent', 'read', 'unread']);
  return { ...claimed(row), work: 'result', userIds, isRepeated: row.attempts > 1 };
}

function toNotice({ notice_id, title, content, page }: Row): StoredNotice {
  return { id: notice_id, title, content, page };
}

function claimed(row: Row) {
  const { number, attempts, looks } = row;
  return {
    notice: toNotice(row),
    wantsResult: row.wants_result === 1,
    number,
    attempts,
    looks,
    taskId: row.task_id ?? undefined,
  };
}

function nextRow(tx: Statements, { at, sends }: { at: number; sends: boolean }): Promise<Row | undefined> {
  return tx.get<Row>(
    `SELECT t.notice_id, t.number, t.state, t.day, t.attempts, t.receivers, t.task_id, t.looks,
       n.title, n.content, n.page, n.digest, n.wants_result
     FROM notice_task t JOIN notice n ON n.id = t.notice_id
     WHERE t.due_at IS NOT NULL AND t.due_at <= ? ${sends ? '' : "AND t.state = 'sent'"}
     ORDER BY t.due_at, t.notice_id, t.number LIMIT 1`,
    at,
  );
}

/** When another task may go out, for the minute's limit. */
async function roomAt(tx: Statements, at: number): Promise<number> {
  const rows = await tx.all<{ attempted_at: number; receivers: number }>(
    'SELECT attempted_at, receivers FROM notice_task WHERE attempted_at > ? ORDER BY attempted_at DESC',
    at - MINUTE_MS,
  );
  let reached = 0;
  for (const { attempted_at, receivers } of rows) {
    reached += receivers;
    if (reached > MOST_A_MINUTE - 100) return attempted_at + MINUTE_MS;
  }
  return at;
}

async function wakeAt(tx: Statements, at: number, room: number): Promise<number | undefined> {
  const row = await tx.get<{ due: number | null }>(
    'SELECT min(due_at) AS due FROM notice_task WHERE due_at IS NOT NULL',
  );
  const due = row?.due ?? undefined;
  if (due === undefined) return undefined;
  return due <= at ? Math.max(room, at + 1) : due;
}

/** Who had the content today, or as much as DingTalk delivers in a day, gets nothing; the others are noted as reached. */
async function leaveOut(
  tx: Transaction,
  row: Row,
  { day, digest }: { day: string; digest: string },
): Promise<void> {
  const userIds = await receiversOf(tx, row, ['waiting']);
  const leftOut = await whoIsLeftOut(tx, { userIds, digest, day });
  for (const why of ['repeated', 'day-limit'] as const) {
    const these = userIds.filter((userId) => leftOut.get(userId) === why);
    if (these.length === 0) continue;
    await moveReceivers(tx, {
      id: row.notice_id,
      number: row.number,
      from: ['waiting'],
      to: why,
      userIds: these,
    });
  }
  const reached = userIds.filter((userId) => !leftOut.has(userId)).map((userId) => ({ user_id: userId }));
  await tx.run(
    `INSERT INTO notice_reached (day, user_id, digest, notice_id)
     SELECT ?, user_id, ?, ? FROM ${tx.dialect.table('reached', { user_id: 'text' })}`,
    day,
    digest,
    row.notice_id,
    tx.dialect.rows(reached),
  );
}

async function receiversOf(tx: Statements, row: Row, outcomes: readonly string[]): Promise<string[]> {
  const rows = await tx.all<{ user_id: string }>(
    `SELECT user_id FROM notice_receiver WHERE notice_id = ? AND number = ? AND ${tx.dialect.isIn('outcome')}
     ORDER BY user_id`,
    row.notice_id,
    row.number,
    tx.dialect.list(outcomes),
  );
  return rows.map(({ user_id }) => user_id);
}

async function giveUp(tx: Statements, row: Row, to: 'unknown' | 'failed'): Promise<void> {
  await tx.run(
    'UPDATE notice_task SET state = ?, due_at = NULL WHERE notice_id = ? AND number = ?',
    to,
    row.notice_id,
    row.number,
  );
  await moveReceivers(tx, { id: row.notice_id, number: row.number, from: ['waiting'], to });
}
