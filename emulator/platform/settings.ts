import { z } from 'zod';

/** Which part of the address book the app may read: all, or departments with everything below them and single people. */
export type Scope = 'all' | { departments: number[]; users: string[] };

/** Everything that can be changed while the emulator runs. */
export interface Settings {
  /** Life of an app token from its last fetch, in seconds. */
  tokenLifeSeconds: number;
  /** Permission points of the app, by the console's codes. */
  permissions: string[];
  scope: Scope;
  /** Calls per second that one app may make to one API. */
  qps: number;
  enforceQps: boolean;
  /** IPv4 addresses, `*` allowed for a segment. Empty: not enforced. */
  ipWhitelist: string[];
  /** Milliseconds by which every answer of DingTalk is late. */
  latencyMs: number;
  /** Redirect URLs registered for the login page; compared as a whole. */
  redirectUris: string[];
  /** What the login page puts into the redirect: `code` and `authCode`, or only one of them. */
  oauthParameters: 'both' | 'authCode' | 'code';
  /** Which of its two current texts v1.0 uses for a missing permission point; both come with `accessdenieddetail`. */
  permissionText: 'apply-link' | 'reference';
}

/** Permission points that an app of the emulator has unless told otherwise. */
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
];

/** A change of settings as the control plane takes it. */
export const settingsChange = z.strictObject({
  tokenLifeSeconds: z.int().min(1).optional(),
  permissions: z.array(z.string()).optional(),
  scope: z
    .union([
      z.literal('all'),
      z.strictObject({ departments: z.array(z.int()).default([]), users: z.array(z.string()).default([]) }),
    ])
    .optional(),
  qps: z.int().min(1).optional(),
  enforceQps: z.boolean().optional(),
  ipWhitelist: z.array(z.string()).optional(),
  latencyMs: z.int().min(0).max(600_000).optional(),
  redirectUris: z.array(z.string()).optional(),
  oauthParameters: z.enum(['both', 'authCode', 'code']).optional(),
  permissionText: z.enum(['apply-link', 'reference']).optional(),
});

/** A change of settings: any of them, the others stay. */
export type SettingsChange = z.input<typeof settingsChange>;
