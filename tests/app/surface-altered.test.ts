import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Emulator, startEmulator } from '../../emulator/server';
import { expectClosed, forAll, INTERNAL_PAGES, tryWayIn, waysIn } from '../support/access';
import {
  type AlteredBuild,
  CLIENT_SECRET,
  DIRECTORY,
  FORGETFUL,
  takeAlteredBuild,
} from '../support/altered-build';
import { type App, linesWith, SESSION_SECRET, startApp } from '../support/app';
import { createKit } from '../support/kit';
import { givenCookie, send, type WireAnswer } from '../support/raw-request';
import { readExample, runExample } from '../support/readme-example';
import { findSecrets } from '../support/secrets';

/** Of the altered build there are two apps: one as it is, and one without proxy.ts. */

let emulator: Emulator;
/** Without proxy.ts. */
let app: App;
/** With it. */
let netted: App;
let build: AlteredBuild;
let session: string;
let secrets: Record<string, string>;

beforeAll(async () => {
  emulator = await startEmulator({ enforceQps: false, clientSecret: CLIENT_SECRET });
  secrets = { appSecret: emulator.clientSecret, sessionSecret: SESSION_SECRET };
  build = await takeAlteredBuild();
  netted = await startApp({ emulator, directory: DIRECTORY });
  removeProxy();
  app = await startApp({ emulator, directory: DIRECTORY });
  // Right after a build a small machine may be too busy for DingTalk's three seconds.
  let answer = await signIn();
  for (let tries = 0; answer.status === 503 && tries < 5; tries++) answer = await signIn();
  expect(answer.status, answer.text).toBe(200);
  session = givenCookie(answer, 'dingpass') ?? '';
  secrets.session = session;
}, 240_000);
afterAll(async () => {
  await Promise.all([app?.close(), netted?.close()]);
  await emulator?.close();
  rmSync(DIRECTORY, { recursive: true, force: true });
});

test('the check, the build and the development server name each file that asks nobody', () => {
  const { checked, refusedBuild, namedInDevelopment } = build;
  expect(checked.code).toBe(1);
  for (const file of [...Object.keys(FORGETFUL), 'app/api/throws/route.ts']) {
    expect(checked.output).toContain(`${file}: `);
    expect(refusedBuild).toContain(`${file}: `);
    expect(namedInDevelopment).toContain(`${file}: `);
  }
  // And nothing else.
  expect(checked.output.match(/^ {2}- /gm)).toHaveLength(4);
});

test('page, endpoint and test of README do what it says, in no more lines than it may', async () => {
  const example = readExample('README.md');
  const kit = createKit(netted, emulator, false);
  await runExample(example, kit);
  const ordered = await (await kit.signIn()).ask('/api/canteen', {
    method: 'POST',
    headers: { origin: netted.origin, accept: 'text/html' },
    body: new URLSearchParams({ dish: 'Rice' }),
  });
  expect([ordered.status, ordered.headers.get('location')]).toEqual([303, '/canteen?ordered=1']);
  const page = example.files['app/(internal)/canteen/page.tsx']!;
  expect((page + example.test).split('\n').filter((line) => line.trim() !== '').length).toBeLessThanOrEqual(
    25,
  );
  expect(readExample('README.zh-CN.md').test.replace(/'.*', async/, '')).toBe(
    example.test.replace(/'.*', async/, ''),
  );
});

test('strangers get nothing of a page or file that forgot to ask, however they ask', async () => {
  for (const path of ['/forgetful', '/forgetful/nested', '/forgetful.csv']) {
    for (const headers of [{}, { cookie: 'dingpass=x' }, { rsc: '1' }, { accept: 'text/html' }]) {
      const answer = await tryWayIn(netted, { path, headers });
      expect({ path, headers, status: answer.status }).toEqual({ path, headers, status: 307 });
      expect(answer.text).not.toContain('lunch');
    }
    expect((await send(netted, { path, headers: { cookie: `dingpass=${session}` } })).text).toContain(
      'the secret lunch',
    );
  }
});

test('a handler without a word about access is closed, to members too', async () => {
  for (const of of [netted, app]) {
    expect((await send(of, { path: '/api/misspelt' })).status).toBe(401);
    const cookie = `dingpass=${session}`;
    expect((await send(of, { path: '/api/misspelt', headers: { cookie } })).status).toBe(403);
  }
});

test('there is no proxy in this app, and members get their pages all the same', async () => {
  const answer = await member('/me');
  expect(answer.headers['content-security-policy']).toContain("default-src 'none'");
  for (const [path, mark] of INTERNAL_PAGES) expect((await member(path)).text).toContain(mark);
});

test('without proxy.ts no header and no spelling of an address opens a page', async () => {
  const { userid, unionid, name, mobile } = emulator.company.people[0]!;
  const cookie = `dingpass=${session}`;
  await forAll(waysIn(DIRECTORY), async (way) => {
    await tryWayIn(app, { ...way, headers: { ...way.headers, cookie } });
    expectClosed(way, await tryWayIn(app, way), [userid, unionid, name, mobile]);
  });
}, 90_000);

test('without proxy.ts every page still sends people to the sign-in page, and the API answers 401', async () => {
  for (const [path] of INTERNAL_PAGES) {
    const answer = await send(app, { path });
    expect(answer.status).toBe(307);
    expect(answer.headers.location).toMatch(/^\/login\?next=/);
    expect(answer.headers['cache-control']).toMatch(/private.*no-store/);
  }
  expect((await send(app, { path: '/api/session' })).status).toBe(401);
});

test('a return target that a client claims instead of proxy.ts is cleaned like any other', async () => {
  for (const target of ['//evil.example', 'https://evil.example', '/\\evil.example', '/api/session']) {
    const answer = await send(app, { path: '/me', headers: { 'x-dingpass-target': target } });
    expect(answer.headers.location).toBe('/login?next=%2F');
  }
});

test('SL-009: a route or a page that throws with secrets in hand tells nobody: not the visitor, not the log', async () => {
  const cookie = `dingpass=${session}`;
  const answers = [
    await send(app, { path: '/api/throws', method: 'POST', headers: { cookie } }),
    await send(app, { path: '/api/throws', headers: { cookie } }),
    await send(app, { path: '/throws', headers: { cookie } }),
    await send(app, { path: '/throws?_rsc', headers: { cookie, rsc: '1' } }),
  ];
  for (const answer of answers) {
    expect([200, 500]).toContain(answer.status);
    expect(answer.text).not.toContain('thrown with');
    expect(findSecrets(JSON.stringify(answer.headers) + answer.text, secrets)).toEqual([]);
  }
  expect(answers[0]?.json.error.code).toBe('INTERNAL');
  expect(await linesWith(app, 'thrown with [secret]')).not.toEqual([]);
  expect(findSecrets(app.output(), secrets)).toEqual([]);
});

test('nothing of the environment that a build is made in stays in the build', () => {
  const files = readdirSync(`${DIRECTORY}/.next`, { recursive: true, withFileTypes: true });
  let read = 0;
  for (const file of files.filter((entry) => entry.isFile())) {
    const text = readFileSync(`${file.parentPath}/${file.name}`, 'latin1');
    expect({ file: file.name, found: findSecrets(text, secrets) }).toEqual({ file: file.name, found: [] });
    read++;
  }
  expect(read).toBeGreaterThan(50);
});

function signIn(): Promise<WireAnswer> {
  const code = emulator.control.mintCode(emulator.company.people[0]!.userid);
  return send(app, {
    method: 'POST',
    path: '/api/session',
    headers: { 'content-type': 'application/json', origin: app.origin },
    body: JSON.stringify({ code }),
  });
}

function member(path: string): Promise<WireAnswer> {
  return send(app, { path, headers: { cookie: `dingpass=${session}` } });
}

/** As if proxy.ts had never been there, for every server that starts from now on. */
function removeProxy(): void {
  const file = `${DIRECTORY}/.next/server/functions-config-manifest.json`;
  const manifest = JSON.parse(readFileSync(file, 'utf8'));
  delete manifest.functions['/_middleware'];
  writeFileSync(file, JSON.stringify(manifest));
}
