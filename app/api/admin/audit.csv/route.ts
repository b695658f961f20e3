import { methods } from '@/lib/auth/methods';
import { auditExport } from '@/lib/dal/admin-audit';
import { csvRecord, csvStream } from '@/lib/http/csv';
import type { WrittenLine } from '@/lib/storage/audit-store';

export const dynamic = 'force-dynamic';

/** Names that do not change with the language: programs read them. */
const COLUMNS = ['id', 'time', 'event', 'person', 'by', 'reason', 'detail', 'count', 'session'];

export const { GET, POST, PUT, PATCH, DELETE } = methods({
  /** The audit as a file for spreadsheets and programs, with the filters of its page; `day` is one day. Days are of `TIME_ZONE`, the times in it are UTC. */
  GET: { access: 'auditor', event: 'audit-export', handler: exportAudit },
});

async function exportAudit(request: Request): Promise<Response> {
  const query = new URL(request.url).searchParams;
  const value = (name: string) => query.get(name) ?? undefined;
  const lines = await auditExport({
    event: value('event'),
    person: value('person'),
    from: value('from') ?? value('day'),
    to: value('to') ?? value('day'),
  });
  return new Response(csvStream(toRecords(lines)), {
    headers: {
      'content-type': 'text/csv; charset=utf-8',
      'content-disposition': 'attachment; filename="audit.csv"',
    },
  });
}

async function* toRecords(lines: AsyncIterable<WrittenLine>): AsyncGenerator<string> {
  yield csvRecord(COLUMNS);
  for await (const { id, at, event, userId, by, reason, detail, count, sessionId } of lines) {
    const cells = [String(id), new Date(at).toISOString(), event, userId, by, reason, detail, String(count)];
    yield csvRecord([...cells, sessionId].map((cell) => cell ?? ''));
  }
}
