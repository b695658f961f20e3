import { Moment } from '@/app/_ui/moment';
import { missingName } from '@/app/(internal)/directory/missing-name';
import type { SyncRun } from '@/lib/dal/admin-sync';
import type { Language, Messages } from '@/lib/i18n';
import { shownName } from '@/lib/shown-text';

interface RunCardProps {
  run: SyncRun;
  messages: Messages;
  language: Language;
}

const MAX_LISTED = 20;

/** A run that has ended: when, how it ended, what it changed and what it cost. */
export function RunCard({ run, messages, language }: RunCardProps) {
  const text = messages.sync;
  const figures = [
    [text.added, run.added],
    [text.changed, run.changed],
    [text.removed, run.removed],
    [text.calls, run.calls],
  ] as const;
  return (
    <li className="panel run">
      <p className="run-head">
        <Moment at={run.startedAt} language={language} />
        <span className={run.state === 'complete' ? 'badge' : 'badge badge-warning'}>
          {text.runStates[run.state]}
        </span>
      </p>
      <p className="figures">
        {[
          text.by[run.by],
          run.endedAt !== undefined && text.took(Math.round((run.endedAt - run.startedAt) / 1000)),
          text.result(run.people, run.departments),
        ]
          .filter(Boolean)
          .join(' · ')}
      </p>
      <dl className="counts">
        {figures.map(([label, count]) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd>{count}</dd>
          </div>
        ))}
      </dl>
      <LeftOut run={run} messages={messages} />
    </li>
  );
}

function LeftOut({ run: { missing, skipped }, messages }: Pick<RunCardProps, 'run' | 'messages'>) {
  const { sync: text, directory } = messages;
  if (missing.length + skipped.length === 0) return null;
  const names = missing.map(
    (one) => `${missingName(one, directory)}: ${messages.problems[one.problem].cause}`,
  );
  return (
    <details className="run-details">
      <summary className={missing.length > 0 ? 'figures-bad' : undefined}>
        {text.details(missing.length, skipped.length)}
      </summary>
      <Names names={names} messages={messages} />
      {skipped.length > 0 && <p className="figures">{text.skipped}</p>}
      <Names
        names={skipped.map(
          ({ id, name, why }) => `${shownName(name, String(id))} (${id}): ${text.skippedWhy[why]}`,
        )}
        messages={messages}
      />
    </details>
  );
}

function Names({ names, messages }: { names: string[]; messages: Messages }) {
  const different = [...new Set(names)];
  return (
    <ul className="note-list">
      {different.slice(0, MAX_LISTED).map((name) => (
        <li key={name}>{name}</li>
      ))}
      {different.length > MAX_LISTED && <li>{messages.directory.andMore(different.length - MAX_LISTED)}</li>}
    </ul>
  );
}
