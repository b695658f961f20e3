import 'server-only';
import { type Actor, type Problem, problems } from '../errors';

/** Where something is mended: a page of DingTalk's console, or of this server. */
export type Place =
  | 'env'
  | 'server'
  | 'front'
  | 'credentials'
  | 'permissions'
  | 'range'
  | 'security'
  | 'webapp'
  | 'events'
  | 'publish'
  | 'home';

interface FaultEntry {
  /** As in the error catalogue: who has to act. */
  actor: Actor;
  place: Place;
  /** The command that mends it, with `{…}` of the finding's values. */
  command?: string;
}

const operator = (place: Place, command?: string): FaultEntry => ({
  actor: 'operator',
  place,
  ...(command && { command }),
});
const developer = (place: Place, command?: string): FaultEntry => ({
  actor: 'developer',
  place,
  ...(command && { command }),
});

const APP = '--unified-app-id {app}';

/** What the doctor finds beyond the error catalogue. Its sentences are in `i18n/doctor-faults.ts`. */
export const doctorFaults = {
  // This machine
  'settings-wrong': operator('env'),
  'ids-confused': operator('env'),
  'region-mixed': operator('env'),
  'node-old': operator('server'),
  'roots-unread': operator('server'),
  'roots-late': operator('server'),
  'verification-off': operator('server'),
  'key-guessable': operator('env', 'npm run keys'),
  'key-old': operator('env', 'npm run keys'),
  'clock-off': operator('server'),
  'folder-unwritable': operator('server'),
  'disk-full': operator('server'),
  'database-away': operator('server'),
  'database-refused': operator('server'),
  'database-unsupported': operator('server'),
  'database-former': operator('server', 'npm run database -- --begin-anew'),
  'database-foreign': operator('env', 'npm run database'),
  'database-newer': operator('server'),
  'database-slow': operator('server'),
  'access-file-wrong': operator('server', 'npm run access -- check'),
  'brand-file-wrong': operator('server'),
  // The way to this app
  'origin-elsewhere': operator('front'),
  'origin-without-app': operator('front'),
  'origin-certificate': operator('front'),
  'certificate-ends': operator('front'),
  'plain-http-open': operator('front'),
  'request-changed': operator('front'),
  'cookie-lost': operator('front'),
  'answer-changed': operator('front'),
  'body-cut': operator('front'),
  'hops-differ': operator('env'),
  'callback-refused': operator('front'),
  // The gate
  'gate-unsigned': operator('env'),
  'gate-proxies-wide': operator('env'),
  'gate-host-unruled': operator('server', 'npm run access -- check'),
  'gate-host-unknown': operator('env'),
  'gate-app-refused': operator('env'),
  'gate-user-shared': { actor: 'admin', place: 'home' },
  'gate-user-missing': { actor: 'admin', place: 'home' },
  // DingTalk
  'hosts-swapped': operator('env'),
  'company-other': operator('env'),
  'range-empty': developer('range'),
  'range-partial': developer('range'),
  'person-unknown': operator('env'),
  'person-outside': developer('range'),
  'fields-missing': developer(
    'permissions',
    `dws dev app permission add ${APP} --scope-values {subject} --yes`,
  ),
  'redirect-unknown': developer(
    'security',
    `dws dev app security config ${APP} --redirect-urls EXISTING_ONES,{url} --yes`,
  ),
  'events-off': operator('env'),
  'events-silent': developer('events', `dws dev app event subscribe ${APP} --event-codes {events} --yes`),
  'quota-low': operator('env'),
  // The console
  'home-page-missing': developer(
    'webapp',
    `dws dev app webapp config ${APP} --homepage-url '{url}' --pc-homepage-url '{url}' --yes`,
  ),
  'home-page-other': developer(
    'webapp',
    `dws dev app webapp config ${APP} --homepage-url '{url}' --pc-homepage-url '{url}' --yes`,
  ),
  'permission-unauthorised': developer(
    'permissions',
    `dws dev app permission add ${APP} --scope-values {subject} --yes`,
  ),
  'event-unsubscribed': developer(
    'events',
    `dws dev app event subscribe ${APP} --event-codes {events} --yes`,
  ),
  'version-unreleased': developer('publish', `dws dev app version status ${APP}`),
} as const satisfies Record<string, FaultEntry>;

export type DoctorFault = keyof typeof doctorFaults;

/** What is wrong: of the error catalogue, or of the doctor's own. */
export type Fault = Problem | DoctorFault;

/** Where the catalogue's problems are mended, and the command for it. */
const PLACES: Partial<Record<Problem, Omit<FaultEntry, 'actor'>>> = {
  'bad-credentials': { place: 'credentials' },
  'permission-missing': {
    place: 'permissions',
    command: `dws dev app permission add ${APP} --scope-values {scopes} --yes`,
  },
  'address-refused': { place: 'security' },
  'app-disabled': { place: 'publish' },
  'agent-refused': { place: 'credentials' },
  'calls-spent': { place: 'home' },
  'quota-spent': { place: 'home' },
};

/** Who has to act, where, and with which command. */
export function treatmentOf(fault: Fault): FaultEntry {
  if (fault in doctorFaults) return doctorFaults[fault as DoctorFault];
  const problem = fault as Problem;
  return { actor: problems[problem].actor, ...(PLACES[problem] ?? { place: 'server' as const }) };
}

export function isDoctorFault(fault: Fault): fault is DoctorFault {
  return fault in doctorFaults;
}
