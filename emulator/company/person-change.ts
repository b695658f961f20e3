import { z } from 'zod';
import type { Company } from './company';
import { ROOT_DEPARTMENT } from './departments';
import type { Person } from './person';
import { createRandom } from './random';

/** What can be changed about a member; every field as in {@link Person}. */
export const personChange = z.strictObject({
  name: z.string().optional(),
  hasAvatar: z.boolean().optional(),
  title: z.string().optional(),
  jobNumber: z.string().optional(),
  stateCode: z.string().optional(),
  mobile: z.string().optional(),
  hideMobile: z.boolean().optional(),
  telephone: z.string().optional(),
  email: z.string().optional(),
  orgEmail: z.string().optional(),
  workPlace: z.string().optional(),
  remark: z.string().optional(),
  extension: z.string().optional(),
  departmentIds: z.array(z.int()).min(1).optional(),
  leads: z.array(z.int()).optional(),
  roleIds: z.array(z.int()).optional(),
  managerUserid: z.string().optional(),
  hiredAt: z.int().optional(),
  active: z.boolean().optional(),
  realAuthed: z.boolean().optional(),
  senior: z.boolean().optional(),
  boss: z.boolean().optional(),
  adminLevel: z.union([z.literal(0), z.literal(1), z.literal(2)]).optional(),
  exclusiveAccount: z.boolean().optional(),
});

/** A change of a member: any of the fields. */
export type PersonChange = z.output<typeof personChange>;

const hireRequest = personChange.extend({
  userid: z.string().min(1).max(64).optional(),
});

/** Makes a new member: what is not given is made up, the same for the same userid. */
export function hireChange(company: Company, request: unknown): Person {
  const { userid: wanted, ...change } = hireRequest.parse(request);
  const rank = (company.people.at(-1)?.rank ?? -1) + 1;
  const userid = wanted ?? nextUserid(company);
  const random = createRandom(...[...userid].map((letter) => letter.charCodeAt(0)), 53);
  const newcomer: Person = {
    userid,
    unionid: `${random.text(22)}iEiE`,
    name: '新同事',
    hasAvatar: false,
    title: '',
    jobNumber: '',
    stateCode: '86',
    mobile: `102${String(rank).padStart(8, '0')}`,
    hideMobile: false,
    telephone: '',
    email: '',
    orgEmail: '',
    workPlace: '',
    remark: '',
    extension: '',
    departmentIds: [ROOT_DEPARTMENT],
    leads: [],
    roleIds: [],
    managerUserid: undefined,
    hiredAt: undefined,
    createdAt: Date.UTC(2026, 0, 5),
    active: true,
    realAuthed: false,
    senior: false,
    boss: false,
    adminLevel: 0,
    exclusiveAccount: false,
    rank,
  };
  const given = Object.entries(change).filter(([, value]) => value !== undefined);
  return Object.assign(newcomer, Object.fromEntries(given));
}

function nextUserid(company: Company): string {
  for (let number = 1; ; number += 1) {
    const userid = `newcomer${String(number).padStart(2, '0')}`;
    if (!company.person(userid) && !company.formerPerson(userid)) return userid;
  }
}
