import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { createRandom } from '../../emulator/company/random';
import type { FaultInput } from '../../emulator/platform/fault-kinds';
import { type Emulator, startEmulator } from '../../emulator/server';
import type { Client } from '../../lib/dingtalk/client';
import type { SyncProgress } from '../../lib/directory/mirror-state';
import {
  clientOf,
  type Dump,
  dumpCompany,
  dumpMirror,
  expectExact,
  type Mirror,
  openMirror,
} from '../support/directory';
import { printFigures, span } from '../support/figures';
import { prepareSync } from '../support/sync-process';

const KILLS = span(2, 20);
const COMPANIES = span(1, 12);
const firstSeed = Math.floor(Math.random() * 2 ** 31);

let emulator: Emulator;
let mirror: Mirror;
afterEach(async () => {
  await mirror.db.close();
  await emulator.close();
});

async function start(seed: number, size: { members: number; departments: number }): Promise<void> {
  emulator = await startEmulator({ ...size, seed, enforceQps: false });
  mirror = await openMirror(emulator);
  expect((await mirror.sync()).state).toBe('complete');
}

/** Some people come, go and change. */
function stir(random: ReturnType<typeof createRandom>, label: string): void {
  const { company, control } = emulator;
  const somebody = () => company.people[random.below(company.people.length)]!.userid;
  const somewhere = () => company.departments[random.below(company.departments.length)]!.id;
  for (let n = 0; n < 10; n++) control.fire(somebody());
  for (let n = 0; n < 20; n++) control.patchPerson(somebody(), { title: `${label}.${n}` });
  for (let n = 0; n < 10; n++) control.move(somebody(), [somewhere()]);
  for (let n = 0; n < 8; n++) control.hire({ userid: `new.${label}.${n}`, departmentIds: [somewhere()] });
}

// ── Killed ────────────────────────────────────────────────────────────────────────────────────────────────────────

test('killed at random moments, it goes on to the exact result each time, and readers see no mixture', async ({
  onTestFailed,
}) => {
  onTestFailed(() => void process.stdout.write(`the seed was ${firstSeed}\n`));
  const random = createRandom(firstSeed);
  await start(firstSeed, { members: span(400, 900), departments: span(60, 120) });
  const counts = { kills: 0, before: 0, after: 0, exact: 0, 'ended by itself': 0 };
  let before = await dumpMirror(mirror.store);
  for (let round = 0; counts.kills < KILLS; round++) {
    stir(random, String(round));
    const after = dumpCompany(emulator.company);
    const look = async () => {
      const seen = await snapshot();
      const isOld = JSON.stringify(seen) === JSON.stringify(before);
      if (!isOld) expect(seen).toEqual(after);
      counts[isOld ? 'before' : 'after'] += 1;
    };
    // Sometimes what goes on is killed too.
    for (let goesOn = true; goesOn; goesOn = random.below(3) === 0) {
      const child = await prepareSync(emulator, mirror.file, 300);
      child.go();
      // While it reads, or while it publishes.
      if (random.below(2) === 0) await looking(look, 50 + random.below(1500));
      else {
        while (!(await isPublishing()) && child.isAlive()) await delay(3);
        await delay(random.below(400));
      }
      child.kill();
      if ((await child.outcome) === '') counts.kills += 1;
      else counts['ended by itself'] += 1;
      await look();
    }
    expect((await mirror.sync()).state).toBe('complete');
    await expectExact(mirror, emulator.company);
    before = await dumpMirror(mirror.store);
    counts.exact += 1;
  }
  printFigures('Syncs killed at random moments', counts);
}, 600_000);

async function looking(look: () => Promise<void>, ms: number): Promise<void> {
  const until = performance.now() + ms;
  do await look();
  while (performance.now() < until);
}

async function isPublishing(): Promise<boolean> {
  const [run] = await mirror.store.runs(1);
  return (run?.progress as SyncProgress | undefined)?.phase === 'publishing';
}

/** What readers see, all of one moment. */
async function snapshot(): Promise<Dump> {
  for (;;) {
    const { revision } = await mirror.store.state();
    const dump = await dumpMirror(mirror.store).catch((error: unknown) => error);
    if ((await mirror.store.state()).revision !== revision) continue;
    if (dump instanceof Error) throw dump;
    return dump as Dump;
  }
}

// ── Faults ────────────────────────────────────────────────────────────────────────────────────────────────────────

/**
 * Every kind of fault that a call of the directory can meet. Not among them: what happens to tokens only, and what is
 * no fault but another truth (people who leave, a department that DingTalk says is gone).
 */
const FAULTS: FaultInput[] = [
  { kind: 'errcode', errcode: -1 },
  { kind: 'errcode', errcode: 90018 },
  { kind: 'errcode', errcode: 50004, wrapped: true },
  { kind: 'json', body: {} },
  { kind: 'json', body: [] },
  { kind: 'status', status: 502 },
  { kind: 'status', status: 429 },
  { kind: 'redirect', location: 'http://127.0.0.1:9/' },
  { kind: 'empty' },
  { kind: 'html' },
  { kind: 'garbage' },
  { kind: 'echoUrl' },
  { kind: 'echoToken' },
  { kind: 'huge', bytes: 30_000_000 },
  { kind: 'gzipBomb', bytes: 30_000_000 },
  { kind: 'reset' },
  { kind: 'reset', afterBytes: 40 },
  { kind: 'hangup' },
  { kind: 'blackhole' },
  { kind: 'idleClose', idleMs: 20 },
  { kind: 'delayHeaders', ms: 300 },
  { kind: 'delayBody', ms: 300 },
  { kind: 'trickle', bytesPerSecond: 20 },
  { kind: 'truncate' },
  { kind: 'truncate', chunked: true },
  { kind: 'relabel', contentType: 'text/html' },
  { kind: 'prefixBytes', hex: 'efbbbf' },
  { kind: 'prefixBytes', hex: '00ff' },
  { kind: 'encoding', charset: 'gbk' },
  { kind: 'headers', headers: { 'x-odd': '1' } },
  { kind: 'patch', unset: ['result'] },
  { kind: 'patch', set: { result: 'words' } },
  { kind: 'revokeTokenNow' },
  { kind: 'clockJump', seconds: 1 },
];
const ENDPOINTS: Record<string, string> = {
  '/topapi/v2/department/listsub': 'departments',
  '/topapi/v2/department/get': 'settings',
  '/topapi/v2/user/list': 'people',
  '/topapi/user/listid': 'people',
  '/topapi/v2/user/get': 'person',
  '/topapi/role/list': 'roles',
  '/topapi/role/simplelist': 'roles',
  '/topapi/user/listadmin': 'admins',
};

/** A client that remembers how the last attempt at each call ended. */
function remembering(client: Client): { client: Client; failed(): string[] } {
  const last = new Map<string, { part: string; failed: boolean }>();
  const call: Client['call'] = async (request) => {
    const what = ENDPOINTS[request.path];
    const { dept_id: id, userid } = (request.body ?? {}) as { dept_id?: number; userid?: string };
    const key = `${request.path} ${JSON.stringify(request.body)}`;
    const note = (failed: boolean) =>
      what && last.set(key, { part: `${what} ${id ?? userid ?? ''}`.trim(), failed });
    try {
      const answer = await client.call(request);
      note(false);
      return answer;
    } catch (error) {
      note(true);
      throw error;
    }
  };
  return {
    client: { ...client, call },
    failed: () => [...last.values()].filter(({ failed }) => failed).map(({ part }) => part),
  };
}

const unique = (parts: string[]) => [...new Set(parts)].sort();

test('with faults of every kind on 1 % of the calls each, what is read is exact, or says what is missing; nobody is removed', async ({
  onTestFailed,
}) => {
  let seed = firstSeed;
  onTestFailed(() => void process.stdout.write(`the seed was ${seed}\n`));
  const counts: Record<string, number> = { complete: 0, partial: 0, faults: 0, named: 0 };
  for (let round = 0; round < COMPANIES; round++) {
    seed = firstSeed + round;
    const random = createRandom(seed);
    await start(seed, {
      members: 300 + random.below(span(300, 1200)),
      departments: 40 + random.below(span(40, 120)),
    });
    const before = await dumpMirror(mirror.store);
    stir(random, String(round));
    for (const endpoint of Object.keys(ENDPOINTS)) {
      for (const fault of FAULTS) emulator.control.fault({ endpoint, times: 'always', share: 0.01, fault });
    }
    const { client, failed } = remembering(clientOf(emulator));
    const run = await mirror.sync({ client });
    counts.faults! += emulator.control.faults().reduce((sum, { hits }) => sum + hits, 0);
    emulator.control.clearFaults();

    const named = run.missing.map(({ what, departmentId, userId }) =>
      `${what} ${departmentId ?? userId ?? ''}`.trim(),
    );
    expect(unique(named)).toEqual(unique(failed().map((part) => part.replace(/^(roles|admins) .*/, '$1'))));
    expect(['complete', 'partial']).toContain(run.state);
    counts[run.state]! += 1;
    counts.named! += named.length;
    if (run.state === 'complete') await expectExact(mirror, emulator.company);
    else await expectHonest(before, named);

    expect((await mirror.sync()).state).toBe('complete');
    await expectExact(mirror, emulator.company);
    if (round < COMPANIES - 1) {
      await mirror.db.close();
      await emulator.close();
    }
  }
  printFigures('Syncs with faults of every kind', counts);
}, 1_800_000);

/** A partial reading: what is not named as missing is there, and nobody is gone who was there before. */
async function expectHonest(before: Dump, named: string[]): Promise<void> {
  const [now, truth] = [await dumpMirror(mirror.store), dumpCompany(emulator.company)];
  const knowsPeople = !named.some((part) => /^(departments|people|person)/.test(part));
  const allowedGone = knowsPeople ? new Set(Object.keys(before.people)) : new Set<string>();
  for (const userid of Object.keys(truth.people)) allowedGone.delete(userid);
  const gone = Object.keys(before.people).filter((userid) => !now.people[userid] && !allowedGone.has(userid));
  expect(gone).toEqual([]);
  for (const { id, people } of truth.departments) {
    const [, ...above] = emulator.company.pathOf(id);
    if (named.includes(`people ${id}`) || above.some((one) => named.includes(`departments ${one}`))) continue;
    const mine = now.departments.find((department) => department.id === id)?.people;
    expect(mine).toEqual(expect.arrayContaining(people));
  }
  for (const [userid, { name, mobile }] of Object.entries(now.people)) {
    const told = truth.people[userid] ?? before.people[userid]!;
    expect({ userid, name, mobile }).toEqual({ userid, name: told.name, mobile: told.mobile });
  }
}
