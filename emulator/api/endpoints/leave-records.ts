import { Refusal, v1Answer, v1Missing } from '../../platform/answers';
import { type Endpoint, v1 } from './endpoint';

const LONGEST_SPAN_MS = 365 * 86_400_000;
const ISO_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:?\d\d)$/;

/** Who has left the company. @see https://open.dingtalk.com/document/orgapp/query-the-details-of-employees-who-have-left-office */
export const leaveRecordEndpoints: Endpoint[] = [
  v1(
    '/v1.0/contact/empLeaveRecords',
    { method: 'GET', token: 'app', permission: 'Contact.Common.Read' },
    ({ platform, query }) => {
      for (const name of ['startTime', 'maxResults']) if (!query.get(name)) return v1Missing(name);
      const from = readTime(query.get('startTime')!);
      const until = query.get('endTime') ? readTime(query.get('endTime')!) : platform.clock.now();
      const size = readWhole(query.get('maxResults')!, 1, 50);
      const start = readWhole(query.get('nextToken') || '0', 0, Number.MAX_SAFE_INTEGER);
      if (until < from || until - from > LONGEST_SPAN_MS) throw new Refusal(40035);
      const records = platform.leaveRecords.between(from, until);
      const end = start + size;
      return v1Answer({
        nextToken: end < records.length ? String(end) : undefined,
        records: records.slice(start, end).map(({ leftAt, ...record }) => ({
          ...record,
          leaveTime: new Date(leftAt).toISOString().replace(/\.\d+Z$/, 'Z'),
          leaveReason: 'delete',
        })),
      });
    },
  ),
];

function readTime(text: string): number {
  const time = ISO_TIME.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(time)) throw new Refusal(40035);
  return time;
}

function readWhole(text: string, min: number, max: number): number {
  const number = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (!(number >= min && number <= max)) throw new Refusal(40035);
  return number;
}
