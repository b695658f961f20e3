import type { Language } from '@/lib/i18n';

/** From when to when, with the day: `12月7日星期一 09:30 – 10:30`. */
export function spanText(
  { start, end }: { start: number; end: number },
  timeZone: string,
  language: Language,
): string {
  const options = {
    month: 'long',
    day: 'numeric',
    weekday: 'long',
    hour: '2-digit',
    minute: '2-digit',
  } as const;
  return new Intl.DateTimeFormat(language, { ...options, hourCycle: 'h23', timeZone }).formatRange(
    start,
    end,
  );
}
