import 'server-only';
import { config } from '../config';
import type { DingTalkRequest } from '../dingtalk/request';
import { toAppError } from '../dingtalk-problems';
import { AppError } from '../errors';
import { DAY_MS } from '../local-time';
import { singleton } from '../singleton';
import { beijingDay, type CallKind, createCallCounter, endOfMonth } from './call-counter';
import { recordsDatabase } from './databases';

/** How far the month's calls go. */
export interface MonthlyCalls {
  /** `DINGTALK_MONTHLY_CALLS`. */
  limit: number;
  used: number;
  byKind: Record<CallKind, number>;
  left: number;
  /** When the next month begins, Unix time in ms. */
  endsAt: number;
  /** For how many days the rest lasts at this month's pace; undefined: beyond its end. */
  daysLeft: number | undefined;
}

/** @param options.limit calls of a month */
export function createMonthlyCalls(options: {
  counter: ReturnType<typeof createCallCounter>;
  limit: number;
  now?: () => number;
}) {
  const { counter, limit, now = Date.now } = options;
  return {
    /**
     * Sends a call that counts against DingTalk's monthly quota.
     *
     * @param send gets what belongs into the request
     * @throws AppError `calls-spent` where this month has none left, here or at DingTalk; what DingTalk refused
     */
    async counted<T>(
      kind: CallKind,
      send: (request: Pick<DingTalkRequest<unknown>, 'onSend'>) => Promise<T>,
    ): Promise<T> {
      if (!(await counter.take(kind, limit))) throw new AppError('calls-spent');
      let sent = 0;
      try {
        return await send({
          onSend: () => {
            sent++;
          },
        });
      } catch (error) {
        const failure = toAppError(error);
        if (failure.problem !== 'quota-spent') throw failure;
        throw new AppError('calls-spent', failure.detail, { cause: error });
      } finally {
        if (sent !== 1) await counter.add(kind, sent - 1).catch(() => undefined);
      }
    },

    async state(): Promise<MonthlyCalls> {
      const byKind = await counter.used();
      const used = byKind.calendar + byKind.notices;
      const left = Math.max(0, limit - used);
      const endsAt = endOfMonth(now());
      // The day that has begun counts as a whole one.
      const perDay = used / Number(beijingDay(now()).slice(8));
      const lasts = perDay === 0 ? Number.POSITIVE_INFINITY : left / perDay;
      const daysLeft = lasts * DAY_MS < endsAt - now() ? Math.floor(lasts) : undefined;
      return { limit, used, byKind, left, endsAt, daysLeft };
    },
  };
}

/** The calls of this company's app, all processes together. */
export const monthlyCalls = singleton('monthly-calls', () =>
  createMonthlyCalls({ counter: createCallCounter(recordsDatabase()), limit: config().monthlyCalls }),
);
