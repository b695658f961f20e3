import { Page, titled } from '@/app/_ui/page-frame';
import { Section } from '@/app/_ui/section';
import { pageMember } from '@/lib/auth/auth';
import { withBasePath } from '@/lib/base-path';
import { overview, search } from '@/lib/dal/directory';
import { mayExport } from '@/lib/dal/directory-export';
import { currentMessages } from '@/lib/http/language';
import { directoryPage } from '@/lib/i18n/directory-page';
import { DepartmentTree } from './department-tree';
import { DirectorySearch } from './directory-search';
import { EmptyDirectory } from './empty-directory';
import { toSearchResult } from './items';
import { directoryIcons } from './row-icons';
import { StateNote } from './state-note';

export const generateMetadata = titled(({ directory }) => [directory.title]);

/** The staff directory: the tree of departments, and the search. */
export default async function DirectoryPage(props: PageProps<'/directory'>) {
  await pageMember();
  const { language, messages } = await currentMessages();
  const text = directoryPage[language];
  const { q, again } = await props.searchParams;
  const query = (Array.isArray(q) ? q[0] : q) ?? '';
  const [{ state, departments, lack }, found, canExport] = await Promise.all([
    overview(),
    query.trim() === '' ? null : search(query).then(toSearchResult),
    mayExport(),
  ]);
  return (
    <Page title={text.title} again={again === '1' && !lack && messages.stepUp.again}>
      {lack ? (
        <EmptyDirectory lack={lack} text={text} messages={messages} />
      ) : (
        <>
          <StateNote state={state} language={language} place="above" />
          <DirectorySearch query={query} found={found} language={language} icons={directoryIcons}>
            {departments.length > 0 && (
              <Section title={text.byDepartment} id="tree">
                <DepartmentTree departments={departments} text={text} />
              </Section>
            )}
            <StateNote state={state} language={language} place="below" />
            {canExport && state.state !== 'none' && (
              <p className="line">
                {/* A download, not a page: Next's router must not fetch it. */}
                <a href={withBasePath('/directory/export.csv')}>{text.exportLink}</a>
              </p>
            )}
          </DirectorySearch>
        </>
      )}
    </Page>
  );
}
