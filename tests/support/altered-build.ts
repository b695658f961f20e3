import { execFile, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { collect, SESSION_SECRET } from './app';
import { freePort } from './port';
import { readExample } from './readme-example';

/**
 * A copy of the project that was spoilt: there are pages and handlers that throw, or forget to ask who is there. It has
 * README's example, too, which saves that a build of its own.
 */
export const DIRECTORY = 'test-results/altered';
const PARTS = [
  'app',
  'gate',
  'lib',
  'public',
  'proxy.ts',
  'access-check.js',
  'script-loader.cjs',
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
export const FORGETFUL: Record<string, string> = {
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

/** What the check, a build and the development server write about the altered project. */
export interface AlteredBuild {
  checked: { code: number; output: string };
  refusedBuild: string;
  namedInDevelopment: string;
}

/** The client secret that the build is made with: it must not be found in the result. */
export const CLIENT_SECRET = 'canary-of-the-client-secret-000001';
const NOTE = `${DIRECTORY}/altered.json`;

/**
 * The altered build: the one that `npm test` makes while the unit tests run, or a new one where there is none of the
 * present build.
 */
export async function takeAlteredBuild(): Promise<AlteredBuild> {
  const isMade = existsSync(NOTE) && statSync(NOTE).mtimeMs > statSync('.next/BUILD_ID').mtimeMs;
  return isMade ? JSON.parse(readFileSync(NOTE, 'utf8')) : makeAlteredBuild();
}

const FASTER = 'turbopackFileSystemCacheForBuild: false, turbopackMinify: false,';

export async function makeAlteredBuild(): Promise<AlteredBuild> {
  rmSync(DIRECTORY, { recursive: true, force: true });
  mkdirSync(DIRECTORY, { recursive: true });
  for (const part of PARTS) cpSync(part, `${DIRECTORY}/${part}`, { recursive: true });
  addFile('app/api/throws/route.ts', THROWING_ROUTE);
  addFile('app/(internal)/throws/page.tsx', THROWING_PAGE);
  addFile('app/api/misspelt/route.ts', MISSPELT_HANDLER);
  for (const [path, text] of Object.entries(FORGETFUL)) addFile(path, text);
  for (const [path, text] of Object.entries(readExample('README.md').files)) addFile(path, text);
  const checked = await runCheck();
  const namedInDevelopment = await develop();
  const refusedBuild = await build().then(
    () => 'it was built',
    ({ stdout, stderr }) => stdout + stderr,
  );
  // The one who does not listen to it. What only makes the next build or the download faster is left out.
  writeFileSync(
    `${DIRECTORY}/next.config.js`,
    readFileSync('next.config.js', 'utf8')
      .replace('if (message) throw new Error(message);', '')
      .replace('experimental: {', `experimental: {${FASTER}`),
  );
  await build();
  const made = { checked, refusedBuild, namedInDevelopment };
  writeFileSync(NOTE, JSON.stringify(made));
  return made;
}

const next = createRequire(import.meta.url).resolve('next/dist/bin/next');

async function runCheck(): Promise<AlteredBuild['checked']> {
  try {
    const { stdout } = await promisify(execFile)(process.execPath, ['access-check.js'], { cwd: DIRECTORY });
    return { code: 0, output: stdout };
  } catch (error) {
    const { code, stderr } = error as { code: number; stderr: string };
    return { code, output: stderr };
  }
}

/** What the development server writes until it has named the files: before or after it says that it is ready. */
async function develop(): Promise<string> {
  const child = spawn(process.execPath, [next, 'dev', '-H', '127.0.0.1', '-p', String(await freePort())], {
    cwd: DIRECTORY,
    env: buildEnv(),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = collect(child);
  const ended = new Promise((resolve) => child.once('exit', resolve));
  for (let waited = 0; !/asking who they are/.test(output()) && waited < 30_000; waited += 100)
    await delay(100);
  child.kill('SIGTERM');
  await ended;
  return output();
}

function buildEnv(): NodeJS.ProcessEnv {
  return {
    PATH: process.env.PATH,
    HOME: process.env.HOME,
    NEXT_TELEMETRY_DISABLED: '1',
    DINGTALK_CORP_ID: 'dingaltered',
    DINGTALK_CLIENT_ID: 'dingalteredclient',
    DINGTALK_CLIENT_SECRET: CLIENT_SECRET,
    PUBLIC_ORIGIN: 'https://app.example.com',
    SESSION_KEYS: `a:${SESSION_SECRET}`,
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

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await makeAlteredBuild();
