import 'server-only';
import { insertAudit } from '../storage/audit-line';
import { beijingDay } from '../storage/call-counter';
import type { Database, Statements } from '../storage/database';

/** What became of a notice for one person. */
export type Outcome =
  | 'waiting'
  /** DingTalk has taken it; it does not tell yet, or any more, whether it was read. */
  | 'sent'
  | 'read'
  | 'unread'
  /** DingTalk left the person out, by the code beside it. */
  | 'refused'
  /** No member, or outside the app's visible range. */
  | 'invalid'
  | 'failed'
  /** Had the same content today already: DingTalk would leave them out, so it was not sent. */
  | 'repeated'
  /** Has had as many notices today as DingTalk delivers. */
  | 'day-limit'
  /** May have been sent, on another day than now: sent again, it might come twice. */
  | 'unknown'
  | 'recalled';

export interface StoredNotice {
  id: string;
  title: string;
  content: string;
  page: string;
}

/** A notice on its way into the queue. */
export interface NewNotice extends StoredNotice {
  /** Of the message as it is sent. */
  digest: string;
  /** A user id, or a part of the app. */
  by: string;
  wantsResult: boolean;
  userIds: readonly string[];
}

/** What was done about a person's notice, and why. */
export interface Receiver {
  userId: string;
  outcome: Outcome;
  /** DingTalk's code, such as `143105`. */
  code: string | undefined;
}

/** A notice as it stands. */
export interface NoticeReport extends StoredNotice {
  createdAt: number;
  by: string;
  counts: Partial<Record<Outcome, number>>;
  /** Recipients who did not get it, or of whom that is not known. */
  leftOut: Receiver[];
  /** Why tasks failed, each once: problems' names. */
  problems: string[];
}

const RECEIVERS_PER_TASK = 100;
const INSERTED_AT_ONCE = 2000;
const MOST_A_DAY = 500;
const DELIVERED = ['waiting', 'sent', 'read', 'unread'];

export type NoticeStore = ReturnType<typeof createNoticeStore>;

/** Notices and who gets them. @param now Unix time in ms */
export function createNoticeStore(db: Database, now: () => number = Date.now) {
  return {
    db,
    now,

    /** Puts a notice into the queue, with its line in the audit. On the disk when it resolves. */
    enqueue: (notice: NewNotice) => db.transaction((tx) => enqueue(tx, notice, now()), { durable: true }),

    /** Of some people those who would get nothing if it were sent now, and why. */
    whoIsLeftOut: (userIds: readonly string[], digest: string) =>
      whoIsLeftOut(db, { userIds, digest, day: beijingDay(now()) }),

    /** Null: no such notice. */
    report: (id: string) => readReport(db, id),

    /** Tasks that can be taken back, and what of them DingTalk has. */
    tasksOf: (id: string) =>
      db.all<{ number: number; state: string; task_id: number | null; sent_at: number | null }>(
        'SELECT number, state, task_id, sent_at FROM notice_task WHERE notice_id = ? ORDER BY number',
        id,
      ),

    /** @returns false where the task is not in this state any more */
    async markRecalled(id: string, number: number, state: 'waiting' | 'sent'): Promise<boolean> {
      return db.transaction(async (tx) => {
        const changed = await tx.run(
          "UPDATE notice_task SET state = 'recalled', due_at = NULL WHERE notice_id = ? AND number = ? AND state = ?",
          id,
          number,
          state,
        );
        if (changed > 0) await moveReceivers(tx, { id, number, from: DELIVERED, to: 'recalled' });
        return changed > 0;
      });
    },

    /** Forgets notices older than this, and what people got on earlier days than yesterday. */
    async prune(before: number): Promise<void> {
      const old = await db.all<{ id: string }>(
        'SELECT id FROM notice WHERE created_at < ? LIMIT 100',
        before,
      );
      for (const { id } of old) {
        await db.transaction(async (tx) => {
          for (const table of ['notice_receiver', 'notice_task']) {
            await tx.run(`DELETE FROM ${table} WHERE notice_id = ?`, id);
          }
          await tx.run('DELETE FROM notice WHERE id = ?', id);
        });
      }
      await db.run('DELETE FROM notice_reached WHERE day < ?', beijingDay(now() - 2 * 86_400_000));
    },
  };
}

async function enqueue(tx: Statements, notice: NewNotice, at: number): Promise<void> {
  const { id, userIds } = notice;
  await tx.run(
    `INSERT INTO notice (id, created_at, created_by, title, content, page, digest, wants_result)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
    ...[id, at, notice.by, notice.title, notice.content, notice.page, notice.digest],
    notice.wantsResult ? 1 : 0,
  );
  const numbered = userIds.map((userId, at) => ({
    user_id: userId,
    number: Math.floor(at / RECEIVERS_PER_TASK),
  }));
  const receiver = tx.dialect.table('receiver', { user_id: 'text', number: 'integer' });
  for (let from = 0; from < numbered.length; from += INSERTED_AT_ONCE) {
    await tx.run(
      `INSERT INTO notice_receiver (notice_id, user_id, number, outcome)
       SELECT ?, user_id, number, 'waiting' FROM ${receiver}`,
      id,
      tx.dialect.rows(numbered.slice(from, from + INSERTED_AT_ONCE)),
    );
  }
  await tx.run(
    `INSERT INTO notice_task (notice_id, number, state, due_at, receivers)
     SELECT notice_id, number, 'waiting', ?, count(*) FROM notice_receiver WHERE notice_id = ?
     GROUP BY notice_id, number`,
    at,
    id,
  );
  const line = { event: 'notice-sent', by: notice.by, detail: id, count: userIds.length } as const;
  await insertAudit(tx, { line, at });
}

/** @returns by user id: had the content on that day already, or as many notices as are delivered */
export async function whoIsLeftOut(
  from: Statements,
  { userIds, digest, day }: { userIds: readonly string[]; digest: string; day: string },
): Promise<Map<string, 'repeated' | 'day-limit'>> {
  const rows = await from.all<{ user_id: string; same: number; total: number }>(
    `SELECT user_id, SUM(CASE WHEN digest = ? THEN 1 ELSE 0 END) AS same, count(*) AS total
     FROM notice_reached WHERE day = ? AND ${from.dialect.isIn('user_id')} GROUP BY user_id`,
    digest,
    day,
    from.dialect.list(userIds),
  );
  return new Map(
    rows
      .filter(({ same, total }) => same > 0 || total >= MOST_A_DAY)
      .map(({ user_id, same }) => [user_id, same > 0 ? 'repeated' : 'day-limit']),
  );
}

/** Gives receivers of a task another outcome. @param which all that have one of these outcomes, or single people */
export async function moveReceivers(
  tx: Statements,
  {
    id,
    number,
    from,
    to,
    userIds,
    code = null,
  }: {
    id: string;
    number: number;
    from: readonly string[];
    to: Outcome;
    userIds?: readonly string[];
    code?: string | null;
  },
): Promise<void> {
  const single = userIds ? ` AND ${tx.dialect.isIn('user_id')}` : '';
  await tx.run(
    `UPDATE notice_receiver SET outcome = ?, code = ?
     WHERE notice_id = ? AND number = ? AND ${tx.dialect.isIn('outcome')}${single}`,
    to,
    code,
    id,
    number,
    tx.dialect.list(from),
    ...(userIds ? [tx.dialect.list(userIds)] : []),
  );
}

async function readReport(from: Statements, id: string): Promise<NoticeReport | null> {
  const row = await from.get<StoredNotice & { created_at: number; created_by: string }>(
    'SELECT id, title, content, page, created_at, created_by FROM notice WHERE id = ?',
    id,
  );
  if (!row) return null;
  const counts = await from.all<{ outcome: Outcome; n: number }>(
    'SELECT outcome, count(*) AS n FROM notice_receiver WHERE notice_id = ? GROUP BY outcome',
    id,
  );
  const leftOut = await from.all<{ user_id: string; outcome: Outcome; code: string | null }>(
    `SELECT user_id, outcome, code FROM notice_receiver
     WHERE notice_id = ? AND NOT (${from.dialect.isIn('outcome')}) ORDER BY user_id`,
    id,
    from.dialect.list(DELIVERED),
  );
  const problems = await from.all<{ problem: string }>(
    'SELECT DISTINCT problem FROM notice_task WHERE notice_id = ? AND problem IS NOT NULL ORDER BY problem',
    id,
  );
  const { created_at, created_by, ...notice } = row;
  return {
    ...notice,
    createdAt: created_at,
    by: created_by,
    counts: Object.fromEntries(counts.map(({ outcome, n }) => [outcome, n])),
    leftOut: leftOut.map(({ user_id, outcome, code }) => ({
      userId: user_id,
      outcome,
      code: code ?? undefined,
    })),
    problems: problems.map(({ problem }) => problem),
  };
}
