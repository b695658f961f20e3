import type { Language } from '@/lib/i18n';

/** A date and time of day. For the server: the browser's time zone and spelling may differ. */
export function Moment({ at, language }: { at: number; language: Language }) {
  const format = new Intl.DateTimeFormat(language, {
    dateStyle: 'medium',
    timeStyle: 'short',
    timeZone: 'Asia/Shanghai',
  });
  return <time dateTime={new Date(at).toISOString()}>{format.format(at)}</time>;
}

/** How long ago, in the largest unit that fits. */
export function Age({ seconds, language }: { seconds: number; language: Language }) {
  const format = new Intl.RelativeTimeFormat(language, { numeric: 'auto' });
  const fitting = UNITS.find(([, length]) => seconds >= length);
  if (!fitting) return <>{format.format(0, 'second')}</>;
  const [unit, length] = fitting;
  return <>{format.format(-Math.floor(seconds / length), unit)}</>;
}

const UNITS = [
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
] as const;
