import Link from 'next/link';
import { Avatar } from '@/app/_ui/avatar';
import type { DirectoryText } from '@/lib/i18n/directory-page';
import { Hit } from './hit';
import type { PersonItem } from './items';
import type { DirectoryIcons } from './row-icons';

interface PersonRowProps {
  person: PersonItem;
  text: DirectoryText;
  icons: DirectoryIcons;
  query?: string;
}

/** A person in a list: leads to their page. */
export function PersonRow({ person, text, icons, query }: PersonRowProps) {
  const { userId, name, title, departments = [], active, leader, jobNumber } = person;
  const hint = [title, ...departments.map((department) => department.name), matchedBy(person, text)];
  return (
    <li>
      <Link className="row" href={`/directory/people/${encodeURIComponent(userId)}`} prefetch={false}>
        <Avatar name={name} url={person.avatarUrl} userId={userId} />
        <span className="row-text">
          <span className="row-title clamp-2">
            <bdi>
              <Hit text={name} query={query} />
            </bdi>
            {leader && (
              <>
                {' '}
                <span className="badge badge-brand">{text.leader}</span>
              </>
            )}
            {!active && (
              <>
                {' '}
                <span className="badge">{text.inactive}</span>
              </>
            )}
          </span>
          <span className="row-hint clamp-2">
            <Hit text={hint.filter(Boolean).join(' · ')} query={query} />
          </span>
        </span>
        {jobNumber && <span className="row-end row-number num">{jobNumber}</span>}
        {icons.arrow}
      </Link>
    </li>
  );
}

/** Says what the search matched, where the row does not show it anyway. */
function matchedBy({ matched, userId }: PersonItem, text: DirectoryText): string | undefined {
  if (matched === 'mobile') return text.matchedMobile;
  return matched === 'user-id' ? userId : undefined;
}
