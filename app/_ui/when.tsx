import type { Language } from '@/lib/i18n';
import { dayTimeText } from './moment';

/** A day and time of day; on hover to the second, in UTC, as exports and logs have it. @param at Unix time in ms */
export function When({ at, language }: { at: number; language: Language }) {
  const time = new Date(at).toISOString();
  return (
    <time dateTime={time} title={`${time.slice(0, 19).replace('T', ' ')} UTC`}>
      {dayTimeText(at, language)}
    </time>
  );
}
