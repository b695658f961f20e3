import { Fields } from '@/app/_ui/field-list';
import { Fold } from '@/app/_ui/fold';
import { Icon } from '@/app/_ui/icon';
import { When } from '@/app/_ui/when';
import { eventsReceived } from '@/lib/dal/admin-audit';
import type { Language, Messages } from '@/lib/i18n';

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
    <div className="received">
      <Fold
        icon={<Icon name={isWell ? 'ok' : 'warning'} className={isWell ? 'is-ok' : 'is-warn'} />}
        title={text.title}
        hint={
          <>
            {!isOn && text.none}
            {isOn && (counts.failed > 0 ? text.failed(counts.failed) : text.allDone(total))}
            {stream.status !== 'off' && stream.status !== 'connected' && (
              <>
                {' '}
                {text.stream}: {connection}
              </>
            )}
          </>
        }
      >
        <Fields
          fields={[
            { label: text.stream, value: connection },
            ...(stream.reason ? [{ label: text.lastFailure, value: stream.reason }] : []),
            { label: text.callback, value: callback ? text.on : text.off },
            ...outcomes.map(([outcome, label]) => ({ label, value: counts[outcome] })),
          ]}
        />
        <p className="hint pad">{text.hint}</p>
      </Fold>
    </div>
  );
}
