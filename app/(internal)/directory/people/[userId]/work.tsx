import Link from 'next/link';
import { type Field, FieldList } from '@/app/_ui/field-list';
import type { PersonPage } from '@/lib/dal/directory';
import type { DirectoryText } from '@/lib/i18n/directory-page';

/** Where a person works, as what and under whom: departments and manager lead to their pages. */
export function Work({ person, text }: { person: PersonPage; text: DirectoryText }) {
  const { departments, manager, managerUnknown, title, jobNumber, roles } = person;
  const managerLink = manager && (
    <Link href={`/directory/people/${encodeURIComponent(manager.userId)}`} prefetch={false}>
      <bdi>{manager.name}</bdi>
    </Link>
  );
  const fields: Field[] = [
    {
      label: text.departments,
      value: departments.map((department) => (
        <Department key={department.id} department={department} text={text} />
      )),
    },
    { label: text.manager, value: managerLink ?? (managerUnknown ? text.managerUnknown : undefined) },
    { label: text.fields.title, value: title },
    { label: text.fields.jobNumber, value: jobNumber },
    { label: text.roles, value: roles.join(' · ') },
  ];
  const known = fields.filter(({ value }) => (Array.isArray(value) ? value.length > 0 : Boolean(value)));
  if (known.length === 0) return null;
  return <FieldList title={text.work} fields={known} />;
}

interface DepartmentProps {
  department: PersonPage['departments'][number];
  text: DirectoryText;
}

function Department({ department: { id, name, path, leader }, text }: DepartmentProps) {
  return (
    <>
      <Link href={`/directory/departments/${id}`} prefetch={false}>
        <bdi>{name}</bdi>
      </Link>
      {leader && (
        <>
          {' '}
          <span className="badge badge-brand">{text.leader}</span>
        </>
      )}
      {path.length > 0 && (
        <>
          <br />
          <span className="path">{path.map((above) => above.name).join(' / ')}</span>
        </>
      )}
    </>
  );
}
