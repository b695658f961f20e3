import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { rolesOf } from '../../emulator/company/person';
import { type Emulator, startEmulator } from '../../emulator/server';
import { PERMISSIONS } from '../../lib/permissions';
import { type App, startApp } from '../support/app';
import { startDirectoryApp, untilRead } from '../support/directory-app';
import { signedIn, Visitor } from '../support/http-session';
import { freePort } from '../support/port';
import { untilRefused } from '../support/staff';

/** The documents' tables of permissions are what the product needs: no more, no less, and every feature works with them. */

const DOCUMENTS = [
  ['README.md', 'docs/deploy.md'],
  ['README.zh-CN.md', 'docs/zh-CN/deploy.md'],
];

/** The rows of the marked table, in whichever document has it: point and name in the console. */
function tableIn(files: string[]): { point: string; name: string }[] {
  const marked = files
    .filter((file) => existsSync(file))
    .map(
      (file) =>
        /<!-- permissions:start -->([\s\S]*?)<!-- permissions:end -->/.exec(readFileSync(file, 'utf8'))?.[1],
    )
    .filter((text) => text !== undefined);
  expect(marked, files.join(', ')).toHaveLength(1);
  return [...marked[0]!.matchAll(/^\s*\| `([\w.]+)` \| ([^|]+) \|/gm)].map(([, point = '', name = '']) => ({
    point,
    name: name.trim(),
  }));
}

function mainAdministrator(emulator: Emulator): string {
  return emulator.company.people.find(({ adminLevel }) => adminLevel === 1)!.userid;
}

test.each(DOCUMENTS)('the table in %s lists the permissions that the product needs', (...files) => {
  expect(tableIn(files)).toEqual(PERMISSIONS.map(({ point, name }) => ({ point, name })));
});

describe('with exactly the permissions of the tables', () => {
  let emulator: Emulator;
  let app: App;
  beforeAll(async () => {
    const port = await freePort();
    emulator = await startEmulator({
      appUrl: `http://127.0.0.1:${port}`,
      // Those of each document's table, by the test above.
      permissions: PERMISSIONS.map(({ point }) => point),
      members: 60,
      enforceQps: false,
    });
    app = await startDirectoryApp({ emulator, port, env: { DINGTALK_STREAM: 'on' } });
  });
  afterAll(async () => {
    await app?.close();
    await emulator?.close();
  });

  test('both ways to sign in, the profile, the whole directory, roles and events work', async () => {
    const [person, other] = emulator.company.people.filter(({ active }) => active);
    const silent = await signedIn(app, emulator, person!.userid);
    await untilRead(silent);

    const browser = new Visitor(app);
    const start = await browser.ask('/api/oauth/start?next=/me');
    const state = new URL(start.headers.get('location')!).searchParams.get('state')!;
    const authCode = emulator.control.mintCode(person!.userid, { kind: 'oauth' });
    await browser.ask(`/api/oauth/callback?${new URLSearchParams({ authCode, state })}`);
    expect((await browser.ask('/api/session')).status).toBe(200);

    const profile = (await silent.ask('/me')).text;
    expect(profile).toContain(person!.mobile);
    expect(profile).toContain(person!.email);

    const line = app
      .output()
      .split('\n')
      .find((text) => text.includes('"event":"directory-sync"'))!;
    expect(JSON.parse(line)).toMatchObject({ state: 'complete', people: 60 });
    const page = await silent.ask(`/directory/people/${other!.userid}`);
    expect(page.status).toBe(200);
    for (const { name } of rolesOf(other!)) expect(page.text).toContain(name);
    expect(await (await silent.ask('/api/ready')).json).toEqual({ status: 'ready', signIn: { ok: true } });

    const admin = await signedIn(app, emulator, mainAdministrator(emulator));
    expect((await admin.ask('/admin/sync')).text).toContain('action="/api/admin/sync"');

    await expect.poll(app.output, { timeout: 10_000 }).toContain('stream-connected');
    const leaver = emulator.company.people.findLast(
      ({ active, adminLevel, userid }) => active && adminLevel === 0 && userid !== person!.userid,
    )!.userid;
    const leaving = await signedIn(app, emulator, leaver);
    emulator.control.fire(leaver);
    expect(await untilRefused(app, leaving.cookieHeader())).toBeLessThan(5000);
    expect((await silent.ask('/api/session')).status).toBe(200);
  });
});

describe('without the two permissions of the directory', () => {
  let emulator: Emulator;
  let app: App;
  beforeAll(async () => {
    emulator = await startEmulator({
      permissions: PERMISSIONS.filter(({ neededFor }) => neededFor !== 'directory').map(({ point }) => point),
      members: 60,
      enforceQps: false,
    });
    app = await startDirectoryApp({ emulator });
  });
  afterAll(async () => {
    await app?.close();
    await emulator?.close();
  });

  const find = async (visitor: Visitor, text: string, path = '/directory') => {
    for (let waited = 0; waited < 15_000; waited += 100) {
      const answer = await visitor.ask(path, { headers: { 'accept-language': 'en' } });
      if (answer.text.includes(text)) return answer;
      await delay(100);
    }
    throw new Error(`${path} never said ${text}`);
  };
  /** What people see, without the payload behind it. */
  const seen = (text: string) =>
    text.replace(/<script[\s\S]*?<\/script>|<style[\s\S]*?<\/style>|<!--.*?-->/g, '');

  test('an empty directory says what is missing by name, and who acts; nothing is said to be below or not found', async () => {
    const [person] = emulator.company.people.filter(({ active }) => active);
    const visitor = await signedIn(app, emulator, person!.userid);
    for (const path of ['/directory', '/directory?q=%E7%9F%B3']) {
      const { text, status } = await find(visitor, 'data-testid="directory-empty"', path);
      expect(status).toBe(200);
      for (const point of ['qyapi_get_department_list', 'qyapi_get_department_member'])
        expect(seen(text)).toContain(point);
      expect(seen(text)).toMatch(/通讯录部门信息读权限[\s\S]*Who can fix it: [^<]*developer/i);
      expect(seen(text)).not.toMatch(/from before|Nothing found|type="search"/);
    }
  });

  test('main administrators of DingTalk open the page of the sync all the same, others do not; DingTalk is asked once', async () => {
    const people = emulator.company.people.filter(({ active }) => active);
    const main = mainAdministrator(emulator);
    const before = emulator.control.calls().byEndpoint['/topapi/user/listadmin'] ?? 0;
    const colleague = await signedIn(app, emulator, people.find(({ userid }) => userid !== main)!.userid);
    const boss = await signedIn(app, emulator, main);
    for (let times = 0; times < 5; times++) {
      expect((await colleague.ask('/admin/sync')).text).not.toContain('action="/api/admin/sync"');
      expect((await boss.ask('/admin/sync')).text).toContain('action="/api/admin/sync"');
    }
    expect((await boss.ask('/api/admin/sync')).status).toBe(200);
    expect((await colleague.ask('/api/admin/sync')).status).toBe(403);
    expect(emulator.control.calls().byEndpoint['/topapi/user/listadmin']! - before).toBeLessThanOrEqual(1);
  });
});

test('readiness says what permission sign-ins lack, from the start, and stays 200', async () => {
  const emulator = await startEmulator({
    permissions: PERMISSIONS.filter(({ point }) => point !== 'qyapi_get_member').map(({ point }) => point),
    members: 9,
    enforceQps: false,
  });
  const app = await startApp({ emulator });
  try {
    const ready = await new Visitor(app).ask('/api/ready');
    expect([ready.status, ready.json]).toEqual([
      200,
      { status: 'ready', signIn: { ok: false, reason: 'permission-missing' } },
    ]);
    const line = app
      .output()
      .split('\n')
      .find((text) => text.includes('"event":"warm-up"'))!;
    expect(JSON.parse(line)).toMatchObject({
      outcome: 'permission-missing',
      requiredScopes: ['qyapi_get_member'],
      cause: expect.stringMatching(/permission/i),
      remedy: expect.stringMatching(/./),
    });
    emulator.control.settings({ permissions: PERMISSIONS.map(({ point }) => point) });
    await expect
      .poll(async () => (await new Visitor(app).ask('/api/ready')).json, { timeout: 15_000, interval: 200 })
      .toEqual({ status: 'ready', signIn: { ok: true } });
  } finally {
    await app.close();
    await emulator.close();
  }
});
