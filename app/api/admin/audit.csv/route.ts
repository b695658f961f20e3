import { auditExport } from '@/lib/audit/administration';
import type { WrittenLine } from '@/lib/audit/store';
import { requireMember } from '@/lib/auth';
import { csvRecord, csvStream } from '@/lib/csv';
import { refuseMethod, route } from '@/lib/http';

export const dynamic = 'force-dynamic';

/** Names that do not change with the language: programs read them. */
const COLUMNS = ['id', 'time', 'event', 'person', 'by', 'reason', 'detail', 'count', 'session'];

/** The audit as a file for spreadsheets and programs, with the filters of its page. Times are UTC. */
export const GET = route('audit-export', async (request, trip) => {
  const { userId } = await requireMember();
  trip.note({ userId });
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
});

export const POST = refuseMethod('GET');
export const PUT = POST;
export const PATCH = POST;
export const DELETE = POST;

async function* toRecords(lines: AsyncIterable<WrittenLine>): AsyncGenerator<string> {
  yield csvRecord(COLUMNS);
  for await (const { id, at, event, userId, by, reason, detail, count, sessionId } of lines) {
    const cells = [String(id), new Date(at).toISOString(), event, userId, by, reason, detail, String(count)];
    yield csvRecord([...cells, sessionId].map((cell) => cell ?? ''));
  }
}
