import 'server-only';
import type { Database } from './sqlite';

/** What is written down. The names are the filter of `/admin/audit`, and appear in exports: never rename one. */
export const AUDIT_EVENTS = [
  'sign-in',
  'sign-in-refused',
  'sign-out',
  'session-refused',
  'access-refused',
  'session-ended',
  'person-ended',
  'everyone-ended',
  'key-used',
  'export',
] as const;

export type AuditEvent = (typeof AUDIT_EVENTS)[number];

/** One line. No secret is ever in it: no code, no token, no cookie. */
export interface AuditLine {
  event: AuditEvent;
  /** Whom it is about. */
  userId?: string | undefined;
  /** Who did it: a user id, or one of our own parts, such as `event`. Absent: the person. */
  by?: string | undefined;
  sessionId?: string | undefined;
  /** A problem's name, or why a session ended. */
  reason?: string | undefined;
  /** Words of ours about the circumstances, such as the door. */
  detail?: string | undefined;
  /** How many alike this line stands for; 1 where absent. */
  count?: number | undefined;
}

/** Writes a line in the transaction that is under way. @param at Unix time in ms */
export function insertAudit(db: Database, line: AuditLine, at: number): void {
  db.run(
    'INSERT INTO audit (at, event, user_id, actor, session_id, reason, detail, count) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
    at,
    line.event,
    clip(line.userId),
    clip(line.by),
    clip(line.sessionId),
    clip(line.reason),
    clip(line.detail),
    line.count ?? 1,
  );
}

function clip(text: string | undefined): string | null {
  return text?.replace(/\p{Cc}/gu, ' ').slice(0, 128) ?? null;
}
