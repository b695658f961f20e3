import { resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type Emulator, startEmulator } from '../../emulator/server';
import { addDays } from '../../lib/dingtalk/time-zone';
import { localDay } from '../../lib/local-time';
import { type App, linesWith, startApp } from '../support/app';
import { signedIn, Visitor } from '../support/http-session';
import { send } from '../support/raw-request';
import { isIn, postEvent, startListener, untilReady, untilRefused } from '../support/staff';

let emulator: Emulator;
/** Two processes of one company, on one database. */
let one: App;
let two: App;
/** A process that starts later, for all that need one. */
let third: App;
let admin: string;
let people: string[];
let used = 0;
beforeAll(async () => {
  emulator = await startEmulator({ enforceQps: false, members: 260 });
  people = emulator.company.people.filter(({ active }) => active).map(({ userid }) => userid);
  admin = people.shift()!;
  one = await startListener(emulator, { env: { ADMIN_USER_IDS: admin } });
  two = await startApp({ emulator, env: { ADMIN_USER_IDS: admin } });
});
afterAll(async () => {
  await Promise.all([one?.close(), two?.close(), third?.close()]);
  await emulator?.close();
});
beforeEach(() => emulator.control.clearFaults());

/** Somebody whom no other test has touched. */
const somebody = () => people[used++]!;
const enter = (userid: string, app = one) => signedIn(app, emulator, userid);
const cookieOf = (visitor: Visitor) => visitor.cookieHeader();
const postForm = (visitor: Visitor, app: App, path: string, form: Record<string, string> = {}) =>
  visitor.ask(path, {
    method: 'POST',
    headers: { origin: app.origin, 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(form).toString(),
  });

// ── What ends a session ───────────────────────────────────────────────────────────────────────────────────────────

test('whoever leaves the company is refused by every page and API of every process, and nobody else is', async () => {
  const [userid, stayer] = [somebody(), somebody()];
  const [leaver, other] = [await enter(userid), await enter(stayer)];
  expect(await isIn(two, cookieOf(leaver))).toBe(true);
  emulator.control.fire(userid);
  const [here, there] = await Promise.all([
    untilRefused(one, cookieOf(leaver)),
    untilRefused(two, cookieOf(leaver)),
  ]);
  expect(Math.max(here, there)).toBeLessThan(2000);
  for (const app of [one, two]) {
    for (const path of ['/', '/me', '/me/sessions']) {
      const page = await send(app, { path, headers: { cookie: cookieOf(leaver) } });
      expect(page.status).toBe(307);
      expect(page.headers.location).toMatch(/^\/login\?/);
    }
    expect(await isIn(app, cookieOf(other))).toBe(true);
  }
  const again = await new Visitor(one).post('/api/session', { code: 'x' });
  expect(again.status).toBe(401);
});

test('signing out ends every copy of the cookie: here at once, in other processes within two seconds', async () => {
  const visitor = await enter(somebody());
  const copy = cookieOf(visitor);
  expect(await isIn(two, copy)).toBe(true);
  const answer = await visitor.ask('/api/session', { method: 'DELETE', headers: { origin: one.origin } });
  expect(answer.status).toBe(204);
  expect(await isIn(one, copy)).toBe(false);
  expect(await untilRefused(two, copy)).toBeLessThan(2000);
});

test('another sign-in in the same browser ends the session that was there', async () => {
  const visitor = await enter(somebody());
  const old = cookieOf(visitor);
  const answer = await visitor.post('/api/session', { code: emulator.control.mintCode(somebody()) });
  expect(answer.status).toBe(200);
  expect(await isIn(one, old)).toBe(false);
  expect(await untilRefused(two, old)).toBeLessThan(2000);
  expect(await isIn(two, cookieOf(visitor))).toBe(true);
});

test('a person sees their own sessions, ends one of them, and signs out everywhere', async () => {
  const userid = somebody();
  const phone = new Visitor(one, { 'user-agent': 'Mozilla/5.0 (Linux; Android 13) AliApp(DingTalk/8.1.10)' });
  const desk = new Visitor(one, { 'user-agent': 'Mozilla/5.0 (Windows NT 10.0) Chrome/133 Edg/133.0' });
  for (const visitor of [phone, desk])
    await visitor.post('/api/session', { code: emulator.control.mintCode(userid) });
  const stranger = await enter(somebody());

  const page = await phone.ask('/me/sessions');
  expect(page.status).toBe(200);
  expect(page.text).toContain('Android');
  expect(page.text).toContain('Edge');
  expect(page.text).not.toContain('AppleWebKit');
  const ids = [...page.text.matchAll(/name="session" value="([0-9a-f-]{36})"/g)].map(([, id]) => id!);
  expect(ids).toHaveLength(1);

  // Not somebody else's to end.
  expect((await postForm(stranger, one, '/api/me/sessions/end', { session: ids[0]! })).status).toBe(404);
  expect(await isIn(one, cookieOf(desk))).toBe(true);
  expect((await postForm(phone, one, '/api/me/sessions/end', { session: ids[0]! })).status).toBe(303);
  expect(await isIn(one, cookieOf(desk))).toBe(false);
  expect(await isIn(one, cookieOf(phone))).toBe(true);

  const second = await enter(userid, two);
  const cookies = [cookieOf(phone), cookieOf(second)];
  const answer = await postForm(phone, one, '/api/me/sessions/end-all');
  expect(answer.headers.get('location')).toBe('/login?signedout=1');
  expect(phone.cookies.has('dingpass')).toBe(false);
  for (const cookie of cookies)
    for (const app of [one, two]) expect(await untilRefused(app, cookie)).toBeLessThan(2000);
  expect(await isIn(one, cookieOf(await enter(userid)))).toBe(true);
});

test('whoever has more sessions than fit on a page finds all of them, page after page', async () => {
  const userid = somebody();
  let visitor = await enter(userid);
  for (let made = 1; made < 60; made += 10) {
    const some = Array.from({ length: Math.min(10, 60 - made) }, () => enter(userid));
    visitor = (await Promise.all(some)).at(-1)!;
  }
  const idsOn = (text: string) =>
    [...text.matchAll(/name="session" value="([0-9a-f-]{36})"/g)].map(([, id]) => id!);
  const first = (await visitor.ask('/me/sessions')).text;
  const next = /href="(\/me\/sessions\?after=[^"]+)"/.exec(first)?.[1];
  expect(next).toBeDefined();
  const second = (await visitor.ask(next!)).text;
  expect(second).not.toMatch(/href="\/me\/sessions\?after=/);
  // All but the one that asks.
  expect(new Set([...idsOn(first), ...idsOn(second)]).size).toBe(59);
});

test.each(['/api/me/sessions/end', '/api/me/sessions/end-all', '/api/admin/sessions'])(
  'another site cannot post to %s, and nobody can get it',
  async (path) => {
    const visitor = await enter(admin);
    const headers = { 'content-type': 'application/x-www-form-urlencoded', origin: 'https://evil.example' };
    const body = 'everyone=yes';
    expect((await visitor.ask(path, { method: 'POST', headers, body })).status).toBe(403);
    expect((await visitor.ask(path)).status).toBe(405);
    expect(await isIn(one, cookieOf(visitor))).toBe(true);
  },
);

test('an administrator ends one session, or all of one person; nobody else may', async () => {
  const userid = somebody();
  const sessions = [await enter(userid), await enter(userid, two), await enter(userid)];
  const [boss, colleague] = [await enter(admin), await enter(somebody())];
  expect((await postForm(colleague, one, '/api/admin/sessions', { person: userid })).status).toBe(403);
  expect((await colleague.ask('/admin/sessions')).text).not.toContain('name="session"');
  expect((await colleague.ask('/admin/audit')).text).not.toContain('name="event"');
  expect((await colleague.ask('/api/admin/audit.csv')).status).toBe(403);

  const page = await boss.ask(`/admin/sessions?q=${userid}`);
  const ids = [...page.text.matchAll(/name="session" value="([0-9a-f-]{36})"/g)].map(([, id]) => id!);
  expect(ids).toHaveLength(3);
  expect((await postForm(boss, one, '/api/admin/sessions', { session: ids[0]! })).status).toBe(303);
  const standing = await Promise.all(sessions.map((visitor) => isIn(one, cookieOf(visitor))));
  expect(standing.filter(Boolean)).toHaveLength(2);
  expect((await postForm(boss, one, '/api/admin/sessions', { person: userid })).status).toBe(303);
  for (const visitor of sessions)
    for (const app of [one, two]) expect(await untilRefused(app, cookieOf(visitor))).toBeLessThan(2000);
  expect(await isIn(two, cookieOf(boss))).toBe(true);
  expect((await postForm(boss, one, '/api/admin/sessions')).status).toBe(400);
});

test('the form for a person’s sessions says what was done: blanks do not matter, unknown ids are named, nothing is invented', async () => {
  const userid = somebody();
  const visitors = [await enter(userid), await enter(userid)];
  const boss = await enter(admin);
  const order = async (person: string) => {
    const answer = await postForm(boss, one, '/api/admin/sessions', { person });
    expect(answer.status).toBe(303);
    return (await boss.ask(answer.headers.get('location')!, { headers: { 'accept-language': 'en' } })).text;
  };
  const lines = async () =>
    (await boss.ask('/api/admin/audit.csv?event=person-ended')).text
      .split('\r\n')
      .filter((line) => line.includes('by-admin')).length;
  const before = await lines();
  const { name } = emulator.company.person(userid)!;
  for (const unknown of [userid.toUpperCase(), name, 'nobody-like-this', '\u3000']) {
    if (unknown.trim() !== '') expect(await order(unknown)).toContain('nothing was signed out');
  }
  expect(await isIn(one, cookieOf(visitors[0]!))).toBe(true);
  expect(await lines()).toBe(before);
  expect(await order(` \u200b${userid}\t`)).toContain(`2 devices of ${userid} have been signed out`);
  for (const visitor of visitors) expect(await isIn(one, cookieOf(visitor))).toBe(false);
  expect(await lines()).toBe(before + 1);
  expect(await order(userid)).toContain('has no device online');
  expect(await lines()).toBe(before + 1);
});

test('the emergency stop has everybody out of every process within five seconds', async () => {
  const crowd = await Promise.all(Array.from({ length: 10 }, () => enter(somebody())));
  const boss = await enter(admin);
  expect((await postForm(boss, one, '/api/admin/sessions', { everyone: 'yes' })).status).toBe(303);
  for (const visitor of [...crowd, boss])
    for (const app of [one, two]) expect(await untilRefused(app, cookieOf(visitor))).toBeLessThan(5000);
  expect(await isIn(two, cookieOf(await enter(somebody())))).toBe(true);
});

test('somebody whom a complete reading of the directory no longer finds is out, without any event', async () => {
  const company = await startEmulator({ enforceQps: false, members: 40 });
  const ids = company.company.people.filter(({ active }) => active).map(({ userid }) => userid);
  const app = await startApp({ emulator: company, env: { ADMIN_USER_IDS: ids[0]! } });
  try {
    await untilReady(app);
    const boss = await signedIn(app, company, ids[0]!);
    const [gone, inactive, stayer] = await Promise.all(
      ids.slice(1, 4).map((id) => signedIn(app, company, id)),
    );
    const sync = async () => {
      await postForm(boss, app, '/api/admin/sync');
      for (;;) {
        await delay(200);
        if ((await boss.ask('/api/admin/sync')).json.running === undefined) return;
      }
    };
    await sync();
    company.control.fire(ids[1]!);
    company.control.patchPerson(ids[2]!, { active: false });
    expect(await isIn(app, cookieOf(gone!))).toBe(true);
    await sync();
    for (const visitor of [gone, inactive])
      expect(await untilRefused(app, cookieOf(visitor!))).toBeLessThan(5000);
    expect(await isIn(app, cookieOf(stayer!))).toBe(true);
  } finally {
    await app.close();
    await company.close();
  }
}, 60_000);

test('the owner of a session of an hour is asked about, though no event told: gone is out, an outage is not', async () => {
  const company = await startEmulator({ enforceQps: false, members: 40 });
  const ids = company.company.people.filter(({ active }) => active).map(({ userid }) => userid);
  const now = await startApp({ emulator: company });
  const anHourOn = (minutes: number) =>
    startApp({
      emulator: company,
      env: {
        NODE_OPTIONS: `--import=${resolve('tests/support/clock-ahead.mjs')}`,
        TEST_CLOCK_AHEAD_MS: String(minutes * 60_000),
      },
    });
  const [early, late] = await Promise.all([anHourOn(55), anHourOn(65)]);
  try {
    await untilReady(now);
    const names = ['gone', 'inactive', 'stays'] as const;
    const cookies = await Promise.all(
      names.map(async (_, index) => cookieOf(await signedIn(now, company, ids[index]!))),
    );
    company.control.fire(ids[0]!);
    company.control.patchPerson(ids[1]!, { active: false });
    const areIn = (app: App) => Promise.all(cookies.map((cookie) => isIn(app, cookie)));
    expect(await areIn(early)).toEqual([true, true, true]);
    await delay(2500);
    company.control.fault({
      endpoint: 'userdetail',
      times: 'always',
      fault: { kind: 'status', status: 503 },
    });
    expect(await areIn(early)).toEqual([true, true, true]);
    expect(await areIn(late)).toEqual([true, true, true]);
    await delay(4000);
    expect(await areIn(late)).toEqual([true, true, true]);
    company.control.clearFaults();
    const later = await anHourOn(80);
    expect(await isIn(later, cookies[2]!)).toBe(true);
    for (const app of [later, late, now])
      for (const cookie of cookies.slice(0, 2)) expect(await untilRefused(app, cookie)).toBeLessThan(10_000);
    for (const app of [now, later]) expect(await isIn(app, cookies[2]!)).toBe(true);
    await later.close();
  } finally {
    await Promise.all([now.close(), early.close(), late.close()]);
    await company.close();
  }
}, 90_000);

// ── Numbers, not clocks ───────────────────────────────────────────────────────────────────────────────────────────

test.each([120_000, -120_000])('an instance whose clock is off by %d ms saves no leaver', async (aheadMs) => {
  const odd = await startApp({
    emulator,
    env: {
      NODE_OPTIONS: `--import=${resolve('tests/support/clock-ahead.mjs')}`,
      TEST_CLOCK_AHEAD_MS: String(aheadMs),
    },
  });
  try {
    await untilReady(odd);
    const userid = somebody();
    const visitors = [await enter(userid, odd), await enter(userid)];
    for (const visitor of visitors)
      for (const app of [one, odd]) expect(await isIn(app, cookieOf(visitor))).toBe(true);
    expect(await postEvent(one, emulator, { EventType: 'user_leave_org', UserId: [userid] })).toBe(200);
    for (const visitor of visitors)
      for (const app of [one, two, odd])
        expect(await untilRefused(app, cookieOf(visitor))).toBeLessThan(2000);
  } finally {
    await odd.close();
  }
});

test('DingTalk’s word that there is no such member, met on the person’s own page, ends the session', async () => {
  const userid = somebody();
  const [visitor, elsewhere] = [await enter(userid), await enter(userid, two)];
  emulator.control.fault({
    endpoint: '/topapi/v2/user/get',
    where: { userid },
    fault: { kind: 'errcode', errcode: 60121 },
  });
  await visitor.ask('/me');
  expect(await isIn(one, cookieOf(visitor))).toBe(false);
  expect(await untilRefused(two, cookieOf(elsewhere))).toBeLessThan(2000);
});

test('a sign-in that is under way when its person leaves comes to nothing', async () => {
  const userid = somebody();
  emulator.control.fault({ endpoint: 'userdetail', times: 1, fault: { kind: 'delayHeaders', ms: 1500 } });
  const visitor = new Visitor(two);
  const signingIn = visitor.post('/api/session', { code: emulator.control.mintCode(userid) });
  await delay(500);
  expect(await postEvent(one, emulator, { EventType: 'user_leave_org', UserId: [userid] })).toBe(200);
  const answer = await signingIn;
  expect(answer.status).toBe(401);
  expect(answer.json.error.code).toBe('SIGN_IN_AGAIN');
  expect(visitor.cookies.size).toBe(0);
  // They were not gone after all, and the next try says so.
  expect(await isIn(one, cookieOf(await enter(userid)))).toBe(true);
});

test('add after leave, in either order: an old session stays dead, and a new sign-in works', async () => {
  for (const order of [
    ['user_leave_org', 'user_add_org'],
    ['user_add_org', 'user_leave_org'],
  ]) {
    const userid = somebody();
    const old = await enter(userid);
    for (const EventType of order) {
      expect(await postEvent(one, emulator, { EventType, UserId: [userid] })).toBe(200);
    }
    expect(await isIn(one, cookieOf(old))).toBe(false);
    expect(await untilRefused(two, cookieOf(old))).toBeLessThan(2000);
    const fresh = await enter(userid);
    for (const app of [one, two]) expect(await isIn(app, cookieOf(fresh))).toBe(true);
  }
});

test('an event that is told again, or a day later, does not sign out whoever came back', async () => {
  const userid = somebody();
  const event = { EventType: 'user_leave_org', UserId: [userid], eventId: `event-of-${userid}` };
  const day = 86_400_000;
  expect(await postEvent(one, emulator, event)).toBe(200);
  const back = await enter(userid);
  // The same event under a new signature, to either process; then an old recording of it.
  expect(await postEvent(one, emulator, event)).toBe(200);
  expect(await postEvent(one, emulator, event, Date.now() - day)).toBe(403);
  third = await startListener(emulator, { env: { ADMIN_USER_IDS: admin } });
  expect(await postEvent(third, emulator, event)).toBe(200);
  await delay(700);
  for (const app of [one, two, third]) expect(await isIn(app, cookieOf(back))).toBe(true);
});

// ── A store that is silent ────────────────────────────────────────────────────────────────────────────────────────

test('a database that cannot be opened is one clear message, and no start', async () => {
  const env = { DATA_DIR: '/dev/null/nowhere', DATABASE_URL: '' };
  await expect(startApp({ emulator, env })).rejects.toThrow(/the database in DATA_DIR cannot be opened/);
});

// ── The audit ─────────────────────────────────────────────────────────────────────────────────────────────────────

test('sign-ins, refusals, sign-outs and endings are one line each, and the file holds no formula', async () => {
  const userid = somebody();
  const visitor = await enter(userid);
  await visitor.ask('/api/session', { method: 'DELETE', headers: { origin: one.origin } });
  await new Visitor(one).post('/api/session', { code: 'invented-code' });
  await send(one, { path: '/api/session', headers: { cookie: 'dingpass=a.Fe26.2*nonsense' } });
  await postEvent(one, emulator, { EventType: 'user_leave_org', UserId: ['=HYPERLINK("x")'] });
  const boss = await enter(admin);
  const mine = (await boss.ask(`/api/admin/audit.csv?person=${userid}`)).text.trim().split('\r\n');
  expect(mine[0]).toBe('"id","time","event","person","by","reason","detail","count","session"');
  expect(mine).toHaveLength(3);
  expect(mine[1]).toMatch(/"\d{4}-\d\d-\d\dT[\d:.]+Z","sign-out","[^"]+","[^"]+","signed-out"/);
  expect(mine[2]).toContain('"sign-in"');
  const all = (await boss.ask('/api/admin/audit.csv')).text;
  for (const text of ['"sign-in-refused","","","code-refused"', '"session-refused","","","not-ours"'])
    expect(all).toContain(text);
  expect(all).toContain('"\'=HYPERLINK(""x"")"');
  expect(all).toContain('"key-used","","","","a"');
  expect(all).not.toMatch(/Fe26|invented-code/);
  const page = await boss.ask('/admin/audit?event=sign-out');
  expect(page.text).toContain(userid);
  expect((await boss.ask('/api/admin/audit.csv?event=export')).text).toContain('"export"');
});

test('a cookie whose session was ended, and a program that is no administrator’s, are refused with a line', async () => {
  // It has refused nobody yet: of the refusals of a minute only the first are lines.
  const fresh = third;
  const userid = somebody();
  const visitor = await enter(userid, fresh);
  expect((await visitor.ask('/api/admin/audit.csv')).status).toBe(403);
  await postEvent(fresh, emulator, { EventType: 'user_leave_org', UserId: [userid] });
  for (let asked = 0; asked < 5; asked++) expect(await isIn(fresh, cookieOf(visitor))).toBe(false);
  const boss = await enter(admin, fresh);
  const lines = (await boss.ask(`/api/admin/audit.csv?person=${userid}`)).text;
  expect(lines.split(`"session-refused","${userid}","","ended"`)).toHaveLength(2);
  expect(lines).toContain(`"access-refused","${userid}","","not-permitted"`);
  expect(await linesWith(fresh, '"event":"session-refused","reason":"ended"')).not.toEqual([]);
  const page = await boss.ask(`/admin/audit?person=${userid}`, { headers: { 'accept-language': 'en' } });
  expect(page.text).toContain('had already been signed out');
});

test('administrators see how events come, and what became of them', async () => {
  const boss = await enter(admin);
  const figures = async () => {
    const { text } = await boss.ask('/admin/audit', { headers: { 'accept-language': 'en' } });
    const count = (label: string) => Number(new RegExp(`<dt>${label}</dt><dd>(\\d+)</dd>`).exec(text)?.[1]);
    return { text, unknown: count('of an unknown kind'), foreign: count('of another company') };
  };
  const before = await figures();
  expect(before.text).toContain('<dt>HTTP callback</dt><dd>on</dd>');
  expect(before.text).toContain('<dt>Stream connection</dt><dd>off</dd>');
  await postEvent(one, emulator, { EventType: 'bpms_task_change' });
  await postEvent(one, emulator, { EventType: 'user_leave_org', CorpId: '', UserId: [admin] });
  const { unknown, foreign } = await figures();
  expect({ unknown, foreign }).toEqual({ unknown: before.unknown + 1, foreign: before.foreign + 1 });
});

test('days of the audit are days of TIME_ZONE, both ends included; an export of other days than meant is none', async () => {
  const userid = somebody();
  await enter(userid);
  const boss = await enter(admin);
  const day = (days: number) => addDays(localDay(Date.now(), 'Asia/Shanghai'), days);
  const linesOf = async (range: Record<string, string>) => {
    const query = new URLSearchParams({ person: userid, ...range });
    const { status, text } = await boss.ask(`/api/admin/audit.csv?${query}`);
    return status === 200 ? text.trim().split('\r\n').length - 1 : status;
  };
  expect(await linesOf({ day: day(0) })).toBe(1);
  expect(await linesOf({ from: day(0), to: day(0) })).toBe(1);
  expect(await linesOf({ from: day(-3), to: day(-1) })).toBe(0);
  expect(await linesOf({ from: day(1) })).toBe(0);
  expect(await linesOf({ to: day(-1) })).toBe(0);
  for (const range of [
    { from: 'nonsense' },
    { to: '2026-02-30' },
    { from: day(0), to: day(-1) },
    { event: 'x' },
  ])
    expect(await linesOf(range)).toBe(400);
  // The page shows what it can, and says what it left out.
  const page = await boss.ask(`/admin/audit?person=${userid}&from=nonsense`, {
    headers: { 'accept-language': 'en' },
  });
  expect(page.text).toContain('“From” is not a valid date');
  expect(page.text).toContain(userid);
});

test('people whom one event ends are one row of the audit, and one by one where that is asked for', async () => {
  const left = Array.from({ length: 5 }, (_, at) => `left-together-${at}`);
  await postEvent(one, emulator, { EventType: 'user_leave_org', UserId: left });
  const boss = await enter(admin);
  const query = '/admin/audit?event=person-ended';
  const rowsOf = async (path: string) =>
    (await boss.ask(path)).text
      .replaceAll(/<script[\s\S]*?<\/script>/g, '')
      .split('<tr role="row">')
      .filter((row) => row.includes('left-together-'));
  const [row, ...others] = await rowsOf(query);
  expect(others).toEqual([]);
  // Others left shortly before them.
  expect(Number(/>(\d+) 条</.exec(row!)?.[1])).toBeGreaterThanOrEqual(5);
  expect(row).toContain('离职下线');
  expect(row).toContain('由钉钉事件触发');
  for (const userId of left) expect(row).toContain(userId);
  const each = /href="(\/admin\/audit\?[^"]*fold=no[^"]*)"/.exec(row!)![1]!.replaceAll('&amp;', '&');
  expect(await rowsOf(each)).toHaveLength(5);
});

test('a flood of refusals is counted, not written one by one', async () => {
  const strangers = Array.from({ length: 120 }, () =>
    send(two, { path: '/api/session', headers: { cookie: 'dingpass=a.Fe26.2*flood' } }),
  );
  await Promise.all(strangers);
  const boss = await enter(admin, two);
  const lines = (await boss.ask('/api/admin/audit.csv?event=session-refused')).text.split('\r\n');
  expect(lines.length).toBeLessThan(100);
});
