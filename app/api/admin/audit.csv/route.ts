import { methods } from '@/lib/auth/methods';
import { auditExport } from '@/lib/dal/admin-audit';
import { csvRecord, csvStream } from '@/lib/http/csv';
import type { WrittenLine } from '@/lib/storage/audit-store';

export const dynamic = 'force-dynamic';

/** Names that do not change with the language: programs read them. */
const COLUMNS = ['id', 'time', 'event', 'person', 'by', 'reason', 'detail', 'count', 'session'];

export const { GET, POST, PUT, PATCH, DELETE } = methods({
  /** The audit as a file for spreadsheets and programs, with the filters of its page. Times are UTC. */
  GET: { access: 'auditor', event: 'audit-export', handler: exportAudit },
});

async function exportAudit(request: Request): Promise<Response> {
  const query = new URL(request.url).searchParams;
  const lines = await auditExport({
    event: query.get('event') ?? undefined,
    person: query.get('person') ?? undefined,
    day: query.get('day') ?? undefined,
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
