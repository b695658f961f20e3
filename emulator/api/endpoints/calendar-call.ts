import { type Answer, v1Refusal } from '../../platform/answers';
import { CalendarRefusal } from '../../platform/calendar/event-store';
import { authorizedScope } from './authorized-scope';
import { Invalid } from './calendar-input';
import type { Call, Endpoint } from './endpoint';

/** A call about one person's calendar. */
export interface CalendarCall extends Call {
  /** The unionId in the path. */
  viewer: string;
}

/** Whose calendar it is, and the refusals in DingTalk's words. */
export function calendar(handle: (call: CalendarCall) => Answer): Endpoint['handle'] {
  return (call) => {
    const { platform, parameters } = call;
    const { userId: viewer = '', calendarId = 'primary' } = parameters;
    const person = platform.company.personByUnionid(viewer);
    if (!person) return v1Refusal(400, 'invalidParameter.unionIdInvalid', 'unionId invalid');
    if (!authorizedScope(platform).hasPerson(person))
      return v1Refusal(400, 'permissionDeny', 'permissionDeny');
    if (calendarId !== 'primary') return v1Refusal(404, 'itemNotFound', 'calendar not found');
    try {
      return handle({ ...call, viewer });
    } catch (error) {
      if (error instanceof Invalid) return invalid(error.message);
      if (error instanceof CalendarRefusal) return refusalOf(error);
      throw error;
    }
  };
}

function invalid(message: string): Answer {
  if (message === 'exceedMaxReceiverSize') return v1Refusal(400, message, '日程人数超过上限');
  return v1Refusal(400, 'invalidParameter', message);
}

function refusalOf({ problem }: CalendarRefusal): Answer {
  if (problem === 'itemNotFound') return v1Refusal(404, problem, 'event not found');
  if (problem === 'instanceNotExist') return v1Refusal(404, problem, 'instance not exist');
  if (problem === 'flowLimit')
    return v1Refusal(400, problem, 'current user can not create events exceed 100 per day');
  return v1Refusal(400, 'permissionDeny', 'permissionDeny');
}
