import 'server-only';
import { getAuthorizedRange } from '../../dingtalk/auth-scopes';
import type { Client } from '../../dingtalk/client';
import {
  type DepartmentDetail,
  getDepartment,
  listSubDepartments,
  ROOT_DEPARTMENT_ID,
} from '../../dingtalk/departments';
import { listRoleMembers, listRoles } from '../../dingtalk/roles';
import { countMembers, listAdministrators, listMemberIds, listMembers } from '../../dingtalk/users';
import type { Missing, SkippedDepartment } from '../mirror-state';
import { LAST_POSITION } from '../model';
import { toNoted, toRecord, toRules } from '../record';
import { compare, keptAsTheyWere, malformed, memberIfAny, orUnreadable } from './people-steps';
import type { FoundDepartment, NewTask, Task, TaskKind, TaskResult } from './run';
import type { SyncStore } from './run-store';
import { departmentIfAny, isRefusal, NO_SUCH_ROLE, orConfirmGone, unlessGone } from './vanished';

/** Each step of a run: what it asks DingTalk, and what follows. Nothing here writes. */

export interface StepTools {
  client: Client;
  store: Pick<SyncStore, 'seenIn' | 'seenDepartment' | 'seenDepartments' | 'countSeen'>;
}

type Step = (tools: StepTools, task: Task) => Promise<TaskResult>;

/** After the last of several pages: compare with the department's own list of ids. */
const COMPARE = -1;
/** Deeper than any tree of DingTalk's. */
const MAX_DEPTH = 64;
const SCHOOL_TAGS = new Set(['campus', 'period', 'grade', 'class', 'school']);

export const steps: Record<TaskKind, Step> = {
  async range({ client }) {
    const { departmentIds, userIds, unreadable } = await getAuthorizedRange(client);
    const wanted = departmentIds.includes(ROOT_DEPARTMENT_ID) ? [ROOT_DEPARTMENT_ID] : departmentIds;
    const virtualDepartments = wanted.filter((id) => id < ROOT_DEPARTMENT_ID);
    const seeds = wanted.filter((id) => id >= ROOT_DEPARTMENT_ID);
    return {
      departments: seeds.map((id, position) => ({ id, parentId: undefined, position, name: '' })),
      skipped: virtualDepartments.map((id) => ({ id, name: String(id), why: 'virtual' })),
      unreadable: [
        ...(unreadable.departments > 0 ? [malformed('department', {})] : []),
        ...(unreadable.people > 0 ? [malformed('person', {})] : []),
      ],
      tasks: [
        ...seeds.flatMap((id): NewTask[] =>
          id === ROOT_DEPARTMENT_ID ? tasksOf(id) : [{ kind: 'seed', subject: String(id) }],
        ),
        ...userIds.map((subject): NewTask => ({ kind: 'person', subject })),
        { kind: 'roles', subject: '' },
        { kind: 'administrators', subject: '' },
      ],
    };
  },

  /** No list tells of what kind it is. */
  async seed({ client }, { subject }) {
    const id = Number(subject);
    return unlessGone(id, async () => {
      const detail = await getDepartment(client, id);
      const why = skipReason(detail);
      if (why) return { gone: id, skipped: [{ id, name: detail.name, why }] };
      return { ...rulesOf(detail), tasks: tasksOf(id).filter(({ kind }) => kind !== 'rules') };
    });
  },

  async departments({ client }, { subject }) {
    const parentId = Number(subject);
    return unlessGone(parentId, () => childrenOf(client, parentId));
  },

  async rules({ client }, { subject }) {
    const departmentId = Number(subject);
    return unlessGone(departmentId, async () => rulesOf(await getDepartment(client, departmentId)));
  },

  async people({ client, store }, { subject, cursor, pass }) {
    const departmentId = Number(subject);
    if (cursor === COMPARE)
      return unlessGone(departmentId, () => compare({ client, store }, departmentId, pass));
    return unlessGone(departmentId, async () => {
      const { members, nextCursor, isWhole } = await orConfirmGone(client, departmentId, () =>
        listMembers(client, departmentId, cursor),
      );
      const list = members.map((member) => ({
        userId: member.userId,
        record: toRecord(member),
        leader: member.leader,
        departmentIds: member.departmentIds,
      }));
      const next = nextCursor ?? (cursor > 0 || !isWhole ? COMPARE : undefined);
      return {
        people: { departmentId, position: cursor, list },
        notAdministrators: members.filter(({ admin }) => admin === false).map(({ userId }) => userId),
        ...(next === undefined ? {} : { next: { cursor: next } }),
      };
    });
  },

  person: async ({ client }, { subject }) => {
    const member = await memberIfAny(client, subject);
    if (!member) return {};
    return {
      people: {
        departmentId: undefined,
        position: 0,
        list: [
          {
            userId: member.userId,
            record: toRecord(member),
            leader: false,
            departmentIds: member.departmentIds,
          },
        ],
      },
    };
  },

  async check({ client, store }, { subject }) {
    const [member] = await orUnreadable(() => memberIfAny(client, subject));
    if (member === undefined) return keptAsTheyWere([subject]);
    if (!member) return { left: subject };
    const tasks: NewTask[] = [];
    for (const id of member.departmentIds) {
      if (!(await store.seenDepartment(id))) tasks.push({ kind: 'department', subject: String(id) });
    }
    return { found: toNoted(member), tasks };
  },

  /** It moved from a list not read yet to one read already, or is new there; and so may be what is above it. */
  async department({ client, store }, { subject }) {
    const departments: FoundDepartment[] = [];
    let id = Number(subject);
    while (!(await store.seenDepartment(id))) {
      if (id < ROOT_DEPARTMENT_ID) return {};
      const detail = await departmentIfAny(client, id);
      const why = detail && skipReason(detail);
      if (why) return { skipped: [{ id, name: detail.name, why }] };
      // Above what we may see: nothing of this is ours.
      if (detail?.parentId === undefined || departments.length === MAX_DEPTH) return {};
      departments.unshift({ id, parentId: detail.parentId, position: LAST_POSITION, name: detail.name });
      id = detail.parentId;
    }
    return { departments, tasks: departments.flatMap((department) => tasksOf(department.id)) };
  },

  async count({ client, store }) {
    const [expected, seen] = [await countMembers(client), await store.countSeen()];
    if (expected === seen.people) return {};
    const ids = await store.seenDepartments();
    return { tasks: ids.map((id) => ({ kind: 'recount', subject: String(id) })) };
  },

  async recount({ client, store }, { subject }) {
    const departmentId = Number(subject);
    return unlessGone(departmentId, async () => {
      const [below, ids] = await Promise.all([
        childrenOf(client, departmentId),
        listMemberIds(client, departmentId),
      ]);
      const seen = await store.seenIn(departmentId);
      const slipped = ids.filter((userId) => !seen.has(userId));
      const checks = slipped.map((userId): NewTask => ({ kind: 'check', subject: userId }));
      return { ...below, tasks: [...below.tasks, ...checks] };
    });
  },

  async roles({ client }, { cursor }) {
    const { roles, nextOffset } = await listRoles(client, cursor);
    return {
      roles,
      tasks: roles.map(({ id }) => ({ kind: 'role', subject: String(id) })),
      ...(nextOffset === undefined ? {} : { next: { cursor: nextOffset } }),
    };
  },

  async role({ client }, { subject, cursor }) {
    const roleId = Number(subject);
    try {
      const { userIds, nextOffset } = await listRoleMembers(client, roleId, cursor);
      return {
        roleMembers: { roleId, userIds },
        ...(nextOffset === undefined ? {} : { next: { cursor: nextOffset } }),
      };
    } catch (error) {
      if (isRefusal(error, NO_SUCH_ROLE)) return {};
      throw error;
    }
  },

  async administrators({ client }) {
    return { administrators: await listAdministrators(client) };
  },
};

async function childrenOf(client: Client, parentId: number) {
  const departments: FoundDepartment[] = [];
  const skipped: SkippedDepartment[] = [];
  const unreadable: Missing[] = [];
  (await listSubDepartments(client, parentId)).forEach(({ id, name, tags }, position) => {
    if (id === undefined) {
      unreadable.push(malformed('department', { departmentName: name || undefined }));
      return;
    }
    const why = skipReason({ id, tags });
    if (why) skipped.push({ id, name, why });
    else departments.push({ id, parentId, position, name });
  });
  return { departments, skipped, unreadable, tasks: departments.flatMap(({ id }) => tasksOf(id)) };
}

/** Rules that were not told count as closed, and are named as missing. */
function rulesOf(detail: DepartmentDetail): TaskResult {
  const { id: departmentId, name, hasRules } = detail;
  return {
    rules: { departmentId, name, rules: toRules(detail) },
    unreadable: hasRules ? [] : [malformed('settings', { departmentId, departmentName: name || undefined })],
  };
}

function skipReason({ id, tags }: { id: number; tags: string[] }): SkippedDepartment['why'] | undefined {
  if (id < ROOT_DEPARTMENT_ID) return 'virtual';
  return tags.some((tag) => SCHOOL_TAGS.has(tag)) ? 'school' : undefined;
}

function tasksOf(departmentId: number): NewTask[] {
  const subject = String(departmentId);
  return [
    { kind: 'departments', subject },
    { kind: 'rules', subject },
    { kind: 'people', subject },
  ];
}
