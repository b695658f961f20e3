import 'server-only';
import type { Statements } from './database';

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
  'ticket-issued',
  'notice-sent',
  'notice-recalled',
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
  /** Words of ours about the context, such as the sign-in method. */
  detail?: string | undefined;
  /** How many alike this line stands for; 1 where absent. */
  count?: number | undefined;
}

/** A line and when it was: Unix time in ms. */
export interface DatedLine {
  line: AuditLine;
  at: number;
}

/** Writes lines in the transaction that is under way. */
export async function insertAudit(tx: Statements, ...lines: readonly DatedLine[]): Promise<void> {
  if (lines.length === 0) return;
  const { dialect } = tx;
  const columns = Object.keys(COLUMNS).join(', ');
  await tx.run(
    `INSERT INTO audit (${columns}) SELECT ${columns} FROM ${dialect.table('line', COLUMNS)}`,
    dialect.rows(lines.map(toRow)),
  );
}

const COLUMNS = {
  at: 'integer',
  event: 'text',
  user_id: 'text',
  actor: 'text',
  session_id: 'text',
  reason: 'text',
  detail: 'text',
  count: 'integer',
} as const;

function toRow({ line, at }: DatedLine): Record<keyof typeof COLUMNS, string | number | null> {
  const { event, count = 1 } = line;
  return {
    at,
    event,
    user_id: clip(line.userId),
    actor: clip(line.by),
    session_id: clip(line.sessionId),
    reason: clip(line.reason),
    detail: clip(line.detail),
    count,
  };
}

function clip(text: string | undefined): string | null {
  return text?.replace(/\p{Cc}/gu, ' ').slice(0, 128) ?? null;
}
