import { Icon } from '@/app/_ui/icon';
import { eventsReceived } from '@/lib/dal/admin-audit';
import type { Language, Messages } from '@/lib/i18n';
import { When } from '@/app/_ui/when';

interface ReceivedProps {
  messages: Messages;
  language: Language;
}

/** How DingTalk's events come to this process, and what became of them. */
export async function Received({ messages, language }: ReceivedProps) {
  const { stream, callback, counts } = await eventsReceived();
  const text = messages.audit.received;
  const isOn = callback || stream.status !== 'off';
  const isWell = counts.failed === 0 && (callback || stream.status === 'connected');
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
  const outcomes = Object.entries(text.outcomes) as [keyof typeof counts, string][];
  const connection = (
    <>
      {text.streams[stream.status]}
      {stream.since !== undefined && (
        <>
          {' '}
          {text.since} <When at={stream.since} language={language} />
        </>
      )}
    </>
  );
  return (
    <details className="panel fold received">
      <summary>
        <span className="row">
          <Icon name={isWell ? 'ok' : 'warning'} className={isWell ? 'is-ok' : 'is-warn'} />
          <span className="row-text">
            <span className="row-title">{text.title}</span>
            <span className="row-hint">
              {!isOn && text.none}
              {isOn && (counts.failed > 0 ? text.failed(counts.failed) : text.allDone(total))}
              {stream.status !== 'off' && stream.status !== 'connected' && (
                <>
                  {' '}
                  {text.stream}: {connection}
                </>
              )}
            </span>
          </span>
          <Icon name="down" size="s" className="arrow" />
        </span>
      </summary>
      <div className="fold-body">
        <dl className="fields">
          <Field label={text.stream}>{connection}</Field>
          {stream.reason && <Field label={text.lastFailure}>{stream.reason}</Field>}
          <Field label={text.callback}>{callback ? text.on : text.off}</Field>
          {outcomes.map(([outcome, label]) => (
            <Field label={label} key={outcome}>
              {counts[outcome]}
            </Field>
          ))}
        </dl>
        <p className="hint pad">{text.hint}</p>
      </div>
    </details>
  );
}

function Field({ label, children }: { label: string; children: React.ReactNode }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd>{children}</dd>
    </div>
  );
}
