import type { Missing } from '@/lib/directory/mirror-state';
import type { DirectoryText } from '@/lib/i18n/directory-page';
import { shownText } from '@/lib/shown-text';

/** What a read could not get, in words. */
export function missingName(missing: Missing, { missing: names }: DirectoryText): string {
  const { what, departmentId, departmentName, userId, roleName } = missing;
  const department = shownText(departmentName) ?? departmentId?.toString();
  switch (what) {
    case 'scope':
    case 'admins':
      return names[what];
    case 'person':
      return names.person(shownText(userId));
    case 'record':
      return names.record(shownText(userId));
    case 'roles':
      return names.roles(shownText(roleName));
    default:
      return names[what](department);
  }
}
