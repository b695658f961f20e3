import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { ROLE_GROUPS } from '../../emulator/company/roles';
import { type Emulator, startEmulator } from '../../emulator/server';
import { type App, startApp } from '../support/app';
import { PARTS, readAnswer } from '../support/callback';
import { type CallbackEntry, requestsOfEntry } from '../support/callback-corpus';
import { openCorpus } from '../support/corpus';
import { startDirectoryApp, untilRead } from '../support/directory-app';
import { span } from '../support/figures';
import { signedIn, Visitor } from '../support/http-session';
import { send } from '../support/raw-request';
import {
  CALLBACK_ENV,
  isIn,
  postEvent,
  startListener,
  subscribe,
  untilReady,
  untilRefused,
} from '../support/staff';

let emulator: Emulator;
let app: App;
let people: string[];
beforeAll(async () => {
  emulator = await startEmulator({ enforceQps: false, members: 120 });
  people = emulator.company.people.filter(({ active }) => active).map(({ userid }) => userid);
  app = await startListener(emulator, { env: { ADMIN_USER_IDS: people[0]! } });
});
afterAll(async () => {
  await app?.close();
  await emulator?.close();
});

const somebody = () => people.pop()!;

// ── The address ───────────────────────────────────────────────────────────────────────────────────────────────────

const corpus = openCorpus<CallbackEntry>('callback-events');
const refusals = new Set<string>();
/** Answered before it comes to us. */
const OTHERWISE: Record<string, number[]> = { 'CB-007': [431] };

corpus.each(
  ({ name }) => name,
  async (entry) => {
    const { method = 'POST' } = entry.mutation;
    const race = entry.mutation.raceWithLogin ? await beginSignIn() : undefined;
    if (race) entry.mutation.event = { UserId: [race.userid] };
    const parts = { ...PARTS, ownerKey: emulator.clientId, timestamp: String(Date.now()) };
    const requests = requestsOfEntry(entry, { parts, corpId: emulator.corpId }).slice(0, span(300, 1000));
    for (let at = 0; at < requests.length; at += 50) {
      const some = requests.slice(at, at + 50).map(async ({ query, body }) => {
        const started = performance.now();
        const answer = await send(app, {
          method,
          path: `/api/dingtalk/events?${query}`,
          headers: { 'content-type': 'application/json' },
          body: method === 'POST' ? body : undefined,
        });
        return { ...answer, ms: performance.now() - started };
      });
      for (const answer of await Promise.all(some)) {
        expect([...[entry.expect.status].flat(), ...(OTHERWISE[entry.id] ?? [])]).toContain(answer.status);
        if (requests.length === 1) expect(answer.ms).toBeLessThan(1500);
        if (answer.status === 200) expect(readAnswer(answer.text, parts)).toBe('success');
        else if (method === 'POST' && !OTHERWISE[entry.id]) refusals.add(`${answer.status} ${answer.text}`);
      }
    }
    if (race) expect(await race.outcome).toEqual({ status: 401, cookies: 0 });
  },
);

/** A sign-in for which DingTalk takes its time. */
async function beginSignIn() {
  const userid = somebody();
  // Of this person only: who left just now is asked about too.
  emulator.control.fault({
    endpoint: 'userdetail',
    where: { userid },
    times: 1,
    fault: { kind: 'delayHeaders', ms: 1500 },
  });
  const visitor = new Visitor(app);
  const answer = visitor.post('/api/session', { code: emulator.control.mintCode(userid) });
  await delay(500);
  return { userid, outcome: answer.then(({ status }) => ({ status, cookies: visitor.cookies.size })) };
}

test('all forgeries hear the very same, whatever is wrong, and however large it is', async () => {
  for (const body of ['x'.repeat(300_000), '{"encrypt":"', '']) {
    const answer = await send(app, { method: 'POST', path: '/api/dingtalk/events', body });
    refusals.add(`${answer.status} ${answer.text}`);
  }
  expect([...refusals]).toEqual(['403 {"error":{"code":"CALLBACK_REFUSED","message":"refused"}}']);
});

corpus.report({
  total: 34,
  applying: 34,
  deviations: { 'CB-007': 'Node itself refuses a request line of a megabyte, with 431' },
});

// ── Stream ────────────────────────────────────────────────────────────────────────────────────────────────────────

test('over Stream too whoever leaves is out, and an event counts once whichever way it comes', async () => {
  const streaming = await startApp({ emulator, env: { ...CALLBACK_ENV, DINGTALK_STREAM: 'on' } });
  try {
    for (let waited = 0; !/stream-connected/.test(streaming.output()); waited += 100) {
      if (waited > 10_000) throw new Error('not connected');
      await delay(100);
    }
    emulator.control.events.unsubscribe();
    const userid = somebody();
    const visitor = await signedIn(streaming, emulator, userid);
    const { eventId } = emulator.control.events.emit({ type: 'user_leave_org', userIds: [userid] });
    for (const one of [streaming, app])
      expect(await untilRefused(one, visitor.cookieHeader())).toBeLessThan(2000);
    const back = await signedIn(streaming, emulator, userid);
    expect(await postEvent(app, emulator, { EventType: 'user_leave_org', UserId: [userid], eventId })).toBe(
      200,
    );
    await delay(700);
    expect(await isIn(app, back.cookieHeader())).toBe(true);
  } finally {
    await streaming.close();
  }
});

// ── What did not get through ──────────────────────────────────────────────────────────────────────────────────────

test('what DingTalk could not deliver is fetched and done, and what had been done after all is not done again', async () => {
  const company = await startEmulator({ enforceQps: false, members: 20 });
  const [gone, back] = company.company.people.filter(({ active }) => active).map(({ userid }) => userid);
  const { control } = company;
  const first = await startApp({ emulator: company, env: CALLBACK_ENV });
  await untilReady(first);
  const leaver = await signedIn(first, company, gone!);
  const { token, aesKey } = PARTS;
  // Nobody listens there.
  await control.events.subscribe({ url: 'http://127.0.0.1:9/', token, aesKey, check: false });
  const bornAt = Date.now();
  const { eventId } = control.events.emit({ type: 'user_leave_org', userIds: [back!], bornAt });
  control.events.emit({ type: 'user_leave_org', userIds: [gone!] });
  for (const pause of [0, 10_000, 30_000, 180_000]) {
    control.advanceClock(pause);
    await vi.waitFor(() =>
      expect(
        control.events.deliveries().every(({ state, attempts }) => state === 'failed' || attempts > 0),
      ).toBe(true),
    );
    await delay(200);
  }
  expect(control.events.deliveries().map(({ state }) => state)).toEqual(['failed', 'failed']);
  // One of them had an effect, and only the answer was late: its person has come back since.
  const event = { EventType: 'user_leave_org', UserId: [back!], eventId, TimeStamp: String(bornAt) };
  expect(await postEvent(first, company, event)).toBe(200);
  const returned = await signedIn(first, company, back!);
  expect(await isIn(first, leaver.cookieHeader())).toBe(true);
  await first.close();

  const second = await startApp({ emulator: company, env: CALLBACK_ENV });
  try {
    expect(await untilRefused(second, leaver.cookieHeader())).toBeLessThan(15_000);
    await delay(700);
    expect(await isIn(second, returned.cookieHeader())).toBe(true);
  } finally {
    await second.close();
    await company.close();
  }
}, 60_000);

// ── What people may see ───────────────────────────────────────────────────────────────────────────────────────────

test('somebody who is made inactive is out once DingTalk has been asked', async () => {
  const userid = somebody();
  const visitor = await signedIn(app, emulator, userid);
  emulator.control.patchPerson(userid, { active: false });
  await postEvent(app, emulator, { EventType: 'user_modify_org', UserId: [userid] });
  expect(await untilRefused(app, visitor.cookieHeader())).toBeLessThan(10_000);
});

test('who becomes or ceases to be a main administrator sees so within a minute, without signing out', async () => {
  const userid = somebody();
  const visitor = await signedIn(app, emulator, userid);
  const mayRead = async () => (await visitor.ask('/api/admin/audit.csv')).status === 200;
  const until = async (wanted: boolean) => {
    for (let waited = 0; (await mayRead()) !== wanted; waited += 250) {
      if (waited > 20_000) throw new Error('nothing changed');
      await delay(250);
    }
  };
  expect(await mayRead()).toBe(false);
  emulator.control.patchPerson(userid, { adminLevel: 1 });
  await postEvent(app, emulator, { EventType: 'org_admin_add', UserId: [userid] });
  await until(true);
  emulator.control.patchPerson(userid, { adminLevel: 0 });
  await postEvent(app, emulator, { EventType: 'org_admin_remove', UserId: [userid] });
  await until(false);
  expect(await isIn(app, visitor.cookieHeader())).toBe(true);
});

test('who gets or loses a role, or moves, sees more or less within a minute, under the same cookie', async () => {
  const company = await startEmulator({ enforceQps: false, members: 60, departments: 8 });
  const [open, hidden] = company.company.departments.map(({ id }) => id).filter((id) => id !== 1);
  const role = ROLE_GROUPS.flatMap(({ roles }) => roles).at(-1)!;
  const { userid } = company.company.people.find(({ active }) => active)!;
  const become = (change: { departmentIds?: number[]; roleIds?: number[] }) =>
    company.control.patchPerson(userid, change);
  become({ departmentIds: [open!], roleIds: [] });
  company.control.patchPerson(userid, { leads: [], adminLevel: 0 });
  company.control.patchDepartment(hidden!, { hidden: true });
  const seeing = await startDirectoryApp({
    emulator: company,
    env: { ...CALLBACK_ENV, DIRECTORY_SEE_HIDDEN: `role:${role.name}` },
  });
  try {
    await subscribe(company, seeing);
    const visitor = await signedIn(seeing, company, userid);
    const cookie = visitor.cookieHeader();
    await untilRead(visitor);
    const untilSeen = async (wanted: number) => {
      for (let waited = 0; ; waited += 250) {
        const { status } = await visitor.ask(`/api/directory/departments/${hidden}`);
        if (status === wanted) return;
        if (waited > 20_000) throw new Error(`still ${status}, not ${wanted}`);
        await delay(250);
      }
    };
    await untilSeen(404);
    become({ roleIds: [role.id] });
    await untilSeen(200);
    become({ roleIds: [] });
    await untilSeen(404);
    become({ departmentIds: [hidden!] });
    await untilSeen(200);
    become({ departmentIds: [open!] });
    await untilSeen(404);
    expect(visitor.cookieHeader()).toBe(cookie);
    expect(await isIn(seeing, cookie)).toBe(true);
  } finally {
    await seeing.close();
    await company.close();
  }
}, 120_000);
