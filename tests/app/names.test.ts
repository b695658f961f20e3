import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Emulator, startEmulator } from '../../emulator/server';
import type { App } from '../support/app';
import { startDirectoryApp, untilRead } from '../support/directory-app';
import { signedIn, Visitor } from '../support/http-session';

/** Names that cannot be shown as they are, by user id, and what is shown. */
const ODD: Record<string, { name: string; shown: string }> = {
  filler: { name: '\u3164', shown: 'filler' },
  braille: { name: '\u2800\u2800', shown: 'braille' },
  zeros: { name: '\u200b\u2060\ufeff', shown: 'zeros' },
  blank: { name: '   ', shown: 'blank' },
  turned: { name: '王\u202e小明', shown: '王小明' },
  isolated: { name: '\u2067李四\u2069', shown: '李四' },
  joined: { name: '张\u200d三', shown: '张三' },
};
const SLASHED = 'a/b';
/** What stands on the disc in the place of a picture. */
const SHORT: Record<string, [name: string, short: string]> = {
  two: ['kim robert', 'KR'],
  one: ['alice', 'A'],
  mixed: ['<b>王加粗</b>', '加粗'],
  chinese: ['欧阳修文', '修文'],
  korean: ['김민수', '민수'],
  russian: ['алёна королёва', 'АК'],
};

let emulator: Emulator;
let app: App;
let member: Visitor;
let administrator: Visitor;
let department: number;

beforeAll(async () => {
  emulator = await startEmulator({ enforceQps: false });
  const { company, control } = emulator;
  department = company.departments.findLast(({ id }) => company.childrenOf(id).length === 0)!.id;
  for (const [userid, { name }] of Object.entries(ODD)) {
    control.hire({ userid, name, title: '专\u202e员', departmentIds: [department] });
  }
  control.hire({
    userid: SLASHED,
    name: '斜杠',
    telephone: '010-86123456-2345',
    departmentIds: [department],
  });
  control.hire({ userid: 'ZhangSan01', name: '陈朝晖', departmentIds: [department] });
  for (const [userid, [name]] of Object.entries(SHORT)) {
    control.hire({ userid, name, hasAvatar: false, departmentIds: [department] });
  }
  const [chief] = company.people;
  app = await startDirectoryApp({
    emulator,
    env: { ADMIN_USER_IDS: chief!.userid, DIRECTORY_EXPORT: chief!.userid },
  });
  administrator = await signedIn(app, emulator, chief!.userid);
  member = await signedIn(app, emulator, 'turned');
  await untilRead(member);
});
afterAll(async () => {
  await app?.close();
  await emulator?.close();
});

const markupOf = (html: string) => html.replaceAll(/<script\b[^>]*>.*?<\/script>/gs, '');
const UNSEEN = /[\u202a-\u202e\u2066-\u2069\u200b\u2060\ufeff\u3164\u2800]/;

test('a name that cannot be seen is the user id, and nothing in a name turns others around', async () => {
  const { json } = await member.ask(`/api/directory/departments/${department}`);
  for (const [userId, { shown }] of Object.entries(ODD)) {
    expect(json.people).toContainEqual(expect.objectContaining({ userId, name: shown, title: '专员' }));
    const page = markupOf((await member.ask(`/directory/people/${userId}`)).text);
    expect(page).toMatch(new RegExp(`<h1[^>]*><bdi[^>]*>${shown}</bdi>`));
    expect(page).not.toMatch(UNSEEN);
    const list = markupOf((await member.ask(`/directory/departments/${department}`)).text);
    expect(list).toMatch(new RegExp(`<bdi[^>]*>${shown}</bdi>`));
    expect(list).not.toMatch(UNSEEN);
  }
});

test('the same on the pages of those people themselves, and on the administrators’', async () => {
  for (const [userId, { shown }] of Object.entries(ODD)) {
    const visitor = await signedIn(app, emulator, userId);
    expect((await visitor.ask('/api/session')).json.member.name).toBe(shown);
    const home = markupOf((await visitor.ask('/', { headers: { 'accept-language': 'zh-CN' } })).text);
    expect(home).toContain(`好，<bdi>${shown}</bdi>`);
    expect(home).not.toMatch(UNSEEN);
    const me = markupOf((await visitor.ask('/me')).text);
    expect(me).toMatch(new RegExp(`<h2[^>]*><bdi[^>]*>${shown}</bdi>`));
    expect(me).not.toMatch(UNSEEN);
    const sessions = markupOf((await administrator.ask(`/admin/sessions?q=${userId}`)).text);
    expect(sessions).toContain(`<bdi>${shown}</bdi>`);
    expect(sessions).not.toMatch(UNSEEN);
  }
  const { text } = await administrator.ask('/directory/export.csv');
  expect(text.slice(1)).not.toMatch(UNSEEN);
  for (const [userId, { shown }] of Object.entries(ODD)) expect(text).toContain(`"${shown}","${userId}"`);
  expect(app.output()).not.toMatch(UNSEEN);
});

test('what is short for a name is its end in Chinese, and capital letters in others', async () => {
  for (const [userId, [, short]] of Object.entries(SHORT)) {
    const page = markupOf((await member.ask(`/directory/people/${userId}`)).text);
    expect(/class="who">.*?tone-\d"[^>]*>([^<]*)</.exec(page)?.[1]).toBe(short);
  }
});

test('a user id with a slash has a page, and whoever signs in for it comes back to it', async () => {
  const address = `/directory/people/${encodeURIComponent(SLASHED)}`;
  const page = await member.ask(address);
  expect(page.status).toBe(200);
  expect(page.text).toContain('斜杠');
  expect(page.text).toContain('href="tel:01086123456,2345"');
  expect((await member.ask(`/directory/departments/${department}`)).text).toContain(`href="${address}"`);

  const stranger = new Visitor(app);
  const sent = await stranger.ask(address, { headers: { accept: 'text/html' } });
  const next = new URL(sent.headers.get('location')!, app.origin).searchParams.get('next');
  expect(next).toBe(address);
  const code = emulator.control.mintCode(SLASHED);
  const answer = await stranger.post('/api/session', { code, next });
  expect(answer.json.next).toBe(address);
  expect((await stranger.ask(address)).status).toBe(200);
});

test('people are found by every reading and by their user id, departments stand first', async () => {
  for (const typed of ['chenzhaohui', 'chenchaohui', 'ZhangSan01', 'zhangsan01', '陳朝暉']) {
    const { json } = await member.ask(`/api/directory/search?q=${encodeURIComponent(typed)}`);
    expect(json.people[0]?.userId).toBe('ZhangSan01');
  }
  const { name } = emulator.company.department(department)!;
  const { text } = await member.ask(`/directory?q=${encodeURIComponent(name)}`);
  const found = markupOf(text);
  const first = (pattern: RegExp) => found.search(pattern);
  expect(first(/href="\/directory\/departments\//)).toBeGreaterThan(0);
  expect(first(/href="\/directory\/people\//)).toBeGreaterThan(first(/href="\/directory\/departments\//));
});

test('who was renamed is greeted by the new name as soon as the directory knows it', async () => {
  const visitor = await signedIn(app, emulator, 'joined');
  emulator.control.patchPerson('joined', { name: '张新名' });
  // Another sign-in of theirs tells the directory; this session is the old one.
  await signedIn(app, emulator, 'joined');
  await expect
    .poll(async () => markupOf((await visitor.ask('/')).text), { timeout: 10_000 })
    .toContain('<bdi>张新名</bdi>');
  expect(markupOf((await administrator.ask('/admin/sessions?q=joined')).text)).not.toContain('张三');
});
