import 'server-only';
import type { Client } from '../../dingtalk/client';
import { type DepartmentDetail, getDepartment } from '../../dingtalk/departments';
import { DingTalkError } from '../../dingtalk/errors';
import type { TaskResult } from './run';

/** What steps do where a department or a role has vanished since it was listed. */

const NO_SUCH_DEPARTMENT = /^60003$/;
const NO_DEPARTMENT_OF_OURS = /^(60003|50004)$/;
export const NO_SUCH_ROLE = /^33011$/;
/** `user/list` says no more than that it failed. */
const PEOPLE_NOT_READ = /^60019$/;

export function isRefusal(error: unknown, codes: RegExp): boolean {
  return error instanceof DingTalkError && error.kind === 'rejected' && codes.test(error.code);
}

/** A department that vanishes between its listing and its reading is gone, which is no failure. */
export async function unlessGone(
  departmentId: number,
  action: () => Promise<TaskResult>,
): Promise<TaskResult> {
  try {
    return await action();
  } catch (error) {
    if (isRefusal(error, NO_SUCH_DEPARTMENT)) return { gone: departmentId };
    throw error;
  }
}

/** That the people of a department were not read may mean that it is gone: this tells. */
export async function orConfirmGone<T>(
  client: Client,
  departmentId: number,
  action: () => Promise<T>,
): Promise<T> {
  try {
    return await action();
  } catch (error) {
    if (isRefusal(error, PEOPLE_NOT_READ)) await getDepartment(client, departmentId);
    throw error;
  }
}

/** A department; null when it was dissolved, or is no longer for us to see. */
export async function departmentIfAny(
  client: Client,
  departmentId: number,
): Promise<DepartmentDetail | null> {
  try {
    return await getDepartment(client, departmentId);
  } catch (error) {
    if (isRefusal(error, NO_DEPARTMENT_OF_OURS)) return null;
    throw error;
  }
}
