import Link from 'next/link';
import type { DirectoryText } from '@/lib/i18n/directory-page';
import type { DepartmentItem } from './items';

/** A department as a row that leads to its page. */
export function DepartmentLink({ department, text }: { department: DepartmentItem; text: DirectoryText }) {
  const { id, name, memberCount, hidden } = department;
  return (
    <Link className="row" href={`/directory/departments/${id}`} prefetch={false}>
      <span className="row-text">
        <span className="row-title">
          <bdi className="name">{name}</bdi>
          {hidden && <span className="badge badge-quiet">{text.hidden}</span>}
        </span>
      </span>
      <span className="row-count">{text.peopleOf(memberCount)}</span>
      <span className="row-arrow" aria-hidden="true">
        ›
      </span>
    </Link>
  );
}

/** The same in a list. */
export function DepartmentRow(props: { department: DepartmentItem; text: DirectoryText }) {
  return (
    <li>
      <DepartmentLink {...props} />
    </li>
  );
}
