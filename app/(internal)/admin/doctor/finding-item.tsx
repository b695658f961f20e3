import { ApplyLink, FieldRow } from '@/app/_ui/field-row';
import { Icon, type IconName } from '@/app/_ui/icon';
import { type Description, fill, type Waiting } from '@/lib/doctor/description';
import type { DoctorText } from '@/lib/i18n/doctor/page';

const SIGNS: Record<Description['outcome'], [icon: IconName, className: string]> = {
  ok: ['ok', 'is-ok'],
  warn: ['warning', 'is-warn'],
  bad: ['refused', 'is-bad'],
  skipped: ['info', ''],
  untried: ['info', ''],
  manual: ['info', ''],
};

/** What one check tried and found; where something is wrong, why, what to do, where, and who. */
export function FindingItem({ finding, text }: { finding: Description; text: DoctorText }) {
  const { tried, found, outcome, fault, cause, remedy, where, link, command, actor } = finding;
  const [icon, className] = SIGNS[outcome];
  const { labels } = text;
  return (
    <li>
      <div className="row">
        <Icon name={icon} className={className} />
        <span className="row-text">
          <span className="row-title">
            {tried}
            {outcome !== 'ok' && ` · ${text.outcomes[outcome]}`}
          </span>
          {found.split('\n').map((line) => (
            <span className="row-hint" key={line}>
              {line}
            </span>
          ))}
        </span>
      </div>
      {fault !== undefined && (
        <dl className="fields fields-near">
          <FieldRow label={labels.cause}>{cause}</FieldRow>
          <FieldRow label={labels.remedy}>{remedy}</FieldRow>
          <FieldRow label={labels.where}>{where}</FieldRow>
          <FieldRow label={labels.command}>{command && <code>{command}</code>}</FieldRow>
          <FieldRow label={labels.apply}>
            {link && /^https:\/\//.test(link) && <ApplyLink url={link} />}
          </FieldRow>
          <FieldRow label={labels.actor}>{actor}</FieldRow>
        </dl>
      )}
    </li>
  );
}

/** What waits for one and the same check. */
export function WaitingItem({ waiting, text }: { waiting: Waiting; text: DoctorText }) {
  const { outcome, found, tried } = waiting;
  const [icon, className] = SIGNS[outcome];
  const values = { outcome: text.outcomes[outcome], count: String(tried.length), found };
  return (
    <li>
      <div className="row">
        <Icon name={icon} className={className} />
        <span className="row-text">
          <span className="row-title">{fill(text.waiting, values)}</span>
          <span className="row-hint">{tried.join(text.between)}</span>
        </span>
      </div>
    </li>
  );
}
