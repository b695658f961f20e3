import 'server-only';
import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '../dingtalk/client';
import { listSubDepartmentIds, ROOT_DEPARTMENT_ID } from '../dingtalk/departments';

/** DingTalk allows 20 calls a second to one API. */
const AT_ONCE = 10;
const BATCH_MS = 700;
/** Beyond it, counting would be a sync. */
const MOST_CALLS = 60;

/**
 * How many of the company's departments a contact range covers, those below authorised ones included.
 *
 * @returns undefined where there are too many to be counted
 */
export async function countCovered(
  client: Client,
  authorised: readonly number[],
): Promise<{ covered: number; total: number } | undefined> {
  const found = new Map<number, boolean>();
  let level: { id: number; isCovered: boolean }[] = [{ id: ROOT_DEPARTMENT_ID, isCovered: false }];
  let calls = 0;
  while (level.length > 0) {
    calls += level.length;
    if (calls > MOST_CALLS) return undefined;
    const below = await inBatches(level, async ({ id, isCovered }) => {
      const ids = await listSubDepartmentIds(client, id);
      return ids.map((child) => ({ id: child, isCovered: isCovered || authorised.includes(child) }));
    });
    // One that lists itself or a department above it would be counted for ever.
    level = below.flat().filter(({ id }) => id !== ROOT_DEPARTMENT_ID && !found.has(id));
    for (const { id, isCovered } of level) found.set(id, isCovered);
  }
  return { covered: [...found.values()].filter(Boolean).length, total: found.size };
}

async function inBatches<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (let at = 0; at < items.length; at += AT_ONCE) {
    if (at > 0) await delay(BATCH_MS);
    results.push(...(await Promise.all(items.slice(at, at + AT_ONCE).map(work))));
  }
  return results;
}
