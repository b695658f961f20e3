import type { Problem } from '../errors';
import { accessPage } from './access-page';
import { adminPage } from './admin-page';
import { alertTexts } from './alert-texts';
import { auditPage } from './audit-page';
import { auditReasons } from './audit-reasons';
import { devicesPage } from './devices-page';
import { directoryPage } from './directory-page';
import { doctorPage } from './doctor/page';
import { errorPage } from './error-page';
import { frameText } from './frame';
import { gatePage } from './gate-page';
import { jsapiPage, jsapiProblems } from './jsapi-page';
import { onlinePage } from './online-page';
import { profilePage } from './profile-page';
import { sessionsPage } from './sessions-page';
import { setupText } from './setup';
import { syncPage } from './sync-page';
import { ticketPage } from './ticket-page';

import type { Messages, ProblemText } from './zh-CN';

const retry = 'Tap “Try again”.';
const waitAndRetry = 'Wait a moment, then tap “Try again”.';
const tellAdmin = 'Please give your administrator the request ID below.';
/** Where errors of the program go: the product cannot know who looks after this installation. */
const report = 'report it, with the request ID, to the maintainer of this installation';
const waitThenTell =
  'Wait a moment, then tap “Try again”. If it lasts, give your administrator the request ID below.';
const unreachable =
  'DingTalk cannot be reached at the moment. Please try again later. People who are signed in are not affected.';
const consoleApp = 'open-dev.dingtalk.com → 应用开发 (App development) → your app';

const problems: Record<Problem, ProblemText> = {
  'bad-request': {
    person: 'The request was not understood.',
    next: 'Go back and open the app again.',
    cause: 'The body is not the expected JSON, or a field is invalid.',
    remedy: 'Check the caller against docs/http-api.md; the hint names the field.',
  },
  'unsupported-media-type': {
    person: 'This kind of request is not supported.',
    next: 'Go back and open the app again.',
    cause: 'The endpoint takes application/json (UTF-8) only.',
    remedy: 'Have the caller send Content-Type: application/json.',
  },
  'payload-too-large': {
    person: 'The request is too large.',
    next: 'Go back and open the app again.',
    cause: 'The body is larger than 16 KiB.',
    remedy: 'Check the caller; a sign-in needs a few hundred bytes.',
  },
  'request-timeout': {
    person: 'The network is too slow; the request did not arrive completely.',
    next: 'Switch to another network, then tap “Try again”.',
    cause: 'The body was not complete after 5 seconds.',
    remedy: 'If it happens often, check the reverse proxy and the network.',
  },
  'method-not-allowed': {
    person: 'This kind of request is not allowed here.',
    next: 'Go back and open the app again.',
    cause: 'The address does not take this HTTP method; the Allow header lists those that it does.',
    remedy: 'Check the caller.',
  },
  'not-found': {
    person: 'This page could not be found.',
    next: 'Check the address, or go to the home page.',
    cause: 'There is no such address.',
    remedy: 'Check the link.',
  },
  'cross-site': {
    person: 'This request was refused for your safety.',
    next: 'Open the app again from the DingTalk workbench.',
    cause:
      'The Origin of the request is not PUBLIC_ORIGIN: another website sent it, or PUBLIC_ORIGIN is not the address that people open.',
    remedy:
      'If it happens in normal use, set PUBLIC_ORIGIN to scheme, host and port as the address bar shows them.',
  },
  'not-signed-in': {
    person: 'You are not signed in, or your session has ended.',
    next: 'Open the app again to sign in.',
    cause: 'There is no session cookie, or it is expired, altered or sealed with a retired key.',
    remedy:
      'Usually nothing. If everyone is signed out at once, see whether SESSION_KEYS was replaced as a whole.',
  },
  'sign-in-overtaken': {
    person: 'Your access was changed while you were signing in.',
    next: 'Open the app again.',
    cause:
      'While the sign-in was under way, this person, or everyone, was signed out: they left the company, or an administrator did it.',
    remedy: 'Nothing to do. /admin/audit shows who did it, and why.',
  },
  'sign-in-too-old': {
    person: 'Please confirm your identity to continue.',
    next: 'Please sign in once more.',
    cause:
      'This action requires a sign-in within the last minutes (STEP_UP_MINUTES, or the page’s own requirement); this session is older.',
    remedy: 'Nothing to do: this is intended. STEP_UP_MINUTES sets the time for administration and exports.',
  },
  'flow-invalid': {
    person: 'This sign-in is no longer valid.',
    next: 'Start again, and finish within ten minutes in the same browser.',
    cause: 'The state in the callback is missing, expired, used, or another browser’s.',
    remedy:
      'Occasionally: nothing to do. If it always happens: check whether a proxy drops cookies, and whether people open exactly PUBLIC_ORIGIN.',
  },
  'sign-in-declined': {
    person: 'You cancelled the sign-in.',
    next: 'Sign in again when you need to.',
    cause: 'DingTalk’s sign-in page answered with an error: the person cancelled, or DingTalk refused.',
    remedy: 'Usually nothing.',
  },
  'too-many-attempts': {
    person: 'Too many attempts to sign in.',
    next: 'Wait a little, then tap “Try again”.',
    cause: 'Failed sign-ins from one address, or in all, went over the limit.',
    remedy: 'If these are ordinary people behind a proxy, check TRUSTED_PROXY_HOPS.',
  },
  'corp-mismatch': {
    person: 'The organisation that you are in is not the one this app belongs to.',
    next: 'Switch to the right organisation in DingTalk and open the app from its workbench.',
    cause:
      'The corpid in the address differs from DINGTALK_CORP_ID: it was opened under another organisation.',
    remedy:
      'If it happens to everyone, check DINGTALK_CORP_ID (CorpId on the home page of the developer console).',
  },
  'code-refused': {
    person: 'The sign-in code is no longer valid. Please open the app again.',
    next: retry,
    cause:
      'DingTalk refuses the code: used, older than 5 minutes, of another app, or of another kind of sign-in.',
    remedy:
      'Occasionally: nothing to do. If it always happens: check that DINGTALK_CLIENT_ID is the app that people open.',
  },
  'not-member': {
    person: 'You are not a member of this company.',
    next: 'Switch to your account in this company and try again.',
    cause: 'The person is not in the organisation’s directory: external, left, or the wrong account.',
    remedy: 'If they are staff, see oa.dingtalk.com → 通讯录 (Contacts).',
  },
  'not-permitted': {
    person: 'You do not have permission to use this.',
    next: 'If you need it, ask an administrator of this app.',
    cause:
      'Administration is limited to DingTalk’s main administrators and ADMIN_USER_IDS, the export to DIRECTORY_EXPORT; rules in ACCESS_FILE decide about other pages. This person is not among them.',
    remedy:
      'In the server’s settings, add the user ID to ADMIN_USER_IDS (administration), or the user ID or role:<name> to DIRECTORY_EXPORT (export), and restart; for a page that a rule decides, /admin/access shows which one.',
  },
  'not-allowed': {
    person: 'This app is not available to you. Please contact your administrator.',
    next: tellAdmin,
    cause:
      'The person is outside the app’s visible range or its authorised contact range (both must include them).',
    remedy: `${consoleApp} → 版本管理与发布 → 应用可见范围 (visible range); and 权限管理 → 通讯录 → 授权范围 (contact range). Publish again after a change.`,
  },
  'member-disabled': {
    person: 'Your account is disabled. Please contact your administrator.',
    next: tellAdmin,
    cause: 'DingTalk says that the user is disabled.',
    remedy: 'oa.dingtalk.com → 通讯录 (Contacts) → the person → enable the account.',
  },
  'member-inactive': {
    person: 'Your DingTalk account is not active in this company yet.',
    next: 'Sign in to DingTalk on your phone and enter this company first.',
    cause: 'The member’s record says active: false; they have never used DingTalk in this company.',
    remedy: 'Ask them to accept the invitation in DingTalk.',
  },
  'sessions-unknown': {
    person: 'The service cannot confirm at the moment whether you are signed in.',
    next: waitAndRetry,
    cause:
      'The session database has not answered for a minute, or at all: no one is admitted on outdated information.',
    remedy:
      'See the log for sessions-silent. Check that DATA_DIR is there, not full, and that the file was not moved or replaced; after a replacement, restart.',
  },
  'bad-credentials': {
    person: 'The app is not set up correctly. Please contact your administrator.',
    next: tellAdmin,
    cause: 'DingTalk refuses DINGTALK_CLIENT_ID and DINGTALK_CLIENT_SECRET.',
    remedy: `${consoleApp} → 凭证与基础信息 (Credentials): copy Client ID (formerly AppKey) and Client Secret (formerly AppSecret) again, change .env, restart.`,
  },
  'token-refused': {
    person: 'The app is not set up correctly. Please contact your administrator.',
    next: tellAdmin,
    cause:
      'A fresh app token is refused: the two base URLs belong to different environments, or app and company do not match.',
    remedy:
      'Check that DINGTALK_API_URL and DINGTALK_OAPI_URL are one environment and DINGTALK_CORP_ID is the app’s.',
  },
  'permission-missing': {
    person: 'The app is not set up correctly. Please contact your administrator.',
    next: tellAdmin,
    cause: 'The app has no permission for this API.',
    remedy: `${consoleApp} → 权限管理 (Permissions): apply for the points that DingTalk names for this API, then publish a version under 版本管理与发布.`,
  },
  'address-refused': {
    person: 'The app is not set up correctly. Please contact your administrator.',
    next: tellAdmin,
    cause: 'The server’s outgoing address is not on the allowlist.',
    remedy: `${consoleApp} → 安全设置 (Security) → 服务器出口IP: add the address from which this server calls DingTalk (it may be IPv6; DingTalk’s answer usually names it).`,
  },
  'app-disabled': {
    person: 'This app is currently disabled. Please contact your administrator.',
    next: tellAdmin,
    cause: 'The app is disabled or not authorised in the organisation, or the organisation is disabled.',
    remedy:
      'oa.dingtalk.com → 工作台 (Workbench) → app management: enable it; in the developer console, see that a version is published.',
  },
  'request-refused': {
    person: 'The app is not set up correctly. Please contact your administrator.',
    next: tellAdmin,
    cause: 'DingTalk does not understand our request: a wrong base URL, or a changed API.',
    remedy: `Check DINGTALK_API_URL and DINGTALK_OAPI_URL; if they are right, ${report}.`,
  },
  'event-gone': {
    person: 'This event no longer exists.',
    next: 'Go back to your events; it may have been cancelled.',
    cause: 'DingTalk’s calendar has no such event, or it was deleted.',
    remedy: 'Nothing to do.',
  },
  'event-read-only': {
    person: 'This event cannot be changed here.',
    next: 'Change it in DingTalk’s calendar; series, and events that others organise, are only shown here.',
    cause: 'The event belongs to a series, or the member is not its organiser.',
    remedy: 'Nothing to do.',
  },
  'event-limit': {
    person: 'You have created as many events today as DingTalk allows.',
    next: 'Try again tomorrow, or create the event in DingTalk’s calendar.',
    cause: 'DingTalk allows 100 events a day and person through its API (flowLimit).',
    remedy: 'If the member did not create them, find out which program creates events in their name.',
  },
  'event-in-progress': {
    person: 'This event is being created.',
    next: retry,
    cause: 'The same request (the same x-client-token) is still at work at DingTalk.',
    remedy: 'It resolves itself, and the event is not created twice.',
  },
  'too-many-attendees': {
    person: 'Too many attendees.',
    next: 'Remove some and try again.',
    cause:
      'One call invites at most 500 people, and an event has a limit of its own (exceedMaxReceiverSize).',
    remedy: 'Nothing to do.',
  },
  'calendar-out-of-range': {
    person: 'This app is not allowed to use your calendar.',
    next: tellAdmin,
    cause:
      'DingTalk refuses this person’s calendar (permissionDeny): outside the app’s authorised range, or not the event’s organiser.',
    remedy: `${consoleApp} → 权限管理 (Permissions): add the person’s department to the authorised range.`,
  },
  'too-many-calls': {
    person: 'You have asked too often.',
    next: 'Wait a little, then tap “Try again”.',
    cause:
      'This person’s pages sent DingTalk more calls within a short time, or a day, than this app allows; they count against the organisation’s monthly quota.',
    remedy: 'If it happens often, check whether a script opens the page again and again.',
  },
  'calls-spent': {
    person:
      'This month’s DingTalk API calls are used up; this feature returns next month. Sign-in and directory are not affected.',
    next: 'Until then, use DingTalk’s own calendar.',
    cause:
      'The calls of this month that count have reached DINGTALK_MONTHLY_CALLS, or DingTalk says that the quota is used up (90020).',
    remedy:
      'See the organisation’s quota in the developer console; if there is room, raise DINGTALK_MONTHLY_CALLS and restart.',
  },
  'agent-refused': {
    person: 'Work notifications cannot be sent for now.',
    next: tellAdmin,
    cause: 'DingTalk does not know DINGTALK_AGENT_ID (40056), or it belongs to another app.',
    remedy: `${consoleApp} → 凭证与基础信息 (Credentials): check that AgentId and Client ID belong to the same app, correct them and restart.`,
  },
  'notice-invalid': {
    person: 'This notice cannot be sent.',
    next: tellAdmin,
    cause:
      'The notice does not meet the requirements: no receivers, a title of more than 50 characters, a message of more than 2048 bytes, or a page that is not this app’s.',
    remedy:
      'Check the code that calls notify() against docs/notices-and-calendar.md; hint says what is wrong.',
  },
  throttled: {
    person: 'Sign-in is busy right now. Please try again shortly.',
    next: waitAndRetry,
    cause:
      'More calls than DingTalk allows (standard edition: 20 a second per API), or DingTalk answers with a web page: the outgoing address is banned for about 5 minutes, or there is maintenance.',
    remedy: 'It resolves itself. If it happens often, see whether another program uses the same app.',
  },
  overloaded: {
    person: 'Sign-in is busy right now. Please try again shortly.',
    next: waitAndRetry,
    cause: 'Too many sign-ins at once; the queue is full.',
    remedy:
      'It resolves itself. If it happens often, see in the log whether DingTalk answers slowly (ms, upstreamCalls), and whether the machine is short of CPU.',
  },
  'quota-spent': {
    person: 'Sign-in is unavailable for now. People who are signed in are not affected.',
    next: tellAdmin,
    cause: 'The organisation’s quota of DingTalk API calls is used up.',
    remedy: 'Developer console → 资源管理 (Resources): see the usage, upgrade or buy more.',
  },
  unreachable: {
    person: unreachable,
    next: waitAndRetry,
    cause: 'DingTalk did not answer, answered too late, or reported that it is busy.',
    remedy: 'It resolves itself. If it lasts, check the server’s network, DNS and proxy towards DingTalk.',
  },
  malformed: {
    person: unreachable,
    next: waitAndRetry,
    cause: 'The answer of DingTalk, or of a proxy on the way, could not be understood and was discarded.',
    remedy: `If it lasts, see whether a proxy rewrites answers; if none does, ${report}.`,
  },
  'html-page': {
    person: unreachable,
    next: waitAndRetry,
    cause:
      'A web page came instead of an answer: DingTalk is under maintenance, or a proxy or a firewall on the way answered in its place.',
    remedy:
      'DingTalk’s maintenance resolves itself. If it lasts, see whether a proxy or a login page of the network answers for DingTalk.',
  },
  'certificate-refused': {
    person: unreachable,
    next: waitThenTell,
    cause:
      'The TLS certificate of DingTalk’s address is not trusted: a firewall or proxy on the way issues its own, the root certificate is unknown to Node.js, the certificate has expired, or the server’s clock is wrong.',
    remedy:
      'If the company inspects TLS, put its root certificate in a PEM file, name it in the environment variable NODE_EXTRA_CA_CERTS and restart. Otherwise check the server’s clock and DINGTALK_API_URL, DINGTALK_OAPI_URL. Never switch verification off.',
  },
  'host-unknown': {
    person: unreachable,
    next: waitThenTell,
    cause: 'The server’s DNS does not know DingTalk’s host name (ENOTFOUND).',
    remedy:
      'Check DINGTALK_API_URL and DINGTALK_OAPI_URL, and the DNS of the server or container. Where only a proxy reaches the internet, set HTTPS_PROXY.',
  },
  'connection-refused': {
    person: unreachable,
    next: waitThenTell,
    cause: 'The connection to DingTalk’s address is refused, or there is no route to it: usually a firewall.',
    remedy:
      'Allow outgoing TCP 443 from the server to DingTalk’s hosts, and check DINGTALK_API_URL and DINGTALK_OAPI_URL. Where only a proxy reaches the internet, set HTTPS_PROXY.',
  },
  'proxy-failed': {
    person: unreachable,
    next: waitThenTell,
    cause: 'The outgoing proxy cannot be reached, does not answer, or refuses to connect to DingTalk.',
    remedy:
      'Check HTTPS_PROXY: host, port, user name and password (proxy-407: they are refused). The proxy must allow CONNECT to DingTalk’s hosts on port 443. Hosts that need no proxy belong in NO_PROXY.',
  },
  'unknown-answer': {
    person: 'DingTalk answered with an unknown error; the sign-in did not complete.',
    next: tellAdmin,
    cause: 'DingTalk answered with a code that is not in the list of known ones.',
    remedy: `Search for the code (in the log as dingTalkCode) in DingTalk’s documentation, and ${report}.`,
  },
  internal: {
    person: 'Something went wrong inside the service.',
    next: tellAdmin,
    cause: 'An error of the program; the server’s log has the details.',
    remedy: `Find the request ID in the log, and ${report}.`,
  },
  'not-in-dingtalk': {
    person: 'This is not the DingTalk client, so it cannot sign you in silently.',
    next: 'Open this app from the workbench in DingTalk.',
    cause: 'The page is not inside the DingTalk client, or the client offers no JSAPI.',
    remedy:
      'Open it from the workbench. If the PC client uses the system browser, choose to open workbench pages inside DingTalk in its settings.',
  },
  'corp-placeholder': {
    person: 'The app’s home address is not filled in correctly. Please contact your administrator.',
    next: 'Open the app from the DingTalk workbench; if that does not help, tell your administrator.',
    cause:
      '$CORPID$ in the address was not replaced: it was not opened from the workbench, or it is misspelt.',
    remedy: `${consoleApp} → 网页应用 (Web app): make the home address https://your-address/?corpid=$CORPID$ and open it from the workbench.`,
  },
  'bridge-silent': {
    person: 'DingTalk is not responding.',
    next: 'Tap “Try again”; if nothing happens, close the app and open it again from the workbench.',
    cause: 'The DingTalk client gave no code within 10 seconds.',
    remedy:
      'Occasionally: nothing to do. If it always happens with one version of the client: update DingTalk.',
  },
  'bridge-refused': {
    person: 'DingTalk did not give a sign-in code.',
    next: retry,
    cause: 'The client refused to give a code, usually with an error code of its own.',
    remedy: `Check ${consoleApp} → 安全设置 (Security) → 端内免登地址, and that the home page’s domain is this page’s.`,
  },
  'domain-unknown': {
    person: 'The app’s address is not registered with DingTalk. Please contact your administrator.',
    next: 'Please show this page to your administrator.',
    cause: 'The organisation has no app whose home page is on this domain (没有某域名微应用).',
    remedy: `${consoleApp} → 网页应用 (Web app): the home address must be on this page’s domain; or register it under 安全设置 → 端内免登地址. Then publish.`,
  },
  'corp-refused': {
    person: 'DingTalk does not know this organisation. Please contact your administrator.',
    next: 'Please show this page to your administrator.',
    cause: 'The client says that the corpId is invalid.',
    remedy: 'Check DINGTALK_CORP_ID (CorpId on the home page of the developer console).',
  },
  'cookie-blocked': {
    person: 'You were signed in, but the browser did not store the sign-in.',
    next: 'Allow cookies for this site (leave private mode), then tap “Try again”.',
    cause:
      'The session cookie was not kept: a webview without cookies, a page framed by another site (see SESSION_SAME_SITE=none), or a PUBLIC_ORIGIN that is not the real address.',
    remedy: 'Check scheme and host of PUBLIC_ORIGIN; secure cookies are not kept outside https.',
  },
  'network-failed': {
    person: 'The network connection failed.',
    next: 'Check your network, then tap “Try again”.',
    cause: 'The browser could not reach this service.',
    remedy: 'See whether the service runs, and check the reverse proxy.',
  },
  ...jsapiProblems.en,
};

export const en: Messages = {
  appName: 'Employee portal',
  problems,
  actors: {
    nobody: 'No action needed: it resolves itself',
    person: 'The person affected',
    developer: 'The app’s developer',
    admin: 'The company’s DingTalk administrator',
    operator: 'The operator of this server',
  },
  problemNote: {
    requestId: 'Request ID',
    heading: 'For the administrator',
    cause: 'Cause',
    remedy: 'Remedy',
    actor: 'Who needs to act',
    dingTalkCode: 'DingTalk error code',
    reason: 'Detail',
    proxy: 'Outgoing proxy',
    permissions: 'Missing permissions',
    address: 'The server’s address',
    apply: 'Apply in DingTalk',
  },
  signIn: {
    title: 'Sign in',
    asking: 'Confirming your identity with DingTalk…',
    posting: 'Signing you in…',
    entering: 'Welcome, opening the page…',
    retry: 'Try again',
    signedOut: 'You are signed out.',
    again: 'Sign in again',
    browserLead:
      'You are using a browser. Sign in with DingTalk by scanning a code or with your account, or open this app from the DingTalk workbench.',
    browserButton: 'Sign in with DingTalk',
    otherMethod: 'Sign in on DingTalk’s page instead',
    stepUp: (name: string, minutes: number) =>
      `${name}, you are still signed in. This page requires a sign-in within the last ${minutes === 1 ? 'minute' : `${minutes} minutes`}; please confirm your identity.`,
    stepUpBack: 'Back to the home page without signing in again',
    noScript: 'Automatic sign-in needs JavaScript. You can sign in on DingTalk’s page instead:',
  },
  frame: frameText.en,
  me: profilePage.en,
  stepUp: {
    again: 'Your identity is confirmed. Nothing has been done yet: please check, then submit it again.',
    title: 'A sensitive page',
    hint: 'Requires a sign-in within the last five minutes',
    lead: (name: string) => `${name}, you confirmed your identity a moment ago, so you can see this page.`,
  },
  directory: directoryPage.en,
  errorPage: errorPage.en,
  jsapi: jsapiPage.en,
  sync: syncPage.en,
  devices: devicesPage.en,
  doctor: doctorPage.en,
  setup: setupText.en,
  sessions: sessionsPage.en,
  access: accessPage.en,
  gate: gatePage.en,
  ticket: ticketPage.en,
  alerts: alertTexts.en,
  admin: adminPage.en,
  audit: auditPage.en,
  auditReasons: auditReasons.en,
  online: onlinePage.en,
};
