import { deviceName } from '@/app/_ui/device-item';
import type { IconName } from '@/app/_ui/icon';
import type { Messages } from '@/lib/i18n';
import type { AuditText } from '@/lib/i18n/audit-page';
import type { AuditEvent } from '@/lib/storage/audit-line';
import type { WrittenLine } from '@/lib/storage/audit-store';

/** An audit entry in words. What is none of ours is shown as it was written. */

const ICONS: Record<AuditEvent, IconName> = {
  'sign-in': 'user',
  'sign-in-refused': 'refused',
  'sign-out': 'signout',
  'session-refused': 'refused',
  'access-refused': 'lock',
  'session-ended': 'signout',
  'person-ended': 'signout',
  'everyone-ended': 'warning',
  'key-used': 'key',
  'ticket-issued': 'key',
  'notice-sent': 'mail',
  'notice-recalled': 'mail',
  export: 'download',
};

export function eventIcon({ event }: WrittenLine): { icon: IconName; kind: '' | 'event-bad' | 'event-warn' } {
  const kind = event.endsWith('refused') ? (event === 'access-refused' ? 'event-warn' : 'event-bad') : '';
  return { icon: ICONS[event] ?? 'info', kind };
}

export function eventName({ event, reason = '' }: WrittenLine, { audit }: Messages): string {
  const isEnding = event === 'session-ended' || event === 'person-ended';
  return (isEnding ? own(audit.endings, reason) : undefined) ?? own(audit.events, event) ?? event;
}

/** Why, with what, through whom: what an entry says besides event, time and person. */
export function lineText(line: WrittenLine, messages: Messages, nameOf: (userId: string) => string): string {
  const { by, userId, reason, event } = line;
  const { audit } = messages;
  // An event's own name says so already.
  const isSaid = event === 'sign-out' || event === 'access-refused' || own(audit.endings, reason ?? '');
  const why = reason === undefined || isSaid ? undefined : reasonText(reason, messages);
  return [why, detailText(line, messages), by !== userId && by !== undefined && actorText(by, audit, nameOf)]
    .filter(Boolean)
    .join(' · ');
}

function actorText(by: string, audit: AuditText, nameOf: (userId: string) => string): string {
  const part = own(audit.actors, by);
  return part === undefined ? audit.by(nameOf(by)) : audit.through(part);
}

/** Why something was refused or ended, in a few words. */
export function reasonText(reason: string, { auditReasons }: Messages): string {
  return own(auditReasons, reason) ?? reason;
}

/** Entries from before sign-in methods were renamed say `client`. */
const isOfWebview = (method: string) => method === 'webview' || method === 'client';

function detailText({ event, detail }: WrittenLine, messages: Messages): string | undefined {
  if (detail === undefined) return undefined;
  const { audit } = messages;
  switch (event) {
    case 'sign-in':
    case 'sign-in-refused': {
      const [method = '', client] = detail.split(' ');
      // DingTalk's client is named anyway.
      const isSaid = isOfWebview(method) && client?.startsWith('dingtalk');
      return [client && deviceName(client, messages), isSaid ? '' : (own(audit.methods, method) ?? method)]
        .filter(Boolean)
        .join(' · ');
    }
    case 'access-refused': {
      const [, path, rule, line] = /^(.*?)(?: · (.*?)(?: \((\d+)\))?)?$/s.exec(detail) ?? [];
      const decided = line === undefined ? rule : audit.rule(rule ?? '', line);
      return [audit.opened(path ?? detail), decided].filter(Boolean).join(' · ');
    }
    case 'key-used':
      return audit.key(detail);
    case 'export':
      return own(audit.exports, detail) ?? detail;
    default:
      return detail;
  }
}

/** A word of ours; a name such as `constructor` is none. */
function own(words: Readonly<Partial<Record<string, string>>>, name: string): string | undefined {
  return Object.hasOwn(words, name) ? words[name] : undefined;
}
