import { execFile } from 'node:child_process';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { Person } from '../../emulator/company/person';
import { ROLE_GROUPS } from '../../emulator/company/roles';
import { type Emulator, startEmulator } from '../../emulator/server';
import { forAll, tryWayIn, waysIn } from '../support/access';
import { type App, appEnv, bareEnv, startApp } from '../support/app';
import { startDirectoryApp } from '../support/directory-app';
import { signedIn, Visitor } from '../support/http-session';
import { CALLBACK_ENV, subscribe } from '../support/staff';

const ROLE = ROLE_GROUPS[1]!.roles[0]!;
const folder = mkdtempSync(join(tmpdir(), 'access-'));
const file = join(folder, 'access.jsonc');
const PAGE = { accept: 'text/html', 'sec-fetch-mode': 'navigate' };

let emulator: Emulator;
let app: App;
let env: Record<string, string>;
/** A member of the department that the rules name, one of another, an administrator, an auditor. */
let insider: Person;
let outsider: Person;
let chief: Person;
let auditor: Person;
let inside: { id: number; name: string };
let hidden: { id: number; name: string };
let other: { id: number; name: string };
const visitors = new Map<Person, Visitor>();
const visitor = (person: Person) => visitors.get(person)!;

const rules = () => `[
  // Line 2 of the file
  { "at": "/me", "for": ["department:${inside.id}", "role:${ROLE.name}", "leaders-of:${hidden.id}", "person:${chief.userid}"] },
  { "at": "/example/step-up", "for": ["administrator", "person:${insider.userid}", "not:person:${insider.userid}"] },
  { "at": "/api/directory/*", "for": ["everybody", "not:department:${other.id}"] },
]`;

/** Replaces the file at once, as editors and deployments do. */
function replaceFile(text: string): void {
  writeFileSync(`${file}.new`, text);
  renameSync(`${file}.new`, file);
}

beforeAll(async () => {
  emulator = await startEmulator({ members: 80, departments: 9, enforceQps: false });
  const { company, control } = emulator;
  const departments = company.departments.filter(({ id }) => id !== 1 && company.childrenOf(id).length === 0);
  [inside, hidden, other] = [departments[0]!, departments[1]!, departments[2]!];
  control.patchDepartment(hidden.id, { hidden: true });
  [insider, outsider, chief, auditor] = company.people.filter(({ active }) => active) as [
    Person,
    Person,
    Person,
    Person,
  ];
  for (const { userid } of [insider, outsider, chief, auditor])
    control.patchPerson(userid, { departmentIds: [other.id], leads: [], roleIds: [], adminLevel: 0 });
  control.patchPerson(insider.userid, { departmentIds: [inside.id] });
  replaceFile(rules());
  env = {
    ACCESS_FILE: file,
    ADMIN_USER_IDS: chief.userid,
    AUDITORS: auditor.userid,
    DATA_DIR: join(folder, 'data'),
  };
  app = await startDirectoryApp({ emulator, env: { ...CALLBACK_ENV, ...env } });
  await subscribe(emulator, app);
  for (const person of [insider, outsider, chief, auditor])
    visitors.set(person, await signedIn(app, emulator, person.userid));
  await vi.waitFor(async () => expect(await statusOf(insider, '/me')).toBe(200), {
    timeout: 20_000,
    interval: 100,
  });
});
afterAll(async () => {
  await app?.close();
  await emulator?.close();
  rmSync(folder, { recursive: true, force: true });
});

const statusOf = async (person: Person, path: string) => (await visitor(person).ask(path)).status;

/** Where a page leads a person whom it is not for, and what stands there. */
async function denied(person: Person, path: string, language = 'en') {
  const headers = { ...PAGE, 'accept-language': language };
  const { status, headers: answered } = await visitor(person).ask(path, { headers });
  expect(status).toBe(307);
  const location = answered.get('location')!;
  expect(location).toMatch(/^\/denied\?request=[0-9a-f-]{36}&next=/);
  const answer = await visitor(person).ask(location, { headers });
  expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8');
  return { ...answer, requestId: /request=([0-9a-f-]{36})/.exec(location)![1]! };
}

test('a member whom the rule names sees the page; others are led to a 403 that says why', async () => {
  expect(await statusOf(insider, '/me')).toBe(200);
  expect(await statusOf(chief, '/me')).toBe(200);
  const page = await denied(outsider, '/me?secret=1');
  expect(page.status).toBe(403);
  expect(page.text).toContain('You are not among those who may open this page.');
  expect(page.text).toContain('<code>/me</code>');
  expect(page.text).toContain(`members of “${inside.name}”`);
  expect(page.text).toContain(`people with the role “${ROLE.name}”`);
  expect(page.text).toContain(`ask an administrator of this app: ${chief.name}`);
  expect(page.text).toContain(page.requestId);
  // The department is hidden from this member.
  expect(page.text).not.toContain(hidden.name);
  expect(page.text).toContain('other people who were named');
  expect(app.output()).toContain(`"requestId":"${page.requestId}"`);
  const chinese = await denied(outsider, '/me', 'zh-CN');
  expect(chinese.text).toContain('您不在可以打开此页面的人员之中');
  expect(chinese.text).toContain(`“${inside.name}”部门`);
});

test('an exclusion keeps a member out whom another condition lets in', async () => {
  expect((await denied(insider, '/example/step-up')).text).toContain('The rule excludes you.');
  expect(await statusOf(chief, '/example/step-up')).toBe(200);
});

test('a program is answered with 403 as JSON', async () => {
  const { status, json } = await visitor(outsider).ask('/api/directory/search?q=a');
  expect({ status, code: json.error.code }).toEqual({ status: 403, code: 'NOT_PERMITTED' });
  expect(await statusOf(insider, '/api/directory/search?q=a')).toBe(200);
});

test('the audit counts refusals by session and rule', async () => {
  for (let time = 0; time < 3; time++) await denied(outsider, '/me');
  const query = `event=access-refused&person=${outsider.userid}`;
  const { text } = await visitor(chief).ask(`/api/admin/audit.csv?${query}`);
  expect(text.split('\r\n').filter((line) => line.includes('/me · /me (3)'))).toHaveLength(1);
});

test('no other spelling of an address, and no header, gets a member a page that the rules keep from them', async () => {
  // Those to /me: the same ones lead to every page.
  const ways = waysIn().filter(({ path }) => !/xample|ndex|^\/(?:\?|$)/i.test(path));
  const cookie = visitor(outsider).cookieHeader();
  const letIn: unknown[] = [];
  await forAll(ways, async (way) => {
    const answer = await tryWayIn(app, { ...way, headers: { ...way.headers, cookie } });
    const marks = ['who-name', 'who-title'].filter((mark) =>
      answer.text.replaceAll(`.${mark}`, '').includes(`"${mark}"`),
    );
    if (marks.length > 0) letIn.push(way);
    expect(answer.status, JSON.stringify(way)).toBeLessThan(500);
  });
  expect(letIn).toEqual([]);
  expect(ways.length).toBeGreaterThan(100);
  expect(await statusOf(insider, '/me')).toBe(200);
});

test('an auditor sees the audit, and nothing else of the administration', async () => {
  expect(await statusOf(auditor, '/admin/audit')).toBe(200);
  expect(await statusOf(auditor, '/api/admin/audit.csv')).toBe(200);
  // No way to what is not for them.
  expect((await visitor(auditor).ask('/admin/audit')).text).not.toMatch(
    /href="\/admin(?:\/(?!audit)[^"]*)?"/,
  );
  for (const path of ['/admin', '/admin/sync', '/admin/sessions', '/admin/access'])
    expect((await denied(auditor, path)).status, path).toBe(403);
  for (const path of ['/api/admin/sync', '/api/admin/sessions'])
    expect([403, 405], path).toContain(await statusOf(auditor, path));
  expect((await denied(outsider, '/admin/audit')).status).toBe(403);
  expect((await visitor(auditor).ask('/')).text).toContain('href="/admin/audit"');
  expect((await visitor(auditor).ask('/')).text).not.toContain('href="/admin/sync"');
});

test('moved, given a role or made a leader: the page opens and closes within 5 seconds, elsewhere within 10', async () => {
  // Another process with the same database, as on another machine: it hears of nothing itself.
  const elsewhere = await startApp({ emulator, env });
  const there = new Visitor(elsewhere, { cookie: visitor(outsider).cookieHeader() });
  const within5s = async (change: () => void, status: number) => {
    change();
    const begun = performance.now();
    await vi.waitFor(async () => expect(await statusOf(outsider, '/me')).toBe(status), {
      timeout: 10_000,
      interval: 100,
    });
    return performance.now() - begun;
  };
  const patch = (fields: Parameters<typeof emulator.control.patchPerson>[1]) => () =>
    void emulator.control.patchPerson(outsider.userid, fields);
  const times = [
    await within5s(patch({ departmentIds: [inside.id] }), 200),
    await within5s(patch({ departmentIds: [other.id] }), 307),
    await within5s(patch({ roleIds: [ROLE.id] }), 200),
    await within5s(patch({ roleIds: [] }), 307),
    // Promoted, where it stands.
    await within5s(patch({ departmentIds: [hidden.id], leads: [hidden.id] }), 200),
    await within5s(patch({ departmentIds: [other.id], leads: [] }), 307),
  ];
  expect(Math.max(...times)).toBeLessThan(5000);
  emulator.control.patchPerson(outsider.userid, { departmentIds: [inside.id] });
  await vi.waitFor(async () => expect((await there.ask('/me')).status).toBe(200), { timeout: 10_000 });
  emulator.control.patchPerson(outsider.userid, { departmentIds: [other.id] });
  await vi.waitFor(async () => expect((await there.ask('/me')).status).toBe(307), { timeout: 10_000 });
  await elsewhere.close();
});

test('/admin/access explains a verdict: rule and line, each condition, what would change it, whom it opens for', async () => {
  const ask = async (query: Record<string, string>) =>
    (
      await visitor(chief).ask(`/admin/access?${new URLSearchParams(query)}`, {
        headers: { 'accept-language': 'en' },
      })
    ).text.replace(/<!-- -->/g, '');
  const why = await ask({ person: outsider.userid, address: '/me' });
  expect(why).toContain('May not open it');
  expect(why).toContain('Line 3: /me');
  expect(why).toContain(
    `<code>department:${inside.id}</code> (${emulator.company.departments.find(({ id }) => id === 1)!.name}/`,
  );
  expect(why).toContain('Any one of these would open it:');
  expect(why).toMatch(/\d+ people may open this address/);
  expect(await ask({ person: insider.userid, address: '/example/step-up' })).toContain(
    `These exclusions would have to be removed first: not:person:${insider.userid}`,
  );
  expect(await ask({ person: insider.userid })).toContain('All rules');
  expect(await ask({ person: 'nobody-like-this', address: '/me' })).toContain('No one matches.');
  expect(await ask({})).toContain('HTTP callback events update departments and roles at once.');
  expect((await denied(outsider, '/admin/access')).status).toBe(403);
});

test('a broken file changes nothing, and is named on /admin/access; a good one is in force within seconds', async () => {
  const shown = async () => (await visitor(chief).ask('/admin/access')).text;
  replaceFile(`${rules().slice(0, -1)} { "at": "/me", "fro": [] } ]`);
  await vi.waitFor(async () => expect(await shown()).toContain('fro'), { timeout: 10_000 });
  expect(await statusOf(outsider, '/me')).toBe(307);
  expect(await statusOf(insider, '/me')).toBe(200);
  rmSync(file);
  await vi.waitFor(async () => expect(await shown()).toContain('ENOENT'), { timeout: 10_000 });
  expect(await statusOf(outsider, '/me')).toBe(307);
  replaceFile('[{ "at": "/me", "for": ["everybody", "not:department:Nowhere"] }]');
  await vi.waitFor(async () => expect(await shown()).toContain('department:Nowhere'), { timeout: 10_000 });
  // An exclusion that cannot be known keeps out.
  expect(await statusOf(insider, '/me')).toBe(307);
  replaceFile('[{ "at": "/me", "for": ["everybody"] }]');
  await vi.waitFor(async () => expect(await statusOf(outsider, '/me')).toBe(200), { timeout: 10_000 });
  replaceFile(rules());
  await vi.waitFor(async () => expect(await statusOf(outsider, '/me')).toBe(307), { timeout: 10_000 });
});

test('npm run access explains and checks beside the running app', async () => {
  const run = (...words: string[]) =>
    promisify(execFile)(process.execPath, ['command.mjs', 'access', ...words], {
      env: { ...bareEnv(), ...appEnv(emulator, app.origin), ...env },
    }).then(
      ({ stdout, stderr }) => ({ code: 0, text: stdout + stderr }),
      ({ code, stdout, stderr }) => ({ code, text: stdout + stderr }),
    );
  const why = await run(outsider.name, '/me');
  expect(why.text).toContain('May not open it');
  expect(why.text).toContain('Line 3: /me');
  expect(why.code).toBe(0);
  expect((await run(insider.userid, '--as-table')).text).toContain('✓  第 3 行：/me');
  expect((await run('/me', '--as-table')).text).toMatch(
    new RegExp(`✗  ${outsider.name}  ${outsider.userid}`),
  );
  expect((await run('nobody-like-this', '/me')).code).toBe(1);
  expect(await run('check')).toMatchObject({ code: 0, text: expect.stringContaining('3 条规则') });
  replaceFile('[{ "at": "/me", "for": ["everybody", "role:Nothing"] }]');
  expect(await run('check')).toMatchObject({
    code: 1,
    text: expect.stringContaining(`${file}:1: role:Nothing`),
  });
  replaceFile('[{ "at": "/me", "for": ["everybdy"] },\n{ "at": "me" }]');
  expect(await run('check')).toMatchObject({ code: 1, text: expect.stringContaining(`${file}:2:`) });
  replaceFile(rules());
});

test('without rules that were ever good the app does not start, and says what is wrong and where', async () => {
  const broken = join(folder, 'broken.jsonc');
  writeFileSync(broken, '[\n{ "at": "/me", "for": ["everybdy:x"] }\n]');
  const start = (path: string) =>
    startApp({ emulator, env: { ACCESS_FILE: path, DATA_DIR: join(folder, 'fresh') } }).then(
      () => 'it started',
      (error: Error) => error.message,
    );
  expect(await start(broken)).toContain(`- ${broken}:2: “everybdy:x”`);
  expect(await start(join(folder, 'absent.jsonc'))).toContain('ENOENT');
});
