import { randomUUID } from 'node:crypto';
import { Note } from '@/app/_ui/note';
import { Section } from '@/app/_ui/section';
import { withBasePath } from '@/lib/base-path';
import type { MeetingWeek, Slot } from '@/lib/dal/meeting-week';
import type { Language } from '@/lib/i18n';
import type { MeetingsText } from '@/lib/i18n/meetings-page';
import type { MeetingQuery } from './address';
import { spanText } from './span-text';

interface BookFormProps {
  slot: Slot;
  query: MeetingQuery;
  week: MeetingWeek;
  text: MeetingsText;
  language: Language;
  mayNotify: boolean;
}

/** Books the slot that was chosen. The key is of this form: sent twice, it books once. */
export function BookForm({ slot, query, week, text, language, mayNotify }: BookFormProps) {
  const colleagues = week.people.slice(1);
  const end = slot.start + query.lengthMinutes * 60_000;
  const names = slot.busy.map(({ name }) => name);
  return (
    <Section title={text.book} id="book">
      <form className="panel pad" method="post" action={withBasePath('/api/meetings')}>
        <p className="meeting-when">{spanText({ start: slot.start, end }, week.timeZone, language)}</p>
        {names.length > 0 && <Note kind="warn">{text.busy(names, 0)}</Note>}
        {colleagues.map(({ userId }) => (
          <input key={userId} type="hidden" name="with" value={userId} />
        ))}
        <input type="hidden" name="start" value={slot.value} />
        <input type="hidden" name="length" value={query.lengthMinutes} />
        <input type="hidden" name="key" value={randomUUID()} />
        <label className="label" htmlFor="title">
          {text.meetingTitle}
        </label>
        <input
          className="input"
          id="title"
          name="title"
          defaultValue={text.defaultTitle}
          maxLength={200}
          required
        />
        <label className="label" htmlFor="location">
          {text.location} <span className="hint">({text.optional})</span>
        </label>
        <input className="input" id="location" name="location" maxLength={200} />
        <label className="label" htmlFor="description">
          {text.description} <span className="hint">({text.optional})</span>
        </label>
        <textarea className="input" id="description" name="description" rows={2} maxLength={2000} />
        {mayNotify && (
          <label className="choice">
            <input type="checkbox" name="notify" value="yes" defaultChecked />
            <span>{text.notify}</span>
          </label>
        )}
        <button type="submit" className="button button-wide meeting-book">
          {text.bookButton}
        </button>
      </form>
    </Section>
  );
}
