import 'server-only';
import { conditionText, type ShownNames } from '../auth/access/condition-text';
import { type AskedAddress, decide, type Verdict } from '../auth/access/decide';
import { companyNames, memberFacts } from '../auth/access/member-facts';
import { personsIn } from '../auth/access/name-problems';
import { rulesInForce } from '../auth/access/rules';
import { perhapsMember } from '../auth/auth';
import { config } from '../config';
import { directoryStore } from '../directory/store';
import type { Refusal } from '../http/refusal-markup';
import type { Language } from '../i18n';
import { accessPage } from '../i18n/access-page';
import type { Session } from '../session/session-cookie';
import { shownName } from '../shown-text';
import { readViewOf } from './viewer';

const MAX_CONDITIONS = 12;
const MAX_ADMINISTRATORS = 3;

/**
 * Why the member who asks may not have an address now; null where they may, where the visitor is not signed in, or
 * where it is not a rule that decides.
 *
 * @param path as it was asked for
 */
export async function currentRefusal(path: string, language: Language): Promise<Refusal | null> {
  const session = await perhapsMember();
  return session && refusalOf(session, { host: undefined, path }, language);
}

/** The same for a member and an address of any host. */
export async function refusalOf(
  { userId }: Pick<Session, 'userId'>,
  address: AskedAddress,
  language: Language,
): Promise<Refusal | null> {
  const rules = rulesInForce()?.rules();
  if (!rules) return null;
  const [facts, company] = [await memberFacts(userId), await companyNames()];
  const verdict = decide(rules, address, facts, company);
  if (verdict.admitted) return null;
  const administrators = config().adminUserIds.slice(0, MAX_ADMINISTRATORS);
  const persons = verdict.rule ? personsIn({ rules: [verdict.rule] }).slice(0, 4 * MAX_CONDITIONS) : [];
  const names = await shownNames(userId, [...persons, ...administrators], company.departmentsNamed);
  const wanted = (verdict.rule?.conditions ?? []).filter(({ kind }) => kind !== 'not');
  const texts = wanted.map((one) => conditionText(one, accessPage[language].conditions, names));
  const letsIn = [...new Set(texts.filter((text) => text !== undefined))];
  return {
    why: whyNot(verdict),
    letsIn: letsIn.slice(0, MAX_CONDITIONS),
    hasOthers: letsIn.length < texts.length || letsIn.length > MAX_CONDITIONS,
    hasExceptions: wanted.length < (verdict.rule?.conditions.length ?? 0),
    askWhom: administrators.flatMap((userId) => names.person(userId) ?? []),
  };
}

function whyNot({ because, findings }: Verdict): Refusal['why'] {
  if (because === 'not-normal') return 'not-normal';
  const isBarred = findings.some(({ condition, truth }) => condition.kind === 'not' && truth === 'does-not');
  if (isBarred) return 'exception';
  return findings.some(({ truth }) => truth === 'unknown') ? 'unknown' : 'not-listed';
}

/** Names of those whom the viewer sees in the directory. */
async function shownNames(
  viewerId: string,
  userIds: readonly string[],
  departmentsNamed: (name: string) => readonly number[],
): Promise<ShownNames> {
  const { view, shown } = await readViewOf(viewerId, async (view) => {
    const members = await directoryStore().members(userIds);
    return { view, shown: members.filter((member) => view.visibility.canSeePerson(member)) };
  });
  const { tree, visibility } = view;
  const people = new Map(shown.map(({ userId, record }) => [userId, shownName(record.name, userId)]));
  return {
    person: (userId) => people.get(userId),
    department(name) {
      const [id, ...others] = departmentsNamed(name);
      if (id === undefined || others.length > 0 || !visibility.canSeeDepartment(id)) return undefined;
      return tree.departments.get(id)?.name;
    },
  };
}
