import type { ReactNode } from 'react';
import { Icon, type IconName } from './icon';

interface NoteProps {
  /** `ok`: something was done. Without, it only says something. */
  kind?: 'ok' | 'warn' | 'bad';
  icon?: IconName;
  children: ReactNode;
}

const ICONS = { ok: 'ok', warn: 'warning', bad: 'refused' } as const;

/** A line that says what was done, or what is so: it stays until the next page. */
export function Note({ kind, icon, children }: NoteProps) {
  return (
    <div className={kind ? `note note-${kind}` : 'note'} role="status">
      <Icon name={icon ?? (kind ? ICONS[kind] : 'info')} size="s" />
      <div className="note-text">{children}</div>
    </div>
  );
}
