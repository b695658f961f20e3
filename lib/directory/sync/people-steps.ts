import 'server-only';
import type { Client } from '../../dingtalk/client';
import { DingTalkError } from '../../dingtalk/errors';
import { getMember, listMemberIds, type Member } from '../../dingtalk/users';
import type { Missing } from '../mirror-state';
import { LAST_POSITION } from '../model';
import { toRecord } from '../record';
import type { FoundPerson, TaskResult } from './run';
import type { SyncStore } from './run-store';

/** What steps do about people whom a list shows badly, twice, or not at all. */

/** A department that changes while it is read is read so often from its beginning. */
const MAX_PASSES = 3;
const MAX_FETCHED_SINGLY = 50;

/** One record that makes no sense: it is named, and the others of its answer are taken. */
export function malformed(what: Missing['what'], subject: Partial<Missing>): Missing {
  return { what, problem: 'malformed', reason: 'unexpected-shape', ...subject };
}

/** People whose records cannot be read, though they are there: what is known of them stays. */
export function keptAsTheyWere(userIds: readonly string[], departmentId?: number): TaskResult {
  return {
    kept: { userIds, departmentId },
    unreadable: userIds.map((userId) => malformed('record', { userId, departmentId })),
  };
}

/** What was read, in a list of one; none when it made no sense. */
export async function orUnreadable<T>(action: () => Promise<T>): Promise<[T] | []> {
  try {
    return [await action()];
  } catch (error) {
    if (error instanceof DingTalkError && error.kind === 'malformed') return [];
    throw error;
  }
}

/**
 * Pages are cut by position: who leaves between two of them pulls everybody after them forward, and somebody slips
 * through, and who left stays. The department's ids, in one answer, tell whom.
 */
export async function compare(
  { client, store }: { client: Client; store: Pick<SyncStore, 'seenIn'> },
  departmentId: number,
  pass: number,
): Promise<TaskResult> {
  const [ids, seen] = await Promise.all([listMemberIds(client, departmentId), store.seenIn(departmentId)]);
  const slipped = ids.filter((id) => !seen.has(id));
  const there = new Set(ids);
  const moved = { departmentId, userIds: [...seen].filter((id) => !there.has(id)) };
  if (slipped.length === 0) return { moved };
  if (pass < MAX_PASSES || slipped.length > MAX_FETCHED_SINGLY) {
    if (pass < MAX_PASSES * 2) return { again: { departmentId } };
    throw new DingTalkError('malformed', {
      api: '/topapi/v2/user/list',
      code: 'never-the-same',
      mayHaveHadEffect: false,
    });
  }
  const list: FoundPerson[] = [];
  const unread: string[] = [];
  const readSingly = async (userId: string) => {
    const [member] = await orUnreadable(() => memberIfAny(client, userId));
    if (member === undefined) unread.push(userId);
    // Where no department was told, the list of ids has told one.
    else if (member && (member.departmentIds.length === 0 || member.departmentIds.includes(departmentId))) {
      const { departmentIds, ledDepartmentIds } = member;
      list.push({
        userId,
        record: toRecord(member),
        leader: ledDepartmentIds.includes(departmentId),
        departmentIds,
      });
    }
  };
  await Promise.all(slipped.map(readSingly));
  list.sort((one, other) => slipped.indexOf(one.userId) - slipped.indexOf(other.userId));
  return {
    ...keptAsTheyWere(unread, departmentId),
    people: { departmentId, position: LAST_POSITION, list },
    moved,
  };
}

/** Somebody; null when they left, or are no longer for us to see. */
export async function memberIfAny(client: Client, userId: string): Promise<Member | null> {
  try {
    return await getMember(client, userId);
  } catch (error) {
    if (error instanceof DingTalkError && (error.isPersonGone || error.isPersonOutOfRange)) return null;
    throw error;
  }
}
