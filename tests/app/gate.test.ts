import { execFile } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLocalJWKSet, jwtVerify } from 'jose';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Person } from '../../emulator/company/person';
import { type Emulator, startEmulator } from '../../emulator/server';
import { type App, appEnv, bareEnv } from '../support/app';
import { startDirectoryApp, untilRead } from '../support/directory-app';
import { describeTimes, printFigures, span } from '../support/figures';
import { type Gate, HostVisitor } from '../support/gate';
import { signedIn, Visitor } from '../support/http-session';
import { percentile } from '../support/load';
import { freePort } from '../support/port';
import { CALLBACK_ENV, subscribe } from '../support/staff';

const ORIGIN = 'https://app.example.com';
const WIKI = 'wiki.example.com';
/** With several rules. */
const TEAM = 'team.example.com';
const APPS = 'a.apps.example.com';
/** With a DingTalk app of its own. */
const OWN = 'own.apps.example.com';
const OWN_APP = { clientId: 'dingownappkey00001', clientSecret: 'own-secret-that-opens-nothing' };
const ANDROID =
  'Mozilla/5.0 (Linux; Android 16) Chrome/100.0 Mobile Safari/537.36 AliApp(DingTalk/8.1.10.1) com.alibaba.android.rimet/0';
const LOGO = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"/>';
const BRAND = { name: '顶点 Acme', color: '#1f3a93', logo: 'logo.svg' };
const IDENTITY = ['remote-user', 'remote-name', 'remote-email', 'remote-groups', 'x-dingpass-jwt'];
const newAssertionKey = () =>
  generateKeyPairSync('ec', { namedCurve: 'P-256' })
    .privateKey.export({ format: 'der', type: 'pkcs8' })
    .toString('base64url');
const folder = mkdtempSync(join(tmpdir(), 'gate-'));

let emulator: Emulator;
let app: App;
let gate: Gate;
let member: Person;
let outsider: Person;
/** Settings that the commands on the server have, too. */
let OPERATORS: Record<string, string>;

beforeAll(async () => {
  emulator = await startEmulator({
    members: span(40, 240),
    departments: 5,
    enforceQps: false,
    protectedHosts: [{ host: OWN, name: 'own', app: OWN_APP }],
  });
  writeFileSync(join(folder, 'brand.json'), JSON.stringify(BRAND));
  writeFileSync(join(folder, 'logo.svg'), LOGO);
  [member, outsider] = emulator.company.people.filter(({ active }) => active) as [Person, Person];
  const rules = join(folder, 'access.jsonc');
  writeFileSync(
    rules,
    `[
      { "at": "${WIKI}/*", "for": ["person:${member.userid}"] },
      { "at": "${TEAM}/*", "for": ["person:${member.userid}"], "tell": ["user", "name", "email", "groups"] },
      { "at": "${TEAM}/partner/*", "for": ["person:${member.userid}"], "origins": ["https://partner.example.org"] },
      { "at": "${TEAM}/fresh/*", "for": ["person:${member.userid}"], "recent": 1 },
      { "at": "${APPS}/*", "for": ["everybody"] },
      { "at": "${OWN}/*", "for": ["everybody"] },
    ]`,
  );
  const port = await freePort();
  OPERATORS = {
    ADMIN_USER_IDS: member.userid,
    BREAK_GLASS: 'on',
    DATA_DIR: join(folder, 'data'),
  };
  app = await startDirectoryApp({
    emulator,
    origin: ORIGIN,
    env: {
      ...CALLBACK_ENV,
      ACCESS_FILE: rules,
      GATE_LISTEN: `127.0.0.1:${port}`,
      GATE_HOSTS: `${WIKI},${TEAM},*.apps.example.com`,
      GATE_APPS: `${OWN}=${OWN_APP.clientId}:${OWN_APP.clientSecret}`,
      BRAND_FILE: join(folder, 'brand.json'),
      GATE_KEYS: `1:${newAssertionKey()}`,
      ...OPERATORS,
    },
  });
  await subscribe(emulator, app);
  gate = { url: `http://127.0.0.1:${port}`, app };
  await untilRead(await signedIn(app, emulator, member.userid));
});
afterAll(async () => {
  await app?.close();
  await emulator?.close();
});

const identityOf = (headers: Record<string, unknown>) =>
  Object.fromEntries(IDENTITY.map((name) => [name, headers[name]]));

/** A browser that is signed in on the main origin and on a host. */
async function signedInOn(host: string, person: Person): Promise<{ browser: HostVisitor; main: Visitor }> {
  const main = await signedIn(app, emulator, person.userid);
  const browser = new HostVisitor(gate, host);
  const { status, headers } = await browser.signIn(main);
  expect([status, headers.location]).toEqual([303, `https://${host}/p`]);
  return { browser, main };
}

describe('a person without a session', () => {
  test('is led to the main origin and back to the page, its query and encoded slashes kept', async () => {
    const main = await signedIn(app, emulator, member.userid);
    const browser = new HostVisitor(gate, WIKI);
    const page = '/a%2Fb?q=1&u=https://evil.example';
    const asked = await browser.open(page);
    expect(asked.status).toBe(303);
    expect(asked.headers.location).toMatch(/^https:\/\/app\.example\.com\/gate\?/);
    expect(identityOf(asked.headers)).toEqual(identityOf({}));
    const { status, headers } = await browser.signIn(main, page);
    expect([status, headers.location]).toEqual([303, `https://${WIKI}${page}`]);
    const answer = await browser.open(page);
    expect(answer.status).toBe(200);
    expect(answer.headers['remote-user']).toBe(member.userid);
    expect(Buffer.from(String(answer.headers['remote-name']), 'latin1').toString()).toBe(member.name);
  });

  test('of DingTalk: through the main origin, which signs in by itself', async () => {
    const browser = new HostVisitor(gate, WIKI);
    const { status, headers } = await browser.open('/p', {
      'user-agent': 'AliApp(DingTalk/7.6.0) DingTalk/7.6.0',
    });
    expect([status, headers.location?.startsWith(`${ORIGIN}/gate?`)]).toEqual([303, true]);
  });

  test.each([
    ['POST', {}],
    ['PATCH', {}],
    ['OPTIONS', {}],
    ['GET', { accept: 'application/json' }],
    ['GET', { accept: 'text/html', 'sec-fetch-mode': 'cors' }],
    ['GET', { upgrade: 'websocket', accept: 'text/html' }],
  ])('a program, %s %j: 401 as JSON', async (method, headers) => {
    const { status, json } = await new HostVisitor(gate, WIKI).verify(
      '/p',
      headers as Record<string, string>,
      method,
    );
    expect([status, json.error.code]).toEqual([401, 'NOT_SIGNED_IN']);
  });
});

describe('an admitted request', () => {
  test('brings the upstream who it is, and nothing that the visitor said of it', async () => {
    const { browser } = await signedInOn(TEAM, member);
    const forged = Object.fromEntries(
      IDENTITY.flatMap((name) => [
        [name, 'admin'],
        [name.replace('-', '_'), 'admin'],
      ]),
    );
    // What was known of a member counts for a second: the first reading may have ended within it.
    await vi.waitFor(async () => {
      const { status, headers } = await browser.verify('/p', forged);
      expect([status, headers['cache-control']]).toEqual([200, 'no-store']);
      const identity = identityOf(headers);
      expect(identity['remote-user']).toBe(member.userid);
      expect(Object.values(identity).join()).not.toContain('admin');
      expect(String(identity['remote-groups'])).toContain('department:');
    }, 3000);
  });

  test('says every part of the identity, empty where a rule does not tell it', async () => {
    const { browser } = await signedInOn(WIKI, member);
    const { headers } = await browser.verify('/p', {
      'remote-email': 'ceo@example.com',
      'remote-groups': 'admins',
    });
    expect([headers['remote-email'], headers['remote-groups']]).toEqual(['', '']);
  });

  test('has an assertion that upstreams can check without asking: for this host, for five minutes', async () => {
    const { browser } = await signedInOn(TEAM, member);
    const { headers } = await browser.verify('/p');
    const keys = createLocalJWKSet((await browser.ask('/.dingpass/jwks.json')).json);
    const { payload } = await jwtVerify(String(headers['x-dingpass-jwt']), keys, {
      audience: TEAM,
      issuer: ORIGIN,
    });
    expect(payload.sub).toBe(member.userid);
    expect(payload.exp! - payload.iat!).toBe(300);
    await expect(jwtVerify(String(headers['x-dingpass-jwt']), keys, { audience: WIKI })).rejects.toThrow(
      'aud',
    );
  });
});

describe('who is not let in', () => {
  test('a member whom no rule lets in: 403, with the reason for people', async () => {
    const { browser } = await signedInOn(WIKI, outsider);
    const page = await browser.open('/p', { 'accept-language': 'en' });
    expect([page.status, page.headers['content-type']]).toEqual([403, 'text/html; charset=utf-8']);
    expect(page.text).toContain('You are not among those who may open this page.');
    expect(identityOf(page.headers)).toEqual(identityOf({}));
    const { status, json } = await browser.verify('/p', { accept: 'application/json' });
    expect([status, json.error.code]).toEqual([403, 'NOT_PERMITTED']);
  });

  test('a host without a rule: nobody', async () => {
    const { browser } = await signedInOn('b.apps.example.com', member);
    expect((await browser.open('/p')).status).toBe(403);
  });

  test.each(['/a%2Fb', '/a/../partner/x', '/%70artner', '/a;x=1', '/a//b', '/a%00b', '/%ff'])(
    'a path that can be read in several ways, where paths have rules of their own: %s',
    async (path) => {
      const { browser } = await signedInOn(TEAM, member);
      expect((await browser.verify(path)).status).toBe(403);
      expect((await browser.verify('/ab')).status).toBe(200);
    },
  );

  test.each([
    ['POST', { origin: `https://${APPS}`, 'sec-fetch-site': 'same-site' }],
    ['POST', { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }],
    ['POST', { origin: 'null' }],
    ['DELETE', { 'sec-fetch-site': 'same-site' }],
    ['GET', { upgrade: 'websocket', origin: `https://${APPS}` }],
  ])("another origin's page: %s %j", async (method, headers) => {
    const { browser } = await signedInOn(TEAM, member);
    const { status, json } = await browser.verify('/p', headers as Record<string, string>, method);
    expect([status, json.error.code]).toEqual([403, 'CROSS_SITE']);
  });

  test.each([
    ['/p', 'POST', { origin: `https://${TEAM}`, 'sec-fetch-site': 'same-origin' }],
    ['/p', 'POST', {}],
    ['/p', 'GET', { upgrade: 'websocket', origin: `https://${TEAM}` }],
    ['/partner/x', 'POST', { origin: 'https://partner.example.org', 'sec-fetch-site': 'cross-site' }],
  ])('its own pages, programs, and origins of a rule: %s %s %j', async (path, method, headers) => {
    const { browser } = await signedInOn(TEAM, member);
    expect((await browser.verify(path, headers as Record<string, string>, method)).status).toBe(200);
  });
});

describe('a session of a host', () => {
  test('opens nothing on another host, and nothing on the main origin', async () => {
    const { browser } = await signedInOn(WIKI, member);
    const [[name, value] = ['', '']] = [...browser.cookies].filter(([key]) => key === '__Host-dingpass-host');
    const elsewhere = new HostVisitor(gate, APPS);
    elsewhere.cookies.set(name, value);
    expect((await elsewhere.verify('/p')).status).toBe(401);
    for (const main of [name, '__Host-dingpass']) {
      const visitor = new Visitor(app);
      visitor.cookies.set(main, value);
      expect((await visitor.ask('/api/session')).status).toBe(401);
    }
  });

  test("the main origin's cookie opens nothing on a host", async () => {
    const main = await signedIn(app, emulator, member.userid);
    const browser = new HostVisitor(gate, WIKI);
    for (const name of ['__Host-dingpass', '__Host-dingpass-host'])
      browser.cookies.set(name, main.cookies.get('__Host-dingpass')!);
    expect((await browser.verify('/p')).status).toBe(401);
  });

  test('ends with the session that it came from, at once', async () => {
    const { browser, main } = await signedInOn(WIKI, member);
    expect((await browser.verify('/p')).status).toBe(200);
    await main.ask('/api/session', { method: 'DELETE', headers: { origin: ORIGIN } });
    expect((await browser.verify('/p')).status).toBe(401);
  });

  test('ends by a sign-out on the host, and leaves the main origin signed in', async () => {
    const { browser, main } = await signedInOn(WIKI, member);
    const kept = browser.cookies.get('__Host-dingpass-host')!;
    const foreign = await browser.ask('/.dingpass/sign-out', {
      method: 'POST',
      headers: { origin: `https://${APPS}` },
    });
    expect(foreign.status).toBe(403);
    browser.cookies.set('__Host-dingpass-host', kept);
    const { status, headers } = await browser.ask('/.dingpass/sign-out', {
      method: 'POST',
      headers: { origin: `https://${WIKI}`, 'sec-fetch-site': 'same-origin' },
    });
    expect([status, headers.location]).toEqual([303, `${ORIGIN}/signed-out?host=${WIKI}`]);
    browser.cookies.set('__Host-dingpass-host', kept);
    expect((await browser.verify('/p')).status).toBe(401);
    expect((await main.ask('/api/session')).status).toBe(200);
    const page = await main.ask(`/signed-out?host=${WIKI}`, { headers: { 'accept-language': 'en' } });
    expect(page.text).toContain(`You are signed out of ${WIKI}.`);
    expect(page.text).toContain('Sign out everywhere');
  });

  test('ends on every host and on the main origin within two seconds when the member is dismissed', async () => {
    const rounds = span(3, 100);
    const times: number[] = [];
    for (const leaver of emulator.company.people.filter(({ active }) => active).slice(5, 5 + rounds)) {
      const { browser, main } = await signedInOn(APPS, leaver);
      const [team, own] = [new HostVisitor(gate, TEAM), new HostVisitor(gate, OWN)];
      await team.signIn(main);
      // By the host's own app: it came from no other session.
      expect((await signInOwn(own, leaver)).status).toBe(204);
      const askers = [
        async () => (await main.ask('/api/session')).status,
        ...[browser, team, own].map((host) => async () => (await host.verify('/p')).status),
      ];
      // No rule of TEAM lets the leaver in; that the session is over is another answer.
      expect(await Promise.all(askers.map((ask) => ask()))).toEqual([200, 200, 403, 200]);
      emulator.control.fire(leaver.userid);
      const firedAt = performance.now();
      const untilOut = async (ask: () => Promise<number>) => {
        await vi.waitFor(async () => expect(await ask()).toBe(401), { timeout: 10_000, interval: 20 });
        times.push(performance.now() - firedAt);
      };
      await Promise.all(askers.map(untilOut));
    }
    printFigures('dismissed → refused on the main origin and three hosts', {
      rounds,
      times: describeTimes(times),
    });
    expect(percentile(times, 0.99)).toBeLessThanOrEqual(2000);
  });

  test('is listed below the session that it came from, for its member and for administrators, and is no device', async () => {
    const { main, browser } = await signedInOn(WIKI, member);
    const other = new HostVisitor(gate, APPS);
    await other.signIn(main);
    const mine = (await main.ask('/me/sessions', { headers: { 'accept-language': 'en' } })).text;
    expect(mine.match(/<ul class="device-hosts[^>]*>.*?<\/ul>/s)?.[0]).toMatch(
      /a\.apps\.example\.com.*wiki\.example\.com/s,
    );
    const online = (await main.ask(`/admin/sessions?q=${member.userid}`)).text;
    expect(online).toContain('wiki.example.com');
    const headers = { origin: `https://${WIKI}`, 'sec-fetch-site': 'same-origin' };
    await browser.ask('/.dingpass/sign-out', { method: 'POST', headers });
    const after = (await main.ask('/me/sessions')).text;
    expect(after.match(/<ul class="device-hosts[^>]*>.*?<\/ul>/s)?.[0]).not.toContain(WIKI);
    const audit = (await main.ask(`/api/admin/audit.csv?event=sign-out&person=${member.userid}`)).text;
    expect(audit).toContain(WIKI);
  });

  test('a page that asks for a recent sign-in counts from the sign-in at DingTalk', async () => {
    const { browser } = await signedInOn(TEAM, member);
    expect((await browser.verify('/fresh/x')).status).toBe(200);
  });
});

/** On a host with an app of its own, with a code as that host's page gets it. */
function signInOwn(browser: HostVisitor, { userid }: Person, clientId = OWN_APP.clientId) {
  return browser.ask('/.dingpass/session', {
    method: 'POST',
    headers: {
      origin: `https://${browser.host}`,
      'sec-fetch-site': 'same-origin',
      'content-type': 'application/json',
    },
    body: JSON.stringify({ code: emulator.control.mintCode(userid, { clientId }) }),
  });
}

describe('a code', () => {
  test('of a host’s own app opens that host, once, and nothing else', async () => {
    const browser = new HostVisitor(gate, OWN);
    expect((await signInOwn(browser, member)).status).toBe(204);
    expect((await browser.verify('/p')).headers['remote-user']).toBe(member.userid);
    const code = emulator.control.mintCode(member.userid, { clientId: OWN_APP.clientId });
    expect((await new Visitor(app).post('/api/session', { code })).status).toBe(401);
  });

  test('of the main app is not taken on any host, whether that has an app of its own or not', async () => {
    const [own, other] = [new HostVisitor(gate, OWN), new HostVisitor(gate, APPS)];
    expect((await signInOwn(own, member, emulator.clientId)).status).toBe(401);
    expect((await signInOwn(other, member, emulator.clientId)).status).toBe(404);
    for (const browser of [own, other]) expect((await browser.verify('/p')).status).toBe(401);
  });
});

describe('the pages of the gate', () => {
  const inClient = { 'user-agent': ANDROID };
  test.each([
    ['signing in, in DingTalk', 401, (own: HostVisitor) => own.open('/p', inClient)],
    ['not admitted', 403, async () => (await signedInOn('b.apps.example.com', member)).browser.open('/p')],
    ['not known who is signed in', 503, (own: HostVisitor) => own.ask('/.dingpass/unavailable?rd=/p')],
    [
      'a ticket of another browser',
      401,
      async (own: HostVisitor) => {
        const main = await signedIn(app, emulator, member.userid);
        return own.ask(await new HostVisitor(gate, OWN).ticketFor(main));
      },
    ],
  ])(
    '%s: the company’s looks, nothing loaded from elsewhere, small, in no frame of the host',
    async (_, status, open) => {
      const page = await open(new HostVisitor(gate, OWN));
      expect(page.status).toBe(status);
      expect(Buffer.byteLength(page.text)).toBeLessThanOrEqual(20 * 1024);
      expect(page.text).toContain(`· ${BRAND.name}</title>`);
      expect(page.text).toContain(BRAND.color);
      expect(page.text).toContain(`src="data:image/svg+xml;base64,${Buffer.from(LOGO).toString('base64')}"`);
      expect(page.text).not.toMatch(/(?:src|href)="(?!data:|https:\/\/|\/p"|\/\.dingpass\/)/);
      const policy = String(page.headers['content-security-policy']);
      expect(policy).toMatch(/^default-src 'none'/);
      // Where a sign-out leads: without it the browser stays on the page.
      expect(policy).toContain(`form-action 'self' ${ORIGIN};`);
      expect(policy).toMatch(/frame-ancestors https:\/\/\*\.dingtalk\.com$/);
    },
  );

  test('the script of the instant sign-in is small on the way, and kept by the browser', async () => {
    const own = new HostVisitor(gate, OWN);
    const address = /src="(\/\.dingpass\/sign-in\.js[^"]*)"/.exec((await own.open('/p', inClient)).text)?.[1];
    const path = String(address).replace('&#38;', '&');
    const { status, headers } = await own.ask(path, { headers: { 'accept-encoding': 'gzip' } });
    expect([status, headers['content-encoding']]).toEqual([200, 'gzip']);
    expect(Number(headers['content-length'])).toBeLessThanOrEqual(20 * 1024);
    expect(headers['cache-control']).toContain('immutable');
    const old = await own.ask(path.replace(/v=\w+/, 'v=0'));
    expect([old.headers['cache-control'], old.headers['content-encoding']]).toEqual(['no-store', undefined]);
    expect(old.text).toContain('/.dingpass/session');
  });

  test.each([
    ['zh-CN,zh;q=0.9', 'lang="zh-CN"', '正在登录'],
    ['en-GB', 'lang="en"', 'Signing you in'],
  ])('in the visitor’s language: %s', async (language, mark, title) => {
    const page = await new HostVisitor(gate, OWN).open('/p', { ...inClient, 'accept-language': language });
    expect(page.text).toContain(mark);
    expect(page.text).toContain(title);
  });
});

describe('a ticket', () => {
  test('is good once; a second arrival of the same browser goes on to the page', async () => {
    const main = await signedIn(app, emulator, member.userid);
    const browser = new HostVisitor(gate, WIKI);
    const ticket = await browser.ticketFor(main);
    expect((await browser.ask(ticket)).headers.location).toBe(`https://${WIKI}/p`);
    const session = browser.cookies.get('__Host-dingpass-host');
    expect((await browser.ask(ticket)).headers.location).toBe(`https://${WIKI}/p`);
    expect(browser.cookies.get('__Host-dingpass-host')).toBe(session);
    browser.cookies.delete('__Host-dingpass-host');
    const spent = await browser.ask(ticket);
    expect(spent.headers.location).toMatch(/^https:\/\/app\.example\.com\/gate\?/);
    expect(browser.cookies.has('__Host-dingpass-host')).toBe(false);
  });

  test('of another browser opens nothing, and stays good for its own', async () => {
    const main = await signedIn(app, emulator, member.userid);
    const browser = new HostVisitor(gate, WIKI);
    const ticket = await browser.ticketFor(main);
    const victim = new HostVisitor(gate, WIKI);
    await victim.open('/p');
    for (const other of [victim, new HostVisitor(gate, WIKI)]) {
      const { status, headers } = await other.ask(ticket);
      expect([status, headers['set-cookie']]).toEqual([401, undefined]);
    }
    expect((await browser.ask(ticket)).status).toBe(303);
    expect(browser.cookies.has('__Host-dingpass-host')).toBe(true);
  });

  test('of another host opens nothing', async () => {
    const main = await signedIn(app, emulator, member.userid);
    const browser = new HostVisitor(gate, WIKI);
    const ticket = await browser.ticketFor(main);
    const elsewhere = new HostVisitor(gate, APPS);
    for (const [name, value] of browser.cookies) elsewhere.cookies.set(name, value);
    expect((await elsewhere.ask(ticket)).status).toBe(401);
    expect(elsewhere.cookies.has('__Host-dingpass-host')).toBe(false);
  });

  test('opens nothing after the sign-out of the session that it came from', async () => {
    const main = await signedIn(app, emulator, member.userid);
    const browser = new HostVisitor(gate, WIKI);
    const ticket = await browser.ticketFor(main);
    await main.ask('/api/session', { method: 'DELETE', headers: { origin: ORIGIN } });
    await browser.ask(ticket);
    expect(browser.cookies.has('__Host-dingpass-host')).toBe(false);
  });

  test('is not spent by a prefetch or a link scanner', async () => {
    const main = await signedIn(app, emulator, member.userid);
    const browser = new HostVisitor(gate, WIKI);
    const ticket = await browser.ticketFor(main);
    expect((await browser.ask(ticket, { headers: { 'sec-purpose': 'prefetch' } })).status).toBe(503);
    expect((await browser.ask(ticket, { method: 'HEAD' })).status).toBe(503);
    expect((await browser.ask(ticket)).headers.location).toBe(`https://${WIKI}/p`);
  });

  test.each(['https://other.example', 'wiki.example.com.evil.example', '', 'WIKI.example.com:444'])(
    'is not given for a host that is not protected: %s',
    async (host) => {
      const main = await signedIn(app, emulator, member.userid);
      const query = new URLSearchParams({ host, nonce: 'n'.repeat(43), rd: '/' });
      const { status, headers } = await main.ask(`/gate?${query}`);
      expect([status, headers.get('location')]).toEqual([404, null]);
    },
  );
});

describe('a link that signs in', () => {
  const press = (browser: Visitor, link: URL, origin = ORIGIN) =>
    browser.ask('/api/ticket', {
      method: 'POST',
      headers: { origin },
      body: new URLSearchParams({ ticket: link.searchParams.get('ticket') ?? '', next: '/me' }),
    });
  const look = (browser: Visitor, link: URL, headers = {}) =>
    browser.ask(link.pathname + link.search, { headers: { 'accept-language': 'en', ...headers } });

  async function handOff(main: Visitor, next = '/me?a=b'): Promise<URL> {
    const { json } = await main.ask('/api/hand-off', {
      method: 'POST',
      headers: { origin: ORIGIN, 'content-type': 'application/json' },
      body: JSON.stringify({ next }),
    });
    return new URL(json.address);
  }

  /** `npm run ticket` on the server. */
  function command(...words: string[]): Promise<{ code: number; said: string }> {
    const env = { ...bareEnv(), ...appEnv(emulator, ORIGIN), ...OPERATORS };
    return new Promise((done) => {
      execFile(process.execPath, ['command.mjs', 'ticket', ...words], { env }, (error, stdout, stderr) =>
        done({ code: Number(error?.code ?? 0), said: stdout + stderr }),
      );
    });
  }
  const linkIn = (said: string) => new URL(/https:\/\/\S+/.exec(said)?.[0] ?? '');

  test('from DingTalk to a browser: names the person, and signs in by a press, once; no younger than the sign-in', async () => {
    const main = await signedIn(app, emulator, member.userid);
    const link = await handOff(main);
    const browser = new Visitor(app);
    for (const headers of [{}, { 'sec-purpose': 'prefetch' }])
      expect((await look(browser, link, headers)).text).toContain(`sign in as ${member.name}`);
    expect((await press(browser, link, 'https://evil.example')).status).toBe(403);
    const { status, headers } = await press(browser, link);
    expect([status, headers.get('location')]).toEqual([303, '/me']);
    const [there, here] = await Promise.all([main, browser].map((one) => one.ask('/api/session')));
    expect(here!.json.member).toMatchObject({ userId: member.userid, method: 'ticket' });
    expect(here!.json.member.expiresAt).toBe(there!.json.member.expiresAt);
    const other = new Visitor(app);
    expect((await press(other, link)).status).toBe(401);
    expect((await look(other, link)).status).toBe(401);
  });

  test('says so where somebody else is signed in, who stays until the press', async () => {
    const link = await handOff(await signedIn(app, emulator, member.userid));
    const browser = await signedIn(app, emulator, outsider.userid);
    expect((await look(browser, link)).text).toContain(`This browser is signed in as ${outsider.name}`);
    expect((await browser.ask('/api/session')).json.member.userId).toBe(outsider.userid);
    await press(browser, link);
    expect((await browser.ask('/api/session')).json.member.userId).toBe(member.userid);
  });

  test('opens nothing after the sign-out of the session that it came from', async () => {
    const main = await signedIn(app, emulator, member.userid);
    const link = await handOff(main);
    await main.ask('/api/session', { method: 'DELETE', headers: { origin: ORIGIN } });
    expect((await press(new Visitor(app), link)).status).toBe(401);
  });

  test('in an emergency, of an administrator: by a command, with its own lines in the audit', async () => {
    const { code, said } = await command('--admin', member.userid);
    expect(code).toBe(0);
    const browser = new Visitor(app);
    expect((await look(browser, linkIn(said))).text).toContain(member.name);
    expect((await press(browser, linkIn(said))).status).toBe(303);
    expect((await browser.ask('/api/session')).json.member).toMatchObject({
      userId: member.userid,
      name: member.name,
      method: 'ticket',
    });
    const audit = (await browser.ask(`/api/admin/audit.csv?person=${member.userid}`)).text;
    expect(audit).toContain('ticket-issued');
    expect(audit).toMatch(/sign-in.*break-glass/);
    expect((await press(new Visitor(app), linkIn(said))).status).toBe(401);
  });

  test('in an emergency, of nobody else', async () => {
    const { code, said } = await command('--admin', outsider.userid);
    expect([code, /https:/.test(said)]).toEqual([1, false]);
    // The main administrator of the company is one, and stops to be one between the command and the press.
    const chief = emulator.company.people.find(({ adminLevel, active }) => adminLevel === 1 && active)!;
    const { said: link } = await command('--admin', chief.userid);
    expect(linkIn(link).pathname).toBe('/ticket');
    emulator.control.fire(chief.userid);
    await vi.waitFor(async () => expect((await press(new Visitor(app), linkIn(link))).status).toBe(401), {
      timeout: 5000,
    });
  });
});
