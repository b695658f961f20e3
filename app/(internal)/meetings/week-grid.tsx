import Link from 'next/link';
import { Icon } from '@/app/_ui/icon';
import type { MeetingWeek, Slot } from '@/lib/dal/meeting-week';
import type { Language } from '@/lib/i18n';
import type { MeetingsText } from '@/lib/i18n/meetings-page';
import { addressOf, type MeetingQuery } from './address';
import { GridKeys } from './grid-keys';

interface WeekGridProps {
  week: MeetingWeek;
  query: MeetingQuery;
  text: MeetingsText;
  language: Language;
}

const NAMES_SHOWN = 3;

/** When all participants are free: a table of a week, each beginning a link. */
export function WeekGrid({ week, query, text, language }: WeekGridProps) {
  const { days, rows, timeZone, unknown, previous, next, asOf } = week;
  const format = (options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat(language, { ...options, timeZone: 'UTC' });
  const dayOf = (day: string) => Date.parse(`${day}T00:00Z`);
  const time = new Intl.DateTimeFormat(language, { timeStyle: 'short', timeZone });
  return (
    <>
      <nav className="meeting-weeks" aria-label={text.week}>
        {previous ? <Step week={previous} query={query} label={text.previous} icon="left" /> : <span />}
        <strong>
          {format({ month: 'long', day: 'numeric' }).formatRange(dayOf(days[0]!), dayOf(days[6]!))}
        </strong>
        {next ? <Step week={next} query={query} label={text.next} icon="right" /> : <span />}
      </nav>
      {unknown.length > 0 && (
        <p className="hint">
          {text.unknown(unknown.map(({ name }) => name).join(language === 'en' ? ', ' : '、'))}
        </p>
      )}
      <GridKeys>
        <table className="meeting-grid panel">
          <caption className="for-readers">{text.weekHint(timeZone)}</caption>
          <thead>
            <tr>
              <th scope="col">
                <span className="for-readers">{text.time}</span>
              </th>
              {days.map((day) => (
                <th key={day} scope="col">
                  <abbr title={format({ weekday: 'long', month: 'long', day: 'numeric' }).format(dayOf(day))}>
                    {format({ weekday: 'narrow' }).format(dayOf(day))}
                    <br />
                    <span className="num">{Number(day.slice(8))}</span>
                  </abbr>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map(({ time: start, slots }) => (
              <tr key={start} className={start.endsWith(':00') ? 'is-hour' : undefined}>
                <th scope="row" className="num">
                  {start}
                </th>
                {slots.map((slot) => (
                  <Cell key={slot.value} slot={slot} query={query} text={text} />
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </GridKeys>
      <p className="line">{text.sentences(text.weekHint(timeZone), text.asOf(time.format(asOf)))}</p>
    </>
  );
}

function Step({
  week,
  query,
  label,
  icon,
}: {
  week: string;
  query: MeetingQuery;
  label: string;
  icon: 'left' | 'right';
}) {
  return (
    <Link className="button button-quiet" href={addressOf(query, { week })} prefetch={false}>
      <Icon name={icon} size="s" />
      <span className="for-readers">{label}</span>
    </Link>
  );
}

function Cell({ slot, query, text }: { slot: Slot; query: MeetingQuery; text: MeetingsText }) {
  const { value, isPast, busy } = slot;
  if (isPast)
    return (
      <td className="is-past">
        <span className="for-readers">{text.past}</span>
      </td>
    );
  const names = busy.slice(0, NAMES_SHOWN).map(({ name }) => name);
  const label = busy.length === 0 ? text.allFree : text.busy(names, busy.length - names.length);
  const isChosen = value === query.start;
  return (
    <td>
      <Link
        className={busy.length === 0 ? 'slot is-free' : 'slot'}
        href={addressOf(query, { start: value })}
        prefetch={false}
        title={label}
        aria-label={`${value.slice(11)} ${label}`}
        aria-current={isChosen ? 'true' : undefined}
      >
        {busy.length === 0 ? <Icon name="check" size="xs" /> : <span className="num">{busy.length}</span>}
      </Link>
    </td>
  );
}
