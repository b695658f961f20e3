import 'server-only';
import { setImmediate as breathe } from 'node:timers/promises';
import type { Client } from '../../dingtalk/client';
import { DingTalkError } from '../../dingtalk/errors';
import { MEMBER_PAGE_SIZE } from '../../dingtalk/users';
import { fromDingTalk, type Problem } from '../../errors';
import type { Missing } from '../mirror-state';
import type { Lease, Task, TaskKind, TaskResult } from './run';
import type { SyncStore } from './run-store';
import { steps } from './steps';

export interface CrawlOptions {
  client: Client;
  store: SyncStore;
  lease: Lease;
  signal: AbortSignal;
  doneBefore: number;
  /** How many people are directly in a department, as far as is known before it is read. */
  sizes: ReadonlyMap<number, number>;
}

export interface Crawl {
  /** Steps done, and steps that are known. */
  counts(): { done: number; total: number; failures: number };
  /** Calls to the API of which most are to come yet. */
  callsLeft(): number;
  /** Walks the tasks and all that follow from them. @throws when a write fails, the lease is lost, or it is aborted */
  walk(tasks: readonly Task[]): Promise<void>;
}

/** Steps of one kind that are under way at once; the pace of calls is the client's business. */
const WIDTH = 8;
/** Long enough to gather, short enough for a department of many pages, which are read one after the other. */
const WRITE_EVERY_MS = 100;
/** A transaction of some ten milliseconds. */
const MAX_PEOPLE_AT_ONCE = 500;
/** So many failures on end are taken for the API's, not the departments'. */
const MAX_REFUSED = 20;
/** So many different subjects refused, and none served: no other one will be. */
const ENOUGH_REFUSED = 3;
/** What will be refused again for every other department, unless another one was served. */
const FINAL: ReadonlySet<Problem> = new Set<Problem>([
  'permission-missing',
  'address-refused',
  'token-refused',
  'bad-credentials',
  'app-disabled',
  'quota-spent',
  'request-refused',
]);
const WHAT: Record<TaskKind, Missing['what']> = {
  range: 'scope',
  seed: 'departments',
  departments: 'departments',
  rules: 'settings',
  people: 'people',
  person: 'person',
  check: 'person',
  department: 'departments',
  count: 'people',
  recount: 'people',
  roles: 'roles',
  role: 'roles',
  administrators: 'admins',
};

const OF_DEPARTMENTS: ReadonlySet<TaskKind> = new Set([
  'seed',
  'departments',
  'people',
  'rules',
  'department',
  'recount',
] as const);

/** A department of several pages is read page by page, and compared with its list of ids. */
function callsOf({ kind, subject, cursor }: Task, sizes: CrawlOptions['sizes']): number {
  const size = sizes.get(Number(subject)) ?? 0;
  if (kind !== 'people' || cursor < 0 || size <= MEMBER_PAGE_SIZE) return 1;
  return Math.max(0, Math.ceil((size - cursor) / MEMBER_PAGE_SIZE)) + 1;
}

interface Refusal {
  task: Task;
  error: DingTalkError;
}

function toMissing(kind: TaskKind, error: DingTalkError): Missing {
  const { problem, detail } = fromDingTalk(error);
  const { dingTalkCode, reason, proxy, api, requiredScopes, applyUrl } = detail;
  return { what: WHAT[kind], problem, dingTalkCode, reason, proxy, api, requiredScopes, applyUrl };
}

/** Works through steps, those of different kinds side by side, and writes what each brought together with its end. */
export function createCrawl({ client, store, lease, signal, doneBefore, sizes }: CrawlOptions): Crawl {
  const lanes = new Map<TaskKind, Task[]>();
  const closed = new Set<TaskKind>();
  const served = new Set<TaskKind>();
  const refused = new Map<TaskKind, number>();
  /** Refusals of kinds of which nothing was served yet: about the subject, or about all of them? */
  const undecided = new Map<TaskKind, Refusal[]>();
  const active = new Map<TaskKind, number>();
  const unwritten: { task: Task; result: TaskResult }[] = [];
  let done = doneBefore;
  let failures = 0;

  const lane = (kind: TaskKind) => {
    let tasks = lanes.get(kind);
    if (!tasks) {
      tasks = [];
      lanes.set(kind, tasks);
    }
    return tasks;
  };

  /** Asks DingTalk, and hands over what came. */
  async function perform(task: Task): Promise<void> {
    let result: TaskResult;
    try {
      result = await steps[task.kind]({ client, store }, task);
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof DingTalkError)) throw error;
      await refuse({ task, error });
      return;
    }
    served.add(task.kind);
    refused.delete(task.kind);
    unwritten.push({ task, result });
    // It was about the subjects, then.
    for (const refusal of undecided.get(task.kind)?.splice(0) ?? []) await nameMissing(refusal);
  }

  async function refuse(refusal: Refusal): Promise<void> {
    const { kind } = refusal.task;
    // Another task of this kind was refused for good already, and said so.
    if (closed.has(kind)) return;
    if (!FINAL.has(fromDingTalk(refusal.error).problem)) return nameMissing(refusal);
    const refusals = (refused.get(kind) ?? 0) + 1;
    refused.set(kind, refusals);
    if (served.has(kind)) return refusals > MAX_REFUSED ? close(refusal) : nameMissing(refusal);
    undecided.set(kind, [...(undecided.get(kind) ?? []), refusal]);
    if (undecided.get(kind)!.length >= ENOUGH_REFUSED) close(refusal);
  }

  /** All of a kind are missing, and no more of it is asked for. */
  function close({ task, error }: Refusal): void {
    closed.add(task.kind);
    undecided.delete(task.kind);
    lane(task.kind).length = 0;
    failures++;
    unwritten.push({ task, result: { missing: toMissing(task.kind, error) } });
  }

  async function nameMissing({ task, error }: Refusal): Promise<void> {
    failures++;
    const subject = await subjectOf(task);
    unwritten.push({ task, result: { missing: { ...toMissing(task.kind, error), ...subject } } });
  }

  async function subjectOf({ kind, subject }: Task): Promise<Partial<Missing>> {
    if (kind === 'person' || kind === 'check') return { userId: subject };
    if (kind === 'role') return { roleName: (await store.seenRole(Number(subject)))?.name || undefined };
    if (!OF_DEPARTMENTS.has(kind)) return {};
    const departmentId = Number(subject);
    return { departmentId, departmentName: (await store.seenDepartment(departmentId))?.name || undefined };
  }

  /** Writes what has gathered in one transaction: many small ones would write the same pages over and over. */
  async function write(): Promise<void> {
    let people = 0;
    let size = 0;
    while (size < unwritten.length && people < MAX_PEOPLE_AT_ONCE) {
      people += unwritten[size++]!.result.people?.list.length ?? 1;
    }
    const batch = unwritten.slice(0, size);
    const added = await store.record(lease, batch);
    unwritten.splice(0, size);
    for (const next of added) lane(next.kind).push(next);
    for (const { task, result } of batch) {
      // What has begun goes first: a long department must not be left over at the end.
      if (result.again) lane(task.kind).unshift({ ...task, cursor: 0, pass: task.pass + 1 });
      else if (result.next) lane(task.kind).unshift({ ...task, cursor: result.next.cursor });
      else done++;
    }
  }

  return {
    counts() {
      const waiting = [...lanes.values()].map((tasks) => tasks.length);
      const sum = (numbers: Iterable<number>) => [...numbers].reduce((total, n) => total + n, 0);
      const total = done + unwritten.length + sum(active.values()) + sum(waiting);
      return { done, total, failures };
    },
    callsLeft() {
      const ofLane = (tasks: Task[]) => tasks.reduce((sum, task) => sum + callsOf(task, sizes), 0);
      return Math.max(0, ...[...lanes.values()].map(ofLane));
    },
    async walk(tasks) {
      for (const task of tasks) lane(task.kind).push(task);
      let failure: { error: unknown } | undefined;
      let wake = () => {};
      const gather = () =>
        new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, WRITE_EVERY_MS);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      const start = () => {
        for (const [kind, waiting] of lanes) {
          if (closed.has(kind)) waiting.length = 0;
          for (let n = active.get(kind) ?? 0; n < WIDTH; n++) {
            const task = waiting.shift();
            if (!task) break;
            active.set(kind, n + 1);
            perform(task)
              .catch((error: unknown) => {
                failure ??= { error };
              })
              .finally(() => {
                active.set(kind, active.get(kind)! - 1);
                start();
                // Nothing else would come.
                if ([...active.values()].every((n) => n === 0)) wake();
              });
          }
        }
      };
      for (;;) {
        signal.throwIfAborted();
        start();
        if (failure) throw failure.error;
        if (unwritten.length > 0) await write();
        else if ([...active.values()].every((n) => n === 0)) {
          // Refusals of all that there were of their kind.
          const [first] = [...undecided.values()].flat();
          if (!first) return;
          close(first);
        }
        if (unwritten.length < 2 * WIDTH) await gather();
        else await breathe();
      }
    },
  };
}
