import { config } from '@/lib/config';
import { addDays } from '@/lib/dingtalk/time-zone';
import type { Language } from '@/lib/i18n';
import { frameText } from '@/lib/i18n/frame';
import { localDay } from '@/lib/local-time';

interface AgoProps {
  /** Unix time in ms. */
  at: number;
  language: Language;
}

/** "2 小时前" within a day, then the day and time; the exact moment on hover. For the server: browsers have other time zones. */
export function Ago({ at, language }: AgoProps) {
  const seconds = Math.max(0, (Date.now() - at) / 1000);
  return (
    <time dateTime={new Date(at).toISOString()} title={exactText(at, language)}>
      {seconds < DAY_SECONDS / 2 ? ageText(seconds, language) : dayTimeText(at, language)}
    </time>
  );
}

/** "今天 20:52", "明天（11月28日）02:10", "12月3日 09:00": the day is named by its nearness, and always there. */
export function dayTimeText(at: number, language: Language, now = Date.now()): string {
  const { timeZone } = config();
  const { days } = frameText[language];
  const part = (options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat(language, { ...options, timeZone }).format(at);
  const time = part(language === 'en' ? { hour: 'numeric', minute: '2-digit' } : TWO_DIGITS);
  const [day, today] = [localDay(at, timeZone), localDay(now, timeZone)];
  const date = part({
    month: language === 'en' ? 'short' : 'long',
    day: 'numeric',
    ...(day.slice(0, 4) === today.slice(0, 4) ? {} : { year: 'numeric' }),
  });
  if (day === today) return days.today(time);
  if (day === addDays(today, -1)) return days.yesterday(time);
  if (day === addDays(today, 1)) return days.tomorrow(date, time);
  return days.other(date, time);
}

const TWO_DIGITS = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const;

function exactText(at: number, language: Language): string {
  const { timeZone } = config();
  return new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'short', timeZone }).format(at);
}

function ageText(seconds: number, language: Language): string {
  const format = new Intl.RelativeTimeFormat(language, { numeric: 'auto' });
  const fitting = UNITS.find(([, length]) => seconds >= length);
  if (!fitting) return frameText[language].justNow;
  const [unit, length] = fitting;
  return format.format(-Math.floor(seconds / length), unit);
}

const DAY_SECONDS = 86_400;
const UNITS = [
  ['day', DAY_SECONDS],
  ['hour', 3600],
  ['minute', 60],
] as const;
