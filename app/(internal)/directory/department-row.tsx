import Link from 'next/link';
import type { DirectoryText } from '@/lib/i18n/directory-page';
import { Hit } from './hit';
import type { DepartmentItem } from './items';
import type { DirectoryIcons } from './row-icons';

interface DepartmentRowProps {
  department: DepartmentItem;
  text: DirectoryText;
  icons: DirectoryIcons;
  query?: string;
}

/** A department in a list: leads to its page. */
export function DepartmentRow({ department, text, icons, query }: DepartmentRowProps) {
  const { id, name, memberCount, hidden, path = [] } = department;
  return (
    <li>
      <Link className="row" href={`/directory/departments/${id}`} prefetch={false}>
        {icons.department}
        <span className="row-text">
          <span className="row-title clamp-2">
            <bdi>
              <Hit text={name} query={query} />
            </bdi>
            {hidden && (
              <>
                {' '}
                <span className="badge">{text.hidden}</span>
              </>
            )}
          </span>
          {path.length > 0 && <span className="row-hint clamp-2">{path.join(' / ')}</span>}
        </span>
        <span className="row-end num">{text.peopleOf(memberCount)}</span>
        {icons.arrow}
      </Link>
    </li>
  );
}
