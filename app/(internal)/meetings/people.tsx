import Link from 'next/link';
import { Avatar } from '@/app/_ui/avatar';
import { Icon } from '@/app/_ui/icon';
import { jsapiTexts } from '@/app/_ui/jsapi-texts';
import { SearchForm } from '@/app/_ui/search-form';
import { Section } from '@/app/_ui/section';
import { withBasePath } from '@/lib/base-path';
import { config } from '@/lib/config';
import { isAvatarAllowed } from '@/lib/dal/avatar';
import type { PersonCard, SearchPage } from '@/lib/dal/directory';
import { LENGTHS, MAX_PEOPLE } from '@/lib/dal/meeting-week';
import { currentClient } from '@/lib/http/language';
import type { Messages } from '@/lib/i18n';
import type { MeetingsText } from '@/lib/i18n/meetings-page';
import { addressOf, type MeetingQuery } from './address';
import { DingTalkPicker } from './dingtalk-picker';

interface PeopleProps {
  query: MeetingQuery;
  /** Those that the directory knows; the first one is the member who books. Undefined: no one was chosen. */
  chosen: readonly PersonCard[] | undefined;
  found: SearchPage | undefined;
  text: MeetingsText;
  messages: Messages;
}

/** Who is to meet, and for how long. */
export async function People({ query, chosen = [], found, text, messages }: PeopleProps) {
  const colleagues = chosen.slice(1);
  const isFull = query.people.length >= MAX_PEOPLE - 1;
  const { isDingTalk } = await currentClient();
  const { corpId, agentId } = config();
  return (
    <Section title={text.people} id="people">
      <div className="panel pad">
        {colleagues.length > 0 && (
          <ul className="chips">
            {colleagues.map(({ userId, name }) => (
              <li key={userId}>
                <Link
                  className="chip"
                  href={addressOf(query, { people: query.people.filter((other) => other !== userId) })}
                  prefetch={false}
                  aria-label={text.remove(name)}
                >
                  <bdi className="clamp-1">{name}</bdi>
                  <Icon name="close" size="xs" />
                </Link>
              </li>
            ))}
          </ul>
        )}
        {isFull ? (
          <p className="hint">{text.full(MAX_PEOPLE)}</p>
        ) : (
          <>
            <SearchForm
              action="/meetings"
              label={text.find}
              placeholder={text.findHint}
              button={text.findButton}
              words={query.search}
            >
              <Hidden query={query} without="q" />
            </SearchForm>
            {found && <Found found={found} query={query} text={text} />}
            {isDingTalk && agentId !== undefined && (
              <DingTalkPicker
                corpId={corpId}
                chosen={query.people}
                most={MAX_PEOPLE - 1}
                address={addressOf(query, { people: [] })}
                text={text.choose}
                labels={messages.problemNote}
                problems={jsapiTexts(messages)}
              />
            )}
          </>
        )}
        {query.people.length > 0 && <LengthForm query={query} text={text} />}
      </div>
    </Section>
  );
}

/** What the form does not ask for goes along. */
function Hidden({ query, without }: { query: MeetingQuery; without: 'length' | 'q' }) {
  return (
    <>
      {query.people.map((userId) => (
        <input key={userId} type="hidden" name="with" value={userId} />
      ))}
      {query.week && <input type="hidden" name="week" value={query.week} />}
      {without !== 'length' && <input type="hidden" name="length" value={query.lengthMinutes} />}
    </>
  );
}

function Found({ found, query, text }: { found: SearchPage; query: MeetingQuery; text: MeetingsText }) {
  const people = found.people.filter(({ userId }) => !query.people.includes(userId));
  if (people.length === 0)
    return (
      <p className="hint" role="status">
        {text.foundNothing(found.query)}
      </p>
    );
  return (
    <ul className="rows meeting-found">
      {people.map(({ userId, name, avatarUrl, title, departments }) => (
        <li key={userId}>
          <Link
            className="row"
            href={addressOf(query, { people: [...query.people, userId] })}
            prefetch={false}
          >
            <Avatar
              name={name}
              url={isAvatarAllowed(avatarUrl) ? avatarUrl : undefined}
              userId={userId}
              size="s"
            />
            <span className="row-text">
              <bdi className="row-title clamp-2">{name}</bdi>
              <bdi className="row-hint clamp-1">
                {[title, ...departments.map((department) => department.name)].filter(Boolean).join(' · ')}
              </bdi>
            </span>
            <span className="meeting-add">{text.add}</span>
          </Link>
        </li>
      ))}
    </ul>
  );
}

function LengthForm({ query, text }: { query: MeetingQuery; text: MeetingsText }) {
  return (
    <form className="meeting-length" action={withBasePath('/meetings')}>
      <Hidden query={query} without="length" />
      <label className="label" htmlFor="length">
        {text.length}
      </label>
      <select className="input" id="length" name="length" defaultValue={query.lengthMinutes}>
        {LENGTHS.map((minutes) => (
          <option key={minutes} value={minutes}>
            {text.minutes(minutes)}
          </option>
        ))}
      </select>
      <button type="submit" className="button button-plain">
        {text.show}
      </button>
    </form>
  );
}
