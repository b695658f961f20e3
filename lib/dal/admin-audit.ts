import 'server-only';
import { findPersons } from '../auth/access/explain';
import { requireAuditor } from '../auth/administrator';
import { config } from '../config';
import { addDays } from '../dingtalk/time-zone';
import { AppError } from '../errors';
import { type ReceivedEvents, receivedEvents } from '../events/intake';
import { startOfDay } from '../local-time';
import { AUDIT_EVENTS, type AuditEvent } from '../storage/audit-line';
import { auditStore, flushAudit, record } from '../storage/audit-log';
import type { AuditFilter, WrittenLine } from '../storage/audit-store';
import { knownNames } from './admin-people';

/** What an administrator reads of the audit. Each function finds out who asks, and refuses others. */

/** As people ask for it. */
export interface AuditQuery {
  event?: string | undefined;
  /** A user id, or a name or its sound: whom it is about, or who did it. */
  person?: string | undefined;
  /** `2026-11-22`: days of `TIME_ZONE`, both included. */
  from?: string | undefined;
  to?: string | undefined;
}

/** What of a query cannot be understood, and was left out. */
export type AuditProblem = 'event' | 'from' | 'to' | 'order';

/** One line, or several alike that follow one another: newest first. */
export type AuditGroup = readonly [WrittenLine, ...WrittenLine[]];

export interface AuditPage {
  groups: AuditGroup[];
  /** Goes on before this line. */
  next: number | undefined;
  problems: AuditProblem[];
  /** Names of those whom the local directory has, by user id. */
  names: ReadonlyMap<string, string>;
}

const PAGE_SIZE = 50;
/** Lines that a page reads for its groups. */
const MAX_LINES = 1000;
/** So many alike are one group, no two neighbours further apart than this: people who leave in one month left one by one. */
const LEAST_ALIKE = 3;
const WITHIN_MS = 600_000;
const EXPORT_CHUNK = 500;
const MAX_TEXT = 64;

/** @param isFolded whether lines alike are one group. @throws AppError `not-signed-in`, `not-permitted`, `sign-in-too-old` */
export async function auditPage(query: AuditQuery, before?: number, isFolded = true): Promise<AuditPage> {
  await requireAuditor();
  await flushAudit();
  const { filter, problems } = toFilter(query);
  const people = await peopleIn(query);
  const lines = await find({ ...filter, before, limit: MAX_LINES + 1 }, people);
  const all = isFolded ? foldAlike(lines.slice(0, MAX_LINES)) : lines.map((line): AuditGroup => [line]);
  const groups = all.slice(0, PAGE_SIZE);
  const last = groups.at(-1)?.at(-1);
  const isMore = all.length > PAGE_SIZE || lines.length > MAX_LINES;
  const shown = groups.flatMap((group) => group.flatMap(({ userId, by }) => [userId, by]));
  return {
    groups,
    next: isMore ? last?.id : undefined,
    problems,
    names: await knownNames(shown.filter((userId) => userId !== undefined)),
  };
}

/** How DingTalk's events come, and what became of them. @throws AppError `not-signed-in`, `not-permitted`, `sign-in-too-old` */
export async function eventsReceived(): Promise<ReceivedEvents> {
  await requireAuditor();
  return receivedEvents();
}

/**
 * Every line that fits, newest first. That they were taken is a line itself.
 *
 * @throws AppError `not-signed-in`, `not-permitted`, `sign-in-too-old`, `bad-request` where it would be other lines than meant
 */
export async function auditExport(query: AuditQuery): Promise<AsyncIterable<WrittenLine>> {
  const { userId } = await requireAuditor();
  const { problems } = toFilter(query);
  if (problems.length > 0)
    throw new AppError('bad-request', { hint: `${problems.join(', ')}: not understood` });
  await flushAudit();
  record({ event: 'export', userId, detail: 'audit' });
  return allLines(query);
}

async function* allLines(query: AuditQuery): AsyncGenerator<WrittenLine> {
  const { filter } = toFilter(query);
  const people = await peopleIn(query);
  for (let before: number | undefined; ; ) {
    const lines = await find({ ...filter, before, limit: EXPORT_CHUNK }, people);
    yield* lines;
    before = lines.at(-1)?.id;
    if (lines.length < EXPORT_CHUNK) return;
  }
}

/** Several people may be meant by a name: their lines together. */
async function find(filter: AuditFilter, people: readonly string[] | undefined): Promise<WrittenLine[]> {
  if (people === undefined) return auditStore().find(filter);
  const lines = new Map<number, WrittenLine>();
  for (const person of people)
    for (const line of await auditStore().find({ ...filter, person })) lines.set(line.id, line);
  return [...lines.values()].sort((a, b) => b.id - a.id).slice(0, filter.limit);
}

/** Who is meant; whom the directory does not have may be in the audit all the same. */
async function peopleIn({ person = '' }: AuditQuery): Promise<string[] | undefined> {
  const wanted = person.trim().slice(0, MAX_TEXT);
  if (wanted === '') return undefined;
  const found = await findPersons(wanted);
  return [...new Set([wanted, ...found.map(({ userId }) => userId)])];
}

function toFilter({ event = '', from = '', to = '' }: AuditQuery) {
  const { timeZone } = config();
  const known = AUDIT_EVENTS.find((one): one is AuditEvent => one === event);
  const [begins, ends] = [startOfDay(from, timeZone), startOfDay(to, timeZone)];
  const after = ends === undefined ? undefined : startOfDay(addDays(to, 1), timeZone);
  const problems: AuditProblem[] = [];
  if (event !== '' && !known) problems.push('event');
  if (from !== '' && begins === undefined) problems.push('from');
  if (to !== '' && ends === undefined) problems.push('to');
  if (begins !== undefined && ends !== undefined && begins > ends) problems.push('order');
  return { filter: { event: known, from: begins, to: after }, problems };
}

/** Lines alike that follow one another become one group: of one person, or by one hand. */
export function foldAlike(lines: readonly WrittenLine[]): AuditGroup[] {
  const groups: [WrittenLine, ...WrittenLine[]][] = [];
  for (const line of lines) {
    const group = groups.at(-1);
    if (group && areAlike(group.at(-1)!, line)) group.push(line);
    else groups.push([line]);
  }
  return groups.flatMap((group) =>
    group.length < LEAST_ALIKE ? group.map((line): AuditGroup => [line]) : [group],
  );
}

function areAlike(a: WrittenLine, b: WrittenLine): boolean {
  if (a.at - b.at > WITHIN_MS) return false;
  if (a.event !== b.event || a.reason !== b.reason || a.detail !== b.detail || a.by !== b.by) return false;
  const isByAnother = a.by !== undefined && a.by !== a.userId && b.by !== b.userId;
  return isByAnother || a.userId === b.userId;
}
