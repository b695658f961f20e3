import type { MouseEvent } from 'react';
import { withBasePath } from '@/lib/base-path';
import type { DirectoryText } from '@/lib/i18n/directory-page';
import { DepartmentRow } from './department-row';
import type { SearchResult } from './items';
import { PersonRow } from './person-row';
import type { DirectoryIcons } from './row-icons';

interface SearchResultsProps {
  result: SearchResult;
  text: DirectoryText;
  icons: DirectoryIcons;
  /** Without JavaScript, the same by an address. */
  onClear: (event: MouseEvent) => void;
}

/** What a search found: the few departments first, so that they are not below twenty people. */
export function SearchResults({ result, text, icons, onClear }: SearchResultsProps) {
  const { people, departments, more, query } = result;
  if (people.length + departments.length === 0)
    return (
      <div className="panel empty">
        {icons.nothing}
        <p className="hint">{text.foundNothingHint}</p>
        <a className="button button-plain" href={withBasePath('/directory')} onClick={onClear}>
          {text.byDepartment}
        </a>
      </div>
    );
  return (
    <>
      {departments.length > 0 && (
        <section className="section">
          <div className="section-head">
            <h2 className="section-title">{text.departmentsHeading}</h2>
          </div>
          <ul className="panel rows">
            {departments.map((department) => (
              <DepartmentRow
                key={department.id}
                department={department}
                text={text}
                icons={icons}
                query={query}
              />
            ))}
          </ul>
        </section>
      )}
      {people.length > 0 && (
        <section className="section">
          <div className="section-head">
            <h2 className="section-title">{text.peopleHeading}</h2>
          </div>
          <ul className="panel rows">
            {people.map((person) => (
              <PersonRow key={person.userId} person={person} text={text} icons={icons} query={query} />
            ))}
          </ul>
          {more && <p className="line">{text.more}</p>}
        </section>
      )}
    </>
  );
}
