import Link from 'next/link';
import type { DepartmentName } from '@/lib/dal/directory';

/** Where a department is: from the top-most down, each a link. */
export function Path({ path, label }: { path: DepartmentName[]; label: string }) {
  if (path.length === 0) return null;
  return (
    <nav aria-label={label}>
      <ol className="path">
        {path.map(({ id, name }) => (
          <li key={id}>
            <Link href={`/directory/departments/${id}`} prefetch={false}>
              <bdi>{name}</bdi>
            </Link>
          </li>
        ))}
      </ol>
    </nav>
  );
}
