import type { ReactNode } from 'react';
import type { Language, Messages } from '@/lib/i18n';
import type { ListedSession } from '@/lib/session/session-pages';
import { type ClientKind, partsOfClient } from '@/lib/session/user-agent';
import './device.css';
import { Icon, type IconName } from './icon';
import { Ago } from './moment';

interface DeviceItemProps {
  session: Pick<ListedSession, 'client' | 'host' | 'hosts'>;
  messages: Messages;
  language: Language;
  badge?: string | undefined;
  hint: ReactNode;
  /** What can be done about it. */
  children?: ReactNode;
}

/** A device that is signed in: what it is, since when, on which protected hosts, and what can be done. */
export function DeviceItem({ session, messages, language, badge, hint, children }: DeviceItemProps) {
  const { client, host, hosts } = session;
  return (
    <li className="device">
      <div className="device-face">
        <Icon name={iconOf(client)} />
        <div className="device-text">
          <span className="row-title clamp-2">
            {deviceName(client, messages)} {badge && <span className="badge badge-brand">{badge}</span>}
          </span>
          <span className="row-hint">
            {host && `${host} · `}
            {hint}
          </span>
          {hosts.length > 0 && (
            <ul className="device-hosts row-hint">
              {hosts.map((one) => (
                <li key={one.host}>
                  {one.host} · <Ago at={one.lastSeen * 1000} language={language} />
                </li>
              ))}
            </ul>
          )}
        </div>
      </div>
      {children}
    </li>
  );
}

/** Such as "Windows · 钉钉" or "Chrome · macOS". */
export function deviceName(client: string, { sessions: { apps, systems } }: Messages): string {
  const { app, system } = partsOfClient(client);
  return app === 'dingtalk' ? `${systems[system]} · ${apps[app]}` : `${apps[app]} · ${systems[system]}`;
}

function iconOf(client: ClientKind): IconName {
  const { app, system } = partsOfClient(client);
  if (['android', 'ios', 'harmony'].includes(system)) return 'phone';
  return app === 'dingtalk' ? 'laptop' : 'globe';
}
