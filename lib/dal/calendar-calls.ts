import 'server-only';
import type { DingTalkRequest } from '../dingtalk/request';
import { getMember } from '../dingtalk/users';
import { dingTalkClient } from '../dingtalk-client';
import { directoryStore } from '../directory/store';
import { AppError } from '../errors';
import type { Session } from '../session/session-cookie';
import { outsideRequest } from '../singleton';
import { type MonthlyCalls, monthlyCalls } from '../storage/monthly-calls';
import { calendarBudget } from './call-budget';

/** A page waits no longer for DingTalk. */
const DEADLINE_MS = 6000;

type Extras = Pick<DingTalkRequest<unknown>, 'onSend' | 'budget'>;

/**
 * Sends a calendar call in a member's name: it counts against the month's quota and the member's own share of it.
 *
 * @throws AppError `too-many-calls`, `calls-spent`; what DingTalk refused
 */
export async function calendarCall<T>(userId: string, send: (extras: Extras) => Promise<T>): Promise<T> {
  if (!calendarBudget().take(userId)) throw new AppError('too-many-calls');
  const budget = { signal: outsideRequest(() => AbortSignal.timeout(DEADLINE_MS)), calls: 0 };
  return monthlyCalls().counted('calendar', (extras) => send({ ...extras, budget }));
}

/** Whose calendar is meant by the member who asks. @throws AppError `calendar-out-of-range` where DingTalk does not tell */
export async function unionIdOf({ userId, unionId }: Pick<Session, 'userId' | 'unionId'>): Promise<string> {
  const known = unionId ?? (await directoryStore().member(userId))?.record.unionId;
  const found = known ?? (await getMember(dingTalkClient(), userId)).unionId;
  if (found === undefined) throw new AppError('calendar-out-of-range');
  return found;
}

/** From this share of the month's calls on, the calendar's pages are closed: the rest is for notices and bookings begun. */
const CLOSED_BELOW = 0.02;

/** How long the month's calls last, and whether the calendar's pages are closed because of it. */
export async function calendarCalls(): Promise<MonthlyCalls & { isClosed: boolean }> {
  const state = await monthlyCalls().state();
  return { ...state, isClosed: state.left <= state.limit * CLOSED_BELOW };
}
