import { createHash } from 'node:crypto';

/** DingTalk's name of an event, and ours. */
const TYPES = [
  ['user_leave_org', 'member-left'],
  ['user_add_org', 'member-joined'],
  ['user_modify_org', 'member-changed'],
  ['user_active_org', 'member-activated'],
  ['org_admin_add', 'admin-added'],
  ['org_admin_remove', 'admin-removed'],
  ['org_dept_create', 'department-changed'],
  ['org_dept_modify', 'department-changed'],
  ['org_dept_remove', 'department-removed'],
  ['label_user_change', 'role-changed'],
  ['label_conf_add', 'role-changed'],
  ['label_conf_modify', 'role-changed'],
  ['label_conf_del', 'role-changed'],
  ['org_change', 'company-changed'],
  ['org_remove', 'company-changed'],
  ['calendar_event_change', 'calendar-changed'],
] as const;

/** `unknown`: an event that this app does not act on. */
type DirectoryEventType = (typeof TYPES)[number][1] | 'unknown';
const TYPE_OF: ReadonlyMap<string, DirectoryEventType> = new Map(TYPES);

/** One event of DingTalk, whichever way it came. Events mean "look again": their order says nothing. */
export interface DirectoryEvent {
  type: DirectoryEventType;
  /** DingTalk's id of the event, the same when it is delivered again; made from the content where it has none. */
  id: string;
  /** Its ids in the list of undelivered callbacks, which gives no id: one for each time that the event names. */
  deduplicationKeys: string[];
  /** The company that it happened in; undefined when it does not say, empty when what it says is no company. */
  corpId: string | undefined;
  /** Each once. Empty: no person, never all of them. */
  userIds: string[];
  departmentIds: number[];
  roleIds: number[];
  /** Whose calendars changed; of other events empty. */
  unionIds: string[];
  /** When it happened, Unix time in ms. */
  at: number | undefined;
  /** DingTalk's name of the event, for logs. */
  wireType: string;
}

const MAX_TEXT = 128;
const SECOND_MS = 1000;
/** DingTalk's own bound on a userid. */
const MAX_USER_ID = 64;

/** DingTalk's test of a callback address; it carries nothing. */
export function isCheck(event: DirectoryEvent): boolean {
  return /^check_(create_|update_)?(suite_)?url$/.test(event.wireType);
}

/**
 * Reads an event in any of DingTalk's spellings: old and new callbacks, and Stream's headers with its data beside
 * them. Keys are compared without case; what is not an id is left out.
 *
 * @param value the callback's JSON, or Stream's headers
 * @param data Stream's data
 * @param delivery id of the request that it came with: the only difference between two events without id and time
 * @throws TypeError when it is no object
 * @see https://open.dingtalk.com/document/development/address-book-events
 */
export function parseEvent(value: unknown, data?: unknown, delivery?: string): DirectoryEvent {
  if (!isObject(value)) throw new TypeError('an event is an object');
  const outer = fieldsOf(value);
  const inner = fieldsOf(data ?? outer.get('data')?.[0]);
  const read = (...names: string[]) =>
    names.flatMap((name) => [...(outer.get(name) ?? []), ...(inner.get(name) ?? [])]);
  const times = unique(read('timestamp', 'eventtime', 'eventborntime').flatMap(toNumbers));
  const content = {
    wireType: firstText(read('eventtype')) ?? '',
    corpId: toCorpId(read('eventcorpid', 'corpid')),
    userIds: unique(read('userid', 'useridlist').flatMap(toUserIds)),
    departmentIds: unique(read('deptid', 'deptidlist').flatMap(toNumbers)),
    roleIds: unique(read('labelidlist').flatMap(toNumbers)),
    unionIds: unique(read('unionidlist').flatMap(toUnionIds)),
    at: times[0],
  };
  return {
    type: TYPE_OF.get(content.wireType) ?? 'unknown',
    id: firstText(read('eventid')) ?? digestOf(times.length > 0 ? content : { ...content, delivery }),
    deduplicationKeys: times.map((at) => deduplicationKeyOf(content, at)),
    ...content,
  };
}

/** Of its content and the second: the list may round its times, and need not keep the order of ids. */
function deduplicationKeyOf(
  { wireType, userIds, departmentIds, roleIds }: Omit<DirectoryEvent, 'id' | 'type' | 'deduplicationKeys'>,
  at: number,
): string {
  const ids = [userIds, departmentIds, roleIds].map((some) => some.map(String).sort());
  return digestOf([wireType, ...ids, Math.floor(at / SECOND_MS)]);
}

/** Only what is one company in every spelling is one. */
function toCorpId(values: unknown[]): string | undefined {
  const given = values.filter((value) => value !== undefined);
  if (given.length === 0) return undefined;
  const [corpId, ...others] = new Set(given.map((value) => firstText([value]) ?? ''));
  return others.length === 0 ? corpId : '';
}

/** All values by their key in lower case: two spellings of one key both count. */
function fieldsOf(value: unknown): Map<string, unknown[]> {
  const fields = new Map<string, unknown[]>();
  for (const [name, field] of isObject(value) ? Object.entries(value) : []) {
    const key = name.toLowerCase();
    fields.set(key, [...(fields.get(key) ?? []), field]);
  }
  return fields;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function firstText(values: unknown[]): string | undefined {
  return values
    .map((value) => (Number.isSafeInteger(value) ? String(value) : value))
    .find((value) => typeof value === 'string' && value !== '' && value.length <= MAX_TEXT) as
    | string
    | undefined;
}

function toUserIds(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap((item) => (Array.isArray(item) ? [] : toUserIds(item)));
  const text = Number.isSafeInteger(value) ? String(value) : value;
  return typeof text === 'string' && text !== '' && text.length <= MAX_USER_ID ? [text] : [];
}

function toUnionIds(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap((item) => (Array.isArray(item) ? [] : toUnionIds(item)));
  return typeof value === 'string' && value !== '' && value.length <= MAX_TEXT ? [value] : [];
}

function toNumbers(value: unknown): number[] {
  if (Array.isArray(value)) return value.flatMap((item) => (Array.isArray(item) ? [] : toNumbers(item)));
  const number = typeof value === 'string' && /^\d{1,16}$/.test(value) ? Number(value) : value;
  return Number.isSafeInteger(number) && (number as number) > 0 ? [number as number] : [];
}

function unique<T>(values: T[]): T[] {
  return [...new Set(values)];
}

function digestOf(content: object): string {
  return createHash('sha256').update(JSON.stringify(content)).digest('base64url');
}
