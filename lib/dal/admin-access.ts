import 'server-only';
import {
  type Audience,
  audienceOf,
  type Explanation,
  explainAccess,
  findPersons,
  nameProblems,
  type Person,
  rulesFor,
} from '../auth/access/explain';
import type { NameProblem } from '../auth/access/name-problems';
import { describeProblem, rulesInForce } from '../auth/access/rules';
import { requireAdministrator } from '../auth/administrator';
import { config } from '../config';

/** What an administrator sees of the access rules. Each function finds out who asks, and refuses others. */

export interface AccessState {
  /** Undefined: `ACCESS_FILE` is not set. */
  file:
    | { rules: number; hash: string; acceptedAt: number; problems: readonly string[]; differs: boolean }
    | undefined;
  /** Undefined: no directory has been read. */
  nameProblems: readonly NameProblem[] | undefined;
  events: 'stream' | 'callback' | 'off';
}

/** @throws AppError `not-signed-in`, `not-permitted`, `sign-in-too-old` */
export async function accessState(): Promise<AccessState> {
  await requireAdministrator();
  const { accessFile = '', stream, callback } = config();
  const inForce = rulesInForce();
  return {
    file: inForce && {
      ...inForce.state(),
      rules: inForce.rules().rules.length,
      problems: inForce.state().problems.map((problem) => describeProblem(accessFile, problem)),
    },
    nameProblems: await nameProblems(),
    events: stream ? 'stream' : callback ? 'callback' : 'off',
  };
}

export interface AccessAnswer {
  /** Those who fit; one of them is the person that the rest is about. */
  people: readonly Person[];
  explanation: Explanation | undefined;
  audience: Audience | undefined;
  /** Every rule for the person, where no address was given. */
  table: Awaited<ReturnType<typeof rulesFor>> | undefined;
}

/**
 * Person and address: why; the person only: all rules; the address only: whom it opens for.
 *
 * @throws AppError `not-signed-in`, `not-permitted`, `sign-in-too-old`
 */
export async function explainAccessTo(person: string, address: string): Promise<AccessAnswer> {
  await requireAdministrator();
  const people = person === '' ? [] : await findPersons(person);
  const [one, ...others] = people;
  const userId = others.length === 0 ? one?.userId : undefined;
  return {
    people,
    explanation: userId !== undefined && address !== '' ? await explainAccess(userId, address) : undefined,
    table: userId !== undefined && address === '' ? await rulesFor(userId) : undefined,
    audience: address === '' || others.length > 0 ? undefined : await audienceOf(address),
  };
}
