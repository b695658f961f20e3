import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Company, createCompany } from '../emulator/company/company';
import { generateDepartments } from '../emulator/company/departments';
import { type Person, rolesOf } from '../emulator/company/person';
import { type Client, createClient } from '../lib/dingtalk/client';
import { DingTalkError } from '../lib/dingtalk/errors';
import { normalize } from '../lib/directory/normalize';
import { planSearch } from '../lib/directory/search-query';
import type { SyncStore } from '../lib/directory/sync/run-store';
import { createSyncStore } from '../lib/directory/sync/run-store';
import { type SyncOutcome, sync } from '../lib/directory/sync/sync';
import { buildTree } from '../lib/directory/tree';
import { type Visibility, visibilityOf } from '../lib/directory/visibility';
import { migrate } from '../lib/storage/migrate';
import { directoryMigrations } from '../lib/storage/migrations';
import { openSqlite } from '../lib/storage/sqlite';
import { startAppProcess } from './app-process';
import { countWrites } from './directory-writes';
import { type EmulatorProcess, startEmulatorProcess } from './emulator-process';
import { atMost, exactly, type Figure, percentile, round } from './figure';
import { prepareProduct } from './prepare';

interface Size {
  members: number;
  departments: number;
  /** People of one department. */
  big: number;
  /** How often all queries are asked of the store, and how many there are. */
  rounds: number;
  queries: number;
  /** How many pages of a department are asked for. */
  pages: number;
}
const FULL: Size = {
  members: 100_000,
  departments: 5000,
  big: 5000,
  rounds: 5,
  queries: Number.POSITIVE_INFINITY,
  pages: 500,
};
const SHORT: Size = { members: 300, departments: 30, big: 100, rounds: 1, queries: 40, pages: 20 };
/** Which department has many people. */
const BIG = 20;
const MEGABYTE = 1024 * 1024;

/** The staff directory of a large company: whole syncs, then search and pages in what they left. */
export async function benchDirectory({ real, short }: { real: boolean; short: boolean }): Promise<Figure[]> {
  await prepareProduct();
  const size = short ? SHORT : FULL;
  const { members, departments } = size;
  const seed = Math.floor(Math.random() * 2 ** 31);
  const times = real ? 1 : 10;
  const rate = 15 * times;
  const emulator = await startEmulatorProcess({ members, departments, seed });
  const folder = mkdtempSync(join(tmpdir(), 'dingpass-bench-'));
  const file = join(folder, 'directory.db');
  const db = await openSqlite(file);
  await migrate(db, directoryMigrations);
  const store = createSyncStore(() => db);
  const refusals = { count: 0 };
  const client = counting(
    createClient({ ...emulator, apiUrl: emulator.url, oapiUrl: emulator.url }),
    refusals,
  );
  try {
    await emulator.control('settings', { qps: 20 * times });
    // One department in ten is hidden, so that searches have people to leave out.
    for (const { id } of hiddenDepartments(size, seed)) {
      await emulator.control(`departments/${id}`, { hidden: true });
    }
    // One department of 5 000: the first call of the sync moves its people in.
    const move = await bigDepartment(emulator, size, seed);
    await emulator.control('faults', { endpoint: '/auth/scopes', fault: { kind: 'staffChange', move } });
    await client.warm();

    const run = () => sync({ store, client, startedBy: 'command', pace: { callsPerSecond: rate } });
    const first = await measured(run);
    const { byEndpoint } = (await emulator.control('calls')) as { byEndpoint: Record<string, number> };
    const busiest = Math.max(...Object.values(byEndpoint));
    const calls = Object.values(byEndpoint).reduce((sum, n) => sum + n, 0);
    const writes = await countWrites(db);
    const second = await measured(run);
    const written = await writes();

    const departmentId = move[0]!.departmentIds[0]!;
    // How fast DingTalk answered makes no difference to those who read.
    const reading = real ? [] : await readingFigures({ store, emulator, folder, size, departmentId });
    const company = companyOf(size, seed);
    for (const { userid, departmentIds } of move) company.change(userid, { departmentIds });
    const bound = busiest / rate;
    return [
      { what: 'people / departments / seed', value: `${members}/${departments}/${seed}`, unit: '' },
      exactly('outcome of both runs', `${first.state}, ${second.state}`, 'complete, complete'),
      exactly('differences from the emulator’s list', await differences(store, company), 0),
      { what: 'wall time of the sync', value: round(first.seconds, 1), unit: ' s' },
      { what: 'processor time of the sync', value: round(first.cpuSeconds, 1), unit: ' s' },
      atMost(
        'wall time over the lower bound that the rate limit sets',
        round(first.seconds / bound, 3),
        '',
        1.1,
      ),
      exactly('refusals for QPS', refusals.count, 0),
      atMost('calls over the minimum', round(calls / leastCalls(company, byEndpoint), 4), '', 1.02),
      atMost('memory over idle, peak', round(first.memory, 0), ' MB', 250),
      { what: 'longest pause of the event loop', value: round(first.longestPause, 0), unit: ' ms' },
      exactly('writes of a second run with nothing changed', written, 0),
      { what: 'wall time of the second run', value: round(second.seconds, 1), unit: ' s' },
      ...reading,
      { what: 'database file', value: round(statSync(file).size / MEGABYTE, 0), unit: ' MB' },
    ];
  } finally {
    await db.close();
    emulator.close();
    rmSync(folder, { recursive: true });
  }
}

interface Read {
  store: SyncStore;
  emulator: EmulatorProcess;
  folder: string;
  size: Size;
  /** The one of many people. */
  departmentId: number;
}

async function readingFigures({ store, departmentId, size, ...rest }: Read): Promise<Figure[]> {
  const userId = await someoneActive(rest.emulator);
  const sight = await sightFor(store, userId);
  const search = await searchTimes(store, sight, size);
  const pages = await pageTimes(store, size, departmentId);
  const page = `page of 50 of a department of ${size.big}, inside the store, p99`;
  const visible = await countVisible(store, sight);
  return [
    atMost('search p99, inside the store', round(percentile(search, 0.99)), ' ms', 5),
    { what: 'search p50, inside the store', value: round(percentile(search, 0.5)), unit: ' ms' },
    atMost(page, round(percentile(pages, 0.99)), ' ms', 50),
    ...(await apiFigures({ ...rest, size, userId, departmentId, visible })),
  ];
}

/** None of those above the department of many people. */
function hiddenDepartments({ departments }: Size, seed: number) {
  const all = generateDepartments('', departments, seed);
  const parents = new Map(all.map(({ id, parentId }) => [id, parentId]));
  const shown = new Set<number>();
  for (let id: number | undefined = all[BIG]!.id; id !== undefined; id = parents.get(id)) shown.add(id);
  return all.filter(({ id }, at) => at % 10 === 5 && !shown.has(id));
}

async function someoneActive(emulator: EmulatorProcess): Promise<string> {
  const { people } = (await emulator.control('people')) as { people: { userid: string; active: boolean }[] };
  return people.find(({ active }) => active)!.userid;
}

async function sightFor(store: SyncStore, userId: string): Promise<Visibility> {
  const tree = buildTree(await store.state(), await store.departments());
  return visibilityOf(tree, { userId, member: await store.member(userId), roles: [] }, false);
}

async function countVisible(store: SyncStore, sight: Visibility): Promise<number> {
  let count = 0;
  await store.everybody((members) => {
    count += members.filter((member) => sight.canSeePerson(member)).length;
  });
  return count;
}

function companyOf({ members, departments }: Size, seed: number): Company {
  return createCompany({
    corpId: 'dingemulator0001corp',
    corpName: '青禾智能科技',
    members,
    departments,
    seed,
  });
}

/** Asked of the emulator, so that no second company weighs on the memory that is measured. */
async function bigDepartment(emulator: EmulatorProcess, { members, departments, big }: Size, seed: number) {
  const { id } = generateDepartments('', departments, seed)[BIG]!;
  const move: { userid: string; departmentIds: number[] }[] = [];
  for (let offset = members - big; offset < members; offset += 100) {
    const { people } = (await emulator.control(`people?offset=${offset}`)) as {
      people: { userid: string }[];
    };
    move.push(...people.map(({ userid }) => ({ userid, departmentIds: [id] })));
  }
  return move;
}

function counting(client: Client, refusals: { count: number }): Client {
  return {
    ...client,
    call: (request) =>
      client.call(request).catch((error: unknown) => {
        if (error instanceof DingTalkError && error.isThrottled) refusals.count++;
        throw error;
      }),
  };
}

async function measured(action: () => Promise<SyncOutcome>) {
  globalThis.gc?.();
  const idle = process.memoryUsage().rss;
  let peak = idle;
  let longestPause = 0;
  let last = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    longestPause = Math.max(longestPause, now - last - 20);
    last = now;
    peak = Math.max(peak, process.memoryUsage().rss);
  }, 20);
  const startedAt = performance.now();
  const cpuBefore = process.cpuUsage();
  const outcome = await action();
  const state = outcome.kind === 'ran' ? outcome.run.state : outcome.kind;
  const seconds = (performance.now() - startedAt) / 1000;
  const { user, system } = process.cpuUsage(cpuBefore);
  clearInterval(timer);
  return {
    state,
    seconds,
    cpuSeconds: (user + system) / 1_000_000,
    memory: (peak - idle) / MEGABYTE,
    longestPause,
  };
}

/** Token, range, roles and administrators; each department's children, rules and people; ids where pages must be compared. */
function leastCalls(company: Company, byEndpoint: Record<string, number>): number {
  let calls = 4 + (byEndpoint['/topapi/role/simplelist'] ?? 0);
  for (const { id } of company.departments) {
    calls += 2 + Math.max(1, Math.ceil(company.membersOf(id).length / 100));
  }
  return calls;
}

async function differences(store: SyncStore, company: Company): Promise<number> {
  let count = 0;
  const departments = await store.departments();
  if (departments.length !== company.departments.length) count++;
  for (const { id, name, parentId, own, below } of departments) {
    const wanted = company.department(id);
    if (wanted?.name !== name || wanted.parentId !== parentId) count++;
    const people = await store.membersOf(id, { offset: 0, limit: company.people.length });
    const mine = people.map(({ userId, leader }) => `${userId}${leader}`).join();
    const theirs = company.membersOf(id).map(({ userid, leads }) => `${userid}${leads.includes(id)}`);
    if (mine !== theirs.join() || own !== theirs.length || below !== company.membersBelow(id).size) count++;
  }
  let people = 0;
  await store.everybody(async (members) => {
    for (const { userId, record } of members) {
      people++;
      const person = company.person(userId);
      const { name, title = '', mobile = '', active } = record;
      const roles = (await store.rolesOf(userId)).map(({ id }) => id).join();
      const mine = JSON.stringify([name, title, mobile, active, roles]);
      const theirs = person && [person.name, person.title, person.mobile, person.active, roleIdsOf(person)];
      if (mine !== JSON.stringify(theirs)) count++;
    }
  });
  return count + Math.abs(people - company.people.length);
}

function roleIdsOf(person: Person): string {
  return rolesOf(person)
    .map(({ id }) => id)
    .sort((a, b) => a - b)
    .join();
}

const TYPED =
  '张 王 李 伟 三 小 zhang zh z li lin zs wl lxf wang wangwei weiqiang qiang alice johnson 工程师 软件 高级 经理 manager 专员 00012 12 999 8888 0001234 曾 zeng 欧阳 ouyang oy shangguan 诸葛 lv nv x a e 9 99 李明 王小 陈思 不存在 qqqq 一 山 xiao yang sima'.split(
    ' ',
  );

const QUERIES = [
  ...TYPED,
  ...TYPED.slice(0, 12).flatMap((first) => TYPED.slice(12, 40).map((second) => first + second)),
  // Two words narrow each other, in either order, and at times to no match.
  ...TYPED.slice(0, 40).flatMap((first, at) => [
    `${first} ${TYPED[(at + 20) % TYPED.length]}`,
    `${TYPED[(at + 33) % TYPED.length]} ${first}`,
  ]),
  ...['张三 产品部', '产品部 张三', '工程师 经理', '专员 高级', '研发 王', 'z 9', '王 工程师 组'],
  '(a+)+$',
  '"\'*',
  'x'.repeat(64),
  '张'.repeat(64),
];

/** Those of the end are the odd ones. */
const queriesOf = ({ queries }: Size) => QUERIES.slice(-queries);

async function searchTimes(store: SyncStore, sight: Visibility, size: Size): Promise<number[]> {
  const times: number[] = [];
  for (let round = 0; round < size.rounds; round++) {
    for (const query of queriesOf(size)) {
      const startedAt = performance.now();
      await store.find(planSearch(normalize(query), false), {
        accepts: ({ member }) => sight.canSeePerson(member),
        limit: 21,
      });
      times.push(performance.now() - startedAt);
    }
  }
  return times;
}

async function pageTimes(store: SyncStore, { big, pages }: Size, departmentId: number): Promise<number[]> {
  const times: number[] = [];
  for (let n = 0; n < pages; n++) {
    const startedAt = performance.now();
    await store.membersOf(departmentId, { offset: 50 * (n % (big / 50)), limit: 50 });
    times.push(performance.now() - startedAt);
  }
  return times;
}

/** The built app on what the sync has written: one person who searches, turns pages, and exports the directory. */
async function apiFigures({
  emulator,
  folder,
  size,
  userId,
  departmentId,
  visible,
}: {
  emulator: EmulatorProcess;
  folder: string;
  size: Size;
  userId: string;
  departmentId: number;
  /** How many people this one may see. */
  visible: number;
}): Promise<Figure[]> {
  const app = await startAppProcess({ emulator, env: { DATA_DIR: folder, DIRECTORY_EXPORT: userId } });
  try {
    const { code } = (await emulator.control('codes', { userid: userId })) as { code: string };
    const answer = await fetch(`${app.url}/api/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: app.url },
      body: JSON.stringify({ code }),
    });
    if (!answer.ok) throw new Error(await answer.text());
    const cookie = answer.headers.getSetCookie().map((line) => line.split(';')[0]);
    const headers = { cookie: cookie.join('; ') };
    const timesOf = async (paths: string[]) => {
      const times: number[] = [];
      for (const path of paths) {
        const startedAt = performance.now();
        const response = await fetch(app.url + path, { headers });
        const text = await response.text();
        times.push(performance.now() - startedAt);
        if (!response.ok) throw new Error(`${path}: ${response.status} ${text}`);
      }
      return times;
    };
    const searches = queriesOf(size).map(
      (query) => `/api/directory/search?${new URLSearchParams({ q: query })}`,
    );
    const pages = Array.from(
      { length: size.pages },
      (_, n) => `/api/directory/departments/${departmentId}?page=${1 + (n % (size.big / 50))}`,
    );
    // The app loads code, and the names of departments are spoken once.
    await timesOf([...searches.slice(0, 50), ...pages.slice(0, 50)]);
    const [search, page] = [await timesOf(searches), await timesOf(pages)];
    const exported = await exportOf(app.url, headers);
    return [
      atMost('search, of the API, p99', round(percentile(search, 0.99)), ' ms', 50),
      { what: 'search, of the API, p50', value: round(percentile(search, 0.5)), unit: ' ms' },
      atMost(
        `page of 50 of a department of ${size.big}, of the API, p99`,
        round(percentile(page, 0.99)),
        ' ms',
        50,
      ),
      exactly('rows of the export', exported.rows, visible),
      { what: 'export, first byte', value: round(exported.firstByteMs, 0), unit: ' ms' },
      { what: 'export', value: round(exported.rows / exported.seconds, 0), unit: ' rows/s' },
    ];
  } finally {
    await app.close();
  }
}

async function exportOf(url: string, headers: Record<string, string>) {
  const startedAt = performance.now();
  const response = await fetch(`${url}/directory/export.csv`, { headers });
  if (!response.ok) throw new Error(await response.text());
  let firstByteMs = 0;
  let lines = 0;
  for await (const chunk of response.body!) {
    firstByteMs ||= performance.now() - startedAt;
    for (const byte of chunk as Uint8Array) if (byte === 10) lines++;
  }
  // Without the head.
  return { rows: lines - 1, firstByteMs, seconds: (performance.now() - startedAt) / 1000 };
}
