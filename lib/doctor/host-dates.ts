import 'server-only';
import type { Transport } from '../dingtalk/transport';

/** By base address: what its clock said, and when; Unix time in ms. */
export type HostDates = Map<string, { theirs: number; ours: number }>;

/** A transport that keeps the `Date` of every answer. */
export function notingDates(transport: Transport, dates: HostDates): Transport {
  return async (request) => {
    const sentAt = Date.now();
    const answer = await transport(request);
    const theirs = Date.parse(String(answer.headers.date ?? ''));
    // The time of the middle, and of the second that the header names: neither says more.
    if (Number.isFinite(theirs))
      dates.set(request.url.host, { theirs: theirs + 500, ours: (sentAt + Date.now()) / 2 });
    return answer;
  };
}
