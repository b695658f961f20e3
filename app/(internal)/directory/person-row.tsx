import Link from 'next/link';
import { Avatar } from '@/app/_ui/avatar';
import type { DirectoryText } from '@/lib/i18n/directory-page';
import type { PersonItem } from './items';

/** A person in a list: leads to their page. */
export function PersonRow({ person, text }: { person: PersonItem; text: DirectoryText }) {
  const { userId, name, title, departments = [], active, leader } = person;
  const hint = [title, ...departments.map((department) => department.name), matchedBy(person, text)];
  return (
    <li>
      <Link className="row" href={`/directory/people/${encodeURIComponent(userId)}`} prefetch={false}>
        <Avatar name={name} url={person.avatarUrl} />
        <span className="row-text">
          <span className="row-title">
            <bdi className="name">{name}</bdi>
            {leader && <span className="badge">{text.leader}</span>}
            {!active && <span className="badge badge-quiet">{text.inactive}</span>}
          </span>
          <span className="row-hint">{hint.filter(Boolean).join(' · ')}</span>
        </span>
      </Link>
    </li>
  );
}

/** Says what the search matched, where the row does not show it anyway. */
function matchedBy({ matched, jobNumber, userId }: PersonItem, text: DirectoryText): string | undefined {
  if (matched === 'job-number' && jobNumber) return `${text.fields.jobNumber} ${jobNumber}`;
  if (matched === 'mobile') return text.matchedMobile;
  return matched === 'user-id' ? userId : undefined;
}
