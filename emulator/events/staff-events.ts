import type { Company } from '../company';
import type { Control, PersonSummary } from '../control';
import { type Person, rolesOf } from '../person';
import type { CompanyEvent } from './company-event';
import type { EventControl } from './event-hub';

/** Fields of their own choosing, of which DingTalk tells nobody. */
const PERSONAL = new Set<keyof Person>(['hasAvatar', 'realAuthed', 'active', 'adminLevel', 'roleIds']);

/** What the staff's changes do besides: DingTalk tells the app. */
export interface EventfulControl extends Control {
  readonly events: EventControl;
  /** To these departments; without any, to the next one of the tree. */
  move(userid: string, departmentIds?: number[]): PersonSummary;
  /** Makes somebody a sub-administrator or takes it away; without a wish, the other of the two. */
  promote(userid: string, isAdmin?: boolean): { isAdmin: boolean };
}

/** The control plane's verbs, with the events that follow from them. */
export function withStaffEvents(control: Control, company: Company, events: EventControl): EventfulControl {
  const emit = (
    type: string,
    userid: string,
    more: { roleIds?: number[]; action?: 'add' | 'remove'; diff?: CompanyEvent['diff'] } = {},
  ) => events.emit({ type, userIds: [userid], ...more });

  /** In the order in which DingTalk was seen to send them; nobody may rely on it. */
  function tell(before: Person, after: Person): void {
    const { userid } = after;
    const changed = (Object.keys(after) as (keyof Person)[]).filter(
      (name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]),
    );
    if (changed.some((name) => !PERSONAL.has(name)))
      emit('user_modify_org', userid, { diff: diffOf(before, after) });
    if (after.active && !before.active) emit('user_active_org', userid);
    if (after.adminLevel > 0 && before.adminLevel === 0) emit('org_admin_add', userid);
    if (after.adminLevel === 0 && before.adminLevel > 0) emit('org_admin_remove', userid);
    const [had, has] = [before, after].map((person) => rolesOf(person).map(({ id }) => id)) as [
      number[],
      number[],
    ];
    const [gained, lost] = [has.filter((id) => !had.includes(id)), had.filter((id) => !has.includes(id))];
    if (gained.length > 0) emit('label_user_change', userid, { roleIds: gained, action: 'add' });
    if (lost.length > 0) emit('label_user_change', userid, { roleIds: lost, action: 'remove' });
  }

  const eventful: EventfulControl = {
    ...control,
    events,
    hire(person) {
      const hired = control.hire(person);
      // As captured: a newcomer is added, and then changed.
      emit('user_add_org', hired.userid);
      emit('user_modify_org', hired.userid);
      return hired;
    },
    fire(userid) {
      control.fire(userid);
      emit('user_leave_org', userid);
    },
    patchPerson(userid, change) {
      const person = company.person(userid);
      const before = person && { ...person };
      const changed = control.patchPerson(userid, change);
      if (before && person) tell(before, person);
      return changed;
    },
    move: (userid, departmentIds = [nextDepartment(company, userid)]) =>
      eventful.patchPerson(userid, { departmentIds }),
    promote(userid, wanted) {
      const isAdmin = wanted ?? !company.person(userid)?.adminLevel;
      eventful.patchPerson(userid, { adminLevel: isAdmin ? 2 : 0 });
      return { isAdmin };
    },
  };
  return eventful;
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

function nextDepartment(company: Company, userid: string): number {
  const { departments } = company;
  const at = departments.findIndex(({ id }) => id === company.person(userid)?.departmentIds[0]);
  return departments[(at + 1) % departments.length]!.id;
}
