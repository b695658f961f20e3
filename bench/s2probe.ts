import { mkdtempSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCompany } from '../emulator/company/company';
import { normalize } from '../lib/directory/normalize';
import { planSearch } from '../lib/directory/search-query';
import type { TaskResult } from '../lib/directory/sync/run';
import { createSyncStore } from '../lib/directory/sync/run-store';
import { migrate } from '../lib/storage/migrate';
import { directoryMigrations } from '../lib/storage/migrations';
import { openPostgres } from '../lib/storage/postgres';
import { openSqlite } from '../lib/storage/sqlite';

const [engine = 'file', count = '100000', depts = '5000'] = process.argv.slice(2);
const file = join(mkdtempSync(join(tmpdir(), 'probe-')), 'd.db');
const db = engine === 'file' ? await openSqlite(file) : await openPostgres(engine, { poolSize: 6 });
if (engine !== 'file') {
  await db.transaction(async (tx) => {
    await tx.script('DROP SCHEMA public CASCADE; CREATE SCHEMA public');
  });
}
await migrate(db, directoryMigrations);
const spent = new Map<string, number>();
const clock = (tx: any) =>
  new Proxy(tx, {
    get(t, n) {
      const f = t[n];
      if (typeof f !== 'function' || !['all', 'get', 'run'].includes(n as string)) return f;
      return async (sql: string, ...v: any[]) => {
        const t0 = performance.now();
        try {
          return await f.call(t, sql, ...v);
        } finally {
          const k = sql.replace(/\s+/g, ' ').slice(0, 60);
          spent.set(k, (spent.get(k) ?? 0) + performance.now() - t0);
        }
      };
    },
  });
const timedDb = { ...db, transaction: (work: any, o: any) => db.transaction((tx) => work(clock(tx)), o) };
const report = () => {
  for (const [k, v] of [...spent].sort((a, b) => b[1] - a[1]).slice(0, 9))
    console.log('      ', Math.round(v), k);
  spent.clear();
};
const store = createSyncStore(() => timedDb as any);
const company = createCompany({
  corpId: 'c',
  corpName: '青禾',
  members: Number(count),
  departments: Number(depts),
  seed: 7,
});
const OPEN = {
  hidden: false,
  permittedDepartmentIds: [],
  permittedUserIds: [],
  restricted: false,
  visibleDepartmentIds: [],
  visibleUserIds: [],
};
let worst = 0;
let last = performance.now();
setInterval(() => {
  const now = performance.now();
  worst = Math.max(worst, now - last - 5);
  last = now;
}, 5).unref();
let peak = 0;
setInterval(() => {
  peak = Math.max(peak, process.memoryUsage().rss);
}, 20).unref();
async function timed<T>(name: string, action: () => Promise<T>): Promise<T> {
  (globalThis as any).gc?.();
  await new Promise((r) => setTimeout(r, 20));
  worst = 0;
  last = performance.now();
  peak = process.memoryUsage().rss;
  const idle = peak;
  const t = performance.now();
  const cpu = process.cpuUsage();
  const v = await action();
  await new Promise((r) => setTimeout(r, 30));
  const { user, system } = process.cpuUsage(cpu);
  console.log(
    name.padEnd(28),
    `${Math.round(performance.now() - t)} ms, cpu ${Math.round((user + system) / 1000)}, pause ${Math.round(worst)}, mem +${Math.round((peak - idle) / 1e6)} MB`,
  );
  return v;
}
async function readAll(change: (n: number) => string | undefined) {
  const lease = (await store.takeLease(600_000))!;
  const { tasks } = await store.openRun(lease, { startedBy: 'command', resumeWithinMs: 0 });
  const task = tasks[0]!;
  let batch: { task: typeof task; result: TaskResult }[] = [];
  let people = 0;
  let n = 0;
  const flush = async () => {
    if (batch.length) await store.record(lease, batch);
    batch = [];
    people = 0;
  };
  for (const d of company.departments) {
    batch.push({
      task,
      result: {
        departments: [{ id: d.id, parentId: d.parentId, position: 0, name: d.name }],
        rules: { departmentId: d.id, name: d.name, rules: OPEN },
      },
    });
    const members = company.membersOf(d.id);
    const list = members.map((p) => ({
      userId: p.userid,
      leader: p.leads.includes(d.id),
      departmentIds: p.departmentIds,
      record: {
        name: p.name,
        active: p.active,
        unionId: p.unionid,
        title: change(n++) ?? p.title,
        mobile: p.mobile,
        stateCode: '86',
        avatarUrl: 'https://static.dingtalk.com/media/' + p.userid + '.jpg',
        email: p.userid + '@example.com',
        orgEmail: p.userid + '@example.org',
        jobNumber: String(n),
        workPlace: '上海',
      },
    }));
    for (let at = 0; at < list.length; at += 100)
      batch.push({
        task,
        result: { people: { departmentId: d.id, position: at, list: list.slice(at, at + 100) } },
      });
    people += list.length;
    if (people > 500) await flush();
  }
  await flush();
  return lease;
}
const verdict = {
  peopleComplete: true,
  rolesComplete: true,
  administratorsComplete: true,
  acceptShrink: true,
  calls: 1,
};
for (const [name, change] of [
  ['first', () => undefined],
  ['unchanged', () => undefined],
  ['20000 changes', (n: number) => (n % 6 === 0 ? `新职位${n}` : undefined)],
] as const) {
  const lease = await timed(`${name}: read`, () => readAll(change));
  await timed(`${name}: checks`, async () => {
    await store.unseen();
    await store.unseenDepartments();
    await store.disputed();
  });
  spent.clear();
  const run = await timed(`${name}: publish`, () => store.publish(lease, verdict));
  console.log('   ', run.state, run.added, run.changed, run.removed, run.people, run.departments);
  report();
  await store.giveLease(lease);
  if (engine === 'file')
    console.log(
      '    wal MB',
      Math.round(statSync(`${file}-wal`).size / 1e6),
      'db',
      Math.round(statSync(file).size / 1e6),
    );
}
await timed('tree', () => store.tree());
await timed('tree again', () => store.tree());
await timed('everybody', () => store.everybody(() => undefined));
const TYPED =
  '张 王 李 伟 三 小 zhang zh z li lin zs wl lxf wang wangwei weiqiang qiang alice johnson 工程师 软件 高级 经理 manager 专员 00012 12 999 8888 0001234 曾 zeng 欧阳 ouyang oy shangguan 诸葛 lv nv x a e 9 99 李明 王小 陈思 不存在 qqqq 一 山 xiao yang sima'.split(
    ' ',
  );
const QUERIES = [
  ...TYPED,
  ...TYPED.slice(0, 12).flatMap((f) => TYPED.slice(12, 40).map((s) => f + s)),
  ...TYPED.slice(0, 40).flatMap((f, at) => [
    `${f} ${TYPED[(at + 20) % TYPED.length]}`,
    `${TYPED[(at + 33) % TYPED.length]} ${f}`,
  ]),
  ...['张三 产品部', '产品部 张三', '工程师 经理', '专员 高级', '研发 王', 'z 9', '王 工程师 组'],
  '(a+)+$',
  '"\'*',
  'x'.repeat(64),
  '张'.repeat(64),
];
const best = new Map<string, number>();
const all: number[] = [];
for (let round = 0; round < 4; round++)
  for (const q of QUERIES) {
    const t = performance.now();
    await store.find(planSearch(normalize(q), false), {
      accepts: ({ member }) => member.userId.charCodeAt(1) % 10 !== 0,
      limit: 21,
    });
    const d = performance.now() - t;
    all.push(d);
    best.set(q, Math.min(best.get(q) ?? 1e9, d));
  }
all.sort((a, b) => a - b);
const times = [...best].map(([q, t]) => [t, q] as const).sort((a, b) => a[0] - b[0]);
console.log(
  'search all p50',
  all[all.length >> 1]!.toFixed(2),
  'p99',
  all[Math.floor(all.length * 0.99)]!.toFixed(2),
  '; best of 4: p50',
  times[times.length >> 1]![0].toFixed(2),
  'p99',
  times[Math.floor(times.length * 0.99)]![0].toFixed(2),
  'worst',
  times
    .slice(-12)
    .map(([t, q]) => `${q}:${t.toFixed(1)}`)
    .join(' | '),
);
await db.close();
