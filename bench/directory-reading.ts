import { normalize } from '../lib/directory/normalize';
import { planSearch } from '../lib/directory/search-query';
import type { SyncStore } from '../lib/directory/sync/run-store';
import { buildTree } from '../lib/directory/tree';
import { type Visibility, visibilityOf } from '../lib/directory/visibility';
import { startAppProcess } from './app-process';
import type { Size } from './directory-company';
import type { EmulatorProcess } from './emulator-process';
import { atMost, exactly, type Figure, percentile, round } from './figure';

/** Search, pages and the export of a directory that a sync has written: in the store, and in the built app. */

interface Read {
  store: SyncStore;
  emulator: EmulatorProcess;
  /** The settings of an app that has this directory. */
  env: Record<string, string>;
  /** Of the search in the store, p99. */
  mostSearchMs: number;
  size: Size;
  /** The one of many people. */
  departmentId: number;
}

export async function readingFigures({
  store,
  departmentId,
  size,
  mostSearchMs,
  ...rest
}: Read): Promise<Figure[]> {
  const userId = await someoneActive(rest.emulator);
  const visibility = await visibilityFor(store, userId);
  const search = await searchTimes(store, visibility, size);
  const pages = await pageTimes(store, size, departmentId);
  const page = `page of 50 of a department of ${size.big}, inside the store, p99`;
  const visible = await countVisible(store, visibility);
  return [
    atMost('search p99, inside the store', round(percentile(search, 0.99)), ' ms', mostSearchMs),
    { what: 'search p50, inside the store', value: round(percentile(search, 0.5)), unit: ' ms' },
    atMost(page, round(percentile(pages, 0.99)), ' ms', 50),
    ...(await apiFigures({ ...rest, size, userId, departmentId, visible })),
  ];
}

async function someoneActive(emulator: EmulatorProcess): Promise<string> {
  const { people } = (await emulator.control('people')) as { people: { userid: string; active: boolean }[] };
  return people.find(({ active }) => active)!.userid;
}

async function visibilityFor(store: SyncStore, userId: string): Promise<Visibility> {
  const tree = buildTree(await store.state(), await store.departments());
  return visibilityOf(tree, { userId, member: await store.member(userId), roles: [] }, false);
}

async function countVisible(store: SyncStore, visibility: Visibility): Promise<number> {
  let count = 0;
  await store.everybody((members) => {
    count += members.filter((member) => visibility.canSeePerson(member)).length;
  });
  return count;
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

async function searchTimes(store: SyncStore, visibility: Visibility, size: Size): Promise<number[]> {
  const times: number[] = [];
  for (let round = 0; round < size.rounds; round++) {
    for (const query of queriesOf(size)) {
      const startedAt = performance.now();
      await store.find(planSearch(normalize(query), false), {
        accepts: ({ member }) => visibility.canSeePerson(member),
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
  env,
  size,
  userId,
  departmentId,
  visible,
}: {
  emulator: EmulatorProcess;
  env: Record<string, string>;
  size: Size;
  userId: string;
  departmentId: number;
  /** How many people this one may see. */
  visible: number;
}): Promise<Figure[]> {
  const app = await startAppProcess({ emulator, env: { ...env, DIRECTORY_EXPORT: userId } });
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
