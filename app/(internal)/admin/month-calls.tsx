import { Section } from '@/app/_ui/section';
import { config } from '@/lib/config';
import type { AdminOverview } from '@/lib/dal/admin-overview';
import type { Language, Messages } from '@/lib/i18n';
import { DAY_MS } from '@/lib/local-time';
import { Measures } from './charts';

interface MonthCallsProps {
  overview: AdminOverview;
  messages: Messages;
  language: Language;
}

/** What is left of the month's calls to DingTalk, and what they were made for. */
export function MonthCalls({ overview: { calls }, messages, language }: MonthCallsProps) {
  const text = messages.admin.overview.calls;
  const { left, limit, used, byKind, endsAt, daysLeft } = calls;
  const format = new Intl.DateTimeFormat(language, {
    month: 'long',
    day: 'numeric',
    timeZone: config().timeZone,
  });
  const number = new Intl.NumberFormat(language);
  const lasts =
    daysLeft === undefined
      ? text.resets(format.format(endsAt))
      : text.lasts(format.format(Date.now() + daysLeft * DAY_MS));
  return (
    <Section title={text.title}>
      <div className="panel pad">
        <p className="figures">
          <span>
            <span className="figure num">{number.format(left)}</span>{' '}
            <span className="hint">{text.left(number.format(limit))}</span>
          </span>
          <span className={daysLeft === undefined ? 'hint' : 'hint is-warn'}>{lasts}</span>
        </p>
        {used > 0 && (
          <Measures
            measures={[
              { label: text.calendar, count: byKind.calendar },
              { label: text.notices, count: byKind.notices },
            ]}
          />
        )}
        <p className="hint">{text.which}</p>
      </div>
    </Section>
  );
}
