import { addDays, localDay } from '../local-time';
import type { Language } from './index';

/** For whom a moment is written. */
export interface Reader {
  language: Language;
  timeZone: string;
  /** Unix time in ms. */
  now: number;
}

const NEAR = {
  'zh-CN': { '-1': '昨天', 0: '今天', 1: '明天' },
  en: { '-1': 'yesterday', 0: 'today', 1: 'tomorrow' },
} as const;
/** English with days before months, so that 24-hour times stand beside them. */
const LOCALES = { 'zh-CN': 'zh-CN', en: 'en-GB' } as const;

/** A moment as short as it is clear: `今天 14:12`, `11月24日 09:00`, the year where it is another. @param at Unix time in ms */
export function timeText(at: number, { language, timeZone, now }: Reader): string {
  const [day, today] = [localDay(at, timeZone), localDay(now, timeZone)];
  const near = ([-1, 0, 1] as const).find((days) => addDays(today, days) === day);
  const date = new Intl.DateTimeFormat(LOCALES[language], {
    ...{ timeZone, month: language === 'en' ? 'short' : 'long', day: 'numeric' },
    ...(day.slice(0, 4) === today.slice(0, 4) ? {} : { year: 'numeric' }),
  });
  const time = new Intl.DateTimeFormat(LOCALES[language], {
    ...{ timeZone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' },
  });
  const dayText = near === undefined ? date.format(at) : NEAR[language][near];
  return `${dayText} ${time.format(at)}`;
}

/** To the second, in a time that does not depend on the reader. */
export function utcText(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}
