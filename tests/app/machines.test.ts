import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type Balancer, startBalancer } from '../../emulator/demo/balancer';
import { type Emulator, startEmulator } from '../../emulator/server';
import { type App, startApp } from '../support/app';
import { syncNow, untilRead } from '../support/directory-app';
import { printFigures, span } from '../support/figures';
import { signedIn, Visitor } from '../support/http-session';
import { freePort } from '../support/port';
import { postgresDatabase, type TestDatabase } from '../support/postgres';
import { send } from '../support/raw-request';
import { CALLBACK_ENV, isIn, postEvent, untilReady, untilRefused } from '../support/staff';

/** Three processes of one company with folders of their own: nothing is shared but a PostgreSQL database. */

vi.setConfig({ testTimeout: 300_000 });

let emulator: Emulator;
let database: TestDatabase;
let machines: App[];
let start: (port: number, index: number) => Promise<App>;
let balancer: Balancer;
/** The company's address: each request is answered by the next machine. */
let front: Pick<App, 'url' | 'origin'>;
let people: string[];
let admin: string;
beforeAll(async () => {
  emulator = await startEmulator({ members: 120, departments: 8, enforceQps: false });
  people = emulator.company.people.filter(({ active }) => active).map(({ userid }) => userid);
  admin = people.shift()!;
  database = await postgresDatabase();
  const ports = [await freePort(), await freePort(), await freePort()];
  balancer = await startBalancer(ports.map((port) => `http://127.0.0.1:${port}`));
  front = { url: balancer.url, origin: balancer.url };
  start = (port, index) =>
    startApp({
      emulator,
      port,
      origin: balancer.url,
      env: {
        ...CALLBACK_ENV,
        DATABASE_URL: database.url,
        DATA_DIR: mkdtempSync(join(tmpdir(), 'dingpass-machine-')),
        ADMIN_USER_IDS: admin,
        DINGTALK_AGENT_ID: emulator.agentId,
        DIRECTORY_SYNC: index === 0 ? 'on' : 'off',
        DIRECTORY_CALLS_PER_SECOND: '200',
        TRUSTED_PROXY_HOPS: '1',
      },
    });
  machines = await Promise.all(ports.map(start));
  for (const machine of machines) await untilReady(machine);
});
afterAll(async () => {
  balancer?.close();
  await Promise.all((machines ?? []).map((machine) => machine.close()));
  await emulator?.close();
});

const somebody = () => people.shift()!;
const onEach = <T>(action: (machine: App) => Promise<T>) => Promise.all(machines.map(action));
const cookieOf = async (userid: string) => (await signedIn(front, emulator, userid)).cookieHeader();
const postForm = (visitor: Visitor, path: string, form: Record<string, string>) =>
  visitor.ask(path, {
    method: 'POST',
    headers: { origin: front.origin, 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(form).toString(),
  });

test('without stickiness a person signs in, moves about, sees their session, and signs out of every machine', async () => {
  const visitor = await signedIn(front, emulator, somebody());
  for (const path of ['/', '/me', '/me/sessions', '/api/session', '/', '/me', '/me/sessions', '/api/session'])
    expect([path, (await visitor.ask(path)).status]).toEqual([path, 200]);
  const cookie = visitor.cookieHeader();
  await visitor.ask('/api/session', { method: 'DELETE', headers: { origin: front.origin } });
  for (const ms of await onEach((machine) => untilRefused(machine, cookie))) expect(ms).toBeLessThan(2000);
});

test('pages are signed by every machine with one ticket', async () => {
  const visitor = await signedIn(front, emulator, somebody());
  const url = encodeURIComponent(`${front.origin}/canteen`);
  for (let times = 0; times < 6; times++)
    expect((await visitor.ask(`/api/jsapi/signature?url=${url}`)).status).toBe(200);
  expect(emulator.control.calls().byEndpoint['/v1.0/oauth2/jsapiTickets']).toBe(1);
});

test('whoever is dismissed is refused by every machine within two seconds, whichever was told; nobody else is', async () => {
  const stayer = await cookieOf(somebody());
  for (const machine of machines) {
    const userid = somebody();
    const leaver = await cookieOf(userid);
    emulator.control.fire(userid);
    const event = { EventType: 'user_leave_org', UserId: [userid], eventId: `leave-${userid}` };
    expect(await postEvent(machine, emulator, event)).toBe(200);
    for (const ms of await onEach((other) => untilRefused(other, leaver))) expect(ms).toBeLessThan(2000);
  }
  expect(await onEach((machine) => isIn(machine, stayer))).toEqual([true, true, true]);
});

test('an event that is told to two machines counts once: whoever came back stays in', async () => {
  const userid = somebody();
  const event = { EventType: 'user_leave_org', UserId: [userid], eventId: 'told-twice' };
  expect(await postEvent(machines[0]!, emulator, event)).toBe(200);
  const cookie = await cookieOf(userid);
  expect(await postEvent(machines[1]!, emulator, event)).toBe(200);
  expect(await onEach((machine) => isIn(machine, cookie))).toEqual([true, true, true]);
});

test('an administrator ends all sessions of a person from any machine', async () => {
  const userid = somebody();
  const cookies = [await cookieOf(userid), await cookieOf(userid)];
  const answer = await postForm(await signedIn(front, emulator, admin), '/api/admin/sessions', {
    person: userid,
  });
  expect(answer.status).toBe(303);
  for (const cookie of cookies)
    for (const ms of await onEach((machine) => untilRefused(machine, cookie))) expect(ms).toBeLessThan(2000);
});

test('invented codes of one address are counted by all machines together', async () => {
  const codesAsked = () => emulator.control.calls().byEndpoint['/topapi/v2/user/getuserinfo'] ?? 0;
  const before = codesAsked();
  const guesser = new Visitor(front, { 'x-forwarded-for': '10.9.9.9' });
  const statuses: number[] = [];
  for (let at = 0; at < 30; at++)
    statuses.push((await guesser.post('/api/session', { code: `invented-${at}` })).status);
  expect(statuses.filter((status) => status === 401)).toHaveLength(20);
  expect(statuses.filter((status) => status === 429)).toHaveLength(10);
  expect(codesAsked() - before).toBe(20);
});

test('the same code handed to two machines at once makes one session, and so does the same state', async () => {
  const [one, other] = machines as [App, App];
  const rounds = span(10, 200);
  for (let round = 0; round < rounds; round++) {
    const userid = people[round % people.length]!;
    // The second use of a code counts as a failed attempt, of its address and of everybody's minute.
    const from = { 'x-forwarded-for': `10.8.${round >> 8}.${round & 255}` };
    const code = emulator.control.mintCode(userid);
    const answers = await Promise.all(
      [one, other].map((machine) => new Visitor(machine, from).post('/api/session', { code })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 401]);

    const browser = new Visitor(machines[round % 3]!, from);
    const started = await browser.ask('/api/oauth/start?next=/me');
    const state = new URL(started.headers.get('location')!).searchParams.get('state')!;
    const authCode = emulator.control.mintCode(userid, { kind: 'oauth' });
    const query = new URLSearchParams({ authCode, state });
    const ends = await Promise.all(
      [one, other].map((machine) =>
        new Visitor(machine, from).ask(`/api/oauth/callback?${query}`, {
          headers: { cookie: browser.cookieHeader() },
        }),
      ),
    );
    expect(ends.map(({ status }) => status)).toEqual([303, 303]);
    const sessions = ends.flatMap(({ headers }) =>
      headers.getSetCookie().filter((line) => /^dingpass=[^;]/.test(line)),
    );
    expect(sessions).toHaveLength(2);
    expect(new Set(sessions).size).toBe(1);
  }
  printFigures('The same code, and the same state, to two machines at once', { rounds });
});

test('the directory is read by one machine and shown by all; what changes is seen on all', async () => {
  const visitor = await signedIn(front, emulator, admin);
  await untilRead(visitor);
  const { userid, name } = emulator.company.people.find((person) => person.userid === people.at(-1))!;
  for (let turn = 0; turn < 6; turn++) {
    const { json } = await visitor.ask(`/api/directory/search?q=${encodeURIComponent(name)}`);
    expect(json.people.map((person: { userId: string }) => person.userId)).toContain(userid);
    expect((await visitor.ask(`/directory/people/${userid}`)).status).toBe(200);
  }
  emulator.control.patchPerson(userid, { title: 'Lighthouse keeper' });
  await syncNow(visitor, front.origin);
  for (let turn = 0; turn < 6; turn++)
    expect((await visitor.ask(`/directory/people/${userid}`)).text).toContain('Lighthouse keeper');
  const exported = await visitor.ask('/directory/export.csv');
  expect([200, 403]).toContain(exported.status);
});

test('the audit has what every machine did', async () => {
  const visitor = await signedIn(front, emulator, admin);
  const lines = (await visitor.ask('/api/admin/audit.csv')).text;
  for (const event of ['sign-in', 'sign-out', 'person-ended']) expect(lines).toContain(event);
});

test('the emergency stop has everybody out of every machine within five seconds', async () => {
  const cookies = [await cookieOf(somebody()), await cookieOf(somebody())];
  const visitor = await signedIn(front, emulator, admin);
  expect((await postForm(visitor, '/api/admin/sessions', { everyone: 'yes' })).status).toBe(303);
  for (const cookie of cookies)
    for (const ms of await onEach((machine) => untilRefused(machine, cookie))) expect(ms).toBeLessThan(5000);
});

const statusOf = async (machine: App, cookie: string) =>
  (await send(machine, { path: '/api/session', headers: { cookie } })).status;

/** An older copy is put in the database's place; who left meanwhile is in it, and must not be let in. */
async function anOlderCopy() {
  const [leaverId, stayer] = [somebody(), await cookieOf(somebody())];
  const leaver = await cookieOf(leaverId);
  const restore = await database.copy();
  const event = { EventType: 'user_leave_org', UserId: [leaverId], eventId: `left-${leaverId}` };
  const told = () => postEvent(machines[0]!, emulator, event);
  await expect.poll(told, { timeout: 10_000 }).toBe(200);
  await onEach((machine) => untilRefused(machine, leaver));
  const newer = await cookieOf(somebody());
  return { leaver, stayer, newer, restore };
}

async function expectAfterwards(cookies: readonly string[]) {
  for (const cookie of cookies) await onEach((machine) => untilRefused(machine, cookie));
  const again = await cookieOf(somebody());
  await onEach((machine) => expect.poll(() => statusOf(machine, again), { timeout: 5000 }).toBe(200));
  const ready = await send(machines[0]!, { path: '/api/ready' });
  expect(JSON.parse(ready.text)).toMatchObject({ restoredAt: expect.stringMatching(/Z$/) });
  const lines = (await (await signedIn(front, emulator, admin)).ask('/api/admin/audit.csv')).text;
  expect(lines).toMatch(/everyone-ended.*restored/);
}

test('a replica that lagged takes over while the machines run: who was ended meanwhile is never in', async () => {
  const { leaver, stayer, newer, restore } = await anOlderCopy();
  let isOver = false;
  const seen = new Set<number>();
  const watching = onEach(async (machine) => {
    while (!isOver) seen.add(await statusOf(machine, leaver));
  });
  await restore();
  await expectAfterwards([newer, stayer]);
  isOver = true;
  await watching;
  expect([...seen]).not.toContain(200);
});

test('an older copy restored while no machine runs: nobody who was ended is in once a newer cookie was seen', async () => {
  const { leaver, stayer, newer, restore } = await anOlderCopy();
  const ports = machines.map(({ url }) => Number(new URL(url).port));
  await onEach((machine) => machine.close());
  await restore();
  machines = await Promise.all(ports.map(start));
  await onEach(untilReady);
  expect(await statusOf(machines[1]!, newer)).toBe(401);
  for (const cookie of [leaver, stayer, newer]) expect(await statusOf(machines[1]!, cookie)).toBe(401);
  await expectAfterwards([leaver, stayer, newer]);
});
