import 'server-only';
import type { MemberFacts } from '@/lib/auth/access/condition';
import { companyNames } from '@/lib/auth/access/member-facts';
import { config } from '@/lib/config';
import { sharesValue, userValue } from '@/lib/dal/upstream-users';
import { directoryStore } from '@/lib/directory/store';
import type { HostSession } from '@/lib/session/host-session';
import { shownName } from '@/lib/shown-text';
import { assertionOf } from './assertion';
import { DEFAULT_FIELDS, type Identity, identityHeaders } from './identity-headers';

/** The headers of an admitted request's answer: names and values in turn, as `writeHead` takes them. */
export type UpstreamIdentity = string[];

/** What is known of a member, and for each `tell` the headers. */
interface Known {
  identity: Identity | undefined;
  headers: Map<string, string[]>;
}

/** By what was read of the member: read again, it is another object. */
const remembered = new WeakMap<MemberFacts, Map<string, Promise<Known>>>();
/** With every answer, besides the identity. */
const ANSWER = ['Cache-Control', 'no-store', 'Content-Length', '0'];

/**
 * What an upstream learns of a member.
 *
 * @param fields of the rule; by default user and name
 * @returns undefined where the member has no value of the kind that `GATE_USER` names, or shares it with another
 */
export async function identityOf(
  session: HostSession,
  facts: MemberFacts,
  fields: readonly string[] = DEFAULT_FIELDS,
): Promise<UpstreamIdentity | undefined> {
  const { identity, headers } = await known(session, facts);
  if (!identity) return undefined;
  const key = fields.join();
  let fixed = headers.get(key);
  if (!fixed) {
    fixed = [...ANSWER, ...identityHeaders(identity, fields, config().gate.headers).flat(), 'X-Dingpass-Jwt'];
    headers.set(key, fixed);
  }
  return [...fixed, (await assertionOf({ session, identity, fields })) ?? ''];
}

function known(session: HostSession, facts: MemberFacts): Promise<Known> {
  const names = remembered.get(facts) ?? new Map<string, Promise<Known>>();
  remembered.set(facts, names);
  let found = names.get(session.name);
  if (!found) {
    found = readIdentity(session, facts).then((identity) => ({ identity, headers: new Map() }));
    names.set(session.name, found);
    found.catch(() => names.delete(session.name));
  }
  return found;
}

async function readIdentity(
  { userId, name }: HostSession,
  { departments = [], roleIds = [] }: MemberFacts,
): Promise<Identity | undefined> {
  const kind = config().gate.user;
  // Whatever is wrong with the directory, a user id is known.
  const member = await directoryStore()
    .member(userId)
    .catch(() => null);
  const user = kind === 'userid' ? userId : member && userValue(member.record, kind);
  if (!user || (kind !== 'userid' && (await sharesValue(kind, user)))) return undefined;
  const company = await companyNames();
  const groups = [
    ...roleIds.map((id) => company.roleNames.get(id) && `role:${company.roleNames.get(id)}`),
    ...departments.map(
      ({ id }) => company.departmentPaths.get(id) && `department:${company.departmentPaths.get(id)}`,
    ),
  ];
  return {
    user,
    name: member ? shownName(member.record.name, userId) : name,
    email: member?.record.orgEmail ?? '',
    groups: groups.filter((group) => group !== undefined),
  };
}
