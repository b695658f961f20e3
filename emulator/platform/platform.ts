import { type Company, createCompany } from '../company/company';
import type { OddNames } from '../company/staff';
import { type AppTokens, createAppTokens, createJsapiTickets, type JsapiTickets } from './app-tokens';
import type { App, HostApp, ProtectedHost } from './apps';
import { type CalendarStore, createCalendarStore } from './calendar/calendar';
import { calendarEventsOf } from './calendar/calendar-events';
import { type CallLog, createCallLog } from './calls';
import { type Clock, createClock } from './clock';
import { type CodeStore, createCodeStore } from './codes';
import { createEventHub, type EventHub } from './event-hub';
import { createFaultStore, type FaultStore } from './faults';
import { createLeaveRecords, type LeaveRecords } from './leave-records';
import { createNoticeStore, type NoticeStore } from './notices';
import { createQuota, type Quota } from './quota';
import { createRateLimit, type RateLimit } from './rate-limit';
import type { Settings } from './settings';
import { eventsOf } from './staff-events';
import { createUserTokens, type UserTokens } from './user-tokens';

export type { App };

/** The emulated platform's whole state: one company, its main app and those of protected hosts, and what is remembered of them. */
export interface Platform {
  readonly app: App;
  readonly hostApps: readonly HostApp[];
  readonly protectedHosts: readonly ProtectedHost[];
  readonly company: Company;
  readonly clock: Clock;
  readonly calls: CallLog;
  readonly faults: FaultStore;
  readonly rateLimit: RateLimit;
  readonly quota: Quota;
  readonly calendar: CalendarStore;
  readonly notices: NoticeStore;
  readonly appTokens: AppTokens;
  readonly jsapiTickets: JsapiTickets;
  readonly userTokens: UserTokens;
  /** 免登 codes. */
  readonly jsapiCodes: CodeStore;
  readonly oauthCodes: CodeStore;
  readonly events: EventHub;
  readonly leaveRecords: LeaveRecords;
  settings: Settings;
  /** The emulator's own origin, without a slash at its end. */
  readonly url: string;
  /** What a browser may call the emulator: names with the port. */
  readonly hosts: readonly string[];
  /** Back to the start: calls, faults, clock, codes, tokens, settings and people. */
  reset(): void;
}

/** How a platform starts. */
export interface PlatformOptions {
  app: App;
  protectedHosts: readonly ProtectedHost[];
  corpName: string;
  members: number;
  departments: number;
  seed: number;
  oddDepartments?: boolean | undefined;
  oddNames?: OddNames | undefined;
  settings: Settings;
  url: string;
  hosts: readonly string[];
  /** Where callbacks may go beside loopback. */
  appOrigins: readonly string[];
}

/** Makes the state of a platform. Nothing listens yet. */
export function createPlatform(options: PlatformOptions): Platform {
  const clock = createClock();
  const events = createEventHub({ clock, app: options.app, callbackOrigins: options.appOrigins });
  const emitEvents = eventsOf(events.control);
  const hostApps = options.protectedHosts.flatMap(({ host, app }, index) => {
    if (!app) return [];
    const agentId = String(Number(options.app.agentId) + index + 1);
    return [{ ...options.app, ...app, agentId, host, tokens: createAppTokens(clock) }];
  });
  const platform: Platform = {
    app: options.app,
    hostApps,
    protectedHosts: options.protectedHosts,
    company: createCompany({ ...options, corpId: options.app.corpId }, (change) => {
      if (change.what === 'left') platform.leaveRecords.note(platform.company.formerPerson(change.userid)!);
      emitEvents(change);
    }),
    clock,
    calls: createCallLog(clock),
    faults: createFaultStore(),
    rateLimit: createRateLimit(clock),
    quota: createQuota(clock),
    notices: createNoticeStore(clock),
    calendar: createCalendarStore(clock, calendarEventsOf(events.control)),
    appTokens: createAppTokens(clock),
    jsapiTickets: createJsapiTickets(clock),
    userTokens: createUserTokens(clock),
    jsapiCodes: createCodeStore(clock),
    oauthCodes: createCodeStore(clock),
    events,
    leaveRecords: createLeaveRecords(clock),
    settings: structuredClone(options.settings),
    url: options.url,
    hosts: options.hosts,
    reset() {
      clock.reset();
      platform.calls.reset();
      platform.faults.clear();
      platform.rateLimit.reset();
      platform.quota.reset();
      platform.calendar.reset();
      platform.notices.reset();
      for (const { tokens } of [{ tokens: platform.appTokens }, ...hostApps]) tokens.revoke();
      platform.jsapiTickets.reset();
      platform.userTokens.reset();
      platform.jsapiCodes.reset();
      platform.oauthCodes.reset();
      platform.company.restore();
      platform.events.reset();
      platform.leaveRecords.reset();
      platform.settings = structuredClone(options.settings);
    },
  };
  return platform;
}
