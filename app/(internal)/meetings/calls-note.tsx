import { Note } from '@/app/_ui/note';
import { config } from '@/lib/config';
import type { calendarCalls } from '@/lib/dal/calendar-calls';
import type { Language } from '@/lib/i18n';
import type { MeetingsText } from '@/lib/i18n/meetings-page';
import { DAY_MS } from '@/lib/local-time';

interface CallsNoteProps {
  calls: Awaited<ReturnType<typeof calendarCalls>>;
  text: MeetingsText;
  language: Language;
}

/** How long the month's calls last. */
export function CallsNote({ calls, text, language }: CallsNoteProps) {
  const { left, limit, endsAt, daysLeft, isClosed } = calls;
  const day = (at: number) =>
    new Intl.DateTimeFormat(language, { month: 'long', day: 'numeric', timeZone: config().timeZone }).format(
      at,
    );
  if (isClosed) return <Note kind="warn">{text.closed(day(endsAt))}</Note>;
  const lasts =
    daysLeft === undefined ? text.resets(day(endsAt)) : text.lasts(day(Date.now() + daysLeft * DAY_MS));
  return <p className="hint meeting-calls">{text.sentences(text.calls(left, limit), lasts)}</p>;
}
