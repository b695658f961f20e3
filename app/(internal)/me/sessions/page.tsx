import Link from 'next/link';
import { Ask } from '@/app/_ui/ask';
import { DeviceItem, deviceName } from '@/app/_ui/device-item';
import { Ago, dayTimeText } from '@/app/_ui/moment';
import { Note } from '@/app/_ui/note';
import { oneValue, Page, titled } from '@/app/_ui/page-frame';
import { Section } from '@/app/_ui/section';
import { pageMember } from '@/lib/auth/auth';
import { withBasePath } from '@/lib/base-path';
import { mySessions } from '@/lib/dal/my-sessions';
import { currentMessages } from '@/lib/http/language';
import type { Language, Messages } from '@/lib/i18n';
import type { ListedSession } from '@/lib/session/session-pages';

export const generateMetadata = titled(({ devices }) => [devices.title]);

/** Where the member is signed in, and how to sign out there. Plain forms: they need no JavaScript. */
export default async function MySessionsPage(props: PageProps<'/me/sessions'>) {
  await pageMember();
  const { language, messages } = await currentMessages();
  const { devices: text } = messages;
  const { after, again, ended, others: endedOthers } = await props.searchParams;
  const { current, others, next } = await mySessions(oneValue(after) || undefined);
  const hasOthers = others.length > 0 || next !== undefined;
  return (
    <Page title={text.title} again={again === '1' && messages.stepUp.again}>
      <Outcome ended={oneValue(ended)} others={oneValue(endedOthers)} messages={messages} />
      <div className="split">
        <div>
          <Section title={text.here}>
            <ul className="panel rows">
              <DeviceItem
                session={current}
                messages={messages}
                language={language}
                badge={text.thisOne}
                hint={text.untilThen(
                  dayTimeText(current.issuedAt * 1000, language),
                  dayTimeText(current.expiresAt * 1000, language),
                )}
              />
            </ul>
          </Section>
          <Section title={text.others}>
            {hasOthers ? (
              <ul className="panel rows">
                {others.map((session) => (
                  <Other key={session.id} session={session} language={language} messages={messages} />
                ))}
                {next && (
                  <li>
                    <Link
                      className="row"
                      href={`/me/sessions?${new URLSearchParams({ after: next })}`}
                      prefetch={false}
                    >
                      {text.next}
                    </Link>
                  </li>
                )}
              </ul>
            ) : (
              <p className="panel pad hint">{text.noOthers}</p>
            )}
          </Section>
        </div>
        <div>
          <All others={others} hasMore={next !== undefined} messages={messages} />
        </div>
      </div>
    </Page>
  );
}

interface OutcomeProps {
  ended: string;
  others: string;
  messages: Messages;
}

/** What became of the order that led here. The address is untrusted input: a kind of device or a number, never as markup. */
function Outcome({ ended, others, messages }: OutcomeProps) {
  const { devices: text } = messages;
  if (ended === 'gone') return <Note>{text.gone}</Note>;
  if (ended !== '') return <Note kind="ok">{text.ended(deviceName(ended, messages))}</Note>;
  if (/^\d{1,6}$/.test(others)) return <Note kind="ok">{text.endedOthers(Number(others))}</Note>;
  return null;
}

interface OtherProps {
  session: ListedSession;
  language: Language;
  messages: Messages;
}

function Other({ session, language, messages }: OtherProps) {
  const { devices: text } = messages;
  const name = deviceName(session.client, messages);
  return (
    <DeviceItem
      session={session}
      messages={messages}
      language={language}
      hint={
        <>
          {language === 'en' && `${text.used} `}
          <Ago at={session.lastSeen * 1000} language={language} />
          {language !== 'en' && text.used} · {text.since(dayTimeText(session.issuedAt * 1000, language))}
        </>
      }
    >
      <Ask label={text.end} cancel={text.cancel}>
        <SignOutForm which="end" session={session.id} button={text.endConfirm}>
          {text.endHint(name)}
        </SignOutForm>
      </Ask>
    </DeviceItem>
  );
}

const MAX_NAMED = 3;

function All({
  others,
  hasMore,
  messages,
}: {
  others: ListedSession[];
  hasMore: boolean;
  messages: Messages;
}) {
  const { devices: text } = messages;
  const names = [...new Set(others.map(({ client }) => deviceName(client, messages)))];
  return (
    <Section title={text.all}>
      <div className="panel pad">
        <p className="hint">{text.unknownOne}</p>
        {others.length > 0 && (
          <Ask label={text.endOthers} cancel={text.cancel} kind="plain">
            <SignOutForm which="end-others" button={text.endOthers}>
              {text.endOthersHint(
                text.listed(names.slice(0, MAX_NAMED), hasMore || names.length > MAX_NAMED),
              )}
            </SignOutForm>
          </Ask>
        )}
        <Ask label={text.endAll} cancel={text.cancel}>
          <SignOutForm which="end-all" button={text.endAllConfirm}>
            {text.endAllHint}
          </SignOutForm>
        </Ask>
      </div>
    </Section>
  );
}

interface SignOutFormProps {
  which: 'end' | 'end-others' | 'end-all';
  session?: string;
  button: string;
  /** What will happen. */
  children: string;
}

function SignOutForm({ which, session, button, children }: SignOutFormProps) {
  return (
    <form className="ask-panel" method="post" action={withBasePath(`/api/me/sessions/${which}`)}>
      <p>{children}</p>
      {session && <input type="hidden" name="session" value={session} />}
      <button type="submit" className="button button-bad">
        {button}
      </button>
    </form>
  );
}
