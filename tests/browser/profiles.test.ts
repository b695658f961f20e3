import type { Browser, BrowserContext, Page } from 'playwright';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Emulator, startEmulator } from '../../emulator/server';
import { type App, startApp } from '../support/app';
import { launchBrowser } from '../support/browser';
import { openCorpus } from '../support/corpus';
import { signedIn } from '../support/http-session';

interface ProfileEntry {
  id: string;
  class: 'text' | 'avatar' | 'identity-header';
  name: string;
  field: 'name' | 'title' | 'avatar' | 'dept';
  value: string;
}

/** What was seen of a person on the two pages that show them. */
interface Seen {
  greeting: string;
  name: string;
  title: string | null;
  values: string[];
  avatars: string[];
  /** Elements with the names of their attributes, in order. */
  skeleton: string[];
  /** Hosts that the browser asked for anything, and what it complained of. */
  hosts: string[];
  complaints: string[];
  dialogs: number;
}

const MAX_NAME_LENGTH = 64;
/** A person whose picture is not shown, because its address is none. */
const ORDINARY = { name: '普通人', title: '工程师', avatar: 'none' };

let emulator: Emulator;
let app: App;
let browser: Browser;
let context: BrowserContext;
let usual: Seen;
let userid: string;

beforeAll(async () => {
  emulator = await startEmulator({ enforceQps: false });
  const avatarHosts = `${new URL(emulator.url).host},*.dingtalk.com`;
  [app, browser] = await Promise.all([
    startApp({ emulator, env: { AVATAR_HOSTS: avatarHosts } }),
    launchBrowser(),
  ]);
  context = await browser.newContext({ locale: 'zh-CN' });
  usual = await look(ORDINARY);
});
afterAll(async () => {
  await browser?.close();
  await app?.close();
  await emulator?.close();
});

const NO_HEADERS = 'no identity headers are sent to anybody yet';
const corpus = openCorpus<ProfileEntry>('profile-values', {
  'PR-043': NO_HEADERS,
  'PR-045': NO_HEADERS,
  'PR-047': NO_HEADERS,
});

corpus.each(
  ({ field, name }) => `${field}, ${name}`,
  async ({ class: kind, field, value }) => {
    const seen = await look({ ...ORDINARY, [field]: value });

    expect({ hosts: seen.hosts, dialogs: seen.dialogs, complaints: seen.complaints }).toEqual({
      hosts: [new URL(app.url).host],
      dialogs: 0,
      complaints: [],
    });
    // No address at all moves a row to what DingTalk does not tell; anything else only changes words.
    if (value !== '') expect(seen.skeleton).toEqual(usual.skeleton);
    expect(seen.avatars).toEqual([]);
    if (kind !== 'text') return;
    const shown = shownAs(value);
    expect(field === 'name' ? seen.name : seen.title).toBe(shown);
    expect(seen.values).toContain(shown);
    if (field === 'name')
      expect([seen.greeting.slice(2, 4), seen.greeting.slice(4)]).toEqual(['好，', clipped(shown)]);
  },
);

test('a picture on an allowed host is shown: the default picture above is a refusal, not a habit', async () => {
  const seen = await look({}, { hasAvatar: true });
  expect(seen.avatars).toHaveLength(1);
  expect(seen.avatars[0]).toMatch(new RegExp(`^${emulator.url}/`));
  expect(seen.hosts).toContain(new URL(emulator.url).host);
  expect(seen.complaints).toEqual([]);
});

test('hostile words in every other field of a record are words too', async () => {
  const bad = '"><img src=x onerror=alert(1)><script>alert(2)</script>';
  const fields = ['job_number', 'work_place', 'remark', 'email', 'org_email', 'telephone', 'mobile'];
  const record = Object.fromEntries(fields.map((name) => [name, bad]));
  const extension = JSON.stringify({ [bad]: bad, __proto__x: bad, a: { b: bad } });
  const roles = [{ id: 1, name: bad, group_name: bad }];
  const seen = await look({ ...record, extension, role_list: roles });
  expect({ dialogs: seen.dialogs, complaints: seen.complaints, avatars: seen.avatars.length }).toEqual({
    dialogs: 0,
    complaints: [],
    avatars: 0,
  });
  expect(seen.values.filter((value) => value === bad)).toHaveLength(fields.length + 2);
  expect(seen.skeleton.filter((element) => /^(script|img)\b/.test(element))).toEqual([]);
});

test('numbers and dates that make no sense do not break the page', async () => {
  const seen = await look({
    hired_date: 1e20,
    create_time: '2026-99-99T99:99:99.000Z',
    dept_id_list: [1e300, -1],
    extension: '{"a":1,"b":[1,{"c":null}]',
  });
  expect(seen.name).not.toBe('');
  expect(seen.complaints).toEqual([]);
  expect(seen.values).toContain('2026-99-99T99:99:99.000Z');
});

test('a person with a name of 4000 characters has a cookie that a browser keeps', async () => {
  const id = emulator.control.fault(patch({ name: '汉'.repeat(4000) })).id;
  const visitor = await signedIn(app, emulator, userid);
  expect(visitor.cookieHeader().length).toBeLessThan(1500);
  emulator.control.clearFaults(id);
});

corpus.report({ total: 24, applying: 21 });

/** Signs in as a new person whose record has these values, and looks at the pages that show it. Not one person for all: a record that was read is shown for 45 s. */
async function look(record: Record<string, unknown>, change: { hasAvatar?: boolean } = {}): Promise<Seen> {
  ({ userid } = emulator.control.hire(change));
  const { id } = emulator.control.fault(patch(record));
  try {
    const visitor = await signedIn(app, emulator, userid);
    await context.clearCookies();
    await context.addCookies([{ name: 'dingpass', value: visitor.cookies.get('dingpass')!, url: app.url }]);
    return await visit();
  } finally {
    emulator.control.clearFaults(id);
  }
}

async function visit(): Promise<Seen> {
  const page = await context.newPage();
  const hosts = new Set<string>();
  const complaints: string[] = [];
  let dialogs = 0;
  page.on('request', (request) => {
    if (!request.url().startsWith('data:')) hosts.add(new URL(request.url()).host);
  });
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('dialog', (dialog) => {
    dialogs++;
    dialog.dismiss();
  });

  await page.goto(`${app.url}/`, { waitUntil: 'load' });
  const greeting = await textOf(page, '.hello-title');
  const home = await skeletonOf(page);
  await page.goto(`${app.url}/me`, { waitUntil: 'load' });
  const title = (await page.locator('.who-title').count()) ? await textOf(page, '.who-title') : null;
  // What React complains of, it does after the load.
  await page.evaluate(() => new Promise((resolve) => requestIdleCallback(resolve)));
  const seen = {
    greeting,
    name: await textOf(page, '.who-name'),
    title,
    values: await page.locator('.fields dd').evaluateAll((all) => all.map((one) => one.textContent ?? '')),
    avatars: await page
      .locator('main img')
      .evaluateAll((all) => all.map((one) => one.getAttribute('src') ?? '')),
    skeleton: [...home, ...(await skeletonOf(page))],
    hosts: [...hosts],
    complaints,
    dialogs,
  };
  await page.close();
  return seen;
}

async function textOf(page: Page, selector: string): Promise<string> {
  return (await page.locator(selector).textContent()) ?? '';
}

function skeletonOf(page: Page): Promise<string[]> {
  return page
    .locator('main, main *')
    .evaluateAll((all) => all.map((one) => [one.localName, ...one.getAttributeNames().sort()].join(' ')));
}

function patch(record: Record<string, unknown>) {
  const set = Object.fromEntries(Object.entries(record).map(([name, value]) => [`result.${name}`, value]));
  return { endpoint: 'userdetail', times: 'always', fault: { kind: 'patch', set } } as Parameters<
    Emulator['control']['fault']
  >[0];
}

/** Without what has no shape, and never blank. */
function shownAs(value: string): string {
  return (
    value
      .replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]/gu, ' ')
      .replaceAll('\u200b', '')
      .trim() || userid
  );
}

/** What a session keeps of a name. */
function clipped(name: string): string {
  return Array.from(name).slice(0, MAX_NAME_LENGTH).join('').trim();
}
