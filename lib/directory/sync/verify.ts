import 'server-only';
import { ROOT_DEPARTMENT_ID } from '../../dingtalk/departments';
import type { Crawl } from './crawl';
import { type Lease, MAX_SHRINK, type NewTask, type Task } from './run';
import type { SyncStore } from './run-store';

export interface CheckOptions {
  store: SyncStore;
  lease: Lease;
  walk: Crawl['walk'];
  acceptShrink: boolean;
}

/**
 * Asks after whatever the lists leave in doubt, because it moved while they were read, and goes on until nothing is.
 * Where nothing moved, that is no call at all; and one before anything was complete.
 */
export async function checkReading(options: CheckOptions): Promise<void> {
  for (;;) {
    const tasks = await nextDoubts(options);
    if (tasks.length === 0) return;
    await options.walk(tasks);
  }
}

/** What is in doubt and was not asked after before: departments first, for they may show the people. */
async function nextDoubts(options: CheckOptions): Promise<Task[]> {
  for (const reconcile of [departmentsInDoubt, peopleInDoubt, numberInDoubt]) {
    const tasks = await options.store.addTasks(options.lease, await reconcile(options));
    if (tasks.length > 0) return tasks;
  }
  return [];
}

async function departmentsInDoubt({ store }: CheckOptions): Promise<NewTask[]> {
  return (await store.unseenDepartments()).map((id) => ({ kind: 'department', subject: String(id) }));
}

async function peopleInDoubt({ store, acceptShrink }: CheckOptions): Promise<NewTask[]> {
  const [unseen, disputed] = [await store.unseen(), await store.disputed()];
  const { people } = await store.state();
  // When so many are gone, nobody will be removed: they need not be asked after one by one.
  const isShrunk = unseen.length > people * MAX_SHRINK && !acceptShrink;
  const subjects = new Set(isShrunk ? disputed : [...unseen, ...disputed]);
  return [...subjects].map((subject) => ({ kind: 'check', subject }));
}

/** Until something is published, nobody would be missed: the company's own number tells. */
async function numberInDoubt({ store }: CheckOptions): Promise<NewTask[]> {
  const { completeAsOf } = await store.state();
  const isWhole = (await store.seenDepartment(ROOT_DEPARTMENT_ID)) !== null;
  return completeAsOf === undefined && isWhole ? [{ kind: 'count', subject: '' }] : [];
}
