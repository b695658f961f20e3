import { When } from '@/app/_ui/when';
import { missingName } from '@/app/(internal)/directory/missing-name';
import type { SyncRun } from '@/lib/dal/admin-sync';
import type { Language, Messages } from '@/lib/i18n';
import { shownName } from '@/lib/shown-text';

interface RunItemProps {
  run: SyncRun;
  messages: Messages;
  language: Language;
}

const MAX_LISTED = 20;
const BADGES: Partial<Record<SyncRun['state'], string>> = {
  failed: 'badge badge-bad',
  shrunk: 'badge badge-warn',
  partial: 'badge badge-warn',
  interrupted: 'badge badge-warn',
};

/** A run that has ended: when, how it ended, what it changed and what it cost. */
export function RunItem({ run, messages, language }: RunItemProps) {
  const { state, startedAt, endedAt, by, people, departments, calls } = run;
  const text = messages.sync;
  const facts = [
    text.by[by],
    endedAt !== undefined && text.took(Math.round((endedAt - startedAt) / 1000)),
    text.result(people, departments),
    state === 'complete' || state === 'partial' ? changesOf(run, text) : false,
    text.callsSoFar(calls),
  ];
  return (
    <li data-testid="run">
      <div className="row">
        <span className="row-text">
          <span className="row-title">
            <When at={startedAt} language={language} />{' '}
            <span className={BADGES[state] ?? 'badge badge-ok'}>{text.runStates[state]}</span>
          </span>
          <span className="row-hint">{facts.filter(Boolean).join(' · ')}</span>
          <LeftOut run={run} messages={messages} />
        </span>
      </div>
    </li>
  );
}

function changesOf({ added, changed, removed }: SyncRun, text: Messages['sync']): string {
  const changes = [
    added > 0 && `${text.added} ${added}`,
    changed > 0 && `${text.changed} ${changed}`,
    removed > 0 && `${text.removed} ${removed}`,
  ].filter(Boolean);
  return changes.length > 0 ? changes.join(text.comma) : text.unchanged;
}

function LeftOut({ run: { missing, skipped }, messages }: Pick<RunItemProps, 'run' | 'messages'>) {
  const { sync: text, directory } = messages;
  if (missing.length + skipped.length === 0) return null;
  const names = missing.map(
    (one) => `${missingName(one, directory)}: ${messages.problems[one.problem].cause}`,
  );
  return (
    <details className="many">
      <summary>{text.details(missing.length, skipped.length)}</summary>
      <Names names={names} messages={messages} />
      {skipped.length > 0 && <p className="hint">{text.skipped}</p>}
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
    <ul className="hint">
      {different.slice(0, MAX_LISTED).map((name) => (
        <li key={name}>{name}</li>
      ))}
      {different.length > MAX_LISTED && <li>{messages.directory.andMore(different.length - MAX_LISTED)}</li>}
    </ul>
  );
}
