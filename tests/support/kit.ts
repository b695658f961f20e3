import type { BrowserContext, Page } from 'playwright';
import { afterAll, expect } from 'vitest';
import { rolesOf } from '../../emulator/company/person';
import { ROLES } from '../../emulator/company/roles';
import { type Emulator, type EmulatorOptions, startEmulator } from '../../emulator/server';
import { type App, startApp as startBuiltApp } from './app';
import { startDirectoryApp, syncNow, untilRead } from './directory-app';
import { type Answer, signedIn, Visitor } from './http-session';
import { freePort } from './port';

/**
 * For tests of pages of one's own: an emulated company, the built app, and its people. Sessions begin with a code of the
 * emulator's, as in DingTalk's client.
 */

/** A person of the emulated company. */
export interface Person {
  userid: string;
  name: string;
}

/** What a person must have. Departments and roles are known to pages only with `startApp({ directory: true })`. */
export interface Criteria {
  /** A department's name; created where the company has none of this name. */
  department?: string;
  /** A role's name, such as 财务. */
  role?: string;
  /** A main administrator of DingTalk's, and so one of the app's. */
  administrator?: true;
}

export interface KitOptions {
  /** Reads the company's directory into the app: for pages that ask for departments and roles. */
  directory?: true;
  /** Settings of the app, as in `.env`. */
  env?: Record<string, string>;
  company?: EmulatorOptions;
}

export interface Kit {
  readonly app: App;
  readonly emulator: Emulator;
  /** A person who fits, from the company or else hired. Without criteria, an ordinary employee. */
  as(criteria?: Criteria): Promise<Person>;
  /** Signs a person in: a visitor with `ask()`, `post()` and `cookieHeader()`. */
  signIn(person?: Person | Criteria): Promise<Visitor>;
  /** Signs a person in, in a browser's page or context, or in a visitor that exists already. */
  signIn(agent: Page | BrowserContext | Visitor, person?: Person | Criteria): Promise<Visitor>;
  /** The session of a person as Playwright's `storageState`. */
  storageState(person?: Person | Criteria | Visitor): Promise<StorageState>;
  /** Gets a page or an endpoint as a person, as a visitor that is signed in, or as a stranger, and checks the answer. */
  expectAccess(person?: Person | Criteria | Visitor | 'stranger'): AccessExpectation;
}

interface AccessExpectation {
  /** The answer is 200. */
  to(path: string): Promise<void>;
  /** The answer is 401 or 403, or leads to the sign-in page or to `/denied`. */
  notTo(path: string): Promise<void>;
}

interface StorageState {
  cookies: {
    name: string;
    value: string;
    domain: string;
    path: '/';
    expires: -1;
    httpOnly: true;
    secure: boolean;
    sameSite: 'Lax';
  }[];
  origins: [];
}

/** DingTalk’s main administrator in every emulated company. */
const MAIN_ADMINISTRATOR = 2;

/**
 * Starts an emulated company and the built app on free ports; both end with the test file. Call it at the top of a file.
 *
 * @throws Error when the app does not start, with its output
 */
export async function startApp(options: KitOptions = {}): Promise<Kit> {
  const port = await freePort();
  const appUrl = `http://127.0.0.1:${port}`;
  const emulator = await startEmulator({ enforceQps: false, appUrl, ...options.company });
  afterAll(() => emulator.close());
  const start = options.directory ? startDirectoryApp : startBuiltApp;
  const env = { DINGTALK_AGENT_ID: emulator.agentId, ...options.env };
  const app = await start({ emulator, port, env });
  afterAll(() => app.close());
  return createKit(app, emulator, options.directory === true);
}

/** The kit of an app that runs already. @param hasDirectory whether it reads the company's directory */
export function createKit(app: App, emulator: Emulator, hasDirectory: boolean): Kit {
  let administrator: Promise<Visitor> | undefined;
  /** Starts syncs; signed in when the first reading of the directory has been published. */
  const directoryAdministrator = async () => {
    const visitor = await signedIn(app, emulator, emulator.company.people[MAIN_ADMINISTRATOR]!.userid);
    await untilRead(visitor);
    return visitor;
  };

  const as = async (criteria: Criteria = {}): Promise<Person> => {
    if (!hasDirectory && (criteria.department ?? criteria.role) !== undefined)
      throw new Error('departments and roles need startApp({ directory: true })');
    if (hasDirectory) {
      administrator ??= directoryAdministrator();
      await administrator;
    }
    const found = find(emulator, criteria);
    if (found) return found;
    const hired = hire(emulator, criteria);
    if (administrator) await syncNow(await administrator, app.origin);
    return hired;
  };

  const visitorOf = async (person: Person | Criteria | Visitor = {}): Promise<Visitor> => {
    if (person instanceof Visitor) return person;
    const { userid } = 'userid' in person ? person : await as(person);
    return signedIn(app, emulator, userid);
  };

  const storageState = async (person?: Person | Criteria | Visitor): Promise<StorageState> => ({
    cookies: [...(await visitorOf(person)).cookies].map(([name, value]) => toCookie(app, name, value)),
    origins: [],
  });

  const signIn = async (
    first?: Page | BrowserContext | Visitor | Person | Criteria,
    second?: Person | Criteria,
  ): Promise<Visitor> => {
    if (!isAgent(first)) return visitorOf(first);
    const visitor = await visitorOf(second);
    if (first instanceof Visitor) {
      for (const [name, value] of visitor.cookies) first.cookies.set(name, value);
      return first;
    }
    const context = 'context' in first ? first.context() : first;
    await context.addCookies((await storageState(visitor)).cookies);
    return visitor;
  };

  const outcome = async (person: Person | Criteria | Visitor | 'stranger', path: string) =>
    outcomeOf(await (person === 'stranger' ? new Visitor(app) : await visitorOf(person)).ask(path));

  return {
    app,
    emulator,
    as,
    signIn,
    storageState,
    expectAccess: (person = {}) => ({
      to: async (path) => expect(await outcome(person, path), path).toBe('let in'),
      notTo: async (path) => expect(await outcome(person, path), path).toBe('turned away'),
    }),
  };
}

function isAgent(value: object = {}): value is Page | BrowserContext | Visitor {
  return value instanceof Visitor || 'addInitScript' in value;
}

function outcomeOf({ status, headers }: Answer): string {
  const location = headers.get('location') ?? '';
  if (status === 401 || status === 403) return 'turned away';
  if (/^30[37]$/.test(String(status)) && /^\/(login|denied)\b/.test(location)) return 'turned away';
  return status === 200 ? 'let in' : `${status} ${location}`.trim();
}

function find(emulator: Emulator, { department, role, administrator }: Criteria): Person | undefined {
  const { company, control } = emulator;
  const hasRole = (userid: string) => rolesOf(company.person(userid)!).some(({ name }) => name === role);
  const found = control
    .people()
    .filter(({ active, adminLevel }) => active && (adminLevel === 1) === (administrator === true))
    .filter(({ departmentNames }) => department === undefined || departmentNames.includes(department))
    .find(({ userid }) => role === undefined || hasRole(userid));
  return found && { userid: found.userid, name: found.name };
}

function hire({ company, control }: Emulator, { department, role, administrator }: Criteria): Person {
  const roleId = [...ROLES.values()].find(({ name }) => name === role)?.id;
  if (role !== undefined && roleId === undefined) {
    const known = [...ROLES.values()].map(({ name }) => name).join(', ');
    throw new Error(`the emulated company has no role ${role}; it has ${known}`);
  }
  const departmentOf = (name: string) =>
    company.departments.find((known) => known.name === name) ?? control.addDepartment({ name, parentId: 1 });
  const { userid, name } = control.hire({
    active: true,
    ...(roleId !== undefined && { roleIds: [roleId] }),
    ...(department !== undefined && { departmentIds: [departmentOf(department).id] }),
    ...(administrator && { adminLevel: 1 as const }),
  });
  return { userid, name };
}

function toCookie({ origin }: App, name: string, value: string): StorageState['cookies'][number] {
  const { hostname, protocol } = new URL(origin);
  const secure = protocol === 'https:' || name.startsWith('__Host-');
  return { name, value, domain: hostname, path: '/', expires: -1, httpOnly: true, secure, sameSite: 'Lax' };
}
