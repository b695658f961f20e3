import Link from 'next/link';
import type { Language, Messages } from '@/lib/i18n';
import { Icon } from '../_ui/icon';
import type { Entry } from '../entries';

interface EntryGridProps {
  entries: readonly Entry[];
  language: Language;
  messages: Messages;
}

/** Pages to go to: icon and name on a phone, with a line of explanation where there is room. */
export function EntryGrid({ entries, language, messages }: EntryGridProps) {
  return (
    <ul className={entries.length === 4 ? 'panel entries entries-2' : 'panel entries'}>
      {entries.map(({ href, icon, name, hint }) => (
        <li key={href}>
          <Link className="entry" href={href} prefetch={false}>
            <span className="entry-icon">
              <Icon name={icon} size="l" />
            </span>
            <span className="entry-text">
              <span className="entry-name">{name(messages, language)}</span>
              <span className="entry-hint">{hint(messages, language)}</span>
            </span>
          </Link>
        </li>
      ))}
    </ul>
  );
}
