import Link from 'next/link';
import { Note } from '@/app/_ui/note';
import { Page, titled } from '@/app/_ui/page-frame';
import { ProblemNote } from '@/app/_ui/problem-note';
import { Section } from '@/app/_ui/section';
import { pageMember } from '@/lib/auth/auth';
import { config } from '@/lib/config';
import { calendarCalls } from '@/lib/dal/calendar-calls';
import { search } from '@/lib/dal/directory';
import { type MeetingWeek, meetingWeek, slotAt } from '@/lib/dal/meeting-week';
import { AppError } from '@/lib/errors';
import { currentMessages } from '@/lib/http/language';
import type { Language, Messages } from '@/lib/i18n';
import { type MeetingsText, meetingsPage } from '@/lib/i18n/meetings-page';
import { type MeetingQuery, toQuery } from './address';
import { BookForm } from './book-form';
import { CallsNote } from './calls-note';
import { People } from './people';
import { problemText } from './problem';
import { WeekGrid } from './week-grid';
import './meetings.css';

export const generateMetadata = titled(({ frame }) => [frame.entries.meetings.name]);

/** Choose colleagues, see when all are free, book. Links and forms: it needs no JavaScript. */
export default async function MeetingsPage(props: PageProps<'/meetings'>) {
  await pageMember();
  const { language, messages } = await currentMessages();
  const text = meetingsPage[language];
  const parameters = await props.searchParams;
  const query = toQuery(parameters);
  const calls = await calendarCalls();
  const refused = problemText(parameters.problem, messages);
  return (
    <Page
      title={text.title}
      lead={text.lead}
      actions={
        <Link className="button button-plain" href="/meetings/mine" prefetch={false}>
          {text.mine}
        </Link>
      }
    >
      {refused && <Note kind="bad">{refused}</Note>}
      {calls.isClosed ? (
        <CallsNote calls={calls} text={text} language={language} />
      ) : (
        <>
          <Week query={query} text={text} language={language} messages={messages} />
          <CallsNote calls={calls} text={text} language={language} />
        </>
      )}
    </Page>
  );
}

interface WeekProps {
  query: MeetingQuery;
  text: MeetingsText;
  language: Language;
  messages: Messages;
}

async function Week({ query, text, language, messages }: WeekProps) {
  const found = query.search.trim() === '' ? undefined : await search(query.search);
  const week = query.people.length === 0 ? undefined : await weekOrProblem(query);
  const shown = week && 'days' in week ? week : undefined;
  const slot = shown && slotAt(shown, query.start);
  return (
    <>
      <People query={query} chosen={shown?.people} found={found} text={text} messages={messages} />
      {week instanceof AppError && (
        <ProblemNote
          message={messages.problems[week.problem].person}
          nextStep={messages.problems[week.problem].next}
          labels={messages.problemNote}
        />
      )}
      {shown && (
        <>
          {shown.notFound.length > 0 && <Note kind="warn">{text.notFound(shown.notFound.length)}</Note>}
          {slot && (
            <BookForm
              slot={slot}
              query={query}
              week={shown}
              text={text}
              language={language}
              mayNotify={config().agentId !== undefined}
            />
          )}
          {shown.people.length > 1 && (
            <Section title={text.week} id="week">
              <WeekGrid week={shown} query={query} text={text} language={language} />
            </Section>
          )}
        </>
      )}
    </>
  );
}

async function weekOrProblem({ people, ...query }: MeetingQuery): Promise<MeetingWeek | AppError> {
  try {
    return await meetingWeek({ userIds: people, ...query });
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
}
