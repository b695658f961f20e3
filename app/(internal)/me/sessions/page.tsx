import Link from 'next/link';
import { Page, titled } from '@/app/_ui/page-frame';
import { SessionItem } from '@/app/_ui/session-item';
import { pageMember } from '@/lib/auth/auth';
import { mySessions } from '@/lib/dal/my-sessions';
import { currentMessages } from '@/lib/http/language';

export const generateMetadata = titled(({ sessions, appName }) => [sessions.mine.title, appName]);

/** Where the member is signed in, and how to end it. Plain forms: they need no JavaScript. */
export default async function MySessionsPage(props: PageProps<'/me/sessions'>) {
  await pageMember();
  const { language, messages } = await currentMessages();
  const text = messages.sessions;
  const { after, again } = await props.searchParams;
  const { sessions, next } = await mySessions(typeof after === 'string' ? after : undefined);
  return (
    <Page back={{ label: text.home }} title={text.mine.title} again={again === '1' && messages.stepUp.again}>
      <p className="page-lead">{text.mine.lead}</p>
      <ul className="rows sessions">
        {sessions.map((session) => (
          <SessionItem
            key={session.id}
            session={session}
            isThis={session.isThis}
            text={text}
            language={language}
          >
            {!session.isThis && (
              <form method="post" action="/api/me/sessions/end">
                <input type="hidden" name="session" value={session.id} />
                <button type="submit" className="button-small">
                  {text.mine.end}
                </button>
              </form>
            )}
          </SessionItem>
        ))}
      </ul>
      {next && (
        <Link
          className="row-more"
          href={`/me/sessions?${new URLSearchParams({ after: next })}`}
          prefetch={false}
        >
          {text.all.next}
        </Link>
      )}
      <form className="panel" method="post" action="/api/me/sessions/end-all">
        <button type="submit" className="button panel-button">
          {text.mine.endAll}
        </button>
        <p className="figures">{text.mine.endAllHint}</p>
      </form>
    </Page>
  );
}
