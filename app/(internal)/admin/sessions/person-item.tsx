import Link from 'next/link';
import { Ask } from '@/app/_ui/ask';
import { Avatar } from '@/app/_ui/avatar';
import { DeviceItem, deviceName } from '@/app/_ui/device-item';
import { Icon } from '@/app/_ui/icon';
import { Ago } from '@/app/_ui/moment';
import { Sentence } from '@/app/_ui/sentence';
import { When } from '@/app/_ui/when';
import type { AdminSession, OnlinePerson } from '@/lib/dal/admin-sessions';
import type { Language, Messages } from '@/lib/i18n';
import { EndForm } from './end-form';

interface PersonItemProps {
  person: OnlinePerson;
  /** This person alone is listed: the devices are open. */
  isAlone: boolean;
  /** What was looked for: the page that follows an ending shows it again. */
  q: string;
  messages: Messages;
  language: Language;
}

/** A person who is online; unfolded, each device, and signing out one or all of them. */
export function PersonItem({ person, isAlone, q, messages, language }: PersonItemProps) {
  const { userId, name, departments, avatarUrl, count, lastSeen, sessions } = person;
  const text = messages.online;
  const hidden = count - sessions.length;
  return (
    <details className="person" open={isAlone}>
      <summary>
        <span className="row">
          <Avatar name={name} url={avatarUrl} userId={userId} />
          <span className="row-text">
            <span className="row-title clamp-1">
              <bdi>{name}</bdi>
            </span>
            <span className="row-hint clamp-1">
              {departments === undefined ? text.notListed : departments.join(' · ')}
              <span className="for-wide"> · {userId}</span>
            </span>
          </span>
          <span className="row-end">
            <span className="num">{text.count(count)}</span>
            <br />
            <Ago at={lastSeen * 1000} language={language} />
          </span>
          <Icon name="down" size="s" className="arrow" />
        </span>
      </summary>
      <div className="person-body">
        <p className="hint person-id">
          {text.userId} <code>{userId}</code>
        </p>
        <ul>
          {sessions.map((session) => (
            <Device key={session.id} session={session} q={q} messages={messages} language={language} />
          ))}
        </ul>
        {hidden > 0 && (
          <p className="hint">
            {text.moreDevices(hidden)}
            {!isAlone && (
              <Link href={`/admin/sessions?${new URLSearchParams({ q: userId })}`} prefetch={false}>
                {text.showAll}
              </Link>
            )}
          </p>
        )}
        {count > 1 && (
          <Ask label={text.endAll(count)} cancel={text.cancel} className="person-all">
            <EndForm name="person" value={userId} q={q} button={text.endAllConfirm(name)}>
              {text.endAllAsk(name, count)}
            </EndForm>
          </Ask>
        )}
      </div>
    </details>
  );
}

interface DeviceProps extends Pick<PersonItemProps, 'q' | 'messages' | 'language'> {
  session: AdminSession;
}

function Device({ session, q, messages, language }: DeviceProps) {
  const text = messages.online;
  const { id, client, method, issuedAt, lastSeen, isThis } = session;
  return (
    <DeviceItem
      session={session}
      messages={messages}
      language={language}
      badge={isThis ? text.thisOne : undefined}
      hint={
        <>
          <Sentence text={text.used}>
            <Ago at={lastSeen * 1000} language={language} />
          </Sentence>
          {' · '}
          <Sentence text={text.signedIn}>
            <When at={issuedAt * 1000} language={language} />
          </Sentence>
          {method !== 'webview' && ` · ${text.methods[method]}`}
        </>
      }
    >
      <Ask label={text.end} cancel={text.cancel}>
        <EndForm name="session" value={id} q={q} button={text.endDevice}>
          {isThis ? text.endOwn : text.endDeviceAsk(deviceName(client, messages))}
        </EndForm>
      </Ask>
    </DeviceItem>
  );
}
