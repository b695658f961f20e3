import Link from 'next/link';
import { Icon } from '@/app/_ui/icon';
import { Note } from '@/app/_ui/note';
import { oneValue, titled } from '@/app/_ui/page-frame';
import { Section } from '@/app/_ui/section';
import { pageAuditor } from '@/lib/auth/administrator';
import { withBasePath } from '@/lib/base-path';
import { type AuditQuery, auditPage } from '@/lib/dal/admin-audit';
import { currentMessages } from '@/lib/http/language';
import type { Language, Messages } from '@/lib/i18n';
import { AdminPage } from '../admin-page';
import { AuditTable } from './audit-table';
import { Filters } from './filters';
import { Received } from './received';

export const generateMetadata = titled(({ audit, admin }) => [audit.title, admin.title]);

/** For administrators and auditors: who signed in, who was refused and why, who was signed out and through whom. */
export default async function AuditPage(props: PageProps<'/admin/audit'>) {
  await pageAuditor();
  const { language, messages } = await currentMessages();
  const { event, person, from, to, before, again, fold } = await props.searchParams;
  const query = { event: oneValue(event), person: oneValue(person), from: oneValue(from), to: oneValue(to) };
  return (
    <AdminPage tab="audit" again={again === '1'}>
      <Received messages={messages} language={language} />
      <Filters query={query} messages={messages} />
      <Lines
        query={query}
        before={toId(oneValue(before))}
        isFolded={fold !== 'no'}
        messages={messages}
        language={language}
      />
    </AdminPage>
  );
}

interface LinesProps {
  query: AuditQuery;
  before: number | undefined;
  isFolded: boolean;
  messages: Messages;
  language: Language;
}

async function Lines({ query, before, isFolded, messages, language }: LinesProps) {
  const { groups, next, problems, names } = await auditPage(query, before, isFolded);
  const text = messages.audit;
  const addressOf = (more: Record<string, string>) =>
    `/admin/audit?${toParameters({ ...query, ...more })}` as const;
  const unfolded: Record<string, string> = isFolded ? {} : { fold: 'no' };
  return (
    <Section
      title={text.lead}
      more={
        <a className="section-more" href={withBasePath(`/api/admin/audit.csv?${toParameters({ ...query })}`)}>
          {text.export}
        </a>
      }
    >
      {problems.map((problem) => (
        <Note kind="warn" key={problem}>
          {text.problems[problem]}
        </Note>
      ))}
      {groups.length === 0 ? (
        <div className="panel empty">
          <Icon name="audit" />
          <p>{text.nothing}</p>
          <p className="hint">{text.nothingHint}</p>
          <Link className="button button-plain" href="/admin/audit" prefetch={false}>
            {text.clear}
          </Link>
        </div>
      ) : (
        <AuditTable
          groups={groups}
          names={names}
          eachHref={({ id }) => addressOf({ before: String(id + 1), fold: 'no' })}
          messages={messages}
          language={language}
        />
      )}
      <nav className="pager" aria-label={text.pages}>
        {before === undefined ? (
          <span />
        ) : (
          <Link className="button button-plain" href={addressOf(unfolded)} prefetch={false}>
            {text.newest}
          </Link>
        )}
        {!isFolded && (
          <Link className="button button-quiet" href={addressOf({})} prefetch={false}>
            {text.folded}
          </Link>
        )}
        {next !== undefined && (
          <Link
            className="button button-plain"
            href={addressOf({ ...unfolded, before: String(next) })}
            prefetch={false}
            rel="next"
          >
            {text.next}
          </Link>
        )}
      </nav>
    </Section>
  );
}

function toParameters(query: Record<string, string | undefined>): URLSearchParams {
  return new URLSearchParams(Object.entries(query).filter(([, value]) => value) as [string, string][]);
}

function toId(text: string): number | undefined {
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}
