import type { DirectoryText } from '@/lib/i18n/directory-page';
import { DepartmentRow } from './department-row';
import type { SearchResult } from './items';
import { PersonRow } from './person-row';

/** What a search found: the few departments first, so that they are not below twenty people. */
export function SearchResults({ result, text }: { result: SearchResult; text: DirectoryText }) {
  const { people, departments, more } = result;
  if (people.length + departments.length === 0) return <p className="note">{text.foundNothingHint}</p>;
  return (
    <>
      {departments.length > 0 && (
        <section>
          <h2 className="section-title">{text.departmentsHeading}</h2>
          <ul className="rows">
            {departments.map((department) => (
              <DepartmentRow key={department.id} department={department} text={text} />
            ))}
          </ul>
        </section>
      )}
      {people.length > 0 && (
        <section>
          <h2 className="section-title">{text.peopleHeading}</h2>
          <ul className="rows">
            {people.map((person) => (
              <PersonRow key={person.userId} person={person} text={text} />
            ))}
          </ul>
          {more && <p className="note">{text.more}</p>}
        </section>
      )}
    </>
  );
}
