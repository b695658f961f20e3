import Link from 'next/link';
import { oneValue, Page, titled } from '@/app/_ui/page-frame';
import { pageAuditor } from '@/lib/auth/administrator';
import { type AuditQuery, auditPage } from '@/lib/dal/admin-audit';
import { currentMessages } from '@/lib/http/language';
import type { Messages } from '@/lib/i18n';
import type { SessionsText } from '@/lib/i18n/sessions-page';
import { AUDIT_EVENTS } from '@/lib/storage/audit-line';
import type { WrittenLine } from '@/lib/storage/audit-store';
import { Received } from './received';

export const generateMetadata = titled(({ sessions, appName }) => [sessions.audit.title, appName]);

/** For administrators: who came in, who was refused and why, whose sessions ended and through whom. */
export default async function AuditPage(props: PageProps<'/admin/audit'>) {
  await pageAuditor();
  const { language, messages } = await currentMessages();
  const text = messages.sessions;
  const { event, person, day, before, again } = await props.searchParams;
  const query = { event: oneValue(event), person: oneValue(person), day: oneValue(day) };
  return (
    <Page back={{ label: text.home }} title={text.audit.title} again={again === '1' && messages.stepUp.again}>
      <p className="page-lead">{text.audit.lead}</p>
      <Filter query={query} text={text} />
      <Lines query={query} before={toId(oneValue(before))} messages={messages} />
      <Received text={text} language={language} />
    </Page>
  );
}

function Filter({ query, text }: { query: AuditQuery; text: SessionsText }) {
  return (
    <form className="panel filter" action="/admin/audit">
      <label>
        <span>{text.audit.event}</span>
        <select className="search-box" name="event" defaultValue={query.event}>
          <option value="">{text.audit.anyEvent}</option>
          {AUDIT_EVENTS.map((event) => (
            <option key={event} value={event}>
              {text.events[event]}
            </option>
          ))}
        </select>
      </label>
      <label>
        <span>{text.audit.person}</span>
        <input className="search-box" name="person" defaultValue={query.person} maxLength={64} />
      </label>
      <label>
        <span>{text.audit.day}</span>
        <input className="search-box" name="day" type="date" defaultValue={query.day} />
      </label>
      <div className="actions">
        <button type="submit" className="action">
          {text.audit.filter}
        </button>
        <a className="action" href={`/api/admin/audit.csv?${toParameters(query)}`}>
          {text.audit.export}
        </a>
      </div>
    </form>
  );
}

interface LinesProps {
  query: AuditQuery;
  before: number | undefined;
  messages: Messages;
}

async function Lines({ query, before, messages }: LinesProps) {
  const { lines, next } = await auditPage(query, before);
  const text = messages.sessions;
  if (lines.length === 0) return <p className="note">{text.audit.nothing}</p>;
  const following = toParameters(query);
  following.set('before', String(next));
  return (
    <>
      <ul className="rows audit">
        {lines.map((line) => (
          <Line key={line.id} line={line} messages={messages} />
        ))}
      </ul>
      {next !== undefined && (
        <Link className="row-more" href={`/admin/audit?${following}`} prefetch={false}>
          {text.audit.next}
        </Link>
      )}
    </>
  );
}

function Line({ line, messages }: { line: WrittenLine; messages: Messages }) {
  const text = messages.sessions;
  const { event, userId, by, reason, detail, count, at } = line;
  const names: Record<string, string> = text.actors;
  const who = by !== undefined && by !== userId ? `${text.audit.by} ${names[by] ?? by}` : undefined;
  const why = reason === undefined ? undefined : reasonText(reason, messages);
  const time = new Date(at).toISOString();
  return (
    <li className="row">
      <span className="row-text">
        <span className="row-title">
          {text.events[event]}
          {userId !== undefined && ` · ${userId}`}
          {count > 1 && <span className="badge badge-warning">{text.audit.times(count)}</span>}
        </span>
        <span className="row-hint">{[why, who, detail].filter(Boolean).join(' · ')}</span>
        <time className="row-hint" dateTime={time}>
          {time.slice(0, 19).replace('T', ' ')}
        </time>
      </span>
    </li>
  );
}

/** Why a session ended, or which problem refused a person; a word that is neither is shown as it is. */
function reasonText(reason: string, { sessions, problems }: Messages): string {
  const reasons: Record<string, string> = sessions.reasons;
  const sentences: Record<string, { person: string }> = problems;
  if (Object.hasOwn(reasons, reason)) return reasons[reason] ?? reason;
  return Object.hasOwn(sentences, reason) ? `${reason}: ${sentences[reason]?.person}` : reason;
}

function toParameters(query: AuditQuery): URLSearchParams {
  return new URLSearchParams(Object.entries(query).filter(([, value]) => value) as [string, string][]);
}

function toId(text: string): number | undefined {
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}
