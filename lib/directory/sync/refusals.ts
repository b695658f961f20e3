import 'server-only';
import type { DingTalkError } from '../../dingtalk/errors';
import { fromDingTalk } from '../../dingtalk-problems';
import type { Problem } from '../../errors';
import type { Missing } from '../mirror-state';
import type { Task, TaskKind } from './run';
import type { SyncStore } from './run-store';

/** More refusals in a row than this concern the API, not the departments. */
const MAX_REFUSED = 20;
/** After so many refused subjects, and none served, no other subject is expected to be served. */
const ENOUGH_REFUSED = 3;
/** Problems that every other subject of the kind meets as well, unless one was served. */
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

interface Refusal {
  task: Task;
  error: DingTalkError;
}

/** Decides whether a refusal concerns one subject or all of its kind, and reports what is missing. */
export function createRefusals(store: SyncStore, report: (task: Task, missing: Missing) => void) {
  const closed = new Set<TaskKind>();
  const served = new Set<TaskKind>();
  const inARow = new Map<TaskKind, number>();
  /** Refusals of kinds of which nothing was served yet. */
  const undecided = new Map<TaskKind, Refusal[]>();

  function close({ task, error }: Refusal): void {
    closed.add(task.kind);
    undecided.delete(task.kind);
    report(task, toMissing(task.kind, error));
  }

  async function reportSubject({ task, error }: Refusal): Promise<void> {
    const subject = await subjectOf(store, task);
    report(task, { ...toMissing(task.kind, error), ...subject });
  }

  return {
    /** Whether everything of a kind is missing, so that no more of it is asked for. */
    isClosed: (kind: TaskKind) => closed.has(kind),
    /** A task of this kind was served: refusals of other subjects concern these subjects alone. */
    async served(kind: TaskKind): Promise<void> {
      served.add(kind);
      inARow.delete(kind);
      for (const refusal of undecided.get(kind)?.splice(0) ?? []) await reportSubject(refusal);
    },
    async refused(refusal: Refusal): Promise<void> {
      const { kind } = refusal.task;
      if (closed.has(kind)) return;
      if (!FINAL.has(fromDingTalk(refusal.error).problem)) return reportSubject(refusal);
      const refusals = (inARow.get(kind) ?? 0) + 1;
      inARow.set(kind, refusals);
      if (served.has(kind)) return refusals > MAX_REFUSED ? close(refusal) : reportSubject(refusal);
      const pending = [...(undecided.get(kind) ?? []), refusal];
      undecided.set(kind, pending);
      if (pending.length >= ENOUGH_REFUSED) close(refusal);
    },
    /** Nothing is left to ask: closes a kind of which nothing was served. @returns whether there was one */
    closeUndecided() {
      const [first] = [...undecided.values()].flat();
      if (first) close(first);
      return first !== undefined;
    },
  };
}

function toMissing(kind: TaskKind, error: DingTalkError): Missing {
  const { problem, detail } = fromDingTalk(error);
  const { dingTalkCode, reason, proxy, api, requiredScopes, applyUrl } = detail;
  return { what: WHAT[kind], problem, dingTalkCode, reason, proxy, api, requiredScopes, applyUrl };
}

async function subjectOf(store: SyncStore, { kind, subject }: Task): Promise<Partial<Missing>> {
  if (kind === 'person' || kind === 'check') return { userId: subject };
  if (kind === 'role') return { roleName: (await store.seenRole(Number(subject)))?.name || undefined };
  if (!OF_DEPARTMENTS.has(kind)) return {};
  const departmentId = Number(subject);
  return { departmentId, departmentName: (await store.seenDepartment(departmentId))?.name || undefined };
}
