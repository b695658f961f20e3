import Link from 'next/link';
import { Icon } from '@/app/_ui/icon';
import { Note } from '@/app/_ui/note';
import { oneValue, Page, titled } from '@/app/_ui/page-frame';
import { ProblemNote } from '@/app/_ui/problem-note';
import { Section } from '@/app/_ui/section';
import { pageMember } from '@/lib/auth/auth';
import { config } from '@/lib/config';
import { myAgenda } from '@/lib/dal/agenda';
import { calendarCalls } from '@/lib/dal/calendar-calls';
import { mondayOf } from '@/lib/dal/meeting-week';
import type { CalendarEvent } from '@/lib/dingtalk/calendar';
import { overlaps, spanOf } from '@/lib/dingtalk/calendar-event';
import { addDays, isDate, toInstant, toWallTime } from '@/lib/dingtalk/time-zone';
import { AppError } from '@/lib/errors';
import { currentMessages } from '@/lib/http/language';
import type { Language } from '@/lib/i18n';
import { type MeetingsText, meetingsPage } from '@/lib/i18n/meetings-page';
import { CallsNote } from '../calls-note';
import { problemText } from '../problem';
import { EventItem } from './event-item';
import '../meetings.css';

export const generateMetadata = titled(({ frame }) => [frame.entries.meetings.name]);

/** A week of the member's own agenda; what they have organised can be changed and cancelled. Plain forms. */
export default async function AgendaPage(props: PageProps<'/meetings/mine'>) {
  await pageMember();
  const { language, messages } = await currentMessages();
  const text = meetingsPage[language];
  const { week, done, problem } = await props.searchParams;
  const { timeZone } = config();
  const wanted = oneValue(week);
  const monday = mondayOf(isDate(wanted) ? wanted : toWallTime(Date.now(), timeZone).slice(0, 10));
  const days = Array.from({ length: 7 }, (_, day) => addDays(monday, day));
  const calls = await calendarCalls();
  const agenda = calls.isClosed ? undefined : await agendaOrProblem(monday, timeZone);
  const refused = problemText(problem, messages);
  const said = doneText(oneValue(done), text);
  return (
    <Page
      title={text.agenda.title}
      back="/meetings"
      lead={text.agenda.lead}
      actions={
        <Link className="button button-plain" href="/meetings" prefetch={false}>
          {text.agenda.new}
        </Link>
      }
    >
      {refused && <Note kind="bad">{refused}</Note>}
      {said && <Note kind={said.kind}>{said.sentence}</Note>}
      {agenda instanceof AppError && (
        <ProblemNote
          message={messages.problems[agenda.problem].person}
          nextStep={messages.problems[agenda.problem].next}
          labels={messages.problemNote}
        />
      )}
      {agenda && 'events' in agenda && (
        <>
          <WeekSteps monday={monday} text={text} language={language} />
          {agenda.events.length === 0 && (
            <div className="panel empty">
              <Icon name="calendar" />
              <p>{text.agenda.none}</p>
              <Link className="button button-plain" href="/meetings" prefetch={false}>
                {text.agenda.new}
              </Link>
            </div>
          )}
          {days.map((day) => (
            <Day key={day} day={day} events={agenda.events} week={monday} text={text} language={language} />
          ))}
          {!agenda.isWhole && <Note kind="warn">{text.agenda.partial}</Note>}
          <p className="line">{text.agenda.readOnly}</p>
        </>
      )}
      <CallsNote calls={calls} text={text} language={language} />
    </Page>
  );
}

async function agendaOrProblem(monday: string, timeZone: string) {
  const window = {
    from: toInstant(monday, timeZone),
    until: toInstant(addDays(monday, 7), timeZone),
    timeZone,
  };
  try {
    return await myAgenda(window);
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
}

function doneText(
  done: string,
  { agenda }: MeetingsText,
): { kind: 'ok' | 'warn'; sentence: string } | undefined {
  const sentences: Record<string, [kind: 'ok' | 'warn', sentence: string]> = {
    booked: ['ok', agenda.booked],
    notified: ['ok', agenda.notified],
    'not-notified': ['warn', agenda.notNotified],
    changed: ['ok', agenda.changed],
    cancelled: ['ok', agenda.cancelled],
    gone: ['warn', agenda.gone],
  };
  const found = Object.hasOwn(sentences, done) ? sentences[done] : undefined;
  return found && { kind: found[0], sentence: found[1] };
}

function WeekSteps({ monday, text, language }: { monday: string; text: MeetingsText; language: Language }) {
  const format = new Intl.DateTimeFormat(language, { month: 'long', day: 'numeric', timeZone: 'UTC' });
  const at = (day: string) => Date.parse(`${day}T00:00Z`);
  const step = (days: number, label: string, icon: 'left' | 'right') => (
    <Link
      className="button button-quiet"
      href={`/meetings/mine?week=${addDays(monday, days)}`}
      prefetch={false}
    >
      <Icon name={icon} size="s" />
      <span className="for-readers">{label}</span>
    </Link>
  );
  return (
    <nav className="meeting-weeks" aria-label={text.week}>
      {step(-7, text.previous, 'left')}
      <strong>{format.formatRange(at(monday), at(addDays(monday, 6)))}</strong>
      {step(7, text.next, 'right')}
    </nav>
  );
}

interface DayProps {
  day: string;
  events: CalendarEvent[];
  week: string;
  text: MeetingsText;
  language: Language;
}

function Day({ day, events, week, text, language }: DayProps) {
  const { timeZone } = config();
  const window = { from: toInstant(day, timeZone), until: toInstant(addDays(day, 1), timeZone) };
  const ofDay = events.filter(({ time }) => overlaps(spanOf(time, timeZone), window));
  if (ofDay.length === 0) return null;
  const title = new Intl.DateTimeFormat(language, {
    month: 'long',
    day: 'numeric',
    weekday: 'long',
    timeZone,
  });
  return (
    <Section title={title.format(window.from)} id={`day-${day}`}>
      <ul className="panel rows">
        {ofDay.map((event) => (
          <EventItem
            key={`${event.id} ${JSON.stringify(event.time)}`}
            event={event}
            week={week}
            text={text}
            language={language}
          />
        ))}
      </ul>
    </Section>
  );
}
