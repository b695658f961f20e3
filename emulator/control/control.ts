import { avatarOf } from '../api/endpoints/member-record';
import { findEndpoint } from '../api/routes';
import { type Company, departmentNamesOf } from '../company/company';
import { type DepartmentChange, departmentChange, departmentRequest } from '../company/department-change';
import { type Department, ROOT_DEPARTMENT } from '../company/departments';
import type { Person } from '../company/person';
import { hireChange, type PersonChange, personChange } from '../company/person-change';
import type { CallEntry } from '../platform/calls';
import { type ClientCodeRequest, type ClientError, judgeCodeRequest } from '../platform/client-code';
import { ControlError } from '../platform/control-error';
import type { EventControl } from '../platform/event-hub';
import { IMPOSSIBLE_KINDS } from '../platform/fault-kinds';
import { type ArmedFault, type FaultRequest, isFaultAlias } from '../platform/faults';
import { type ConfigRequest, type ConfigVerdict, judgeConfig } from '../platform/jsapi-config';
import type { Notice } from '../platform/notices';
import type { Platform } from '../platform/platform';
import { ROBOT, type RobotMessage } from '../platform/robots';
import { type Settings, type SettingsChange, settingsChange } from '../platform/settings';
import { type CodeOptions, mintCode } from './code-minting';

/** A member as lists show them. */
export interface PersonSummary {
  userid: string;
  name: string;
  title: string;
  /** Absolute URL on the emulator's origin, or `""`. */
  avatar: string;
  departmentNames: string[];
  active: boolean;
  /** 1 main administrator, 2 sub-administrator, 0 neither. */
  adminLevel: Person['adminLevel'];
}

/** The calls since the last reset. */
export interface CallReport {
  total: number;
  /** Those of this month that count against the company's quota. */
  counted: number;
  byEndpoint: Record<string, number>;
  /** 免登 and OAuth codes together. */
  codes: { minted: number; used: number };
  recent: CallEntry[];
}

/** The control plane's verbs, for tests in the same process. The HTTP routes call nothing else. */
export interface Control {
  mintCode(userid: string, options?: CodeOptions): string;
  /** A code as the client gives it to a page, or why it does not. */
  clientCode(request: ClientCodeRequest): { code: string } | ClientError;
  /** What DingTalk says of a page's `dd.config`. */
  judgeConfig(request: ConfigRequest): ConfigVerdict;
  fault(request: FaultRequest): { id: string };
  faults(): ArmedFault[];
  clearFaults(id?: string): void;
  advanceClock(advanceMs: number): void;
  clock(): { now: string; offsetMs: number };
  calls(): CallReport;
  reset(): void;
  /** Changes settings, or only reads them. */
  settings(change?: SettingsChange): Settings;
  revokeTokens(): void;
  people(text?: string): PersonSummary[];
  /** A new member; userid and the rest are made up unless given. */
  hire(person?: PersonChange & { userid?: string | undefined }): PersonSummary;
  fire(userid: string): void;
  patchPerson(userid: string, change: PersonChange): PersonSummary;
  /** To these departments; without any, to the next one of the tree. */
  move(userid: string, departmentIds?: number[]): PersonSummary;
  /** Makes a member a main or a sub-administrator, or neither; without a level, main or no longer main. */
  promote(userid: string, level?: 'main' | 'sub' | 'none'): Pick<PersonSummary, 'name' | 'adminLevel'>;
  addDepartment(department: { name: string; parentId: number }): Department;
  /** Changes a department: its name, its place, who sees it, what its people see. */
  patchDepartment(id: number, change: DepartmentChange): void;
  /** Without departments below it; its people stay where else they are, or go to its parent. */
  dissolve(id: number): void;
  /** A person's work notifications, newest first. */
  notices(userid: string): Notice[];
  /** A person has opened one. */
  readNotice(userid: string, taskId: number): void;
  /** The robot of the operators' group: its webhook and secret, and what it wrote, oldest first. */
  robot(): { webhook: string; secret: string; messages: RobotMessage[] };
  /** How many notices each person got. */
  delivered(): Record<string, number>;
  readonly events: EventControl;
}

const ADMIN_LEVELS = { main: 1, sub: 2, none: 0 } as const;

/** Makes the verbs over a platform. */
export function createControl(platform: Platform): Control {
  const { company, clock, calls, faults } = platform;
  const requirePerson = (userid: string) => {
    const person = company.person(userid);
    if (!person) throw new ControlError(404, `nobody here has the userid ${JSON.stringify(userid)}`);
    return person;
  };
  const checkDepartments = (ids: readonly number[] = []) => {
    const unknown = ids.find((id) => !company.department(id));
    if (unknown !== undefined) throw new ControlError(400, `there is no department ${unknown}`);
  };

  const control: Control = {
    events: platform.events.control,
    mintCode: (userid, options) => mintCode(platform, userid, options),
    clientCode(request) {
      const verdict = judgeCodeRequest(platform, request);
      return 'clientId' in verdict ? { code: mintCode(platform, request.userid, verdict) } : verdict;
    },
    judgeConfig: (request) => judgeConfig(platform, request),
    fault(request) {
      const kind = String((request as { fault?: { kind?: unknown } }).fault?.kind);
      const reason = IMPOSSIBLE_KINDS[kind];
      if (reason) throw new ControlError(400, `fault kind "${kind}" is not possible here: ${reason}`);
      const { endpoint } = request;
      if (typeof endpoint === 'string' && !isFaultAlias(endpoint) && !findEndpoint(endpoint)) {
        throw new ControlError(400, `there is no endpoint ${JSON.stringify(endpoint)}`);
      }
      return { id: faults.add(request).id };
    },
    faults: () => faults.list(),
    clearFaults(id) {
      if (!faults.clear(id)) throw new ControlError(404, `there is no fault ${JSON.stringify(id)}`);
    },
    advanceClock: (advanceMs) => clock.advance(advanceMs),
    clock: () => ({ now: new Date(clock.now()).toISOString(), offsetMs: clock.offsetMs() }),
    calls() {
      const [jsapi, oauth] = [platform.jsapiCodes.counts(), platform.oauthCodes.counts()];
      const codes = { minted: jsapi.minted + oauth.minted, used: jsapi.used + oauth.used };
      return {
        total: calls.total(),
        counted: platform.quota.used(),
        byEndpoint: calls.byEndpoint(),
        codes,
        recent: calls.recent(),
      };
    },
    reset: () => platform.reset(),
    settings(change = {}) {
      const wanted = settingsChange.parse(change);
      for (const [name, value] of Object.entries(wanted)) {
        if (value !== undefined) platform.settings = { ...platform.settings, [name]: value };
      }
      return structuredClone(platform.settings);
    },
    revokeTokens: () => platform.appTokens.revoke(),
    people(text = '') {
      const wanted = text.trim().toLowerCase();
      const all =
        wanted === '' ? company.people : company.people.filter((person) => mentions(person, wanted));
      return all.map((person) => summarize(platform, person));
    },
    hire(change = {}) {
      const person = hireChange(company, change);
      if (company.person(person.userid)) throw new ControlError(400, `userid ${person.userid} is taken`);
      checkDepartments(person.departmentIds);
      company.add(person);
      return summarize(platform, person);
    },
    fire(userid) {
      requirePerson(userid);
      company.remove(userid);
    },
    notices: (userid) => platform.notices.of(userid),
    readNotice(userid, taskId) {
      if (!platform.notices.read(userid, taskId)) throw new ControlError(404, 'there is no such notice');
    },
    robot: () => ({
      webhook: `${platform.url}/robot/send?access_token=${ROBOT.token}`,
      secret: ROBOT.secret,
      messages: platform.robots.messages(),
    }),
    delivered: () => platform.notices.delivered(),
    move: (userid, departmentIds = [nextDepartment(company, userid)]) =>
      control.patchPerson(userid, { departmentIds }),
    promote(userid, wanted) {
      const level = wanted ?? (company.person(userid)?.adminLevel === 1 ? 'none' : 'main');
      return control.patchPerson(userid, { adminLevel: ADMIN_LEVELS[level] });
    },
    addDepartment(department) {
      const wanted = departmentRequest.parse(department);
      checkDepartments([wanted.parentId]);
      return { ...company.addDepartment(wanted) };
    },
    dissolve(id) {
      checkDepartments([id]);
      if (id === ROOT_DEPARTMENT || company.childrenOf(id).length > 0)
        throw new ControlError(400, 'the root and departments with others below them stay');
      company.dissolve(id);
    },
    patchDepartment(id, change) {
      const wanted = departmentChange.parse(change);
      checkDepartments([id, ...(wanted.parentId === undefined ? [] : [wanted.parentId])]);
      if (wanted.parentId !== undefined && company.pathOf(wanted.parentId).includes(id))
        throw new ControlError(400, 'a department cannot be below itself');
      company.changeDepartment(id, wanted as Partial<Department>);
    },
    patchPerson(userid, change) {
      const person = requirePerson(userid);
      const wanted = personChange.parse(change);
      checkDepartments(wanted.departmentIds);
      company.change(userid, wanted as Partial<typeof person>);
      return summarize(platform, person);
    },
  };
  return control;
}

function nextDepartment(company: Company, userid: string): number {
  const { departments } = company;
  const at = departments.findIndex(({ id }) => id === company.person(userid)?.departmentIds[0]);
  return departments[(at + 1) % departments.length]!.id;
}

/** A member as lists show them. */
function summarize(platform: Platform, person: Person): PersonSummary {
  const { userid, name, title, active, adminLevel } = person;
  const departmentNames = departmentNamesOf(platform.company, person);
  return { userid, name, title, avatar: avatarOf(platform, person), departmentNames, active, adminLevel };
}

function mentions(person: { name: string; userid: string; title: string }, wanted: string): boolean {
  return `${person.name} ${person.userid} ${person.title}`.toLowerCase().includes(wanted);
}
