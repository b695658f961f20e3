import 'server-only';
import { DAY_MS } from '../local-time';
import { type AuditEvent, type AuditLine, type DatedLine, insertAudit } from './audit-line';
import type { Database } from './database';
import { deleteInChunks } from './delete-in-chunks';

/** A line as it was written. */
export interface WrittenLine extends AuditLine {
  id: number;
  /** Unix time in ms. */
  at: number;
  count: number;
}

export interface AuditFilter {
  event?: AuditEvent | undefined;
  /** A user id: whom it is about, or who did it. */
  person?: string | undefined;
  /** Unix time in ms, from and before. */
  from?: number | undefined;
  to?: number | undefined;
  /** Older than this line. */
  before?: number | undefined;
  limit: number;
}

export type AuditStore = ReturnType<typeof createAuditStore>;

/** Refusals are what a stranger can make us write. Each kind has its own bound, and none takes the place of other lines. */
const MAX_REFUSALS_OF_A_KIND = 100_000;
const REFUSALS: AuditEvent[] = ['sign-in-refused', 'session-refused', 'access-refused'];

/** How many events there were, of one kind and reason, in one hour after `from`: 0 is the first. */
export interface HourlyCount {
  event: AuditEvent;
  reason: string | undefined;
  hour: number;
  count: number;
}

interface Row {
  id: number;
  at: number;
  event: string;
  user_id: string | null;
  actor: string | null;
  session_id: string | null;
  reason: string | null;
  detail: string | null;
  count: number;
}

/** The audit. @param now Unix time in ms */
export function createAuditStore(
  db: Database,
  now: () => number = Date.now,
  maxRefusalsOfAKind = MAX_REFUSALS_OF_A_KIND,
) {
  return {
    /** Writes lines, all or none. */
    append: (lines: readonly DatedLine[]) => insertAudit(db, ...lines),

    /** Newest first. */
    find: async (filter: AuditFilter) => {
      const { sql, values } = toSelect(filter);
      return (await db.all<Row>(sql, ...values)).map(toLine);
    },

    /** @param range Unix time in ms, from and before */
    countHourly: async ({ from, to }: { from: number; to: number }): Promise<HourlyCount[]> => {
      const rows = await db.all<{ event: AuditEvent; reason: string | null; hour: number; n: number }>(
        `SELECT event, reason, CAST((at - ?) / 3600000 AS INTEGER) AS hour, sum(count) AS n FROM audit
         WHERE at >= ? AND at < ? GROUP BY 1, 2, 3`,
        from,
        from,
        to,
      );
      return rows.map(({ event, reason, hour, n }) => ({
        event,
        reason: reason ?? undefined,
        hour,
        count: n,
      }));
    },

    /** Drops lines older than so many days, and the oldest refusals beyond a bound. */
    prune: async (days: number) => {
      await deleteInChunks(db, 'audit', 'at < ?', now() - days * DAY_MS);
      for (const event of REFUSALS) {
        const last = await db.get<{ id: number }>(
          'SELECT id FROM audit WHERE event = ? ORDER BY id DESC LIMIT 1 OFFSET ?',
          event,
          maxRefusalsOfAKind,
        );
        if (last) await deleteInChunks(db, 'audit', 'event = ? AND id <= ?', event, last.id);
      }
    },
  };
}

/** Whom a line is about, and who did it, are two indexes: an OR over both would be answered by reading every line. */
function toSelect({ event, person, from, to, before, limit }: AuditFilter) {
  // Expressions: of one event there may be a hundred thousand lines, and the index of a column would be read for all.
  const unindexed =
    person === undefined ? { event: 'event', at: 'at' } : { event: "event || ''", at: 'at + 0' };
  const conditions = [
    [`${unindexed.event} = ?`, event],
    [`${unindexed.at} >= ?`, from],
    [`${unindexed.at} < ?`, to],
    ['id < ?', before],
  ].filter(([, value]) => value !== undefined) as [string, string | number][];
  const select = (...all: [string, string | number][]) => ({
    sql: `SELECT * FROM audit WHERE ${['1 = 1', ...all.map(([condition]) => condition)].join(' AND ')} ORDER BY id DESC LIMIT ?`,
    values: [...all.map(([, value]) => value), limit],
  });
  if (person === undefined) return select(...conditions);
  const about = select(['user_id = ?', person], ...conditions);
  const by = select(['actor = ?', person], ...conditions);
  return {
    sql: `SELECT * FROM (SELECT * FROM (${about.sql}) AS about UNION SELECT * FROM (${by.sql}) AS done) AS found ORDER BY id DESC LIMIT ?`,
    values: [...about.values, ...by.values, limit],
  };
}

function toLine(row: Row): WrittenLine {
  return {
    id: row.id,
    at: row.at,
    event: row.event as AuditEvent,
    userId: row.user_id ?? undefined,
    by: row.actor ?? undefined,
    sessionId: row.session_id ?? undefined,
    reason: row.reason ?? undefined,
    detail: row.detail ?? undefined,
    count: row.count,
  };
}
