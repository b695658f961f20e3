import { methods } from '@/lib/auth/methods';
import { type ExportRow, exportPeople } from '@/lib/dal/directory-export';
import type { ShownState } from '@/lib/directory/mirror-state';
import { csvRecord, csvStream } from '@/lib/http/csv';
import { messagesFor } from '@/lib/http/language';
import type { RequestContext } from '@/lib/http/route';
import type { DirectoryText } from '@/lib/i18n/directory-page';
import type { Session } from '@/lib/session/session-cookie';
import { record } from '@/lib/storage/audit-log';

export const dynamic = 'force-dynamic';

export const { GET, POST, PUT, PATCH, DELETE } = methods({
  /** All visible people as a file for spreadsheets, sent as it is read. */
  GET: { access: 'member', stepUp: true, event: 'directory-export', handler: exportDirectory },
});

async function exportDirectory(
  request: Request,
  _context: RequestContext,
  { userId }: Session,
): Promise<Response> {
  const text = messagesFor(request.headers).messages.directory;
  const { state, texts } = await exportPeople((row) =>
    csvRecord(COLUMNS.map((column) => cell(row[column], text))),
  );
  record({ event: 'export', userId, detail: 'directory' });
  return new Response(csvStream(toRecords(texts, text)), {
    headers: {
      'content-type': 'text/csv; charset=utf-8',
      'content-disposition': `attachment; filename="staff-directory.csv"; filename*=UTF-8''${encodeURIComponent(fileName(state, text))}`,
    },
  });
}

/** Says in the file's own name when it was read, and that it is not all. */
function fileName({ state, asOf }: ShownState, text: DirectoryText): string {
  const day = asOf === undefined ? [] : [new Date(asOf + 8 * 3_600_000).toISOString().slice(0, 10)];
  const partial = state === 'complete' ? [] : [text.exportPartial];
  return `${[text.exportName, ...day, ...partial].join('-')}.csv`;
}

async function* toRecords(texts: AsyncIterable<Buffer>, text: DirectoryText): AsyncGenerator<string> {
  yield csvRecord(COLUMNS.map((column) => text.fields[column]));
  const decoder = new TextDecoder();
  for await (const bytes of texts) yield decoder.decode(bytes, { stream: true });
}

const COLUMNS = [
  'name',
  'userId',
  'jobNumber',
  'title',
  'departments',
  'leads',
  'mobile',
  'telephone',
  'email',
  'orgEmail',
  'workPlace',
  'active',
] as const satisfies (keyof ExportRow)[];

function cell(value: ExportRow[keyof ExportRow], text: DirectoryText): string {
  if (typeof value === 'boolean') return value ? text.yes : text.no;
  return typeof value === 'string' ? value : value.join('；');
}
