import { z } from 'zod';

/** Which part of the address book the app may read: all, or departments with everything below them and single people. */
export type Scope = 'all' | { departments: number[]; users: string[] };

const settingsSchema = z.strictObject({
  /** Life of an app token from its last fetch, in seconds. */
  tokenLifeSeconds: z.int().min(1),
  /** Permission points of the app, by the console's codes. */
  permissions: z.array(z.string()),
  scope: z.union([
    z.literal('all'),
    z.strictObject({ departments: z.array(z.int()).default([]), users: z.array(z.string()).default([]) }),
  ]),
  /** Calls per second that one app may make to one API. */
  qps: z.int().min(1),
  enforceQps: z.boolean(),
  /** Calls that count which the company may make in a month of Beijing; null: as many as it likes. */
  monthlyCalls: z.int().min(0).nullable(),
  /** IPv4 addresses, `*` allowed for a segment. Empty: not enforced. */
  ipWhitelist: z.array(z.string()),
  /** Milliseconds by which every answer of DingTalk is late. */
  latencyMs: z.int().min(0).max(600_000),
  /** Redirect URLs registered for the login page; compared as a whole. */
  redirectUris: z.array(z.string()),
  /** Hosts, with their ports, to whose pages the client gives no code although an app lists them. */
  refusedHosts: z.array(z.string()),
  /** Parameters that the login page adds to the redirect: `code` and `authCode`, or only one of them. */
  oauthParameters: z.enum(['both', 'authCode', 'code']),
  /** Which of its two current texts v1.0 uses for a missing permission point; both come with `accessdenieddetail`. */
  permissionText: z.enum(['apply-link', 'reference']),
});

/** Everything that can be changed while the emulator runs. */
export type Settings = z.output<typeof settingsSchema>;

/** A change of settings as the control plane takes it: any of them, the others stay. */
export const settingsChange = settingsSchema.partial();
export type SettingsChange = z.input<typeof settingsChange>;

/** Permission points that an app of the emulator has by default. */
export const DEFAULT_PERMISSIONS: readonly string[] = [
  'qyapi_base',
  'open_app_api_base',
  'snsapi_base',
  'qyapi_get_member',
  'qyapi_get_department_list',
  'qyapi_get_department_member',
  'qyapi_get_member_by_mobile',
  'fieldMobile',
  'fieldEmail',
  'Contact.User.Read',
  'Contact.User.mobile',
  'Calendar.Event.Read',
  'Calendar.Event.Write',
  'Calendar.EventSchedule.Read',
  'Contact.Common.Read',
  'qyapi_addresslist_search',
];
