import Link from 'next/link';
import { Icon } from '@/app/_ui/icon';
import type { DepartmentNode } from '@/lib/dal/directory';
import type { DirectoryText } from '@/lib/i18n/directory-page';

/** More than these make a page heavy on a phone; what is deeper is reached through the departments' own pages. */
const MAX_SHOWN = 400;

/** Departments as a tree that opens and closes without JavaScript. */
export function DepartmentTree({
  departments,
  text,
}: {
  departments: DepartmentNode[];
  text: DirectoryText;
}) {
  const shown = upperLevels(departments);
  const children = new Map<number | undefined, DepartmentNode[]>();
  const ids = new Set(shown.map(({ id }) => id));
  for (const department of shown) {
    const parent = ids.has(department.parentId ?? 0) ? department.parentId : undefined;
    const siblings = children.get(parent);
    if (siblings) siblings.push(department);
    else children.set(parent, [department]);
  }
  return (
    <>
      <Branches parent={undefined} departments={children} text={text} />
      {shown.length < departments.length && <p className="line">{text.treeCut}</p>}
    </>
  );
}

interface BranchesProps {
  parent: number | undefined;
  departments: ReadonlyMap<number | undefined, DepartmentNode[]>;
  text: DirectoryText;
}

function Branches({ parent, departments, text }: BranchesProps) {
  const branches = departments.get(parent) ?? [];
  // The company itself: what is below it always shows.
  const isRoot = parent === undefined && branches.length === 1;
  return (
    <ul className={parent === undefined ? 'panel tree' : undefined}>
      {branches.map((department) => {
        const { id, name } = department;
        const below = departments.has(id) && <Branches parent={id} departments={departments} text={text} />;
        return (
          <li key={id}>
            <Branch department={department} isRoot={isRoot} text={text} />
            {isRoot
              ? below
              : below && (
                  <details>
                    <summary>
                      <span className="for-readers">{text.below(name)}</span>
                      <Icon name="right" size="s" className="arrow" />
                    </summary>
                    {below}
                  </details>
                )}
          </li>
        );
      })}
    </ul>
  );
}

interface BranchProps {
  department: DepartmentNode;
  isRoot: boolean;
  text: DirectoryText;
}

function Branch({ department: { id, name, memberCount, hidden }, isRoot, text }: BranchProps) {
  return (
    <Link className={isRoot ? 'tree-root' : undefined} href={`/directory/departments/${id}`} prefetch={false}>
      <span className="clamp-2">
        <bdi>{name}</bdi>
        {hidden && (
          <>
            {' '}
            <span className="badge">{text.hidden}</span>
          </>
        )}
      </span>
      <span className="row-end num">{text.peopleOf(memberCount)}</span>
    </Link>
  );
}

/** Whole levels from the top, as many as fit, but never fewer than two. */
function upperLevels(departments: DepartmentNode[]): DepartmentNode[] {
  const levels = new Map<number, number>();
  for (const { id, parentId } of departments) levels.set(id, (levels.get(parentId ?? 0) ?? 0) + 1);
  const sizes: number[] = [];
  for (const level of levels.values()) sizes[level] = (sizes[level] ?? 0) + 1;
  let deepest = 2;
  let count = (sizes[1] ?? 0) + (sizes[2] ?? 0);
  while (count + (sizes[deepest + 1] ?? Number.POSITIVE_INFINITY) <= MAX_SHOWN)
    count += sizes[++deepest] ?? 0;
  return departments.filter(({ id }) => (levels.get(id) ?? 1) <= deepest);
}
