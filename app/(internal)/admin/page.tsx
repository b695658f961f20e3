import Link from 'next/link';
import { deviceName } from '@/app/_ui/device-item';
import { Icon } from '@/app/_ui/icon';
import { titled } from '@/app/_ui/page-frame';
import { Section } from '@/app/_ui/section';
import { When } from '@/app/_ui/when';
import { pageAdministrator } from '@/lib/auth/administrator';
import { type AdminOverview, adminOverview } from '@/lib/dal/admin-overview';
import { currentMessages } from '@/lib/http/language';
import type { Language, Messages } from '@/lib/i18n';
import type { WrittenLine } from '@/lib/storage/audit-store';
import { AdminPage } from './admin-page';
import { eventIcon, reasonText } from './audit/line-text';
import { DayChart, type Measure, Measures } from './charts';
import { Health } from './health';
import { MonthCalls } from './month-calls';

export const generateMetadata = titled(({ admin }) => [admin.tabs.overview, admin.title]);

/** For administrators: what has to be done, how everything is, and the day so far. */
export default async function OverviewPage() {
  await pageAdministrator();
  const { language, messages } = await currentMessages();
  const overview = await adminOverview();
  const shown = { overview, messages, language };
  return (
    <AdminPage tab="overview">
      <Waiting {...shown} />
      <Health {...shown} />
      <div className="section two">
        <SignIns {...shown} />
        <Refusals {...shown} />
      </div>
      <div className="section two">
        <Online {...shown} />
        <Actions {...shown} />
      </div>
      <MonthCalls {...shown} />
    </AdminPage>
  );
}

interface Shown {
  overview: AdminOverview;
  messages: Messages;
  language: Language;
}

function Waiting({ overview: { sync }, messages }: Shown) {
  const text = messages.admin.overview;
  if (!sync.loss) return null;
  return (
    <Link className="note note-warn" href="/admin/sync" prefetch={false}>
      <Icon name="warning" size="s" />
      <span className="note-text">
        <strong>{text.shrunk(sync.loss.lost)}</strong>
        {text.shrunkMore}
      </span>
      <Icon name="right" size="s" className="arrow" />
    </Link>
  );
}

function SignIns({ overview: { today }, messages }: Shown) {
  const text = messages.admin.overview;
  const more = <MoreLink event="sign-in" day={today.day} label={text.records} />;
  const total = today.signIns.reduce((sum, count) => sum + count, 0);
  return (
    <Section title={text.signInsToday} more={more}>
      <div className="panel pad">
        <p className="figures">
          <span>
            <span className="figure num">{total}</span> <span className="hint">{text.signIns}</span>
          </span>
        </p>
        <DayChart counts={today.signIns} now={today.hour} text={text} />
      </div>
    </Section>
  );
}

const SHOWN_REASONS = 5;

function Refusals({ overview: { today }, messages }: Shown) {
  const text = messages.admin.overview;
  const more = <MoreLink event="sign-in-refused" day={today.day} label={text.records} />;
  const total = today.refusals.reduce((sum, { count }) => sum + count, 0);
  return (
    <Section title={text.refusalsToday} more={more}>
      <div className="panel pad">
        <p className="figures">
          <span>
            <span className="figure num">{total}</span> <span className="hint">{text.refusals}</span>
          </span>
        </p>
        {total === 0 ? (
          <p className="hint">{text.noRefusals}</p>
        ) : (
          <Measures
            measures={withRest(
              today.refusals.map(({ reason, count }) => ({ label: reasonText(reason, messages), count })),
              text.others,
            )}
          />
        )}
      </div>
    </Section>
  );
}

function Online({ overview: { online }, messages }: Shown) {
  const text = messages.admin.overview;
  const devices = online.clients.reduce((sum, { sessions }) => sum + sessions, 0);
  const more = (
    <Link className="section-more" href="/admin/sessions" prefetch={false}>
      {text.all}
    </Link>
  );
  return (
    <Section title={text.online} more={more}>
      <div className="panel pad">
        <p className="figures">
          <span>
            <span className="figure num">{online.people}</span>{' '}
            <span className="hint">{text.onlinePeople}</span>
          </span>
          <span className="hint">{text.devices(devices)}</span>
        </p>
        <Measures
          measures={withRest(
            online.clients.map(({ client, sessions }) => ({
              label: deviceName(client, messages),
              count: sessions,
            })),
            text.otherDevices,
          )}
        />
      </div>
    </Section>
  );
}

/** The largest few, and all others together. */
function withRest(measures: Measure[], label: string): Measure[] {
  const rest = measures.slice(SHOWN_REASONS).reduce((sum, { count }) => sum + count, 0);
  return [...measures.slice(0, SHOWN_REASONS), ...(rest > 0 ? [{ label, count: rest }] : [])];
}

function Actions({ overview: { actions, names }, messages, language }: Shown) {
  const text = messages.admin.overview;
  const nameOf = (userId: string | undefined) => (userId === undefined ? '' : (names.get(userId) ?? userId));
  return (
    <Section title={text.actions}>
      {actions.length === 0 ? (
        <p className="panel pad hint">{text.noActions}</p>
      ) : (
        <ul className="panel rows">
          {actions.map((line) => (
            <li key={line.id}>
              <div className="row">
                <Icon name={eventIcon(line).icon} />
                <span className="row-text">
                  <span className="row-title clamp-2">{actionText(line, nameOf, messages)}</span>
                  <span className="row-hint">
                    <When at={line.at} language={language} />
                  </span>
                </span>
              </div>
            </li>
          ))}
        </ul>
      )}
    </Section>
  );
}

function actionText(
  { event, userId, by, detail = '' }: WrittenLine,
  nameOf: (userId: string | undefined) => string,
  messages: Messages,
): string {
  const text = messages.admin.overview;
  if (event === 'export') return text.exported(nameOf(userId), messages.audit.exports[detail] ?? detail);
  if (event === 'everyone-ended') return text.endedEveryone(nameOf(by));
  return (event === 'session-ended' ? text.endedDevice : text.endedPerson)(nameOf(by), nameOf(userId));
}

function MoreLink({ event, day, label }: { event: string; day: string; label: string }) {
  const query = new URLSearchParams({ event, from: day, to: day });
  return (
    <Link className="section-more" href={`/admin/audit?${query}`} prefetch={false}>
      {label}
    </Link>
  );
}
