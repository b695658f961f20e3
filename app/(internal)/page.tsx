import Link from 'next/link';
import { pageMember } from '@/lib/auth/auth';
import { config } from '@/lib/config';
import { isAvatarAllowed } from '@/lib/dal/avatar';
import { mySessions } from '@/lib/dal/my-sessions';
import { ownCard } from '@/lib/dal/own-card';
import { currentMessages } from '@/lib/http/language';
import type { Language, Messages } from '@/lib/i18n';
import { localHour } from '@/lib/local-time';
import type { Session } from '@/lib/session/session-cookie';
import { Addressed } from '../_ui/addressed';
import { Avatar } from '../_ui/avatar';
import { Icon } from '../_ui/icon';
import { dayTimeText } from '../_ui/moment';
import { Sheet } from '../_ui/page-frame';
import { SearchForm } from '../_ui/search-form';
import { Section } from '../_ui/section';
import { openEntries } from '../entries';
import { EntryGrid } from './entry-grid';
import './home.css';

/** The first internal page: greets the member, finds people, and leads to the other pages. */
export default async function HomePage() {
  const member = await pageMember();
  const { language, messages } = await currentMessages();
  const entries = await openEntries();
  const everyday = entries.filter(({ group }) => group === 'everyday');
  const administration = entries.filter(({ group }) => group === 'administration');
  const hasDirectory = entries.some(({ href }) => href === '/directory');
  const { frame } = messages;
  return (
    <Sheet kind="home">
      <main id="main" className="page">
        <Greeting member={member} language={language} messages={messages} />
        <div className="split">
          <div>
            {hasDirectory && (
              <SearchForm
                action="/directory"
                label={frame.findPeople}
                placeholder={frame.findHint}
                button={frame.find}
              />
            )}
            {everyday.length > 0 && (
              <Section title={frame.everyday} id="everyday">
                <EntryGrid entries={everyday} language={language} messages={messages} />
              </Section>
            )}
            {administration.length > 0 && (
              <Section title={frame.administration} id="administration">
                <EntryGrid entries={administration} language={language} messages={messages} />
              </Section>
            )}
          </div>
          <div className="side">
            <Account member={member} language={language} messages={messages} />
          </div>
        </div>
      </main>
    </Sheet>
  );
}

interface PartProps {
  member: Session;
  language: Language;
  messages: Messages;
}

async function Greeting({ member, language, messages: { frame } }: PartProps) {
  const { timeZone } = config();
  const now = Date.now();
  const part = (options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat(language, { ...options, timeZone }).format(now);
  const [day, weekday] = [part({ month: 'long', day: 'numeric' }), part({ weekday: 'long' })];
  const name = (await ownCard())?.name ?? member.name;
  return (
    <div className="hello">
      <h1 className="hello-title clamp-2">
        <Addressed sentence={frame.greetings[partOfDay(localHour(now, timeZone))]} name={name} />
      </h1>
      <p className="hello-lead">{language === 'en' ? `${weekday}, ${day}` : `${day} ${weekday}`}</p>
    </div>
  );
}

function partOfDay(hour: number): keyof Messages['frame']['greetings'] {
  if (hour < 5 || hour >= 18) return 'evening';
  if (hour < 11) return 'morning';
  return hour < 13 ? 'noon' : 'afternoon';
}

async function Account({ member, language, messages: { frame } }: PartProps) {
  const card = await ownCard();
  // Whatever is wrong with the records, the first page stands.
  const devices = await mySessions().catch(() => undefined);
  const name = card?.name ?? member.name;
  const work = [card?.departments[0], card?.title].filter(Boolean).join(' · ');
  return (
    <Section title={frame.account} id="account">
      <ul className="panel rows">
        <li>
          <Link className="row" href="/me" prefetch={false}>
            <Avatar
              name={name}
              url={isAvatarAllowed(card?.avatarUrl) ? card?.avatarUrl : undefined}
              userId={member.userId}
            />
            <span className="row-text">
              <bdi className="row-title clamp-2">{name}</bdi>
              {work && <bdi className="row-hint clamp-2">{work}</bdi>}
            </span>
            <Icon name="right" size="s" className="arrow" />
          </Link>
        </li>
        <li>
          <Link className="row" href="/me/sessions" prefetch={false}>
            <Icon name="devices" />
            <span className="row-text">
              <span className="row-title">
                {devices
                  ? frame.devices(devices.others.length + 1, devices.next !== undefined)
                  : frame.entries.devices.name}
              </span>
              <span className="row-hint">
                {frame.signedInUntil(dayTimeText(member.expiresAt * 1000, language))}
              </span>
            </span>
            <Icon name="right" size="s" className="arrow" />
          </Link>
        </li>
      </ul>
    </Section>
  );
}
