import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Balancer, startBalancer } from '../../emulator/demo/balancer';
import { type Emulator, startEmulator } from '../../emulator/server';
import { type App, startApp } from '../support/app';
import { syncNow, untilRead } from '../support/directory-app';
import { signedIn, Visitor } from '../support/http-session';
import { freePort } from '../support/port';
import { postgresDatabase } from '../support/postgres';
import { CALLBACK_ENV, isIn, postEvent, untilReady, untilRefused } from '../support/staff';

/** Three processes of one company with folders of their own: nothing is shared but a PostgreSQL database. */

let emulator: Emulator;
let machines: App[];
let balancer: Balancer;
/** The company's address: each request is answered by the next machine. */
let front: Pick<App, 'url' | 'origin'>;
let people: string[];
let admin: string;
beforeAll(async () => {
  emulator = await startEmulator({ members: 120, departments: 8, enforceQps: false });
  people = emulator.company.people.filter(({ active }) => active).map(({ userid }) => userid);
  admin = people.shift()!;
  const { url: DATABASE_URL } = await postgresDatabase();
  const ports = [await freePort(), await freePort(), await freePort()];
  balancer = await startBalancer(ports.map((port) => `http://127.0.0.1:${port}`));
  front = { url: balancer.url, origin: balancer.url };
  machines = await Promise.all(
    ports.map((port, index) =>
      startApp({
        emulator,
        port,
        origin: balancer.url,
        env: {
          ...CALLBACK_ENV,
          DATABASE_URL,
          DATA_DIR: mkdtempSync(join(tmpdir(), 'dingpass-machine-')),
          ADMIN_USER_IDS: admin,
          DINGTALK_AGENT_ID: emulator.agentId,
          DIRECTORY_SYNC: index === 0 ? 'on' : 'off',
          DIRECTORY_CALLS_PER_SECOND: '200',
          TRUSTED_PROXY_HOPS: '1',
        },
      }),
    ),
  );
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

test('the same code handed to two machines at once makes one session, and so does the same state', async () => {
  const userid = somebody();
  const [one, other] = machines as [App, App];
  for (let round = 0; round < 10; round++) {
    const code = emulator.control.mintCode(userid);
    const answers = await Promise.all(
      [one, other].map((machine) => new Visitor(machine).post('/api/session', { code })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 401]);

    const browser = new Visitor(machines[round % 3]!);
    const started = await browser.ask('/api/oauth/start?next=/me');
    const state = new URL(started.headers.get('location')!).searchParams.get('state')!;
    const authCode = emulator.control.mintCode(userid, { kind: 'oauth' });
    const query = new URLSearchParams({ authCode, state });
    const ends = await Promise.all(
      [one, other].map((machine) =>
        new Visitor(machine).ask(`/api/oauth/callback?${query}`, {
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
