import { notFound } from 'next/navigation';
import { Page, titled } from '@/app/_ui/page-frame';
import { pageMember } from '@/lib/auth/auth';
import { departmentPage, PAGE_SIZE } from '@/lib/dal/directory';
import { currentMessages } from '@/lib/http/language';
import { directoryPage } from '@/lib/i18n/directory-page';
import { DepartmentRow } from '../../department-row';
import { departmentIdIn, pageNumber, toDepartmentItem, toPersonItem } from '../../items';
import { Path } from '../../path';
import { StateNote } from '../../state-note';
import { PeopleList } from './people-list';

export const generateMetadata = titled(({ directory }) => [directory.tree, directory.title]);

/** One department: where it is, what is below it, and its people. */
export default async function DepartmentPage(props: PageProps<'/directory/departments/[id]'>) {
  await pageMember();
  const { language } = await currentMessages();
  const text = directoryPage[language];
  const [{ id }, { page: asked }] = await Promise.all([props.params, props.searchParams]);
  const departmentId = departmentIdIn(id);
  const page = pageNumber(Array.isArray(asked) ? asked[0] : asked);
  if (departmentId === undefined || page === undefined) notFound();
  const found = await departmentPage(departmentId, page);
  if (!found || page > found.pageCount) notFound();
  const { state, department, path, subDepartments, people, peopleCount, pageCount } = found;
  return (
    <Page back={{ href: '/directory', label: text.back }}>
      <Path path={path} label={text.path} />
      <h1 className="page-title">
        <bdi className="name">{department.name}</bdi>
        {department.hidden && <span className="badge badge-quiet">{text.hidden}</span>}
      </h1>
      <p className="page-lead">{text.peopleBelow(department.memberCount)}</p>
      <StateNote state={state} language={language} place="above" />
      {subDepartments.length > 0 && (
        <section>
          <h2 className="section-title">{text.subDepartments}</h2>
          <ul className="rows">
            {subDepartments.map((below) => (
              <DepartmentRow key={below.id} department={toDepartmentItem(below)} text={text} />
            ))}
          </ul>
        </section>
      )}
      <section>
        <h2 className="section-title">
          {text.people} · {text.peopleOf(peopleCount)}
        </h2>
        {peopleCount === 0 ? (
          <p className="note">{text.nobody}</p>
        ) : (
          <PeopleList
            key={`${departmentId}/${page}/${state.asOf}`}
            departmentId={departmentId}
            pageSize={PAGE_SIZE}
            language={language}
            first={{
              people: people.map(toPersonItem),
              page,
              pageCount,
              peopleCount,
              state: state.state,
              asOf: state.asOf,
            }}
          />
        )}
      </section>
      <StateNote state={state} language={language} place="below" />
    </Page>
  );
}
