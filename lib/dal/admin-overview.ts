import 'server-only';
import { requireAdministrator } from '../auth/administrator';
import { type SignInHealth, signInHealth } from '../auth/sign-in-health';
import { config } from '../config';
import { addDays } from '../dingtalk/time-zone';
import { type ReceivedEvents, receivedEvents } from '../events/intake';
import { HOUR_MS, localDay, startOfDay } from '../local-time';
import type { LiveCounts } from '../session/session-store';
import { sessions } from '../session/sessions';
import type { AuditEvent } from '../storage/audit-line';
import { auditStore, flushAudit } from '../storage/audit-log';
import type { WrittenLine } from '../storage/audit-store';
import { type MonthlyCalls, monthlyCalls } from '../storage/monthly-calls';
import { type AccessState, accessState } from './admin-access';
import { knownNames } from './admin-people';
import { type SyncStatus, syncStatus } from './admin-sync';

/** How everything is, at a glance. */
export interface AdminOverview {
  sync: SyncStatus;
  events: ReceivedEvents;
  access: AccessState;
  signIn: SignInHealth;
  today: Today;
  online: LiveCounts;
  /** Calls that count against the organisation's quota. */
  calls: MonthlyCalls;
  /** What administrators did lately, newest first. */
  actions: WrittenLine[];
  names: ReadonlyMap<string, string>;
}

/** Since the day of `TIME_ZONE` began. */
export interface Today {
  day: string;
  /** Sign-ins by hour of the day; mostly 24 of them. */
  signIns: number[];
  /** The hour that it is. */
  hour: number;
  /** By reason, most first. */
  refusals: { reason: string; count: number }[];
}

const ACTIONS: AuditEvent[] = ['session-ended', 'person-ended', 'everyone-ended', 'export'];
const SHOWN_ACTIONS = 5;
/** Lines of one kind among which those of administrators are looked for. */
const LOOKED_AT = 50;

/** @throws AppError `not-signed-in`, `not-permitted`, `sign-in-too-old` */
export async function adminOverview(): Promise<AdminOverview> {
  await requireAdministrator();
  await flushAudit();
  const [sync, access, signIn, today, online, calls, actions] = await Promise.all([
    syncStatus(),
    accessState(),
    signInHealth(),
    countToday(Date.now()),
    sessions().store.liveCounts(),
    monthlyCalls().state(),
    latestActions(),
  ]);
  const people = actions.flatMap(({ userId, by }) => [userId, by]).filter((userId) => userId !== undefined);
  return {
    ...{ sync, access, signIn, today, online, calls, actions },
    events: receivedEvents(),
    names: await knownNames(people),
  };
}

async function countToday(now: number): Promise<Today> {
  const { timeZone } = config();
  const day = localDay(now, timeZone);
  const [from, to] = [startOfDay(day, timeZone)!, startOfDay(addDays(day, 1), timeZone)!];
  const signIns = Array.from({ length: Math.ceil((to - from) / HOUR_MS) }, () => 0);
  const refusals = new Map<string, number>();
  for (const { event, reason = 'internal', hour, count } of await auditStore().countHourly({ from, to })) {
    if (event === 'sign-in') signIns[hour]! += count;
    if (event === 'sign-in-refused') refusals.set(reason, (refusals.get(reason) ?? 0) + count);
  }
  return {
    ...{ day, signIns },
    hour: Math.floor((now - from) / HOUR_MS),
    refusals: [...refusals].map(([reason, count]) => ({ reason, count })).sort((a, b) => b.count - a.count),
  };
}

/** Exports, and sessions that another person ended. */
async function latestActions(): Promise<WrittenLine[]> {
  const found = await Promise.all(ACTIONS.map((event) => auditStore().find({ event, limit: LOOKED_AT })));
  return found
    .flat()
    .filter(({ event, reason }) => event === 'export' || reason === 'by-admin' || reason === 'emergency')
    .sort((a, b) => b.id - a.id)
    .slice(0, SHOWN_ACTIONS);
}
