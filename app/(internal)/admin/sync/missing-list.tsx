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
      <Row label={text.affected}>
        <ul>
          {affected.map((name) => (
            <li key={name}>{name}</li>
          ))}
        </ul>
      </Row>
      <Row label={labels.cause}>{inRegion(cause, region)}</Row>
      <Row label={labels.remedy}>{inRegion(remedy, region)}</Row>
      <Row label={labels.actor}>{messages.actors[problems[problem].actor]}</Row>
      <Row label={labels.permissions}>{requiredScopes?.join(', ')}</Row>
      <Row label={labels.dingTalkCode}>{dingTalkCode}</Row>
      <Row label={labels.reason}>{reason}</Row>
      <Row label={labels.proxy}>{proxy}</Row>
      <Row label={text.api}>{api}</Row>
      <Row label={labels.apply}>
        {applyUrl && /^https:\/\//.test(applyUrl) && (
          <a href={applyUrl} rel="noreferrer">
            {applyUrl}
          </a>
        )}
      </Row>
    </dl>
  );
}

function Row({ label, children }: { label: string; children: React.ReactNode }) {
  if (!children) return null;
  return (
    <div>
      <dt>{label}</dt>
      <dd>{children}</dd>
    </div>
  );
}
