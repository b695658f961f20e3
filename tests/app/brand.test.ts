import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Emulator, startEmulator } from '../../emulator/server';
import { messagesIn } from '../../lib/i18n';
import { type App, appEnv, collect, spawnApp, startApp } from '../support/app';
import { CLIENTS } from '../support/client';
import { signedIn, Visitor } from '../support/http-session';
import { freePort } from '../support/port';

const BRAND = {
  name: { 'zh-CN': '顶点 Acme', en: 'Acme' },
  color: '#1f3a93',
  logo: 'logo.svg',
  support: { text: { 'zh-CN': '联系 IT 服务台', en: 'Ask the IT desk' }, href: 'mailto:it@acme.example' },
  footer: { 'zh-CN': '顶点公司 · 内部使用', en: 'Acme Ltd. · internal' },
};
/** What nothing may be left of: the default names, and the colours that follow from the default one. */
const LEFTOVERS = new RegExp(
  [
    messagesIn('zh-CN').appName,
    messagesIn('en').appName,
    '#0f6f6b',
    '#1ea8a2',
    '#1fb0aa',
    '#173334',
    '#e7f1f0',
  ].join('|'),
  'i',
);

const folder = mkdtempSync(join(tmpdir(), 'brand-'));
let emulator: Emulator;
let app: App;
let member: Visitor;

beforeAll(async () => {
  writeFileSync(join(folder, 'brand.json'), JSON.stringify(BRAND));
  writeFileSync(join(folder, 'logo.svg'), '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"/>');
  emulator = await startEmulator({ enforceQps: false });
  const person = emulator.company.people[0]!.userid;
  const env = { BRAND_FILE: join(folder, 'brand.json'), ADMIN_USER_IDS: person };
  app = await startApp({ emulator, env });
  member = await signedIn(app, emulator, person);
});
afterAll(async () => {
  await app?.close();
  await emulator?.close();
  rmSync(folder, { recursive: true });
});

const inDingTalk = { 'user-agent': CLIENTS.android, accept: 'text/html' };

test.each([
  ['the sign-in page', '/login', {}, false],
  ['the sign-in page after a refusal', '/login?failed=not-member&request=1', {}, false],
  ['the instant sign-in page', '/', inDingTalk, false],
  ['the refusal', '/denied?next=/admin', {}, true],
  ['the page for the time when sessions are unknown', '/unavailable', {}, true],
  ['the first page', '/', {}, true],
  ['the profile', '/me', {}, true],
  ['the devices', '/me/sessions', {}, true],
  ['the directory', '/directory', {}, true],
  ['the administration', '/admin/sessions', {}, true],
  ['a page that is not there', '/nothing', {}, true],
])('%s is the company’s, in both languages', async (_, path, headers, isMember) => {
  for (const [language, name] of [
    ['zh-CN', BRAND.name['zh-CN']],
    ['en', BRAND.name.en],
  ] as const) {
    const visitor = isMember ? member : new Visitor(app);
    const { text } = await visitor.ask(path, { headers: { 'accept-language': language, ...headers } });
    expect(text).toContain(`${name}</title>`);
    expect(text).toContain('/brand/logo?v=');
    expect(text).toContain('#1f3a93');
    expect(LEFTOVERS.exec(text)?.[0]).toBeUndefined();
  }
});

test('a sign-in in a browser that failed leads to the company’s page', async () => {
  const { text, headers } = await new Visitor(app).ask('/api/oauth/callback?error=access_denied');
  expect(LEFTOVERS.exec(text)).toBeNull();
  const page = await new Visitor(app).ask(headers.get('refresh')!.split('url=')[1]!);
  expect(page.text).toContain(BRAND.name['zh-CN']);
});

test('the foot has the company’s line and whom to ask', async () => {
  const { text } = await member.ask('/', { headers: { 'accept-language': 'en' } });
  expect(text).toContain('Acme Ltd. · internal');
  expect(text).toContain('href="mailto:it@acme.example"');
  expect(text).toContain('Ask the IT desk');
});

test('logo, icons and web manifest are the company’s, for strangers too, and may be kept', async () => {
  const stranger = new Visitor(app);
  const manifest = await stranger.ask('/brand/manifest.webmanifest');
  expect(manifest.json.name).toBe(BRAND.name['zh-CN']);
  expect(LEFTOVERS.exec(manifest.text)).toBeNull();
  for (const [file, type] of [
    ['logo', 'image/svg+xml'],
    ['icon.svg', 'image/svg+xml'],
    ...manifest.json.icons.map(({ src }: { src: string }) => [src.replace('/brand/', ''), 'image/png']),
  ]) {
    const { status, headers } = await stranger.ask(`/brand/${file}`);
    expect([file, status, headers.get('content-type')]).toEqual([file, 200, type]);
    expect(headers.get('cache-control')).toContain('max-age');
  }
  expect((await stranger.ask('/brand/brand.json')).status).toBe(404);
});

test('a brand file with errors ends the start, with the file and the fields', async () => {
  const path = join(folder, 'wrong.json');
  writeFileSync(path, JSON.stringify({ color: 'blue', logo: 7 }));
  const port = await freePort();
  const child = spawnApp(port, { ...appEnv(emulator, `http://127.0.0.1:${port}`), BRAND_FILE: path });
  const output = collect(child);
  expect((await once(child, 'exit'))[0]).toBe(1);
  expect(output()).toContain(`${path}: color must be a colour`);
  expect(output()).toContain(`${path}: logo `);
});

test('the language of the menu is kept, before that of the browser, and leads back to the page', async () => {
  const { userid } = emulator.company.people[1]!;
  const visitor = await signedIn(app, emulator, userid);
  const chinese = { 'accept-language': 'zh-CN' };
  const answer = await visitor.ask('/api/language', {
    method: 'POST',
    headers: { ...chinese, origin: app.origin, referer: `${app.origin}/me?x=1` },
    body: new URLSearchParams({ language: 'en' }),
  });
  expect([answer.status, answer.headers.get('location')]).toEqual([303, '/me?x=1']);
  expect(answer.headers.get('set-cookie')).toMatch(/Max-Age=31536000.*HttpOnly/);
  for (const path of ['/me', '/denied', '/unavailable'])
    expect((await visitor.ask(path, { headers: chinese })).text).toContain('lang="en"');
  const refused = await visitor.ask('/api/session', {
    method: 'POST',
    headers: { ...chinese, origin: app.origin },
  });
  expect(refused.json.error.message).not.toMatch(/\p{Script=Han}/u);

  for (const [language, origin, status] of [
    ['fr', app.origin, 400],
    ['en; x=1', app.origin, 400],
    ['zh-CN', 'https://elsewhere.example', 403],
  ] as const) {
    const wrong = await visitor.ask('/api/language', {
      method: 'POST',
      headers: { origin },
      body: new URLSearchParams({ language }),
    });
    expect([language, wrong.status, wrong.headers.get('set-cookie')]).toEqual([language, status, null]);
  }
});
