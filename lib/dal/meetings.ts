import 'server-only';
import { createHash } from 'node:crypto';
import { requireMember } from '../auth/auth';
import { agendas, forgetCalendars } from '../calendar-cache';
import {
  type CalendarEvent,
  cancelEvent,
  changeEvent,
  createEvent,
  type EventTime,
  getEvent,
  MAX_ATTENDEES,
} from '../dingtalk/calendar';
import { dingTalkClient } from '../dingtalk-client';
import { directoryStore } from '../directory/store';
import { AppError } from '../errors';
import { calendarCall, unionIdOf } from './calendar-calls';
import { readView } from './viewer';

/** A meeting to be booked. */
export interface MeetingDraft {
  title: string;
  time: EventTime;
  description?: string | undefined;
  location?: string | undefined;
  /** User ids of those who are invited, without the organizer. */
  attendees: readonly string[];
  /** Of the form: sent again, it books nothing more. */
  key: string;
}

const MAX_TITLE = 200;
const MAX_DESCRIPTION = 5000;
const MAX_LOCATION = 200;
const MAX_LENGTH_MS = 31 * 86_400_000;

/**
 * Books a meeting in the calendar of the member who asks, and invites colleagues whom the member may see in the
 * directory. DingTalk tells them.
 *
 * @throws AppError `bad-request` with the field as `hint`, `not-found` for an attendee, `too-many-attendees`,
 * `event-limit`, `event-in-progress`, `too-many-calls`, `calls-spent`; what else DingTalk refused
 */
export async function bookMeeting(draft: MeetingDraft): Promise<CalendarEvent> {
  const session = await requireMember();
  const checked = checkMeeting(draft);
  const attendees = await unionIdsOf(draft.attendees, session.userId);
  if (!/^[\w-]{8,64}$/.test(draft.key)) throw new AppError('bad-request', { hint: 'key' });
  const organizer = await unionIdOf(session);
  // Another member's key must not give this one the other's event.
  const idempotencyKey = createHash('sha256').update(`${organizer} ${draft.key}`).digest('hex');
  const event = await calendarCall(session.userId, (extras) =>
    createEvent(
      dingTalkClient(),
      organizer,
      { ...checked, attendees: attendees.map((unionId) => ({ unionId })), idempotencyKey },
      extras,
    ),
  );
  forgetCalendars([organizer, ...attendees]);
  return event;
}

/**
 * Changes title, time, place or description of a meeting that the member who asks has organised.
 *
 * @throws AppError `event-gone`, `event-read-only` for series and what others have organised; see {@link bookMeeting}
 */
export async function changeMeeting(
  id: string,
  change: Partial<Pick<MeetingDraft, 'title' | 'time' | 'description' | 'location'>>,
): Promise<CalendarEvent> {
  const { organizer, userId, event } = await ownMeeting(id);
  const checked = checkMeeting(change);
  const changed = await calendarCall(userId, (extras) =>
    changeEvent(dingTalkClient(), organizer, { id, ...checked }, extras),
  );
  forgetCalendars([organizer, ...event.attendees.map(({ unionId }) => unionId)]);
  return changed;
}

/**
 * Cancels a meeting for all participants; DingTalk notifies them.
 *
 * @returns false when it was gone already
 * @throws AppError `event-read-only` for series and what others have organised; see {@link bookMeeting}
 */
export async function cancelMeeting(id: string): Promise<boolean> {
  const { organizer, userId, event } = await ownMeeting(id);
  const cancelled = await calendarCall(userId, (extras) =>
    cancelEvent(dingTalkClient(), organizer, id, extras),
  );
  forgetCalendars([organizer, ...event.attendees.map(({ unionId }) => unionId)]);
  return cancelled;
}

/** From the remembered agenda, which costs no call, or from DingTalk. */
async function ownMeeting(id: string) {
  const session = await requireMember();
  if (!/^[\w+/=-]{1,512}$/.test(id)) throw new AppError('event-gone');
  const organizer = await unionIdOf(session);
  const event =
    rememberedEvent(organizer, id) ??
    (await calendarCall(session.userId, (extras) => getEvent(dingTalkClient(), organizer, id, extras)));
  if (event.isSeries || event.organizer?.unionId !== organizer) throw new AppError('event-read-only');
  return { organizer, userId: session.userId, event };
}

function rememberedEvent(unionId: string, id: string): CalendarEvent | undefined {
  for (const agenda of agendas().values()) {
    const event = agenda.unionId === unionId ? agenda.events.find((one) => one.id === id) : undefined;
    if (event) return event;
  }
  return undefined;
}

/** @throws AppError `bad-request` */
function checkMeeting<T extends Partial<Pick<MeetingDraft, 'title' | 'time' | 'description' | 'location'>>>({
  title,
  time,
  description,
  location,
}: T) {
  const fail = (hint: string) => new AppError('bad-request', { hint });
  if (title !== undefined && (title.trim() === '' || title.length > MAX_TITLE)) throw fail('title');
  if (time?.kind === 'timed' && !(time.start < time.end && time.end - time.start <= MAX_LENGTH_MS))
    throw fail('time');
  if (time?.kind === 'all-day' && time.firstDay > time.lastDay) throw fail('time');
  if ((description?.length ?? 0) > MAX_DESCRIPTION) throw fail('description');
  if ((location?.length ?? 0) > MAX_LOCATION) throw fail('location');
  return { title: title?.trim(), time, description: description?.trim(), location: location?.trim() } as {
    [Field in keyof T & ('title' | 'time' | 'description' | 'location')]: T[Field];
  };
}

/** @throws AppError `too-many-attendees`, `not-found` where the viewer may not see one of them, or there is none such */
async function unionIdsOf(userIds: readonly string[], organizer: string): Promise<string[]> {
  const wanted = [...new Set(userIds)].filter((userId) => userId !== organizer);
  if (wanted.length > MAX_ATTENDEES) throw new AppError('too-many-attendees');
  const unionIds = await readView(async ({ visibility }) => {
    const members = await directoryStore().members(wanted);
    return members
      .filter((member) => visibility.canSeePerson(member))
      .flatMap(({ record }) => record.unionId ?? []);
  });
  if (unionIds.length < wanted.length) throw new AppError('not-found', { hint: 'attendees' });
  return unionIds;
}
