import type { Route } from 'next';
import Link from 'next/link';
import { Icon } from '@/app/_ui/icon';
import { oneValue, titled } from '@/app/_ui/page-frame';
import { pageAdministrator } from '@/lib/auth/administrator';
import { withBasePath } from '@/lib/base-path';
import { type OnlinePage, peopleOnline } from '@/lib/dal/admin-sessions';
import { currentMessages } from '@/lib/http/language';
import type { Messages } from '@/lib/i18n';
import { AdminPage } from '../admin-page';
import { EndPerson } from './end-person';
import { OtherEndings } from './other-endings';
import { Outcome } from './outcome';
import { PersonItem } from './person-item';

export const generateMetadata = titled(({ online, admin }) => [online.title, admin.title]);

/** For administrators: who is online with what, and signing them out. Plain forms: they need no JavaScript. */
export default async function SessionsPage(props: PageProps<'/admin/sessions'>) {
  await pageAdministrator();
  const { language, messages } = await currentMessages();
  const asked = await props.searchParams;
  const [q, after] = [oneValue(asked.q).trim().slice(0, 64), oneValue(asked.after)];
  const isAgain = asked.again === '1';
  const online = await peopleOnline(q, after);
  const { people, next } = online;
  // After the administrator had to sign in again, the person whom the form named is asked about once more.
  const whom = oneValue(asked.whom) || (isAgain ? oneValue(asked.person) : '');
  return (
    <AdminPage
      tab="sessions"
      again={isAgain}
      side={<OtherEndings total={online.total} messages={messages} />}
    >
      {!isAgain && <Outcome asked={asked} messages={messages} />}
      {whom !== '' && <EndPerson given={whom} messages={messages} />}
      <Search q={q} messages={messages} />
      <p className="line" role="status">
        {toStatus(online, q, messages)}
      </p>
      {people.length === 0 ? (
        <Empty q={q} messages={messages} />
      ) : (
        <ul className="panel rows">
          {people.map((person) => (
            <li key={person.userId}>
              <PersonItem
                person={person}
                isAlone={people.length === 1}
                q={q}
                messages={messages}
                language={language}
              />
            </li>
          ))}
        </ul>
      )}
      {(next !== undefined || after !== '') && (
        <nav className="pager" aria-label={messages.online.pages}>
          {after === '' ? (
            <span />
          ) : (
            <Link className="button button-plain" href={addressOf({ q })} prefetch={false}>
              {messages.online.first}
            </Link>
          )}
          {next !== undefined && (
            <Link
              className="button button-plain"
              href={addressOf({ q, after: next })}
              prefetch={false}
              rel="next"
            >
              {messages.online.next}
            </Link>
          )}
        </nav>
      )}
    </AdminPage>
  );
}

function toStatus({ people, next, total }: OnlinePage, q: string, { online }: Messages): string {
  if (q === '') return online.total(total.people, total.sessions);
  return people.length === 0 ? '' : online.found(people.length, next !== undefined);
}

function addressOf({ q, after }: { q: string; after?: string }): Route {
  const query = new URLSearchParams({ ...(q ? { q } : {}), ...(after ? { after } : {}) });
  return query.size > 0 ? `/admin/sessions?${query}` : '/admin/sessions';
}

function Search({ q, messages: { online } }: { q: string; messages: Messages }) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: <search> is newer than DingTalk's webviews
    <form className="search" role="search" action={withBasePath('/admin/sessions')}>
      <Icon name="search" size="s" className="icon-plain" />
      <input
        className="search-box"
        type="search"
        name="q"
        aria-label={online.search}
        placeholder={online.searchHint}
        defaultValue={q}
        maxLength={64}
        autoComplete="off"
        enterKeyHint="search"
      />
      {q !== '' && (
        <Link className="search-clear" href="/admin/sessions" aria-label={online.clear} prefetch={false}>
          <Icon name="close" size="s" />
        </Link>
      )}
      <button type="submit" className="search-go">
        {online.find}
      </button>
    </form>
  );
}

function Empty({ q, messages: { online } }: { q: string; messages: Messages }) {
  return (
    <div className="panel empty">
      <Icon name="search" />
      <p>{q === '' ? online.empty : online.nobody(q)}</p>
      {q !== '' && <p className="hint">{online.nobodyHint}</p>}
      {q !== '' && (
        <Link className="button button-plain" href="/admin/sessions" prefetch={false}>
          {online.clear}
        </Link>
      )}
    </div>
  );
}
