import { type Answer, v1Answer, v1Refusal } from '../../platform/answers';
import { wireTime } from '../../platform/calendar/event';
import type { Json } from '../../platform/json';
import type { Platform } from '../../platform/platform';
import { authorizedScope } from './authorized-scope';
import type { CalendarCall } from './calendar-call';

const MOST_PEOPLE = 20;

/** When people are busy. @see https://open.dingtalk.com/document/development/query-schedule */
export function readSchedule({ platform, body }: CalendarCall): Answer {
  const { userIds, startTime, endTime } = body.fields;
  const [from, until] = [Date.parse(String(startTime)), Date.parse(String(endTime))];
  const isRight =
    Array.isArray(userIds) && userIds.length > 0 && userIds.length <= MOST_PEOPLE && from < until;
  if (!isRight) return v1Refusal(400, 'paramIllegal', 'PARAM ILLEGAL');
  return v1Answer({
    scheduleInformation: userIds.map((id) => scheduleOf(platform, String(id), { from, until })),
  });
}

function scheduleOf(
  platform: Platform,
  userId: string,
  { from, until }: { from: number; until: number },
): Json {
  const person = platform.company.personByUnionid(userId);
  // The error's text is assumed.
  if (!person || !authorizedScope(platform).hasPerson(person))
    return { userId, error: 'user not found', scheduleItems: [] };
  const scheduleItems = platform.calendar
    .occurrences(userId, until)
    .filter(({ start, end }) => end > from && start < until)
    .flatMap(({ event, startTime, endTime }): Json[] => {
      const response = event.organizer === userId ? 'accepted' : event.attendees.get(userId)?.response;
      if (response === 'declined') return [];
      // An invitation that is not answered yet counts as perhaps (assumed).
      const status = response === 'accepted' ? 'BUSY' : 'TENTATIVE';
      return [{ status, start: wireTime(startTime), end: wireTime(endTime) }];
    });
  return { userId, scheduleItems };
}
