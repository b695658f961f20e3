import type { CompanyChange } from '../company/company';
import { type Person, rolesOf } from '../company/person';
import type { CompanyEvent } from './company-event';
import type { EventControl } from './event-hub';

/** Fields of which DingTalk sends no `user_modify_org`. */
const PERSONAL = new Set<keyof Person>(['hasAvatar', 'realAuthed', 'active', 'adminLevel', 'roleIds']);
const DEPARTMENT_EVENTS = {
  'department-created': 'org_dept_create',
  'department-changed': 'org_dept_modify',
  'department-removed': 'org_dept_remove',
};

/** Emits DingTalk's events for every change in the company. */
export function eventsOf(events: EventControl): (change: CompanyChange) => void {
  const emit = (
    type: string,
    userid: string,
    more: { roleIds?: number[]; action?: 'add' | 'remove'; diff?: CompanyEvent['diff'] } = {},
  ) => events.emit({ type, userIds: [userid], ...more });

  /** In the order in which DingTalk was seen to send them; it is not guaranteed. */
  function emitChange(before: Person, after: Person): void {
    const { userid } = after;
    const changed = (Object.keys(after) as (keyof Person)[]).filter(
      (name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]),
    );
    if (changed.some((name) => !PERSONAL.has(name)))
      emit('user_modify_org', userid, { diff: diffOf(before, after) });
    if (after.active && !before.active) emit('user_active_org', userid);
    if (after.adminLevel > 0 && before.adminLevel !== after.adminLevel) emit('org_admin_add', userid);
    if (after.adminLevel === 0 && before.adminLevel > 0) emit('org_admin_remove', userid);
    const [had, has] = [before, after].map((person) => rolesOf(person).map(({ id }) => id)) as [
      number[],
      number[],
    ];
    const [gained, lost] = [has.filter((id) => !had.includes(id)), had.filter((id) => !has.includes(id))];
    if (gained.length > 0) emit('label_user_change', userid, { roleIds: gained, action: 'add' });
    if (lost.length > 0) emit('label_user_change', userid, { roleIds: lost, action: 'remove' });
  }

  return (change) => {
    switch (change.what) {
      case 'joined':
        // As captured: a newcomer is added, and then changed.
        emit('user_add_org', change.userid);
        emit('user_modify_org', change.userid);
        return;
      case 'left':
        emit('user_leave_org', change.userid);
        return;
      case 'changed':
        return emitChange(change.before, change.after);
      default:
        events.emit({ type: DEPARTMENT_EVENTS[change.what], departmentIds: [change.id] });
    }
  };
}

/** The words before and after, by the names that DingTalk gives them. */
function diffOf(before: Person, after: Person): CompanyEvent['diff'] {
  const names = {
    name: 'name',
    telephone: 'telephone',
    email: 'email',
    jobNumber: 'jobNumber',
    workPlace: 'workPlace',
    managerUserid: 'managerUserid',
    remark: 'remark',
  } as const;
  const [prev, curr]: [Record<string, string>, Record<string, string>] = [{}, {}];
  for (const [ours, theirs] of Object.entries(names) as [keyof typeof names, string][]) {
    if (before[ours] === after[ours]) continue;
    prev[theirs] = before[ours] ?? '';
    curr[theirs] = after[ours] ?? '';
  }
  return Object.keys(curr).length > 0 ? [{ prev, curr, userid: after.userid }] : [];
}
