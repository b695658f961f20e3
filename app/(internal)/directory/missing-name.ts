import type { Missing } from '@/lib/directory/mirror-state';
import type { DirectoryText } from '@/lib/messages/directory-page';

/** What a read could not get, in words. */
export function missingName(missing: Missing, { missing: names }: DirectoryText): string {
  const { what, departmentId, departmentName, userId, roleName } = missing;
  const department = departmentName ?? departmentId?.toString();
  switch (what) {
    case 'scope':
    case 'admins':
      return names[what];
    case 'person':
      return names.person(userId);
    case 'record':
      return names.record(userId);
    case 'roles':
      return names.roles(roleName);
    default:
      return names[what](department);
  }
}
