import { ApplyLink, FieldRow } from '@/app/_ui/field-row';
import { missingName } from '@/app/(internal)/directory/missing-name';
import { config } from '@/lib/config';
import type { Missing } from '@/lib/directory/mirror-state';
import { problems } from '@/lib/errors';
import type { Messages } from '@/lib/i18n';
import { inRegion } from '@/lib/region';

const MAX_LISTED = 10;

/** What could not be read, by reason, each with the remedy of the error catalogue. */
export function MissingList({ missing, messages }: { missing: Missing[]; messages: Messages }) {
  const text = messages.sync;
  if (missing.length === 0) return <p className="line">{text.nothingMissing}</p>;
  const groups = new Map<string, Missing[]>();
  for (const one of missing) {
    const key = JSON.stringify([one.problem, one.dingTalkCode, one.reason, one.api]);
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  return (
    <ul className="missing">
      {[...groups].map(([key, group]) => (
        <li className="panel" key={key}>
          <Reason group={group} messages={messages} />
        </li>
      ))}
    </ul>
  );
}

function Reason({ group, messages }: { group: Missing[]; messages: Messages }) {
  const { sync: text, problemNote: labels, directory } = messages;
  const { problem, dingTalkCode, reason, proxy, api, requiredScopes, applyUrl } = group[0]!;
  const { cause, remedy } = messages.problems[problem];
  const { region } = config();
  const names = [...new Set(group.map((missing) => missingName(missing, directory)))];
  const more = names.length - MAX_LISTED;
  const affected = [...names.slice(0, MAX_LISTED), ...(more > 0 ? [directory.andMore(more)] : [])];
  return (
    <dl className="fields">
      <FieldRow label={text.affected}>
        <ul>
          {affected.map((name) => (
            <li key={name}>{name}</li>
          ))}
        </ul>
      </FieldRow>
      <FieldRow label={labels.cause}>{inRegion(cause, region)}</FieldRow>
      <FieldRow label={labels.remedy}>{inRegion(remedy, region)}</FieldRow>
      <FieldRow label={labels.actor}>{messages.actors[problems[problem].actor]}</FieldRow>
      <FieldRow label={labels.permissions}>{requiredScopes?.join(', ')}</FieldRow>
      <FieldRow label={labels.dingTalkCode}>{dingTalkCode}</FieldRow>
      <FieldRow label={labels.reason}>{reason}</FieldRow>
      <FieldRow label={labels.proxy}>{proxy}</FieldRow>
      <FieldRow label={text.api}>{api}</FieldRow>
      <FieldRow label={labels.apply}>
        {applyUrl && /^https:\/\//.test(applyUrl) && <ApplyLink url={applyUrl} />}
      </FieldRow>
    </dl>
  );
}
