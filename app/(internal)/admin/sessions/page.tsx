import Link from 'next/link';
import { oneValue, Page, titled } from '@/app/_ui/page-frame';
import { SessionItem } from '@/app/_ui/session-item';
import { pageAdministrator } from '@/lib/auth/administrator';
import { liveSessions } from '@/lib/dal/admin-sessions';
import { currentNames } from '@/lib/dal/current-name';
import { currentMessages } from '@/lib/http/language';
import type { Language } from '@/lib/i18n';
import type { SessionsText } from '@/lib/i18n/sessions-page';
import { EndPeople } from './end-people';

export const generateMetadata = titled(({ sessions, appName }) => [sessions.all.title, appName]);

/** For administrators: who is signed in, and ending it. Plain forms: they need no JavaScript. */
export default async function SessionsPage(props: PageProps<'/admin/sessions'>) {
  await pageAdministrator();
  const { language, messages } = await currentMessages();
  const text = messages.sessions;
  const { q, after, again, ended, person, unknown } = await props.searchParams;
  return (
    <Page back={{ label: text.home }} title={text.all.title} again={again === '1' && messages.stepUp.again}>
      <Outcome ended={oneValue(ended)} person={oneValue(person)} unknown={oneValue(unknown)} text={text} />
      <SessionList wanted={oneValue(q)} after={oneValue(after)} text={text} language={language} />
      <EndPeople text={text} person={again === '1' ? oneValue(person) : ''} />
    </Page>
  );
}

/** What became of the order that led here. The address is untrusted input: numbers and ids only, and never as markup. */
function Outcome(props: { ended: string; person: string; unknown: string; text: SessionsText }) {
  const { ended, person, unknown, text } = props;
  const clip = (id: string) => id.slice(0, 128);
  if (unknown !== '') {
    return (
      <p className="note note-warning" role="status">
        {text.all.unknownPerson(clip(unknown))}
      </p>
    );
  }
  if (!/^\d{1,9}$/.test(ended)) return null;
  return (
    <p className="note" role="status">
      {person === '' ? text.all.ended(Number(ended)) : text.all.endedOf(clip(person), Number(ended))}
    </p>
  );
}

interface SessionListProps {
  wanted: string;
  after: string;
  text: SessionsText;
  language: Language;
}

async function SessionList({ wanted, after, text, language }: SessionListProps) {
  const { total, sessions, next } = await liveSessions(wanted, after);
  const names = await currentNames(sessions);
  const query = new URLSearchParams({ ...(wanted ? { q: wanted } : {}), after: next ?? '' });
  return (
    <>
      <p className="page-lead">{text.all.lead(total)}</p>
      <form className="search" action="/admin/sessions">
        <input
          className="search-box"
          name="q"
          defaultValue={wanted}
          placeholder={text.all.search}
          aria-label={text.all.search}
          maxLength={64}
        />
        <button type="submit" className="search-button">
          {text.all.searchButton}
        </button>
      </form>
      {sessions.length === 0 && <p className="note">{text.all.nobody}</p>}
      <ul className="rows sessions">
        {sessions.map((session) => (
          <SessionItem
            key={session.id}
            session={session}
            text={text}
            language={language}
            owner={
              <>
                <bdi>{names.get(session.userId)}</bdi> (<bdi>{session.userId}</bdi>)
              </>
            }
          >
            <span className="session-actions">
              <EndForm name="session" value={session.id} label={text.all.end} />
              <EndForm name="person" value={session.userId} label={text.all.endPerson} />
            </span>
          </SessionItem>
        ))}
      </ul>
      {next && (
        <Link className="row-more" href={`/admin/sessions?${query}`} prefetch={false}>
          {text.all.next}
        </Link>
      )}
    </>
  );
}

function EndForm({ name, value, label }: { name: string; value: string; label: string }) {
  return (
    <form method="post" action="/api/admin/sessions">
      <input type="hidden" name={name} value={value} />
      <button type="submit" className="button-small">
        {label}
      </button>
    </form>
  );
}
