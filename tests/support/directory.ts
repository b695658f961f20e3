import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'vitest';
import { type Company, createCompany } from '../../emulator/company/company';
import { rolesOf } from '../../emulator/company/person';
import type { Emulator } from '../../emulator/server';
import { type Client, createClient } from '../../lib/dingtalk/client';
import type { DingTalkRequest } from '../../lib/dingtalk/request';
import type { StoredMember } from '../../lib/directory/model';
import type { StoredRun } from '../../lib/directory/sync/run';
import type { SyncStore } from '../../lib/directory/sync/run-store';
import { createSyncStore } from '../../lib/directory/sync/run-store';
import { type SyncOptions, sync } from '../../lib/directory/sync/sync';
import type { Database } from '../../lib/storage/database';
import { openDirectory, temporaryFile } from './directory-file';

/** A mirror of its own in a file of its own. */
export interface Mirror {
  file: string;
  db: Database;
  store: SyncStore;
  /** Runs to its end, fast. */
  sync(more?: Partial<SyncOptions>): Promise<StoredRun>;
}

/** As fast as this machine can: the pace is tested by itself. */
export const FAST = { callsPerSecond: 5000, backoffMs: [5, 10, 20], maxOutageMs: 500 };

export async function openMirror(emulator: Emulator, file = temporaryFile()): Promise<Mirror> {
  const db = await openDirectory(file);
  const store = createSyncStore(() => db);
  const client = clientOf(emulator);
  return {
    file,
    db,
    store,
    async sync(more) {
      // The lease of a process that was killed ends by itself.
      for (const giveUpAt = performance.now() + 15_000; ; await delay(50)) {
        const outcome = await sync({ store, client, startedBy: 'command', pace: FAST, ...more });
        if (outcome.kind === 'ran') return outcome.run;
        if (performance.now() > giveUpAt) throw new Error('busy');
      }
    },
  };
}

export function clientOf({ clientId, clientSecret, url }: Emulator) {
  return createClient({ clientId, clientSecret, apiUrl: url, oapiUrl: url });
}

/** A client in whose way something happens, once: just before the first call is sent whose path and body are these. */
export function clientMeeting(
  emulator: Emulator,
  { path, ...fields }: { path: string; dept_id?: number; cursor?: number },
  happen: () => unknown,
): Client {
  const client = clientOf(emulator);
  let happened = false;
  const fits = (request: DingTalkRequest<unknown>) =>
    request.path === path &&
    Object.entries(fields).every(
      ([name, value]) => (request.body as Record<string, unknown>)[name] === value,
    );
  return {
    ...client,
    async call(request) {
      if (!happened && fits(request)) {
        happened = true;
        await happen();
      }
      return client.call(request);
    },
  };
}

/** A mirror, or the emulator's company, in one shape. */
export interface Dump {
  departments: {
    id: number;
    parentId: number | undefined;
    name: string;
    children: number[];
    people: string[];
  }[];
  people: Record<
    string,
    { name: string; title: string; mobile: string; active: boolean; unionId: string; roles: number[] }
  >;
}

const isOwn = (id: number) => id > 0 && !(id >= 99_000_000 && id < 100_000_000);

/** What the company's directory is, from the emulator's own list. @param only which departments, and single people */
export function dumpCompany(company: Company, only?: { departments: number[]; users: string[] }): Dump {
  const wanted = only?.departments;
  const inRange = (id: number) => !wanted || company.pathOf(id).some((ancestor) => wanted.includes(ancestor));
  const departments = company.departments.filter(({ id }) => isOwn(id) && inRange(id));
  const people: Dump['people'] = {};
  for (const person of company.people) {
    const visible = person.departmentIds.some((id) => isOwn(id) && inRange(id));
    if (!visible && !only?.users.includes(person.userid)) continue;
    people[person.userid] = {
      name: person.name,
      title: person.title,
      mobile: person.mobile,
      active: person.active,
      unionId: person.unionid,
      roles: rolesOf(person)
        .map(({ id }) => id)
        .sort((a, b) => a - b),
    };
  }
  return {
    departments: departments
      .map(({ id, parentId, name }) => ({
        id,
        parentId: parentId !== undefined && inRange(parentId) ? parentId : undefined,
        name,
        children: company
          .childrenOf(id)
          .map((child) => child.id)
          .filter(isOwn),
        people: company.membersOf(id).map(({ userid, leads }) => userid + (leads.includes(id) ? '*' : '')),
      }))
      .sort((a, b) => a.id - b.id),
    people,
  };
}

export async function dumpMirror(store: SyncStore): Promise<Dump> {
  const stored = await store.departments();
  const departments: Dump['departments'] = [];
  for (const { id, parentId, name } of stored) {
    const children = stored.filter((child) => child.parentId === id).sort((a, b) => a.position - b.position);
    const people = await store.membersOf(id, { offset: 0, limit: 1_000_000 });
    departments.push({
      id,
      parentId,
      name,
      children: children.map((child) => child.id),
      people: people.map(({ userId, leader }) => userId + (leader ? '*' : '')),
    });
  }
  const people: Dump['people'] = {};
  for (const { userId, record } of await everybody(store)) {
    const roles = await store.rolesOf(userId);
    const { name, title = '', mobile = '', active, unionId = '' } = record;
    expect(people[userId], `${userId} is there twice`).toBeUndefined();
    people[userId] = { name, title, mobile, active, unionId, roles: roles.map(({ id }) => id) };
  }
  return { departments: departments.sort((a, b) => a.id - b.id), people };
}

export async function everybody(store: SyncStore): Promise<StoredMember[]> {
  const all: StoredMember[] = [];
  await store.everybody((members) => void all.push(...members));
  return all;
}

/** The mirror holds exactly the company: every department, person, place, leader, role and count. */
export async function expectExact(
  mirror: Pick<Mirror, 'store'>,
  company: Company,
  only?: Parameters<typeof dumpCompany>[1],
) {
  expect(await dumpMirror(mirror.store)).toEqual(dumpCompany(company, only));
  for (const { id, own, below } of await mirror.store.departments()) {
    expect([own, below], `count of ${id}`).toEqual([
      company.membersOf(id).length,
      company.membersBelow(id).size,
    ]);
  }
}

/** As `expectExact`, whatever the order in which departments list theirs: nobody tells the place of who has moved. */
export async function expectSame(mirror: Mirror, company: Company, only?: Parameters<typeof dumpCompany>[1]) {
  const unordered = ({ departments, people }: Dump) => ({
    departments: departments.map((one) => ({
      ...one,
      children: [...one.children].sort((a, b) => a - b),
      people: [...one.people].sort(),
    })),
    people,
  });
  expect(unordered(await dumpMirror(mirror.store))).toEqual(unordered(dumpCompany(company, only)));
}

export { createCompany, temporaryFile };
