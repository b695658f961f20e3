import { FieldList } from '@/app/_ui/field-list';
import { Moment } from '@/app/_ui/moment';
import { Page, titled } from '@/app/_ui/page-frame';
import { pageAdministrator } from '@/lib/auth/administrator';
import { type SyncStatus, syncStatus } from '@/lib/dal/admin-sync';
import { currentMessages } from '@/lib/http/language';
import type { Language, Messages } from '@/lib/i18n';
import { LiveProgress } from './live-progress';
import { MissingList } from './missing-list';
import { RunCard } from './run-card';

export const generateMetadata = titled(({ sync, appName }) => [sync.title, appName]);

/** For administrators: how the directory is being read, what is missing, and how it was before. */
export default async function SyncPage(props: PageProps<'/admin/sync'>) {
  await pageAdministrator();
  const { language, messages } = await currentMessages();
  const text = messages.sync;
  const { started, again } = await props.searchParams;
  return (
    <Page back={{ label: text.home }} title={text.title} again={again === '1' && messages.stepUp.again}>
      <Status
        status={await syncStatus()}
        isRefused={started === 'no'}
        messages={messages}
        language={language}
      />
    </Page>
  );
}

interface StatusProps {
  status: SyncStatus;
  /** A run was requested while another was under way. */
  isRefused: boolean;
  messages: Messages;
  language: Language;
}

function Status({ status, isRefused, messages, language }: StatusProps) {
  const { state, running, nextAt, history } = status;
  const text = messages.sync;
  const ended = history.filter((run) => run.id !== running?.id);
  const [last] = ended;
  const missing = state.missing.length > 0 ? state.missing : (last?.missing ?? []);
  const moment = (at: number | undefined) =>
    at === undefined ? text.never : <Moment at={at} language={language} />;
  return (
    <>
      {isRefused && (
        <p className="note note-warning" role="status">
          {text.notStarted}
        </p>
      )}
      {running ? (
        <section className="panel">
          <h2 className="panel-title">{text.running}</h2>
          <LiveProgress key={running.id} progress={running.progress} language={language} />
        </section>
      ) : (
        <StartForm isShrunk={last?.state === 'shrunk'} text={text} />
      )}
      <FieldList
        title={text.overview}
        fields={[
          { label: text.state, value: text.states[state.state] },
          { label: text.people, value: state.people },
          { label: text.departments, value: state.departments },
          { label: text.asOf, value: moment(state.asOf) },
          { label: text.completeAsOf, value: moment(state.completeAsOf) },
          ...(running ? [] : [{ label: text.nextAt, value: moment(nextAt) }]),
        ]}
      />
      <section>
        <h2 className="section-title">{text.missing}</h2>
        <MissingList missing={missing} messages={messages} />
      </section>
      <section>
        <h2 className="section-title">{text.history}</h2>
        {ended.length === 0 && <p className="note">{text.noHistory}</p>}
        <ol className="runs">
          {ended.map((run) => (
            <RunCard key={run.id} run={run} messages={messages} language={language} />
          ))}
        </ol>
      </section>
    </>
  );
}

/** A plain form: it needs no JavaScript, and the page that follows shows the run. */
function StartForm({ isShrunk, text }: { isShrunk: boolean; text: Messages['sync'] }) {
  return (
    <form className="panel" method="post" action="/api/admin/sync">
      {isShrunk && (
        <>
          <p className="note note-warning">{text.shrunk}</p>
          <label className="choice">
            <input type="checkbox" name="accept-shrink" value="yes" />
            <span>{text.acceptShrink}</span>
          </label>
        </>
      )}
      <button type="submit" className="button panel-button">
        {text.start}
      </button>
      <p className="figures">{text.startHint}</p>
    </form>
  );
}
