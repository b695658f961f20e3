import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { Json } from './json';

/** Something that happened in the company, before it is written in any of DingTalk's spellings. */
export interface CompanyEvent {
  /** DingTalk's name, such as `user_leave_org`. */
  type: string;
  id: string;
  corpId: string;
  /** Milliseconds since 1970. */
  bornAt: number;
  userIds: string[];
  departmentIds: number[];
  roleIds: number[];
  /** Of `label_user_change`. */
  action: 'add' | 'remove' | undefined;
  /** What was before and is now, of `user_modify_org`. */
  diff: { prev: Record<string, string>; curr: Record<string, string>; userid: string }[];
  /** Of an event that is not about the address book: its fields as DingTalk writes them. */
  details: Record<string, Json> | undefined;
}

const ids = z.array(z.union([z.string(), z.number()])).max(10_000);

/** An event that the control plane asks for. Its values may be wrong on purpose; its type may be unknown. */
export const eventRequest = z.strictObject({
  type: z.string().min(1).max(100),
  userIds: ids.optional(),
  departmentIds: ids.optional(),
  roleIds: ids.optional(),
  action: z.enum(['add', 'remove']).optional(),
  /** Another company's: an app must ignore the event. */
  corpId: z.string().optional(),
  /** The same again is a duplicate. */
  eventId: z.string().optional(),
  bornAt: z.int().optional(),
  details: z.record(z.string(), z.custom<Json>()).optional(),
});

/** An event as the control plane and tests ask for it. */
export type EventRequest = z.input<typeof eventRequest>;

/** Makes an event; what is not given is made up. */
export function toEvent(
  request: EventRequest & { diff?: CompanyEvent['diff'] },
  { corpId, now }: { corpId: string; now: number },
): CompanyEvent {
  const { diff = [], ...wanted } = request;
  const { type, userIds, departmentIds, roleIds, action, eventId, ...more } = eventRequest.parse(wanted);
  return {
    type,
    id: eventId ?? randomUUID().replaceAll('-', ''),
    corpId: more.corpId ?? corpId,
    bornAt: more.bornAt ?? now,
    userIds: (userIds ?? []) as string[],
    departmentIds: (departmentIds ?? []) as number[],
    roleIds: (roleIds ?? []) as number[],
    action,
    diff,
    details: more.details,
  };
}

/** The part of an event that depends on its kind. @param pascal `UserId`, as callbacks have long had it, else `userId` */
function detailsOf(event: CompanyEvent, pascal: boolean): Record<string, Json> {
  const { type, userIds, departmentIds, roleIds, action } = event;
  const named = (details: Record<string, Json>) =>
    Object.fromEntries(
      Object.entries(details).map(([name, value]) => [
        pascal ? name[0]!.toUpperCase() + name.slice(1) : name,
        value,
      ]),
    );
  if (event.details) return event.details;
  if (type.startsWith('org_dept_')) return named({ deptId: departmentIds });
  if (type === 'label_user_change')
    return { ...named({ userIdList: userIds, labelIdList: roleIds }), action };
  if (type.startsWith('label_conf_')) return { ...named({ labelIdList: roleIds }), scope: '1' };
  if (type === 'org_change' || type === 'org_remove') return {};
  return named({ userId: userIds });
}

/** How callbacks write their keys: as they were captured for years, or as the current pages show them. */
export type KeyStyle = 'pascal' | 'camel';

/** The text that a callback encrypts. */
export function callbackBody(event: CompanyEvent, style: KeyStyle): Record<string, Json> {
  const { type, id, corpId, bornAt, diff } = event;
  const details = detailsOf(event, style === 'pascal');
  // The documentation shows one object, however many people were changed.
  const diffInfo = diff.length > 0 ? { diffInfo: diff[0]! } : {};
  if (style === 'pascal') {
    return {
      EventType: type,
      CorpId: corpId,
      ...details,
      TimeStamp: String(bornAt),
      ...diffInfo,
      eventId: id,
    };
  }
  return {
    EventType: type,
    EventTime: bornAt,
    CorpId: corpId,
    BizId: id,
    eventId: id,
    timeStamp: String(bornAt),
    ...details,
    ...diffInfo,
  };
}

/** Headers and data of an event's frame in Stream. */
export function streamParts(
  event: CompanyEvent,
  appId: string,
): { headers: Record<string, string>; data: Record<string, Json> } {
  const { type, id, corpId, bornAt, diff } = event;
  const headers = {
    topic: '*',
    eventType: type,
    eventId: id,
    eventCorpId: corpId,
    eventBornTime: String(bornAt),
    eventUnifiedAppId: appId,
  };
  const isBare = type === 'org_change' || type === 'org_remove';
  // A capture of Stream shows a list.
  const diffInfo = diff.length > 0 ? { diffInfo: diff } : {};
  return {
    headers,
    data: isBare ? {} : { timeStamp: String(bornAt), ...detailsOf(event, false), ...diffInfo },
  };
}

/** An event in the list of those that could not be delivered: keys all in lower case. */
export function failedItem(event: CompanyEvent): Record<string, Json> {
  const details = Object.entries(detailsOf(event, false)).map(([name, value]) => [name.toLowerCase(), value]);
  return {
    [event.type]: { ...Object.fromEntries(details), corpid: event.corpId },
    call_back_tag: event.type,
    event_time: event.bornAt,
  };
}
