import 'server-only';
import type { Client } from '../dingtalk/client';
import { getDepartment, listSubDepartments, ROOT_DEPARTMENT_ID } from '../dingtalk/departments';
import { DingTalkError } from '../dingtalk/errors';
import { listRoleMembers, listRoles } from '../dingtalk/roles';
import { getAuthorizedRange } from '../dingtalk/scopes';
import { getMember, listAdministrators, listMemberIds, listMembers } from '../dingtalk/users';
import type { SkippedDepartment } from './mirror-state';
import { toNoted, toRecord, toRules } from './record';
import type { DirectoryStore, FoundDepartment, NewTask, Task, TaskKind, TaskResult } from './store';

/** Each step of a run: what it asks DingTalk, and what follows. Nothing here writes. */

export interface StepTools {
  client: Client;
  store: Pick<DirectoryStore, 'seenIn'>;
}

type Step = (tools: StepTools, task: Task) => Promise<TaskResult>;

/** After the last of several pages: compare with the department's own list of ids. */
const COMPARE = -1;
/** A department that changes while it is read is read so often from its beginning. */
const MAX_PASSES = 3;
const MAX_FETCHED_SINGLY = 50;
const AFTER_ALL = 1_000_000_000;
const SCHOOL_TAGS = new Set(['campus', 'period', 'grade', 'class', 'school']);

export const steps: Record<TaskKind, Step> = {
  async range({ client }) {
    const { departmentIds, userIds } = await getAuthorizedRange(client);
    const wanted = departmentIds.includes(ROOT_DEPARTMENT_ID) ? [ROOT_DEPARTMENT_ID] : departmentIds;
    const odd = wanted.filter((id) => id < ROOT_DEPARTMENT_ID);
    const seeds = wanted.filter((id) => id >= ROOT_DEPARTMENT_ID);
    return {
      departments: seeds.map((id, position) => ({ id, parentId: undefined, position, name: '' })),
      skipped: odd.map((id) => ({ id, name: String(id), why: 'virtual' })),
      tasks: [
        ...seeds.flatMap(tasksOf),
        ...userIds.map((subject): NewTask => ({ kind: 'person', subject })),
        { kind: 'roles', subject: '' },
        { kind: 'administrators', subject: '' },
      ],
    };
  },

  async departments({ client }, { subject }) {
    const parentId = Number(subject);
    return unlessGone(parentId, async () => {
      const list = await listSubDepartments(client, parentId);
      const departments: FoundDepartment[] = [];
      const skipped: SkippedDepartment[] = [];
      list.forEach(({ id, name, tags }, position) => {
        if (id < ROOT_DEPARTMENT_ID) skipped.push({ id, name, why: 'virtual' });
        else if (tags.some((tag) => SCHOOL_TAGS.has(tag))) skipped.push({ id, name, why: 'school' });
        else departments.push({ id, parentId, position, name });
      });
      return { departments, skipped, tasks: departments.flatMap(({ id }) => tasksOf(id)) };
    });
  },

  async rules({ client }, { subject }) {
    const departmentId = Number(subject);
    return unlessGone(departmentId, async () => {
      const detail = await getDepartment(client, departmentId);
      return { rules: { departmentId, name: detail.name, rules: toRules(detail) } };
    });
  },

  async people({ client, store }, { subject, cursor, pass }) {
    const departmentId = Number(subject);
    if (cursor === COMPARE)
      return unlessGone(departmentId, () => compare({ client, store }, departmentId, pass));
    return unlessGone(departmentId, async () => {
      const { members, nextCursor } = await orConfirmGone(client, departmentId, () =>
        listMembers(client, departmentId, cursor),
      );
      const list = members.map((member) => ({
        userId: member.userId,
        record: toRecord(member),
        leader: member.leader,
      }));
      const next = nextCursor ?? (cursor > 0 ? COMPARE : undefined);
      return {
        people: { departmentId, position: cursor, list },
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
        list: [{ userId: member.userId, record: toRecord(member), leader: false }],
      },
    };
  },

  async check({ client }, { subject }) {
    const member = await memberIfAny(client, subject);
    return member ? { found: toNoted(member) } : {};
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

function tasksOf(departmentId: number): NewTask[] {
  const subject = String(departmentId);
  return [
    { kind: 'departments', subject },
    { kind: 'rules', subject },
    { kind: 'people', subject },
  ];
}

/**
 * Pages are cut by position: who leaves between two of them pulls everybody after them forward, and somebody slips
 * through. The department's ids, in one answer, tell whom.
 */
async function compare(
  { client, store }: StepTools,
  departmentId: number,
  pass: number,
): Promise<TaskResult> {
  const [ids, seen] = await Promise.all([listMemberIds(client, departmentId), store.seenIn(departmentId)]);
  const slipped = ids.filter((id) => !seen.has(id));
  if (slipped.length === 0) return {};
  if (pass < MAX_PASSES || slipped.length > MAX_FETCHED_SINGLY) {
    if (pass < MAX_PASSES * 2) return { again: { departmentId } };
    throw new DingTalkError('malformed', {
      api: '/topapi/v2/user/list',
      code: 'never-the-same',
      mayHaveHadEffect: false,
    });
  }
  const members = await Promise.all(slipped.map((userId) => memberIfAny(client, userId)));
  const list = members.flatMap((member) =>
    member?.departmentIds.includes(departmentId)
      ? [
          {
            userId: member.userId,
            record: toRecord(member),
            leader: member.ledDepartmentIds.includes(departmentId),
          },
        ]
      : [],
  );
  return { people: { departmentId, position: AFTER_ALL, list } };
}

const NO_SUCH_DEPARTMENT = /^60003$/;
const NO_SUCH_PERSON = /^(33012|40003|60111|60121|50002)$/;
const NO_SUCH_ROLE = /^33011$/;
/** `user/list` says no more than that it failed. */
const PEOPLE_NOT_READ = /^60019$/;

function isRefusal(error: unknown, codes: RegExp): boolean {
  return error instanceof DingTalkError && error.kind === 'rejected' && codes.test(error.code);
}

/** A department that vanishes between its listing and its reading is gone, which is no failure. */
async function unlessGone(departmentId: number, action: () => Promise<TaskResult>): Promise<TaskResult> {
  try {
    return await action();
  } catch (error) {
    if (isRefusal(error, NO_SUCH_DEPARTMENT)) return { gone: departmentId };
    throw error;
  }
}

async function orConfirmGone<T>(client: Client, departmentId: number, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    if (isRefusal(error, PEOPLE_NOT_READ)) await getDepartment(client, departmentId);
    throw error;
  }
}

/** Somebody; null when they left, or are no longer for us to see. */
async function memberIfAny(client: Client, userId: string) {
  try {
    return await getMember(client, userId);
  } catch (error) {
    if (isRefusal(error, NO_SUCH_PERSON)) return null;
    throw error;
  }
}
