import 'server-only';
import type { Database } from './database';

/** What calls that count are made for. */
export type CallKind = 'calendar' | 'notices';

/** Beijing has no summer time. */
const BEIJING_MS = 8 * 3_600_000;

/** The day of Beijing, such as `2026-11-28`: DingTalk counts by it. @param at Unix time in ms */
export function beijingDay(at: number): string {
  return new Date(at + BEIJING_MS).toISOString().slice(0, 10);
}

/** When the month of Beijing ends. @param at Unix time in ms */
export function endOfMonth(at: number): number {
  const day = new Date(at + BEIJING_MS);
  return Date.UTC(day.getUTCFullYear(), day.getUTCMonth() + 1, 1) - BEIJING_MS;
}

/** Counts the calls of a month that DingTalk counts, for all processes together. */
export function createCallCounter(db: Database, now: () => number = Date.now) {
  const month = () => beijingDay(now()).slice(0, 7);
  return {
    /**
     * Counts a call that is about to be sent. Several processes at once may pass the limit by a call each.
     *
     * @returns false where the month has fewer left: then nothing is counted
     */
    async take(kind: CallKind, limit: number): Promise<boolean> {
      const counted = await db.run(
        `INSERT INTO called (month, kind, calls)
         SELECT ?, ?, 1 WHERE (SELECT COALESCE(SUM(calls), 0) FROM called WHERE month = ?) < ?
         ON CONFLICT (month, kind) DO UPDATE SET calls = called.calls + 1`,
        month(),
        kind,
        month(),
        limit,
      );
      return counted > 0;
    },
    /** Counts what was sent beyond the one call, or, with a negative number, gives back what was not sent. */
    async add(kind: CallKind, calls: number): Promise<void> {
      await db.run(
        `INSERT INTO called (month, kind, calls) VALUES (?, ?, ?)
         ON CONFLICT (month, kind) DO UPDATE SET calls = called.calls + excluded.calls`,
        month(),
        kind,
        calls,
      );
    },
    /** Calls of this month, by what they were for. */
    async used(): Promise<Record<CallKind, number>> {
      const rows = await db.all<{ kind: CallKind; calls: number }>(
        'SELECT kind, calls FROM called WHERE month = ?',
        month(),
      );
      return { calendar: 0, notices: 0, ...Object.fromEntries(rows.map(({ kind, calls }) => [kind, calls])) };
    },
  };
}
