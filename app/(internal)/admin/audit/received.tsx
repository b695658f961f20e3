import { FieldList } from '@/app/_ui/field-list';
import { Moment } from '@/app/_ui/moment';
import { eventsReceived } from '@/lib/dal/admin-audit';
import type { Language } from '@/lib/i18n';
import type { SessionsText } from '@/lib/i18n/sessions-page';

/** How DingTalk's events come to this process, and what became of them. */
export async function Received({ text, language }: { text: SessionsText; language: Language }) {
  const { stream, callback, counts } = await eventsReceived();
  const { received } = text;
  const outcomes = Object.entries(received.outcomes) as [keyof typeof counts, string][];
  return (
    <>
      <FieldList
        title={received.title}
        fields={[
          {
            label: received.stream,
            value: (
              <>
                {received.streams[stream.status]}
                {stream.since !== undefined && (
                  <>
                    {' '}
                    · {received.since} <Moment at={stream.since} language={language} />
                  </>
                )}
              </>
            ),
          },
          ...(stream.reason ? [{ label: received.lastFailure, value: stream.reason }] : []),
          { label: received.callback, value: callback ? received.on : received.off },
          ...outcomes.map(([outcome, label]) => ({ label, value: counts[outcome] })),
        ]}
      />
      <p className="note">{received.hint}</p>
    </>
  );
}
