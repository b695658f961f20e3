import { withBasePath } from '@/lib/base-path';
import { config } from '@/lib/config';
import type { CalendarEvent } from '@/lib/dingtalk/calendar';
import { toWallTime } from '@/lib/dingtalk/time-zone';
import type { Language } from '@/lib/i18n';
import type { MeetingsText } from '@/lib/i18n/meetings-page';
import { shownName, shownText } from '@/lib/shown-text';

interface EventItemProps {
  event: CalendarEvent;
  /** The week that is shown, to come back to. */
  week: string;
  text: MeetingsText;
  language: Language;
}

/** An event of the agenda. */
export function EventItem({ event, week, text, language }: EventItemProps) {
  const { time, title, location, organizer, attendees, isSeries } = event;
  const { timeZone } = config();
  const isOwn = organizer?.isSelf === true && !isSeries;
  const clock = new Intl.DateTimeFormat(language, { timeStyle: 'short', timeZone });
  const when = time.kind === 'all-day' ? text.agenda.allDay : clock.formatRange(time.start, time.end);
  const hints = [
    shownText(location),
    organizer &&
      !organizer.isSelf &&
      organizer.name &&
      text.agenda.organizer(shownText(organizer.name) ?? ''),
    attendees.length > 1 && text.agenda.attendees(attendees.length),
  ];
  return (
    <li className="meeting-event">
      <p className="meeting-event-when num">{when}</p>
      <div className="meeting-event-text">
        <p>
          <bdi className="meeting-event-title">{shownName(title, text.defaultTitle)}</bdi>{' '}
          {isSeries && <span className="badge">{text.agenda.series}</span>}
        </p>
        <p className="row-hint">{hints.filter(Boolean).join(' · ')}</p>
        {isOwn && (
          <div className="button-row">
            {time.kind === 'timed' && <Change event={event} time={time} text={text} />}
            <Cancel id={event.id} week={week} text={text} />
          </div>
        )}
      </div>
    </li>
  );
}

function Summary({ label, text, isBad }: { label: string; text: MeetingsText; isBad?: boolean }) {
  return (
    <summary>
      <span className={isBad ? 'button button-quiet-bad' : 'button button-quiet'}>
        <span className="when-closed">{label}</span>
        <span className="when-open">{text.agenda.close}</span>
      </span>
    </summary>
  );
}

function Cancel({ id, week, text }: { id: string; week: string; text: MeetingsText }) {
  return (
    <details className="ask">
      <Summary label={text.agenda.cancel} text={text} isBad />
      <form className="ask-panel" method="post" action={withBasePath('/api/meetings/cancel')}>
        <input type="hidden" name="id" value={id} />
        <input type="hidden" name="week" value={week} />
        <p>{text.agenda.cancelHint}</p>
        <button type="submit" className="button button-bad">
          {text.agenda.confirm}
        </button>
      </form>
    </details>
  );
}

interface ChangeProps {
  event: CalendarEvent;
  time: Extract<CalendarEvent['time'], { kind: 'timed' }>;
  text: MeetingsText;
}

function Change({ event, time, text }: ChangeProps) {
  const { timeZone } = config();
  const [start, end] = [toWallTime(time.start, timeZone), toWallTime(time.end, timeZone)];
  // The form has one day.
  if (start.slice(0, 10) !== end.slice(0, 10)) return null;
  const field = (name: string, label: string, input: { type: string; value: string; required?: boolean }) => (
    <label className="meeting-event-field">
      <span className="label">{label}</span>
      <input
        className="input"
        name={name}
        type={input.type}
        defaultValue={input.value}
        required={input.required ?? true}
        maxLength={input.type === 'text' ? 200 : undefined}
      />
    </label>
  );
  return (
    <details className="ask">
      <Summary label={text.agenda.change} text={text} />
      <form className="ask-panel" method="post" action={withBasePath('/api/meetings/change')}>
        <input type="hidden" name="id" value={event.id} />
        {field('title', text.meetingTitle, { type: 'text', value: event.title })}
        {field('location', text.location, { type: 'text', value: event.location ?? '', required: false })}
        {field('date', text.agenda.date, { type: 'date', value: start.slice(0, 10) })}
        <div className="meeting-event-times">
          {field('start', text.agenda.start, { type: 'time', value: start.slice(11, 16) })}
          {field('end', text.agenda.end, { type: 'time', value: end.slice(11, 16) })}
        </div>
        <button type="submit" className="button">
          {text.agenda.save}
        </button>
      </form>
    </details>
  );
}
