import { notFound } from 'next/navigation';
import { Page, titled } from '@/app/_ui/page-frame';
import { Section } from '@/app/_ui/section';
import { pageMember } from '@/lib/auth/auth';
import { departmentPage, PAGE_SIZE } from '@/lib/dal/directory';
import { currentMessages } from '@/lib/http/language';
import { directoryPage } from '@/lib/i18n/directory-page';
import { DepartmentRow } from '../../department-row';
import { departmentIdIn, pageNumber, toDepartmentItem, toPersonItem } from '../../items';
import { Path } from '../../path';
import { directoryIcons } from '../../row-icons';
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
    <Page title={department.name} back="/directory">
      <div className="where">
        <Path path={path} label={text.path} />
        <p className="hint">
          {text.peopleBelow(department.memberCount)}
          {department.hidden && (
            <>
              {' '}
              <span className="badge">{text.hidden}</span>
            </>
          )}
        </p>
      </div>
      <StateNote state={state} language={language} place="above" />
      <div className={subDepartments.length > 0 ? 'split split-start' : 'narrow'}>
        {subDepartments.length > 0 && (
          <Section title={text.subDepartments}>
            <ul className="panel rows">
              {subDepartments.map((below) => (
                <DepartmentRow
                  key={below.id}
                  department={toDepartmentItem(below)}
                  text={text}
                  icons={directoryIcons}
                />
              ))}
            </ul>
          </Section>
        )}
        <Section title={`${text.people} · ${text.peopleOf(peopleCount)}`}>
          {peopleCount === 0 ? (
            <p className="panel pad hint">{text.nobody}</p>
          ) : (
            <PeopleList
              key={`${departmentId}/${page}/${state.asOf}`}
              departmentId={departmentId}
              pageSize={PAGE_SIZE}
              language={language}
              icons={directoryIcons}
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
          <StateNote state={state} language={language} place="below" />
        </Section>
      </div>
    </Page>
  );
}
