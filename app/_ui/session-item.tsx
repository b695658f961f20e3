import type { ReactNode } from 'react';
import type { Language } from '@/lib/i18n';
import type { SessionsText } from '@/lib/i18n/sessions-page';
import type { SessionRow } from '@/lib/session/session-store';
import { partsOfClient } from '@/lib/session/user-agent';
import { Moment } from './moment';

interface SessionItemProps {
  session: SessionRow;
  text: SessionsText;
  language: Language;
  /** Whose it is, where that is not plain. */
  owner?: ReactNode;
  /** The visitor's own. */
  isThis?: boolean;
  /** What can be done about it. */
  children?: ReactNode;
}

/** One session: with what, through which door, since when. */
export function SessionItem({ session, text, language, owner, isThis = false, children }: SessionItemProps) {
  const { app, system } = partsOfClient(session.client);
  return (
    <li className="row session">
      <span className="row-text">
        {owner && <span className="row-title">{owner}</span>}
        <span className={owner ? 'row-hint' : 'row-title'}>
          {text.apps[app]} · {text.systems[system]}
          {isThis && <span className="badge">{text.thisOne}</span>}
        </span>
        <span className="row-hint">
          {text.doors[session.door]} · {text.since}{' '}
          <Moment at={session.issuedAt * 1000} language={language} /> · {text.lastSeen}{' '}
          <Moment at={session.lastSeen * 1000} language={language} />
        </span>
      </span>
      {children}
    </li>
  );
}
