import 'server-only';
import { ROOT_DEPARTMENT_ID } from '../dingtalk/departments';
import type { People, PersonRecord, StoredDepartment, StoredMember, StoredRole } from './model';
import type { DirectoryTree } from './tree';

/** What one viewer may see of the directory. */
export interface Visibility {
  canSeeDepartment(id: number): boolean;
  canSeePerson(member: StoredMember): boolean;
  /** A person's mobile number, or undefined. */
  mobileOf(member: StoredMember): string | undefined;
  /** How many people this viewer may know of in a department and below it; or where these have to be counted. */
  countOf(department: StoredDepartment): number | number[];
  /** All people whom this viewer sees, where that can be written in a short condition and is not the whole directory. */
  within: People | undefined;
  canSeeHiddenMobiles: boolean;
}

export interface Viewer {
  userId: string;
  /** Null: the mirror does not know them, perhaps because the app may not read them. */
  member: StoredMember | null;
  roles: StoredRole[];
}

/** Who asks, what there is, and what of it they may see. */
export interface View {
  viewer: Viewer;
  tree: DirectoryTree;
  visibility: Visibility;
}

/**
 * Works out what DingTalk's own rules let a viewer see: hidden departments only for their own people and those
 * permitted; people of restricted departments see their own and what is listed.
 *
 * @param seesAll the viewer is one of `DIRECTORY_SEE_HIDDEN`
 */
export function visibilityOf(tree: DirectoryTree, viewer: Viewer, seesAll: boolean): Visibility {
  const limits = seesAll || !tree.hasRules ? undefined : limitsOf(tree, viewer);
  const seesDepartment = (id: number) =>
    tree.departments.has(id) && (limits === undefined || limits.departments.has(id));
  // A person who has no department that we know was authorised singly, from outside of what the app may read. Where it may
  // read everything there is no such outside: then the department is a new one, perhaps hidden, and the next run tells.
  const seesOutsiders = !tree.departments.has(ROOT_DEPARTMENT_ID) && !limits?.restricted;
  const seesPlaces = ({ departments }: StoredMember) =>
    departments.length === 0
      ? seesOutsiders
      : limits === undefined || departments.some(({ id }) => limits.departments.has(id));
  return {
    canSeeDepartment: seesDepartment,
    canSeePerson: (member) =>
      seesAll ||
      member.userId === viewer.userId ||
      limits?.people.has(member.userId) === true ||
      seesPlaces(member),
    mobileOf: ({ userId, record }) =>
      !record.hideMobile || seesAll || userId === viewer.userId ? fullMobile(record) : undefined,
    countOf: (department) => {
      if (seesAll) return department.below;
      if (!tree.pathOf(department.id).some(({ hidden }) => hidden)) return department.belowPublic;
      const below = [...tree.withBelow([department.id])];
      const visible = below.filter(seesDepartment);
      // Nothing can be subtracted: a person in a visible department counts, wherever else they are.
      return visible.length === below.length ? department.below : visible;
    },
    within:
      limits === undefined || seesOutsiders
        ? undefined
        : { departmentIds: [...limits.departments], userIds: [...limits.people, viewer.userId] },
    canSeeHiddenMobiles: seesAll,
  };
}

interface Limits {
  departments: ReadonlySet<number>;
  people: ReadonlySet<string>;
  restricted: boolean;
}

function limitsOf(tree: DirectoryTree, viewer: Viewer): Limits {
  const ownPaths = (viewer.member?.departments ?? []).map(({ id }) => tree.pathOf(id));
  const around = new Set(ownPaths.flat().map(({ id }) => id));
  const own = new Set((viewer.member?.departments ?? []).map(({ id }) => id));
  // A viewer with one department without the restriction is not restricted.
  const restrictions = ownPaths.map((path) => path.findLast(({ restricted }) => restricted));
  const restricted = restrictions.length > 0 && restrictions.every((department) => department !== undefined);
  const listed = new Set(restrictions.flatMap((department) => department?.visibleDepartmentIds ?? []));
  const people = new Set(restrictions.flatMap((department) => department?.visibleUserIds ?? []));

  const departments = new Set<number>();
  const mayEnter = ({ hidden, permittedUserIds, permittedDepartmentIds }: StoredDepartment) =>
    !hidden ||
    permittedUserIds.includes(viewer.userId) ||
    permittedDepartmentIds.some((id) => around.has(id));
  // Parents come first: what is below an invisible department is invisible, unless it is the viewer's own.
  const open = new Set<number>();
  const granted = new Set<number>();
  for (const department of tree.ordered) {
    const { id, parentId } = department;
    const topMost = parentId === undefined || !tree.departments.has(parentId);
    if ((topMost || open.has(parentId)) && mayEnter(department)) open.add(id);
    if (own.has(id) || listed.has(id) || (parentId !== undefined && granted.has(parentId))) granted.add(id);
    const visible = restricted
      ? granted.has(id) && (open.has(id) || own.has(id))
      : open.has(id) || own.has(id);
    if (visible) departments.add(id);
  }
  return { departments, people, restricted };
}

function fullMobile({ mobile, stateCode }: PersonRecord): string | undefined {
  if (mobile === undefined) return undefined;
  return stateCode === undefined || stateCode === '86' ? mobile : `+${stateCode}-${mobile}`;
}
