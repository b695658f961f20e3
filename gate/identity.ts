import 'server-only';
import type { MemberFacts } from '@/lib/auth/access/condition';
import { companyNames } from '@/lib/auth/access/member-facts';
import { config } from '@/lib/config';
import { sharesValue, userValue } from '@/lib/dal/upstream-users';
import { directoryStore } from '@/lib/directory/store';
import type { HostSession } from '@/lib/session/host-session';
import { shownName } from '@/lib/shown-text';
import { assertionOf } from './assertion';
import { type Identity, identityHeaders, TOLD_BY_DEFAULT } from './identity-headers';

/** What goes on to the upstream with an admitted request: names and values, as `writeHead` takes them. */
export type UpstreamIdentity = readonly [string, string][];

/** By what was read of the member: read again, it is another object. */
const remembered = new WeakMap<MemberFacts, Map<string, Promise<Identity | undefined>>>();

/**
 * What an upstream is told of a member.
 *
 * @param told by the rule; by default user and name
 * @returns undefined where the member has no value of the kind that `GATE_USER` names, or shares it with another
 */
export async function identityOf(
  session: HostSession,
  facts: MemberFacts,
  told: readonly string[] = TOLD_BY_DEFAULT,
): Promise<UpstreamIdentity | undefined> {
  const identity = await wholeIdentity(session, facts);
  if (!identity) return undefined;
  const { headers } = config().gate;
  const assertion = await assertionOf({ session, identity, told });
  return [...identityHeaders(identity, told, headers), ['X-Dingpass-Jwt', assertion ?? '']];
}

function wholeIdentity(session: HostSession, facts: MemberFacts): Promise<Identity | undefined> {
  const known = remembered.get(facts) ?? new Map<string, Promise<Identity | undefined>>();
  remembered.set(facts, known);
  let identity = known.get(session.name);
  if (!identity) {
    identity = readIdentity(session, facts);
    known.set(session.name, identity);
    identity.catch(() => known.delete(session.name));
  }
  return identity;
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
