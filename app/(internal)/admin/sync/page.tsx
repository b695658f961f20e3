import { FieldList } from '@/app/_ui/field-list';
import { Icon } from '@/app/_ui/icon';
import { Note } from '@/app/_ui/note';
import { titled } from '@/app/_ui/page-frame';
import { Section } from '@/app/_ui/section';
import { When } from '@/app/_ui/when';
import { pageAdministrator } from '@/lib/auth/administrator';
import { withBasePath } from '@/lib/base-path';
import { type SyncStatus, syncStatus } from '@/lib/dal/admin-sync';
import { currentMessages } from '@/lib/http/language';
import type { Language, Messages } from '@/lib/i18n';
import { AdminPage } from '../admin-page';
import { LiveProgress } from './live-progress';
import { Loss } from './loss';
import { MissingList } from './missing-list';
import { RunItem } from './run-item';

export const generateMetadata = titled(({ sync, admin }) => [sync.title, admin.title]);

/** For administrators: how the directory is being read, what is missing, and how it was before. */
export default async function SyncPage(props: PageProps<'/admin/sync'>) {
  await pageAdministrator();
  const { language, messages } = await currentMessages();
  const { started, again } = await props.searchParams;
  const status = await syncStatus();
  const { running, history, loss, state } = status;
  const ended = history.filter((run) => run.id !== running?.id);
  const missing = state.missing.length > 0 ? state.missing : (ended[0]?.missing ?? []);
  const text = messages.sync;
  return (
    <AdminPage
      tab="sync"
      again={again === '1'}
      side={<Side status={status} ended={ended} messages={messages} language={language} />}
    >
      {started === 'no' && <Note kind="warn">{text.notStarted}</Note>}
      {running && (
        <section className="panel pad">
          <h2 className="panel-title">{text.running}</h2>
          <LiveProgress key={running.id} progress={running.progress} language={language} />
        </section>
      )}
      {!running && loss && <Loss loss={loss} messages={messages} />}
      {!running && !loss && <Start text={text} />}
      {(missing.length > 0 || !loss) && (
        <Section title={text.missing}>
          <MissingList missing={missing} messages={messages} />
        </Section>
      )}
    </AdminPage>
  );
}

/** A plain form: it needs no JavaScript, and the page that follows shows the run. */
function Start({ text }: { text: Messages['sync'] }) {
  return (
    <form className="panel pad" method="post" action={withBasePath('/api/admin/sync')}>
      <button type="submit" className="button">
        <Icon name="sync" size="s" className="icon-plain" />
        {text.start}
      </button>
      <p className="hint">{text.startHint}</p>
    </form>
  );
}

interface SideProps {
  status: SyncStatus;
  ended: SyncStatus['history'];
  messages: Messages;
  language: Language;
}

function Side({ status: { state, running, nextAt, loss }, ended, messages, language }: SideProps) {
  const text = messages.sync;
  const moment = (at: number | undefined) =>
    at === undefined ? text.never : <When at={at} language={language} />;
  return (
    <>
      <FieldList
        title={text.overview}
        fields={[
          { label: text.state, value: text.states[loss ? 'shrunk' : state.state] },
          { label: text.people, value: state.people },
          { label: text.departments, value: state.departments },
          { label: text.asOf, value: moment(state.asOf) },
          { label: text.completeAsOf, value: moment(state.completeAsOf) },
          ...(running ? [] : [{ label: text.nextAt, value: moment(nextAt) }]),
        ]}
      />
      <Section title={text.history}>
        {ended.length === 0 ? (
          <div className="panel empty">
            <p>{text.noHistory}</p>
          </div>
        ) : (
          <ol className="panel rows">
            {ended.map((run) => (
              <RunItem key={run.id} run={run} messages={messages} language={language} />
            ))}
          </ol>
        )}
      </Section>
    </>
  );
}
