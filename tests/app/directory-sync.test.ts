import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Person } from '../../emulator/company/person';
import { type Emulator, startEmulator } from '../../emulator/server';
import { type App, startApp } from '../support/app';
import { signedIn, Visitor } from '../support/http-session';

let emulator: Emulator;
let app: App;
let readAt: number;
const newCompany = () => startEmulator({ members: 80, departments: 12, enforceQps: false });
const stop = () => Promise.all([app?.close(), emulator?.close()]);

const SYNC = { DIRECTORY_SYNC: 'on', DIRECTORY_CALLS_PER_SECOND: '500' };
const calls = () => emulator.control.calls().byEndpoint;

async function lineOf(event: string): Promise<Record<string, unknown>> {
  for (let waited = 0; waited < 20_000; waited += 50) {
    const line = app
      .output()
      .split('\n')
      .find((text) => text.includes(`"event":"${event}"`));
    if (line) return JSON.parse(line) as Record<string, unknown>;
    await delay(50);
  }
  throw new Error(`no ${event} in:\n${app.output()}`);
}

describe('as it is by default', () => {
  beforeAll(async () => {
    emulator = await newCompany();
    app = await startApp({ emulator, env: SYNC });
    await lineOf('directory-sync');
    readAt = performance.now();
  });
  afterAll(stop);

  test('the directory is read when the app starts and there is none', async () => {
    expect(await lineOf('directory-sync')).toMatchObject({
      level: 'info',
      state: 'complete',
      people: 80,
      departments: 13,
    });
    expect(calls()['/auth/scopes']).toBe(1);
  });

  test('by default a sign-in asks for the member, and the mirror learns who left', async () => {
    const [colleague, leaver] = emulator.company.people.slice(0, 2) as [Person, Person];
    const visitor = await signedIn(app, emulator, colleague.userid);
    expect(calls()['/topapi/v2/user/get']).toBe(1);
    const found = async () =>
      (await visitor.ask(`/api/directory/search?q=${leaver.userid}`)).json.people.map(
        ({ userId }: { userId: string }) => userId,
      );
    expect(await found()).toContain(leaver.userid);
    // They leave while they sign in.
    emulator.control.fault({
      endpoint: '/topapi/v2/user/get',
      fault: { kind: 'staffChange', fire: [leaver.userid] },
    });
    const { status } = await new Visitor(app).post('/api/session', {
      code: emulator.control.mintCode(leaver.userid),
    });
    expect(status).toBe(403);
    expect(await found()).toEqual([]);
  });

  test('it is not read again while it is fresh', async () => {
    await delay(1500 - (performance.now() - readAt));
    expect(calls()['/auth/scopes']).toBe(1);
  });
});

describe('with a mirror of an hour to sign in by', () => {
  let inactive: string;
  beforeAll(async () => {
    emulator = await newCompany();
    inactive = emulator.company.people[1]!.userid;
    emulator.control.patchPerson(inactive, { active: false });
    app = await startApp({ emulator, env: { ...SYNC, DIRECTORY_SIGN_IN_MAX_AGE_SECONDS: '3600' } });
    await lineOf('directory-sync');
  });
  afterAll(stop);

  test('a sign-in uses a fresh mirror instead of asking for the member', async () => {
    await signedIn(app, emulator, emulator.company.people[0]!.userid);
    expect(calls()['/topapi/v2/user/getuserinfo']).toBe(1);
    expect(calls()['/topapi/v2/user/get']).toBeUndefined();
    // Whom the mirror does not know is asked for.
    const { userid } = emulator.control.hire({ userid: 'new.person' });
    await signedIn(app, emulator, userid);
    expect(calls()['/topapi/v2/user/get']).toBe(1);
  });

  test('whoever is inactive is not let in by it either', async () => {
    const { status, json } = await new Visitor(app).post('/api/session', {
      code: emulator.control.mintCode(inactive),
    });
    expect([status, json.error.code]).toEqual([403, 'NOT_ALLOWED']);
  });
});

describe('with a mirror that does not count', () => {
  beforeEach(async () => {
    emulator = await newCompany();
  });
  afterEach(stop);

  test('a mirror that is too old signs nobody in: DingTalk is asked', async () => {
    app = await startApp({ emulator, env: { ...SYNC, DIRECTORY_SIGN_IN_MAX_AGE_SECONDS: '1' } });
    await lineOf('directory-sync');
    await delay(1500);
    await signedIn(app, emulator, emulator.company.people[0]!.userid);
    expect(calls()['/topapi/v2/user/get']).toBe(1);
  });

  test('nor does a partial one, which does not tell who was read in it', async () => {
    emulator.control.fault({
      endpoint: '/topapi/v2/user/list',
      where: { dept_id: emulator.company.departments[3]!.id },
      times: 'always',
      fault: { kind: 'errcode', errcode: 50004, wrapped: true },
    });
    app = await startApp({ emulator, env: { ...SYNC, DIRECTORY_SIGN_IN_MAX_AGE_SECONDS: '3600' } });
    expect(await lineOf('directory-sync')).toMatchObject({ state: 'partial' });
    await signedIn(app, emulator, emulator.company.people[0]!.userid);
    expect(calls()['/topapi/v2/user/get']).toBe(1);
  });
});
