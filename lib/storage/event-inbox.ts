import 'server-only';
import type { DirectoryEvent } from '../dingtalk/event';
import type { Database, Statements } from './database';

/** What has to be read from DingTalk again: an event's own content is never taken over. */
export type RefreshTarget =
  | { what: 'member'; id: string }
  | { what: 'department'; id: number }
  | { what: 'administrators' }
  /** A whole sync run. */
  | { what: 'directory' };

/** A refresh that is due. @see completeRefresh */
interface RefreshJob {
  target: RefreshTarget;
  /** One more each time that the target is enqueued. */
  version: number;
}

export type EventInbox = ReturnType<typeof createEventInbox>;

/** What a store is made of. */
export interface StoreParts {
  db: Database;
  /** Unix time in ms. */
  now: () => number;
}

/** Events, and the refreshes that they make necessary. */
export function createEventInbox({ db, now }: StoreParts) {
  return {
    /** Whether an event was applied. */
    knowsEvent: (id: string) => knowsEvent(db, id),
    enqueueRefresh: (targets: readonly RefreshTarget[]) =>
      db.transaction((tx) => enqueueRefresh(tx, targets, now())),
    /** Refreshes that are due, and were enqueued so long ago at least. */
    refreshJobs: (olderThanMs: number) => readRefreshJobs(db, now() - olderThanMs),
    /** The version of a target, 0 where no refresh is due: to be read before the target is. */
    refreshVersion: (target: RefreshTarget) => versionOf(db, target),
    /** Removes a job, unless the target was enqueued again meanwhile. */
    completeRefresh: async ({ target, version }: RefreshJob) => {
      if (version > 0)
        await db.run('DELETE FROM refresh_job WHERE key = ? AND version = ?', keyOf(target), version);
    },
    /** Keeps undelivered events, which DingTalk lists once, until they are completed. */
    storeMissed: async (events: readonly DirectoryEvent[]) => {
      if (events.length > 0) await db.transaction((tx) => storeMissed(tx, events), { durable: true });
    },
    missed: (limit: number) => readMissed(db, limit),
    completeMissed: async (id: string) => {
      await db.run('DELETE FROM missed_event WHERE id = ?', id);
    },
  };
}

async function knowsEvent(from: Statements, id: string): Promise<boolean> {
  return (await from.get('SELECT 1 AS one FROM event WHERE id = ?', id)) !== undefined;
}

/** @param at Unix time in ms. @returns false when the event was known already */
export async function rememberEvent(
  tx: Statements,
  { id, deduplicationKeys }: Pick<DirectoryEvent, 'id' | 'deduplicationKeys'>,
  at: number,
): Promise<boolean> {
  const { table, rows } = tx.dialect;
  // An id that is known brings no further name of its own in.
  const names = [...new Set([id, ...deduplicationKeys])].map((name) => ({
    name,
    is_id: name === id ? 1 : 0,
  }));
  const remembered = await tx.all<{ id: string }>(
    `INSERT INTO event (id, at) SELECT name, ? FROM ${table('given', { name: 'text', is_id: 'integer' })}
     WHERE is_id = 1 OR NOT EXISTS (SELECT 1 FROM event WHERE id = ?)
     ON CONFLICT DO NOTHING RETURNING id`,
    at,
    rows(names),
    id,
  );
  return remembered.some((row) => row.id === id);
}

/** A target that is enqueued while it is being read gets a new version, and is read again: the reading may be too old. */
export async function enqueueRefresh(
  tx: Statements,
  targets: readonly RefreshTarget[],
  at: number,
): Promise<void> {
  const rows = new Map(targets.map((target) => [keyOf(target), JSON.stringify(target)]));
  if (rows.size === 0) return;
  await tx.run(
    `INSERT INTO refresh_job (key, target, version, at)
     SELECT key, target, 1, ? FROM ${tx.dialect.table('job', { key: 'text', target: 'text' })} WHERE true
     ON CONFLICT (key) DO UPDATE SET version = refresh_job.version + 1, at = excluded.at`,
    at,
    tx.dialect.rows([...rows].map(([key, target]) => ({ key, target }))),
  );
}

async function readRefreshJobs(from: Statements, before: number): Promise<RefreshJob[]> {
  const sql = 'SELECT target, version FROM refresh_job WHERE at <= ? ORDER BY at';
  const jobs = await from.all<{ target: string; version: number }>(sql, before);
  return jobs.map(({ target, version }) => ({ target: JSON.parse(target) as RefreshTarget, version }));
}

async function versionOf(from: Statements, target: RefreshTarget): Promise<number> {
  const sql = 'SELECT version FROM refresh_job WHERE key = ?';
  return (await from.get<{ version: number }>(sql, keyOf(target)))?.version ?? 0;
}

/** One for each target. */
export function keyOf(target: RefreshTarget): string {
  return 'id' in target ? `${target.what} ${target.id}` : target.what;
}

async function storeMissed(tx: Statements, events: readonly DirectoryEvent[]): Promise<void> {
  const sql = 'INSERT INTO missed_event (id, event) VALUES (?, ?) ON CONFLICT DO NOTHING';
  for (const event of events) await tx.run(sql, event.id, JSON.stringify(event));
}

async function readMissed(from: Statements, limit: number): Promise<DirectoryEvent[]> {
  const rows = await from.all<{ event: string }>('SELECT event FROM missed_event ORDER BY id LIMIT ?', limit);
  return rows.map(({ event }) => JSON.parse(event) as DirectoryEvent);
}
