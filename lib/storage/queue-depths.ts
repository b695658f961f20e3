import 'server-only';
import { directoryDatabase, recordsDatabase } from './databases';

/** What waits in the database to be done, by the names of the metric. */
export interface QueueDepths {
  refresh: number;
  missed: number;
  leavers: number;
  notices: number;
}

export async function queueDepths(): Promise<QueueDepths> {
  const count = async (db: ReturnType<typeof recordsDatabase>, from: string) =>
    (await db.get<{ count: number }>(`SELECT count(*) AS count FROM ${from}`))?.count ?? 0;
  const [refresh, missed, leavers, notices] = await Promise.all([
    count(recordsDatabase(), 'refresh_job'),
    count(recordsDatabase(), 'missed_event'),
    count(directoryDatabase(), 'directory_leaver'),
    count(recordsDatabase(), "notice_task WHERE state IN ('waiting', 'sending')"),
  ]);
  return { refresh, missed, leavers, notices };
}
