import 'server-only';
import type { Member } from '../dingtalk/users';
import { directoryStore } from '../directory/store';
import { shownName } from '../shown-text';
import { type DepartmentName, visiblePath } from './department-node';
import { readView } from './viewer';

/** Where a member works, in names that the directory shows them. */
export interface OwnPlaces {
  departments: (DepartmentName & { path: readonly DepartmentName[]; leads: boolean })[];
  manager?: { userId: string; name: string } | undefined;
}

/** The names behind the numbers of one's own record; those that the directory does not know are left out. */
export function ownPlaces(
  profile: Pick<Member, 'departmentIds' | 'ledDepartmentIds' | 'managerUserId'>,
): Promise<OwnPlaces> {
  return readView(async (view) => {
    const departments = profile.departmentIds.flatMap((id) => {
      const path = view.visibility.canSeeDepartment(id) ? visiblePath(view, id) : [];
      const own = path.at(-1);
      return own ? [{ ...own, path: path.slice(0, -1), leads: profile.ledDepartmentIds.includes(id) }] : [];
    });
    const manager = profile.managerUserId ? await directoryStore().member(profile.managerUserId) : null;
    return {
      departments,
      manager:
        manager && view.visibility.canSeePerson(manager)
          ? { userId: manager.userId, name: shownName(manager.record.name, manager.userId) }
          : undefined,
    };
  });
}
