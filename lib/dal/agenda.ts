import 'server-only';
import { requireMember } from '../auth/auth';
import { agendas, calendarKey, type RememberedAgenda } from '../calendar-cache';
import { listAgenda, type Window } from '../dingtalk/calendar-agenda';
import { dingTalkClient } from '../dingtalk-client';
import { calendarCall, unionIdOf } from './calendar-calls';

/**
 * The agenda of the member who asks, series expanded, at most some minutes old.
 *
 * @throws AppError `not-signed-in`, `too-many-calls`, `calls-spent`; what DingTalk refused
 */
export async function myAgenda(window: Window): Promise<Omit<RememberedAgenda, 'unionId'>> {
  const session = await requireMember();
  const unionId = await unionIdOf(session);
  const key = calendarKey(unionId, window);
  const known = agendas().get(key);
  if (known) return known;
  const asOf = Date.now();
  const agenda = await calendarCall(session.userId, (extras) =>
    listAgenda(dingTalkClient(), unionId, window, extras),
  );
  const remembered = { unionId, asOf, ...agenda };
  agendas().set(key, remembered);
  return remembered;
}
