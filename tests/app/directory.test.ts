import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { Person } from '../../emulator/company/person';
import { ROLE_GROUPS } from '../../emulator/company/roles';
import { type Emulator, startEmulator } from '../../emulator/server';
import type { App } from '../support/app';
import { startDirectoryApp, syncNow, untilRead } from '../support/directory-app';
import { signedIn, Visitor } from '../support/http-session';

const FORMULAS = ['=HYPERLINK("http://evil.example";"x")', '+1+1', '-1+1', '@SUM(1,1)', '＝1+1'];
const HOSTILE_NAME = '<img src=x onerror="alert(1)">&amp;"\'';

const EXPORT_ROLE = ROLE_GROUPS[1]!.roles[0]!;

let emulator: Emulator;
let app: App;
let member: Visitor;
let exporter: Visitor;
let administrator: Visitor;
/** Departments: one of many people, and one that is hidden, with a department below it. */
let big: number;
let secret: number;
let belowSecret: number;
/** Works in the hidden department only. */
let agent: Person;
/** Has a mobile number that nobody may see. */
let shy: Person;
/** Works in the hidden department and in plain sight. */
let both: Person;
/** Sees everything, and may take it along. */
let chief: Visitor;

const person = (index: number) => emulator.company.people[index]!;

beforeAll(async () => {
  emulator = await startEmulator({ members: 260, departments: 14, enforceQps: false });
  const { company, control } = emulator;
  const inner = company.departments.filter(({ id }) => id !== 1);
  [big] = inner.map(({ id }) => id) as [number];
  const parent = inner.find(({ id }) => id !== big && company.childrenOf(id).length > 0)!;
  secret = parent.id;
  belowSecret = company.childrenOf(secret)[0]!.id;
  for (const { userid } of company.people.slice(100, 230)) {
    control.patchPerson(userid, { departmentIds: [big], leads: [] });
  }
  // The people of these tests are in no way special, and in plain sight.
  for (const index of [0, 1, 5, 20, 21, 22, 23, 24, 26, 27, 28, 40]) {
    control.patchPerson(person(index).userid, {
      departmentIds: [big],
      leads: [],
      roleIds: [],
      adminLevel: 0,
    });
  }
  agent = person(30);
  shy = person(31);
  control.patchPerson(agent.userid, {
    name: '司徒秘密',
    departmentIds: [belowSecret],
    leads: [belowSecret],
    mobile: '10076543210',
    hideMobile: false,
  });
  control.patchPerson(shy.userid, {
    departmentIds: [big],
    leads: [],
    mobile: '10098761234',
    hideMobile: true,
  });
  both = person(32);
  control.patchPerson(both.userid, {
    name: '令狐双',
    title: '',
    departmentIds: [secret, belowSecret, big],
    leads: [],
  });
  control.patchPerson(person(33).userid, { departmentIds: [secret], leads: [] });
  control.patchDepartment(big, { name: '星河产品部' });
  control.patchDepartment(secret, {
    name: '绝密机房',
    hidden: true,
    permittedUsers: [person(23).userid],
  });
  control.patchDepartment(belowSecret, { name: '绝密二组', hidden: true });
  control.patchPerson(person(24).userid, { roleIds: [EXPORT_ROLE.id] });
  control.hire({ userid: 'hostile', name: HOSTILE_NAME, title: '"; DROP TABLE', departmentIds: [big] });
  for (const [index, name] of FORMULAS.entries()) {
    control.hire({ userid: `formula${index}`, name, title: name, departmentIds: [big] });
  }
  control.patchPerson(person(21).userid, {
    mobile: '10055554444',
    hideMobile: false,
    email: 'a"b@corp.example',
    orgEmail: 'a+b@corp.example',
  });
  app = await startDirectoryApp({
    emulator,
    env: {
      DIRECTORY_EXPORT: [person(20).userid, `role:${EXPORT_ROLE.name}`, person(26).userid].join(','),
      DIRECTORY_SEE_HIDDEN: person(26).userid,
      ADMIN_USER_IDS: person(22).userid,
    },
  });
  [member, exporter, administrator, chief] = (await Promise.all(
    [0, 20, 22, 26].map((index) => signedIn(app, emulator, person(index).userid)),
  )) as [Visitor, Visitor, Visitor, Visitor];
  await untilRead(member);
});
afterAll(async () => {
  await app?.close();
  await emulator?.close();
});
afterEach(() => emulator.control.clearFaults());

const PAGES = () => [
  '/directory',
  '/directory?q=%E5%BC%A0',
  `/directory/departments/${big}`,
  `/directory/departments/${big}?page=2`,
  `/directory/people/${person(1).userid}`,
  '/admin/sync',
  '/admin',
];
const ANSWERS = () => [
  `/api/directory/departments/${big}`,
  '/api/directory/search?q=a',
  '/api/admin/sync',
  '/directory/export.csv',
];

test('without a session every page leads to the sign-in and back, and every program gets a 401', async () => {
  const stranger = new Visitor(app);
  for (const path of PAGES()) {
    const { status, headers, text } = await stranger.ask(path);
    const location = `/login?${new URLSearchParams({ next: path })}`;
    expect({ path, status, location: headers.get('location') }).toEqual({ path, status: 307, location });
    expect(text).not.toContain(person(1).name);
  }
  for (const path of ANSWERS()) {
    const { status, json } = await stranger.ask(path);
    expect({ path, status, code: json.error.code }).toEqual({ path, status: 401, code: 'NOT_SIGNED_IN' });
  }
  const { status } = await stranger.ask('/api/admin/sync', {
    method: 'POST',
    headers: { origin: app.origin },
    body: new URLSearchParams(),
  });
  expect(status).toBe(401);
});

test('no answer is kept by anybody', async () => {
  for (const path of [...PAGES(), ...ANSWERS()]) {
    const { headers } = await exporter.ask(path);
    expect({ path, kept: headers.get('cache-control') }).toEqual({
      path,
      kept: expect.stringMatching(/private.*no-store|no-store.*private/),
    });
  }
});

test('the pages of a department, put together, are its people in DingTalk’s order, each once', async () => {
  const people: { userId: string; leader: boolean }[] = [];
  for (let page = 1, pageCount = 1; page <= pageCount; page += 1) {
    const { json } = await member.ask(`/api/directory/departments/${big}?page=${page}`);
    expect(json.people.length).toBeLessThanOrEqual(50);
    pageCount = json.pageCount;
    people.push(...json.people);
  }
  const wanted = emulator.company.membersOf(big);
  expect(people.map(({ userId }) => userId)).toEqual(wanted.map(({ userid }) => userid));
  expect(people.filter(({ leader }) => leader).map(({ userId }) => userId)).toEqual(
    wanted.filter(({ leads }) => leads.includes(big)).map(({ userid }) => userid),
  );
});

test('the same pages as plain links: each leads to the next, and past the last there is nothing', async () => {
  const seen = new Set<string>();
  let path: string | undefined = `/directory/departments/${big}`;
  while (path) {
    const { text }: { text: string } = await member.ask(path);
    for (const [, userId] of text.matchAll(/href="\/directory\/people\/([^"]+)"/g)) seen.add(userId!);
    path = /href="([^"]+\?page=\d+)" rel="next"|rel="next" href="([^"]+)"/.exec(
      text.replaceAll(/class="button button-plain more-button" /g, ''),
    )?.[1];
  }
  expect(seen.size).toBe(emulator.company.membersOf(big).length);
  for (const address of [
    `/api/directory/departments/${big}?page=99`,
    `/directory/departments/${big}?page=99`,
  ]) {
    expect((await member.ask(address)).status).toBe(404);
  }
});

test('lists hold the fields of the list and no others', async () => {
  const { json: page } = await member.ask(`/api/directory/departments/${big}`);
  expect(keysOf([page])).toEqual(['asOf', 'page', 'pageCount', 'people', 'peopleCount', 'state']);
  expect(keysOf(page.people)).toEqual([
    'active',
    'avatarUrl',
    'jobNumber',
    'leader',
    'name',
    'title',
    'userId',
  ]);
  const { json: found } = await member.ask('/api/directory/search?q=a');
  expect(keysOf([found])).toEqual(['asOf', 'departments', 'more', 'people', 'query', 'state']);
  const listed = ['active', 'avatarUrl', 'departments', 'jobNumber', 'matched', 'name', 'title', 'userId'];
  expect(listed).toEqual(expect.arrayContaining(keysOf(found.people)));
  const { json: departments } = await member.ask(
    `/api/directory/search?q=${encodeURIComponent(emulator.company.department(big)!.name)}`,
  );
  expect(keysOf(departments.departments)).toEqual(['hidden', 'id', 'memberCount', 'name', 'path']);
});

test.each([
  ['name', () => person(5).name],
  ['user id', () => person(5).userid],
  ['job number', () => person(5).jobNumber],
])('somebody is found by their %s, on the page and by programs', async (_, query) => {
  const wanted = encodeURIComponent(query());
  const { json } = await member.ask(`/api/directory/search?q=${wanted}`);
  expect(json.people.map(({ userId }: { userId: string }) => userId)).toContain(person(5).userid);
  expect((await member.ask(`/directory?q=${wanted}`)).text).toContain(
    `href="/directory/people/${person(5).userid}"`,
  );
});

test('the words of a query narrow it, in whatever order, and a department is one of them', async () => {
  const { name, userid } = person(5);
  for (const query of [`${name} 产品部`, `产品部 ${name}`, `星河 ${name}`, `${name} 星河 ${userid[0]}`]) {
    const found = await foundBy(member, query);
    expect({ query, found: found.includes(userid) }).toEqual({ query, found: true });
  }
  expect(await foundBy(member, `${name} 不存在`)).toEqual([]);
  const other = emulator.company.departments.find(
    ({ id, name }) => id !== 1 && id !== big && !/星河|产品/.test(name) && !isBelowSecret(id),
  )!;
  expect(await foundBy(member, `${name} ${other.name}`)).not.toContain(userid);
});

test('a department’s name finds its people, in its order, and says that there are more', async () => {
  const { json } = await member.ask(`/api/directory/search?q=${encodeURIComponent('星河产品部')}`);
  const people = json.people as { userId: string; matched: string }[];
  const wanted = emulator.company.membersOf(big).map(({ userid }) => userid);
  expect(people.map(({ userId }) => userId)).toEqual(wanted.slice(0, people.length));
  expect(people.map(({ matched }) => matched)).toEqual(people.map(() => 'department'));
  expect({ count: people.length, more: json.more }).toEqual({ count: 20, more: true });
});

test('nobody is found by a hidden department that they are in besides', async () => {
  for (const query of ['令狐 机房', '机房 令狐', '令狐 绝密', 'lhs 绝密二组', '令狐 jmjf', '绝密 星河']) {
    expect({ query, found: await foundBy(member, query) }).toEqual({ query, found: [] });
  }
  expect(await foundBy(member, '令狐 星河')).toEqual([both.userid]);
  expect(await foundBy(chief, '机房 令狐')).toEqual([both.userid]);
  const { text } = await member.ask(`/directory/people/${both.userid}`);
  expect(text).toContain('星河产品部');
  expect(text).not.toContain('绝密');
});

test('a count is of the people whom the viewer may know of', async () => {
  const { company } = emulator;
  const countFor = async (visitor: Visitor, name: string) => {
    const { json } = await visitor.ask(`/api/directory/search?q=${encodeURIComponent(name)}`);
    return json.departments.find((department: { name: string }) => department.name === name)?.memberCount;
  };
  const rootName = company.department(1)!.name;
  const hiddenOnly = company.people.filter(({ departmentIds }) => departmentIds.every(isBelowSecret));
  expect(hiddenOnly.length).toBeGreaterThan(0);
  const everybody = company.people.length;
  expect(await countFor(member, rootName)).toBe(everybody - hiddenOnly.length);
  expect(await countFor(chief, rootName)).toBe(everybody);
  expect(await countFor(chief, '绝密机房')).toBe(company.membersBelow(secret).size);

  // Somebody who may see the hidden department, but not the hidden one below it.
  const permitted = await signedIn(app, emulator, person(23).userid);
  const visible = company.departments.filter(
    ({ id }) => isBelowSecret(id) && !company.pathOf(id).includes(belowSecret),
  );
  const known = new Set(visible.flatMap(({ id }) => company.membersOf(id).map(({ userid }) => userid)));
  expect(known.size).toBeLessThan(company.membersBelow(secret).size);
  expect(await countFor(permitted, '绝密机房')).toBe(known.size);
  expect(await countFor(permitted, '绝密二组')).toBeUndefined();
  expect((await permitted.ask(`/directory/departments/${secret}`)).text).toContain(
    `含下级部门共 ${known.size} 人`,
  );
});

test('whoever is allowed to see everything finds by hidden numbers, and takes them along', async () => {
  expect(await foundBy(chief, '61234')).toEqual([shy.userid]);
  expect(await foundBy(member, '61234')).toEqual([]);
  const { text } = await chief.ask('/directory/export.csv');
  expect(text).toContain(shy.mobile);
  expect(text).toContain(agent.userid);
});

test('the export is allowed by the name of a role too', async () => {
  const holder = await signedIn(app, emulator, person(24).userid);
  expect((await holder.ask('/directory/export.csv')).status).toBe(200);
});

test('a manager is shown to whoever may see them, and until it is known the page says so', async () => {
  const { control } = emulator;
  const [worker, hiddenWorker, nobodys] = [27, 28, 40].map((index) => person(index)) as [
    Person,
    Person,
    Person,
  ];
  control.patchPerson(worker.userid, { managerUserid: person(1).userid });
  control.patchPerson(hiddenWorker.userid, { managerUserid: agent.userid });
  const page = async ({ userid }: Person) => (await member.ask(`/directory/people/${userid}`)).text;
  const unknown = '还没有从钉钉读到';
  const link = `href="/directory/people/${person(1).userid}"`;

  control.fault({
    endpoint: '/topapi/v2/user/get',
    times: 'always',
    fault: { kind: 'errcode', errcode: 50002, wrapped: true },
  });
  expect(await page(worker)).toContain(unknown);
  control.clearFaults();
  control.patchPerson(nobodys.userid, { managerUserid: undefined });
  for (const somebody of [worker, hiddenWorker, nobodys]) {
    // DingTalk is asked about few people a second.
    await expect.poll(() => page(somebody), { interval: 300, timeout: 5000 }).not.toContain(unknown);
  }
  expect(await page(worker)).toContain(link);
  const hidden = await page(hiddenWorker);
  expect(hidden).not.toContain(agent.name);
  expect(hidden).not.toContain(agent.userid);
  expect(await page(nobodys)).not.toContain('直属主管');
});

test('many pages at once ask DingTalk about few people, and the others’ managers are not known yet', async () => {
  const before = emulator.control.calls().byEndpoint['/topapi/v2/user/get'] ?? 0;
  const crowd = emulator.company.people.slice(200, 224);
  const pages = await Promise.all(crowd.map(({ userid }) => member.ask(`/directory/people/${userid}`)));
  const asked = (emulator.control.calls().byEndpoint['/topapi/v2/user/get'] ?? 0) - before;
  expect(pages.map(({ status }) => status)).toEqual(crowd.map(() => 200));
  const unknown = pages.filter(({ text }) => text.includes('还没有从钉钉读到'));
  expect(asked).toBeLessThan(crowd.length);
  expect(unknown).toHaveLength(crowd.length - asked);
});

const PHONE = 'Mozilla/5.0 (iPhone; CPU iPhone OS 26_4 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148';

test('a person can be written to from a phone: by a link that opens their page in DingTalk', async () => {
  const { userid } = person(5);
  const path = `/directory/people/${userid}`;
  const { text } = await member.ask(path, { headers: { 'user-agent': PHONE } });
  const target = encodeURIComponent(app.origin + path);
  expect(text).toContain(`href="dingtalk://dingtalkclient/page/link?url=${target}"`);
  // A computer cannot open it.
  expect((await member.ask(path)).text).not.toContain('dingtalk://');
});

test('pages speak English to whoever reads English', async () => {
  const en = { headers: { 'accept-language': 'en', 'user-agent': PHONE } };
  const pages: [Visitor, string, string[], string[]][] = [
    [
      member,
      '/directory',
      ['Directory', 'Find a colleague', 'Directory read'],
      ['通讯录', '首页', '同事', '读取于', '钉钉'],
    ],
    [
      member,
      `/directory/people/${person(5).userid}`,
      ['DingTalk chat</a>', 'Departments', 'Job number'],
      ['通讯录', '部门', '工号', '钉钉'],
    ],
    [
      administrator,
      '/admin/sync',
      ['Read now', 'Complete', 'Added', 'People'],
      ['同步', '首页', '完整', '新增', '钉钉'],
    ],
  ];
  for (const [visitor, path, wanted, unwanted] of pages) {
    const { text } = await visitor.ask(path, en);
    expect(text).toContain('lang="en"');
    for (const words of wanted)
      expect({ path, text }).toMatchObject({ text: expect.stringContaining(words) });
    // What the scripts bring besides is both languages; what is shown is one.
    const shown = text.replaceAll(/<script[\s\S]*?<\/script>/g, '');
    for (const words of unwanted) expect(shown).not.toContain(words);
  }
});

test('a hidden department and its people are nowhere, but for those who belong to it', async () => {
  const absent = [
    `/directory/departments/${secret}`,
    `/directory/departments/${belowSecret}`,
    `/directory/people/${agent.userid}`,
    `/api/directory/departments/${secret}`,
    `/api/directory/departments/${belowSecret}`,
  ];
  for (const path of absent) {
    const { status, text } = await member.ask(path);
    expect({ path, status }).toEqual({ path, status: 404 });
    expect(text).not.toContain(agent.name);
  }
  const { name } = emulator.company.department(secret)!;
  const tree = (await member.ask('/directory')).text;
  expect(tree).not.toContain(`/directory/departments/${secret}"`);
  expect(tree).not.toContain(`/directory/departments/${belowSecret}"`);
  for (const query of [agent.name, agent.userid, agent.mobile, name]) {
    const { json } = await member.ask(`/api/directory/search?q=${encodeURIComponent(query)}`);
    expect(JSON.stringify(json.people)).not.toContain(agent.userid);
    expect(json.departments.map(({ id }: { id: number }) => id)).not.toContain(secret);
  }
  expect((await exporter.ask('/directory/export.csv')).text).not.toContain(agent.userid);

  const insider = await signedIn(app, emulator, agent.userid);
  const page = await insider.ask(`/directory/departments/${belowSecret}`);
  expect(page.status).toBe(200);
  expect(page.text).toContain(agent.name);
});

test('a hidden mobile number is told to nobody but its owner', async () => {
  const paths = [
    `/directory/people/${shy.userid}`,
    '/api/directory/search?q=1234',
    `/api/directory/search?q=${shy.mobile}`,
    `/directory?q=${shy.userid}`,
    `/api/directory/departments/${big}?page=1`,
  ];
  for (const path of paths) {
    expect(
      (await member.ask(path)).text
        .replaceAll(`q=${shy.mobile}`, '')
        .replaceAll(`"query":"${shy.mobile}"`, ''),
    ).not.toContain(shy.mobile);
  }
  const found = (await member.ask('/api/directory/search?q=61234')).json.people;
  expect(found.map(({ userId }: { userId: string }) => userId)).not.toContain(shy.userid);
  expect((await exporter.ask('/directory/export.csv')).text).not.toContain(shy.mobile);
  expect((await member.ask(`/directory/people/${shy.userid}`)).text).toContain('此人隐藏了手机号');
  const owner = await signedIn(app, emulator, shy.userid);
  expect((await owner.ask(`/directory/people/${shy.userid}`)).text).toContain(`href="tel:${shy.mobile}"`);
});

test('a person’s page calls, mails and tells every department; an odd address is text and no link', async () => {
  const { text } = await member.ask(`/directory/people/${person(21).userid}`);
  expect(text).toContain('href="tel:10055554444"');
  expect(text).toContain(`href="/directory/departments/${big}"`);
  expect(text).toContain('href="mailto:a%2Bb@corp.example"');
  expect(text).not.toContain('mailto:a"');
  expect(text).not.toContain('mailto:a%22');
});

test('whatever stands in a name is text', async () => {
  const at = emulator.company.membersOf(big).findIndex(({ userid }) => userid === 'hostile');
  for (const path of [
    '/directory/people/hostile',
    '/directory?q=hostile',
    `/directory/departments/${big}?page=${1 + Math.floor(at / 50)}`,
  ]) {
    const { text } = await member.ask(path);
    expect(text).toContain('&lt;img src=x onerror=');
    expect(text).not.toContain('<img src=x');
  }
});

test('nobody can ask as somebody else', async () => {
  const asked = `userId=${agent.userid}&viewer=${agent.userid}&as=${agent.userid}`;
  for (const path of [
    `/directory/departments/${belowSecret}?${asked}`,
    `/directory/people/${agent.userid}?${asked}`,
  ]) {
    expect((await member.ask(path, { headers: { 'x-user-id': agent.userid } })).status).toBe(404);
  }
  expect((await member.ask(`/directory/export.csv?userId=${person(20).userid}`)).status).toBe(403);
  const asChief = `userId=${person(26).userid}&viewer=${person(26).userid}&as=${person(26).userid}`;
  for (const path of ['/api/directory/search?q=61234', `/api/directory/departments/${big}?page=1`]) {
    expect((await member.ask(`${path}&${asChief}`)).json).toEqual((await member.ask(path)).json);
  }
  expect((await member.ask(`/api/admin/sync?userId=${person(22).userid}`)).status).toBe(403);
});

test.each([
  '%',
  '%25%25%25',
  '"',
  "' OR 1=1 --",
  'a* OR b*',
  'NEAR(a b, 5)',
  'name:x AND -y ^z',
  '{}[]()\\',
  '*',
  '^',
  '\u0000',
  'a\u0000b',
  '\ud800',
  '‮‮',
  '😀'.repeat(50),
  '张'.repeat(1000),
  'a '.repeat(3000),
  '<script>alert(1)</script>',
  '{{7*7}}',
  '_____',
  '-',
  '   ',
  '',
])('what somebody typed is harmless: %j', async (query) => {
  const wanted =
    query === '%' ? '%' : encodeURIComponent(query.toWellFormed?.() ?? query.replace('\ud800', ''));
  for (const path of [`/api/directory/search?q=${wanted}`, `/directory?q=${wanted}`]) {
    const { status, text } = await member.ask(path);
    expect({ path, status }).toEqual({ path, status: 200 });
    if (path.startsWith('/directory')) expect(text).not.toContain('<script>alert');
  }
});

test.each([
  [
    'departments',
    [
      '0',
      '-1',
      '1e3',
      '0x1',
      '1.5',
      'NaN',
      '99999999999999999999',
      '%00',
      '%2e%2e',
      '%',
      '%E0%A4',
      "1'",
      '999',
    ],
  ],
  ['people', ['nobody', '%00', '%252e', "'--", 'a'.repeat(3000), '%F0%9F%98%80', '%E0%A4%A']],
])('there is nothing at an odd address of %s', async (kind, ids) => {
  for (const id of ids) {
    const paths = [
      `/directory/${kind}/${id}`,
      ...(kind === 'departments' ? [`/api/directory/${kind}/${id}`] : []),
    ];
    for (const path of paths) {
      const { status } = await member.ask(path);
      expect({ path, status: [307, 308, 400, 404].includes(status) ? 'nothing' : status }).toEqual({
        path,
        status: 'nothing',
      });
    }
  }
  for (const page of ['0', '-1', '1.5', 'x', '99999999', '']) {
    expect((await member.ask(`/api/directory/departments/${big}?page=${page}`)).status).toBe(400);
    expect((await member.ask(`/directory/departments/${big}?page=${page}`)).status).toBe(404);
  }
});

test('the export is for those who are allowed, and tells the others so', async () => {
  const refused = await member.ask('/directory/export.csv');
  expect(refused.status).toBe(403);
  expect(refused.json.error).toMatchObject({ code: 'NOT_PERMITTED', message: '您没有使用此功能的权限。' });
  expect((await administrator.ask('/directory/export.csv')).status).toBe(403);
  expect((await member.ask('/directory')).text).not.toContain('export.csv');
  expect((await exporter.ask('/directory')).text).toContain('export.csv');
});

test('the export is a file for spreadsheets: everybody once, and nothing in it is a formula', async () => {
  const answer = await fetch(`${app.url}/directory/export.csv`, {
    headers: { cookie: exporter.cookieHeader(), 'accept-language': 'en' },
  });
  const bytes = Buffer.from(await answer.arrayBuffer());
  expect(answer.headers.get('content-type')).toBe('text/csv; charset=utf-8');
  expect(answer.headers.get('content-disposition')).toMatch(
    /^attachment; filename="staff-directory\.csv"; filename\*=UTF-8''staff-directory-\d{4}-\d\d-\d\d\.csv$/,
  );
  expect([...bytes.subarray(0, 3)]).toEqual([0xef, 0xbb, 0xbf]);
  const records = parseCsv(bytes.subarray(3).toString('utf8'));
  const [head, ...rows] = records;
  expect(head).toEqual([
    ...['Name', 'User ID', 'Job number', 'Title', 'Departments', 'Leads', 'Mobile', 'Extension'],
    ...['Email', 'Company email', 'Office', 'Active'],
  ]);
  const hidden = new Set([secret, ...emulator.company.departments.map(({ id }) => id).filter(isBelowSecret)]);
  const visible = emulator.company.people.filter(({ departmentIds }) =>
    departmentIds.some((id) => !hidden.has(id)),
  );
  expect(rows.map(([, userId]) => userId).sort()).toEqual(visible.map(({ userid }) => userid).sort());
  for (const record of records) {
    expect(record).toHaveLength(12);
    for (const cell of record) expect(cell).not.toMatch(/^[=+\-@\t\r\n＝＋－＠]/);
  }
  for (const [index, name] of FORMULAS.entries()) {
    expect(rows.find(([, userId]) => userId === `formula${index}`)?.[0]).toBe(`'${name}`);
  }
  expect(rows.find(([, userId]) => userId === 'hostile')?.[0]).toBe(HOSTILE_NAME);
});

test('the sync’s page is for administrators: others are told so, and can start nothing', async () => {
  const page = await member.ask('/admin/sync');
  const denied = await member.ask(page.headers.get('location') ?? '');
  expect(denied.status).toBe(403);
  expect(denied.text).toContain('您没有使用此功能的权限。');
  expect(page.text).not.toContain('/api/admin/sync');
  expect((await member.ask('/')).text).not.toContain('href="/admin/sync"');
  expect((await member.ask('/api/admin/sync')).status).toBe(403);
  const post = (visitor: Visitor, headers: Record<string, string>, body: BodyInit) =>
    visitor.ask('/api/admin/sync', { method: 'POST', headers, body });
  const form = new URLSearchParams({ 'accept-shrink': 'yes' });
  expect((await post(member, { origin: app.origin }, form)).status).toBe(403);
  expect((await post(administrator, { origin: 'https://evil.example' }, form)).json.error.code).toBe(
    'CROSS_SITE',
  );
  expect((await post(administrator, {}, form)).json.error.code).toBe('CROSS_SITE');
  expect((await post(administrator, { origin: app.origin }, 'x')).status).toBe(415);
  expect(
    (await post(administrator, { origin: app.origin }, new URLSearchParams({ x: 'y'.repeat(20_000) })))
      .status,
  ).toBe(413);
  expect((await administrator.ask('/api/admin/sync', { method: 'PUT' })).status).toBe(405);
  expect((await administrator.ask('/')).text).toContain('href="/admin/sync"');
});

test('DingTalk’s main administrator is one of ours', async () => {
  const main = emulator.company.people.find(({ adminLevel }) => adminLevel === 1)!;
  const visitor = await signedIn(app, emulator, main.userid);
  expect((await visitor.ask('/api/admin/sync')).status).toBe(200);
});

test('what a reading lacks is said to everybody, and why to the administrator only', async () => {
  const name = emulator.company.department(big)!.name;
  emulator.control.fault({
    endpoint: '/topapi/v2/user/list',
    where: { dept_id: big },
    times: 'always',
    fault: { kind: 'errcode', errcode: 50004, wrapped: true },
  });
  await syncNow(administrator, app.origin);
  emulator.control.clearFaults();
  const { text } = await member.ask('/directory');
  expect(text).toContain(`“${name}”的成员`);
  expect(text).not.toContain('50004');
  expect(text).not.toContain('/topapi/');
  // Nobody was taken away.
  expect((await member.ask(`/api/directory/departments/${big}`)).json).toMatchObject({
    state: 'partial',
    peopleCount: emulator.company.membersOf(big).length,
  });
  const page = (await administrator.ask('/admin/sync')).text;
  expect(page).toContain('50004');
  expect(page).toContain('此人不在应用的可见范围');
  const file = await exporter.ask('/directory/export.csv');
  expect(decodeURIComponent(file.headers.get('content-disposition')!)).toContain('不完整.csv');
  await syncNow(administrator, app.origin);
  expect((await member.ask('/directory')).text).not.toContain('note note-warn');
});

test('that a hidden department could not be read is said to those who see it, and to the administrators’ page', async () => {
  const { name } = emulator.company.department(belowSecret)!;
  emulator.control.fault({
    endpoint: '/topapi/v2/user/list',
    where: { dept_id: belowSecret },
    times: 'always',
    fault: { kind: 'errcode', errcode: 50004, wrapped: true },
  });
  await syncNow(administrator, app.origin);
  emulator.control.clearFaults();
  const insider = await signedIn(app, emulator, agent.userid);
  expect((await insider.ask('/directory')).text).toContain(`“${name}”的成员`);
  expect((await administrator.ask('/admin/sync')).text).toContain(`“${name}”的成员`);
  for (const outsider of [member, exporter, administrator]) {
    for (const path of ['/directory', `/directory/departments/${big}`, `/directory/people/${shy.userid}`]) {
      const { text } = await outsider.ask(path);
      expect(text).toContain('note note-warn');
      // Neither which, nor that there is one.
      expect(text).not.toContain(`“${name}”`);
      expect(text).not.toContain('class="dashes');
    }
    const { json } = await outsider.ask('/api/directory/search?q=a');
    expect(JSON.stringify(json)).not.toContain(name);
  }
  await syncNow(administrator, app.origin);
});

test('administrators see people by name: online, in the audit and at a glance; a search finds by sound and department', async () => {
  const { userid, name } = person(61);
  await signedIn(app, emulator, userid);
  await signedIn(app, emulator, userid);
  const online = async (q: string) =>
    (await administrator.ask(`/admin/sessions?q=${encodeURIComponent(q)}`)).text;
  emulator.control.patchPerson(userid, { name: '欧阳观山', departmentIds: [big], leads: [] });
  await syncNow(administrator, app.origin);
  for (const q of [
    '欧阳观山',
    'oygs',
    'ouyangguan',
    `${emulator.company.department(big)!.name} 欧阳`,
    userid,
  ]) {
    const text = await online(q);
    expect({ q, found: text.includes('欧阳观山') }).toEqual({ q, found: true });
    expect(text).toContain('2 台');
    expect({ q, devices: text.match(/name="session" value=/g)?.length }).toEqual({ q, devices: 2 });
  }
  expect(await online('oygsx')).not.toContain('欧阳观山');
  const audit = await administrator.ask('/admin/audit?event=sign-in&person=ouyang');
  expect(audit.text).toContain('欧阳观山');
  expect(audit.text).toContain(userid);
  expect(audit.text).not.toContain(person(20).userid);
  // The time is local; to the second, in UTC, on hover.
  expect(audit.text).toMatch(/title="\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC">今天 \d\d:\d\d/);
  const glance = (await administrator.ask('/admin')).text;
  expect(glance).toMatch(/通讯录<!-- --> · <!-- -->正常/);
  expect(glance).toMatch(/role="img" aria-label="今天每小时的登录次数，\d+ 时最多，\d+ 次"/);
  expect(name).not.toBe('欧阳观山');
});

test('an export and a start of the sync leave one line each: who, and what came of it', async () => {
  const from = app.output().length;
  await exporter.ask('/directory/export.csv');
  await syncNow(administrator, app.origin);
  const lines = app
    .output()
    .slice(from)
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
  const told = (userId: string) => lines.filter((line) => line.userId === userId);
  expect(told(person(20).userid)).toEqual([
    expect.objectContaining({ event: 'directory-export', outcome: 'ok', requestId: expect.any(String) }),
  ]);
  expect(told(person(22).userid)).toEqual([
    expect.objectContaining({
      event: 'sync-start',
      outcome: 'ok',
      requestId: expect.any(String),
      started: true,
      acceptShrink: false,
    }),
  ]);
});

test('whoever has left is gone at once: from search, pages, programs and the export', async () => {
  const { userid, name } = person(60);
  emulator.control.patchPerson(userid, { departmentIds: [big], leads: [], name: '告别者' });
  await syncNow(administrator, app.origin);
  expect(await foundBy(member, '告别者')).toEqual([userid]);
  emulator.control.fire(userid);
  // The first to look at their page has DingTalk asked, unless their pages have asked much already.
  const first = await signedIn(app, emulator, person(7).userid);
  expect((await first.ask(`/directory/people/${userid}`)).status).toBe(404);
  expect(await foundBy(member, '告别者')).toEqual([]);
  expect(await foundBy(member, userid)).toEqual([]);
  expect((await member.ask('/directory?q=gbz')).text).not.toContain(userid);
  for (const page of [1, 2, 3]) {
    const { text } = await member.ask(`/api/directory/departments/${big}?page=${page}`);
    expect(text).not.toContain(userid);
  }
  const { text } = await chief.ask('/directory/export.csv');
  expect(text).toContain(person(5).userid);
  expect(text).not.toContain(userid);
  expect(name).not.toBe('告别者');
});

test('when many are gone nothing is taken over until the administrator says so', async () => {
  const before = emulator.company.people.length;
  const gone = emulator.company.people.slice(100, 180);
  for (const { userid } of gone) emulator.control.fire(userid);
  await syncNow(administrator, app.origin);
  const page = (await administrator.ask('/admin/sync')).text;
  expect(page).toContain('name="accept-shrink"');
  // Whom and where, before anything is accepted.
  expect(page).toContain('这次少读到 80 人，没有采用');
  const names = gone.map(({ name }) => name).filter((name) => page.includes(name));
  expect(names.length).toBeGreaterThanOrEqual(15);
  expect(page).toMatch(new RegExp(`<bdi>[^<]*${emulator.company.department(big)!.name}</bdi>[^−]*−\\d+`));
  expect(page).toMatch(/共 80 人，其中 \d+ 人现在在线/);
  expect((await administrator.ask('/admin')).text).toContain('最近一次少读到 80 人，没有采用。');
  expect((await administrator.ask('/admin/audit')).text).toContain('1 项待处理');
  expect((await member.ask('/directory')).text).toContain('note note-warn');
  await syncNow(administrator, app.origin);
  expect((await administrator.ask('/admin/sync')).text).toContain('name="accept-shrink"');
  await syncNow(administrator, app.origin, { 'accept-shrink': 'yes' });
  const after = (await administrator.ask('/admin/sync')).text;
  expect(after).not.toContain('name="accept-shrink"');
  expect((await administrator.ask('/admin')).text).not.toContain('没有采用');
  expect(after).toContain(String(emulator.company.people.length));
  expect(emulator.company.people.length).toBe(before - 80);
});

/** Whom somebody's search finds. */
async function foundBy(visitor: Visitor, query: string): Promise<string[]> {
  const { json } = await visitor.ask(`/api/directory/search?q=${encodeURIComponent(query)}`);
  return json.people.map(({ userId }: { userId: string }) => userId);
}

function isBelowSecret(id: number): boolean {
  return emulator.company.pathOf(id).includes(secret);
}

function keysOf(items: object[]): string[] {
  expect(items.length).toBeGreaterThan(0);
  return [...new Set(items.flatMap((item) => Object.keys(item)))].sort();
}

/** RFC 4180, and nothing that it does not allow. */
function parseCsv(text: string): string[][] {
  expect(text).toMatch(/^("([^"]|"")*"(,"([^"]|"")*")*\r\n)+$/);
  return [...text.matchAll(/((?:"(?:[^"]|"")*",?)+)\r\n/g)].map(([, record]) =>
    [...record!.matchAll(/"((?:[^"]|"")*)"/g)].map(([, cell]) => cell!.replaceAll('""', '"')),
  );
}
