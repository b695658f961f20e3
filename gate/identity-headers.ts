import 'server-only';

/** What an upstream may learn of a member. */
export interface Identity {
  user: string;
  /** As the member's colleagues see it. */
  name: string;
  /** The company's mail address; empty where there is none. */
  email: string;
  /** `role:<name>`, `department:<path>`. */
  groups: readonly string[];
}

export type IdentityField = keyof Identity;

/** Names of the headers, for each of the two families that upstreams know. */
const HEADER_FAMILIES = {
  remote: { user: 'Remote-User', name: 'Remote-Name', email: 'Remote-Email', groups: 'Remote-Groups' },
  'x-auth-request': {
    user: 'X-Auth-Request-User',
    name: 'X-Auth-Request-Preferred-Username',
    email: 'X-Auth-Request-Email',
    groups: 'X-Auth-Request-Groups',
  },
} as const satisfies Record<string, Record<IdentityField, string>>;

export type HeaderFamily = keyof typeof HEADER_FAMILIES;

export const DEFAULT_FIELDS: readonly IdentityField[] = ['user', 'name'];
/** nginx reads the head of an answer into one buffer of 4 KB; the rest of the head needs its part. */
const MAX_GROUPS_BYTES = 2048;
const MAX_NAME_BYTES = 256;
/** A last group that says that there are more. */
const TRUNCATED = 'truncated';

/**
 * The headers that a verdict sends on to the upstream. Each one is always there, empty where it is unknown or not to be
 * sent: a proxy may otherwise pass on what the visitor sent under its name.
 *
 * @param fields what a rule's `tell` lists; by default user and name
 * @returns names and values as `writeHead` takes them: UTF-8, a byte a character
 */
export function identityHeaders(
  identity: Identity | undefined,
  fields: readonly string[] = DEFAULT_FIELDS,
  family: HeaderFamily = 'remote',
): [string, string][] {
  const names = HEADER_FAMILIES[family];
  const value = (part: Exclude<IdentityField, 'groups'>) =>
    identity && fields.includes(part) ? asBytes(identity[part], MAX_NAME_BYTES) : '';
  const groups = identity && fields.includes('groups') ? asBytes(groupsIn(identity.groups).join(',')) : '';
  return [
    [names.user, value('user')],
    [names.name, value('name')],
    [names.email, value('email')],
    [names.groups, groups],
  ];
}

/** Sorted, each with its separators percent-encoded; cut at a whole group, and saying so. */
export function groupsIn(groups: readonly string[]): string[] {
  const entries = groups.map((group) => group.replace(/[%,|;\s\p{Cc}]/gu, encodeURIComponent)).sort();
  const kept: string[] = [];
  let bytes = TRUNCATED.length;
  for (const entry of entries) {
    bytes += Buffer.byteLength(entry) + 1;
    if (bytes > MAX_GROUPS_BYTES) return [...kept, TRUNCATED];
    kept.push(entry);
  }
  return kept;
}

/** Without what could end a header or begin another; cut at a whole character. */
function asBytes(text: string, mostBytes = Number.POSITIVE_INFINITY): string {
  let clean = text.replace(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]+/gu, ' ').trim();
  while (Buffer.byteLength(clean) > mostBytes) clean = Array.from(clean).slice(0, -1).join('');
  return Buffer.from(clean, 'utf8').toString('latin1');
}
