import 'server-only';
import { requireAuditor } from '../auth/administrator';
import { type ReceivedEvents, receivedEvents } from '../events/intake';
import { AUDIT_EVENTS, type AuditEvent } from '../storage/audit-line';
import { auditStore, flushAudit, record } from '../storage/audit-log';
import type { WrittenLine } from '../storage/audit-store';

/** What an administrator reads of the audit. Each function finds out who asks, and refuses others. */

/** As people ask for it: anything that is not understood is left out. */
export interface AuditQuery {
  event?: string | undefined;
  person?: string | undefined;
  /** `2026-11-22`, a day of the audit's own time: UTC. */
  day?: string | undefined;
}

export interface AuditPage {
  lines: WrittenLine[];
  /** Goes on before this line. */
  next: number | undefined;
}

const PAGE_SIZE = 100;
const EXPORT_CHUNK = 500;
const DAY_MS = 86_400_000;

/** @throws AppError `not-signed-in`, `not-permitted` */
export async function auditPage(query: AuditQuery, before?: number): Promise<AuditPage> {
  await requireAuditor();
  await flushAudit();
  const lines = await auditStore().find({ ...toFilter(query), before, limit: PAGE_SIZE + 1 });
  const next = lines.length > PAGE_SIZE ? lines[PAGE_SIZE - 1]?.id : undefined;
  return { lines: lines.slice(0, PAGE_SIZE), next };
}

/** How DingTalk's events come, and what became of them. @throws AppError `not-signed-in`, `not-permitted` */
export async function eventsReceived(): Promise<ReceivedEvents> {
  await requireAuditor();
  return receivedEvents();
}

/** Every line that fits, newest first. That they were taken is a line itself. @throws AppError `not-signed-in`, `not-permitted` */
export async function auditExport(query: AuditQuery): Promise<AsyncIterable<WrittenLine>> {
  const { userId } = await requireAuditor();
  await flushAudit();
  record({ event: 'export', userId, detail: 'audit' });
  return allLines(query);
}

async function* allLines(query: AuditQuery): AsyncGenerator<WrittenLine> {
  for (let before: number | undefined; ; ) {
    const lines = await auditStore().find({ ...toFilter(query), before, limit: EXPORT_CHUNK });
    yield* lines;
    before = lines.at(-1)?.id;
    if (lines.length < EXPORT_CHUNK) return;
  }
}

function toFilter({ event, person, day }: AuditQuery) {
  const from = /^\d{4}-\d{2}-\d{2}$/.test(day ?? '') ? Date.parse(`${day}T00:00:00Z`) : Number.NaN;
  return {
    event: AUDIT_EVENTS.find((known): known is AuditEvent => known === event),
    person: person?.trim().slice(0, 64) || undefined,
    ...(Number.isNaN(from) ? {} : { from, to: from + DAY_MS }),
  };
}
