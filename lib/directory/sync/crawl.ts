import 'server-only';
import { setImmediate as breathe } from 'node:timers/promises';
import type { Client } from '../../dingtalk/client';
import { DingTalkError } from '../../dingtalk/errors';
import { MEMBER_PAGE_SIZE } from '../../dingtalk/users';
import { createRefusals } from './refusals';
import type { Lease, Task, TaskResult } from './run';
import type { SyncStore } from './run-store';
import { steps } from './steps';
import { createTaskQueues } from './task-queues';

export interface CrawlOptions {
  client: Client;
  store: SyncStore;
  lease: Lease;
  signal: AbortSignal;
  doneBefore: number;
  /** How many people are directly in a department, as far as is known before it is read. */
  sizes: ReadonlyMap<number, number>;
}

export type Crawl = ReturnType<typeof createCrawl>;

/** Long enough to gather, short enough for a department of many pages, which are read one after the other. */
const WRITE_EVERY_MS = 100;
/** In a file the event loop stands still while they are committed: some ten milliseconds, most of it for their keys. */
const MAX_PEOPLE_AT_ONCE = 300;
/** With so many results unwritten, no more are waited for. */
const MAX_UNWRITTEN = 16;

/** Works through steps, those of different kinds side by side, and writes what each brought together with its end. */
export function createCrawl({ client, store, lease, signal, doneBefore, sizes }: CrawlOptions) {
  const queues = createTaskQueues();
  const unwritten: { task: Task; result: TaskResult }[] = [];
  let done = doneBefore;
  let failures = 0;
  const refusals = createRefusals(store, (task, missing) => {
    failures++;
    unwritten.push({ task, result: { missing } });
  });

  /** Asks DingTalk, and keeps the result for the next write. */
  async function perform(task: Task): Promise<void> {
    try {
      const result = await steps[task.kind]({ client, store }, task);
      unwritten.push({ task, result });
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof DingTalkError)) throw error;
      return refusals.refused({ task, error });
    }
    await refusals.served(task.kind);
  }

  /** Writes what has gathered in one transaction: many small ones would write the same pages over and over. */
  async function write(): Promise<void> {
    const batch = unwritten.slice(0, batchSizeOf(unwritten));
    const added = await store.record(lease, batch);
    unwritten.splice(0, batch.length);
    for (const next of added) queues.add(next);
    for (const { task, result } of batch) {
      // What has begun goes first: a long department must not be left over at the end.
      if (result.again) queues.addFirst({ ...task, cursor: 0, pass: task.pass + 1 });
      else if (result.next) queues.addFirst({ ...task, cursor: result.next.cursor });
      else done++;
    }
  }

  return {
    /** Steps done, and steps that are known. */
    counts() {
      const waiting = queues.waiting().reduce((sum, tasks) => sum + tasks.length, 0);
      return { done, total: done + unwritten.length + queues.activeCount() + waiting, failures };
    },
    /** Calls to the API of which most are to come yet. */
    callsLeft: (): number => Math.max(0, ...queues.waiting().map((tasks) => callsOf(tasks, sizes))),
    /** Walks the tasks and all that follow from them. @throws when a write fails, the lease is lost, or it is aborted */
    async walk(tasks: readonly Task[]): Promise<void> {
      for (const task of tasks) queues.add(task);
      let failure: { error: unknown } | undefined;
      const pause = createPause();
      const start = (): void => {
        for (const task of queues.take(refusals.isClosed)) {
          perform(task)
            .catch((error: unknown) => {
              failure ??= { error };
            })
            .finally(() => {
              queues.end(task);
              start();
              if (queues.activeCount() === 0) pause.end();
            });
        }
      };
      for (;;) {
        signal.throwIfAborted();
        start();
        if (failure) throw failure.error;
        if (unwritten.length > 0) await write();
        else if (queues.activeCount() === 0 && !refusals.closeUndecided()) return;
        if (unwritten.length < MAX_UNWRITTEN) await pause.wait(WRITE_EVERY_MS);
        else await breathe();
      }
    },
  };
}

/** How many of the first results fit into one transaction. */
function batchSizeOf(unwritten: readonly { result: TaskResult }[]): number {
  let people = 0;
  let size = 0;
  while (size < unwritten.length && people < MAX_PEOPLE_AT_ONCE) {
    people += unwritten[size++]!.result.people?.list.length ?? 1;
  }
  return size;
}

/** A wait that can be ended early. */
function createPause() {
  let end = () => {};
  return {
    wait: (ms: number) =>
      new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        end = () => {
          clearTimeout(timer);
          resolve();
        };
      }),
    end: () => end(),
  };
}

function callsOf(tasks: readonly Task[], sizes: CrawlOptions['sizes']): number {
  return tasks.reduce((sum, task) => sum + callsOfOne(task, sizes), 0);
}

/** A department of several pages is read page by page, and compared with its list of ids. */
function callsOfOne({ kind, subject, cursor }: Task, sizes: CrawlOptions['sizes']): number {
  const size = sizes.get(Number(subject)) ?? 0;
  if (kind !== 'people' || cursor < 0 || size <= MEMBER_PAGE_SIZE) return 1;
  return Math.max(0, Math.ceil((size - cursor) / MEMBER_PAGE_SIZE)) + 1;
}
