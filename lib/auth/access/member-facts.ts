import 'server-only';
import { LRUCache } from 'lru-cache';
import { config } from '../../config';
import type { Missing } from '../../directory/mirror-state';
import type { DirectoryState, StoredMember } from '../../directory/model';
import { directoryStore } from '../../directory/store';
import { type DirectoryTree, directoryTree } from '../../directory/tree';
import { log } from '../../log';
import type { Grant } from '../../setting-values';
import { outsideRequest, singleton } from '../../singleton';
import { isViewerAdministrator } from '../administrator-list';
import { type Company, createCompany } from './company';
import type { CompanyNames, MemberFacts, Truth } from './condition';
import { grantTruth } from './grants';

/** What the mirror says of members, as rules need it. */

/** What was read is asked for again after this; an event is in the mirror within seconds, on every machine. */
const FRESH_MS = 1000;
/** While the database is silent what was read counts so long, as sessions do. */
const SILENT_MS = 60_000;
const MAX_MEMBERS = 5000;
/** So many people are read at the same time, where all of them are asked about. */
const AT_ONCE = 50;

/** What has to be read for it to be known in which departments a member is. The other parts do not matter. */
const PLACES: readonly Missing['what'][] = [
  'scope',
  'departments',
  'department',
  'people',
  'person',
  'record',
];

const NO_COMPANY = createCompany({ departments: new Map(), pathOf: () => [] }, []);

interface Remembered<T> {
  value: T;
  /** On a monotonic clock, in ms. */
  at: number;
}

interface Mirror {
  state: DirectoryState;
  lacking: readonly Missing[];
  company: Company;
  /** What the names were made of. */
  departments: DirectoryTree['departments'];
  rolesText: string;
}

const cache = singleton('member-facts', () => ({
  mirror: undefined as Remembered<Mirror> | undefined,
  members: new LRUCache<string, Remembered<MemberFacts>>({ max: MAX_MEMBERS }),
  isSilent: false,
}));

/** What is known of a member now. Never throws: what cannot be read is unknown. */
export async function memberFacts(userId: string): Promise<MemberFacts> {
  const { members } = cache();
  const facts = await remembered(members.get(userId), () => readFacts(userId));
  if (!facts) return nothingKnown(userId);
  if (members.get(userId) !== facts) members.set(userId, facts);
  return facts.value;
}

/** The names of departments and roles. Never throws. */
export async function companyNames(): Promise<Company> {
  const mirror = await currentMirror();
  return mirror?.company ?? NO_COMPANY;
}

/** When the mirror was read, and how far; undefined: the database is silent. */
export async function mirrorState(): Promise<DirectoryState | undefined> {
  return (await currentMirror())?.state;
}

/** Whether a setting, such as `DIRECTORY_EXPORT`, grants something to a member. */
export async function isGranted(grant: Grant, userId: string): Promise<boolean> {
  return grantTruth(grant, await memberFacts(userId), await companyNames()) === 'holds';
}

async function currentMirror(): Promise<Mirror | undefined> {
  const mirror = await remembered(cache().mirror, readMirror);
  cache().mirror = mirror;
  return mirror?.value;
}

async function remembered<T>(
  known: Remembered<T> | undefined,
  read: () => Promise<T>,
): Promise<Remembered<T> | undefined> {
  const now = performance.now();
  if (known && now - known.at < FRESH_MS) return known;
  try {
    const value = await outsideRequest(read);
    cache().isSilent = false;
    return { value, at: now };
  } catch (error) {
    if (!cache().isSilent) log().error({ event: 'access-facts-unknown', err: error });
    cache().isSilent = true;
    return known && now - known.at < SILENT_MS ? known : undefined;
  }
}

/** The names are put together again only where departments or roles have changed. */
async function readMirror(): Promise<Mirror> {
  const store = directoryStore();
  const [tree, roles, lacking] = [await directoryTree(), await store.roles(), await store.lacking()];
  const { departments, state } = tree;
  const rolesText = JSON.stringify(roles);
  // By what the names were made of, not by what was read last: reads overtake one another.
  const last = cache().mirror?.value;
  const isSame = last?.departments === departments && last.rolesText === rolesText;
  const company = isSame ? last.company : createCompany(tree, roles);
  return { state, lacking, company, departments, rolesText };
}

async function readFacts(userId: string): Promise<MemberFacts> {
  const mirror = await currentMirror();
  if (!mirror) throw new Error('the directory is silent');
  return factsOf(mirror, userId, await directoryStore().member(userId));
}

async function factsOf(mirror: Mirror, userId: string, member: StoredMember | null): Promise<MemberFacts> {
  const store = directoryStore();
  const { state, lacking } = mirror;
  const checkedAt = (await store.detail(userId))?.checkedAt ?? 0;
  const limit = Date.now() - config().accessMaxAgeHours * 3_600_000;
  const readAt = (parts: readonly Missing['what'][]) => {
    const isWhole = !lacking.some(({ what }) => parts.includes(what));
    return Math.max(checkedAt, (isWhole ? state.asOf : state.completeAsOf) ?? 0);
  };
  const placesAt = readAt(PLACES);
  const rolesAt = readAt([...PLACES, 'roles']);
  const roles = member && rolesAt >= limit ? await store.rolesOf(userId) : undefined;
  const isAdministrator = await isViewerAdministrator(userId, { ask: false });
  const areAdministratorsRead = state.asOf !== undefined && !lacking.some(({ what }) => what === 'admins');
  const facts: MemberFacts = {
    userId,
    departments: member && placesAt >= limit ? member.departments : undefined,
    roleIds: roles?.map(({ id }) => id),
    administrator: isAdministrator || (areAdministratorsRead ? false : undefined),
    auditor: undefined,
    asOf: placesAt || undefined,
  };
  return withAuditor(facts, mirror.company);
}

function nothingKnown(userId: string): MemberFacts {
  const { adminUserIds } = config();
  return withAuditor({
    userId,
    departments: undefined,
    roleIds: undefined,
    administrator: adminUserIds.includes(userId) || undefined,
    auditor: undefined,
  });
}

const TRUE_OR_FALSE: Record<Truth, boolean | undefined> = {
  holds: true,
  'does-not': false,
  unknown: undefined,
};

function withAuditor(facts: MemberFacts, company: CompanyNames = NO_COMPANY): MemberFacts {
  return { ...facts, auditor: TRUE_OR_FALSE[grantTruth(config().auditors, facts, company)] };
}

/** All people of the mirror with what is known of them. */
export async function eachMember(visit: (member: StoredMember, facts: MemberFacts) => void): Promise<void> {
  const mirror = await currentMirror();
  if (!mirror) return;
  await directoryStore().everybody(async (members) => {
    for (let at = 0; at < members.length; at += AT_ONCE) {
      const some = members.slice(at, at + AT_ONCE);
      const facts = await Promise.all(some.map((member) => factsOf(mirror, member.userId, member)));
      for (const [index, member] of some.entries()) visit(member, facts[index]!);
    }
  });
}
