import { execFile, spawn } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Emulator, startEmulator } from '../../emulator/server';
import { expectClosed, forAll, INTERNAL_PAGES, tryWayIn, waysIn } from '../support/access';
import { type App, appEnv, collect, linesWith, SESSION_SECRET, startApp } from '../support/app';
import { freePort } from '../support/port';
import { findSecrets } from '../support/secrets';
import { givenCookie, send, type WireAnswer } from '../support/wire';

/**
 * A copy of the project that was spoilt: there are pages and handlers that throw, or forget to ask who is there. Of the
 * one build there are two apps: one as it is, and one without proxy.ts.
 */
const DIRECTORY = 'test-results/altered';
const PARTS = [
  'app',
  'lib',
  'public',
  'proxy.ts',
  'access-check.js',
  'instrumentation.ts',
  'next.config.js',
  'package.json',
  'start.mjs',
  'tsconfig.json',
];

const THROWING_ROUTE = `
import { config } from '@/lib/config';
import { route } from '@/lib/http/route';

function fail(request: Request): never {
  const { clientSecret, sessionKeys } = config();
  const cause = new Error([...sessionKeys.values(), request.headers.get('cookie')].join());
  throw Object.assign(new Error('thrown with ' + clientSecret, { cause }), { headers: [...request.headers], clientSecret });
}
export const POST = route('throws', async (request) => fail(request));
export async function GET(request: Request) {
  return fail(request);
}
`;

const THROWING_PAGE = `
import { headers } from 'next/headers';
import { pageMember } from '@/lib/auth/auth';
import { config } from '@/lib/config';

export default async function ThrowingPage() {
  await pageMember();
  const { clientSecret, sessionKeys } = config();
  const cause = new Error([...sessionKeys.values(), (await headers()).get('cookie')].join());
  throw new Error('thrown with ' + clientSecret, { cause });
}
`;

/** What a hurried colleague writes: nothing asks who is there. */
const FORGETFUL: Record<string, string> = {
  'app/(internal)/forgetful/page.tsx':
    'export default async function Page() {\n  return <p>the secret lunch</p>;\n}\n',
  'app/forgetful/nested/page.tsx': 'export default function Page() {\n  return <p>the secret lunch</p>;\n}\n',
  'app/(internal)/forgetful.csv/route.ts':
    "export function GET() {\n  return new Response('the secret lunch');\n}\n",
};

/** The access is missing, which only types tell: whatever is not said to be public or for members is closed. */
const MISSPELT_HANDLER = `
import { methods } from '@/lib/auth/methods';

export const { GET, POST, PUT, PATCH, DELETE } = methods({
  GET: { acess: 'public', handler: async () => new Response('the secret lunch') } as never,
});
`;

let emulator: Emulator;
/** Without proxy.ts. */
let app: App;
/** With it. */
let netted: App;
let checked: { code: number; output: string };
let refusedBuild: string;
let namedInDevelopment: string;
let session: string;
let secrets: Record<string, string>;

beforeAll(async () => {
  emulator = await startEmulator({ enforceQps: false, clientSecret: 'canary-of-the-client-secret-000001' });
  secrets = { appSecret: emulator.clientSecret, sessionSecret: SESSION_SECRET };
  await buildAltered();
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
  expect(checked.code).toBe(1);
  for (const file of [...Object.keys(FORGETFUL), 'app/api/throws/route.ts']) {
    expect(checked.output).toContain(`${file}: `);
    expect(refusedBuild).toContain(`${file}: `);
    expect(namedInDevelopment).toContain(`${file}: `);
  }
  // And nothing else.
  expect(checked.output.match(/^ {2}- /gm)).toHaveLength(4);
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

async function buildAltered(): Promise<void> {
  rmSync(DIRECTORY, { recursive: true, force: true });
  mkdirSync(DIRECTORY, { recursive: true });
  for (const part of PARTS) cpSync(part, `${DIRECTORY}/${part}`, { recursive: true });
  addFile('app/api/throws/route.ts', THROWING_ROUTE);
  addFile('app/(internal)/throws/page.tsx', THROWING_PAGE);
  addFile('app/api/misspelt/route.ts', MISSPELT_HANDLER);
  for (const [path, text] of Object.entries(FORGETFUL)) addFile(path, text);
  checked = await runCheck();
  namedInDevelopment = await develop();
  refusedBuild = await build().then(
    () => 'it was built',
    ({ stdout, stderr }) => stdout + stderr,
  );
  // The one who does not listen to it.
  writeFileSync(
    `${DIRECTORY}/next.config.js`,
    readFileSync('next.config.js', 'utf8').replace('if (message) throw new Error(message);', ''),
  );
  await build();
}

const next = createRequire(import.meta.url).resolve('next/dist/bin/next');

async function runCheck(): Promise<typeof checked> {
  try {
    const { stdout } = await promisify(execFile)(process.execPath, ['access-check.js'], { cwd: DIRECTORY });
    return { code: 0, output: stdout };
  } catch (error) {
    const { code, stderr } = error as { code: number; stderr: string };
    return { code, output: stderr };
  }
}

/** What the development server writes until it has named the files, or is ready. */
async function develop(): Promise<string> {
  const child = spawn(process.execPath, [next, 'dev', '-H', '127.0.0.1', '-p', String(await freePort())], {
    cwd: DIRECTORY,
    env: buildEnv(),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = collect(child);
  const ended = new Promise((resolve) => child.once('exit', resolve));
  for (let waited = 0; !/asking who they are|Ready in/.test(output()) && waited < 60_000; waited += 100)
    await delay(100);
  child.kill('SIGTERM');
  await ended;
  return output();
}

/** As if proxy.ts had never been there, for every server that starts from now on. */
function removeProxy(): void {
  const file = `${DIRECTORY}/.next/server/functions-config-manifest.json`;
  const manifest = JSON.parse(readFileSync(file, 'utf8'));
  delete manifest.functions['/_middleware'];
  writeFileSync(file, JSON.stringify(manifest));
}

function buildEnv(): NodeJS.ProcessEnv {
  return {
    PATH: process.env.PATH,
    HOME: process.env.HOME,
    NEXT_TELEMETRY_DISABLED: '1',
    ...appEnv(emulator, 'https://app.example.com'),
  } as unknown as NodeJS.ProcessEnv;
}

function build() {
  return promisify(execFile)(process.execPath, [next, 'build'], {
    cwd: DIRECTORY,
    env: { ...buildEnv(), NODE_ENV: 'production' },
  });
}

function addFile(path: string, text: string): void {
  const file = `${DIRECTORY}/${path}`;
  mkdirSync(file.slice(0, file.lastIndexOf('/')), { recursive: true });
  writeFileSync(file, text);
}
