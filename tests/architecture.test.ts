import { readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { expect, test } from 'vitest';
import { codeOf, findOpenFile, publicAddressesIn } from '../access-check';

/** A file of this repository, as the rules see it. */
interface Source {
  /** From the root, such as `lib/session/session-cookie.ts`. */
  path: string;
  text: string;
}
/** Says what is wrong with a file, or nothing. */
type Rule = (source: Source) => string[];

interface Import {
  specifier: string;
  isTypeOnly: boolean;
}

const ROOT = new URL('..', import.meta.url);
const files = [
  ...['app', 'gate', 'lib', 'emulator', 'tests'].flatMap((folder) =>
    readdirSync(new URL(folder, ROOT), { recursive: true, encoding: 'utf8' }).map(
      (path) => `${folder}/${path}`,
    ),
  ),
  ...readdirSync(ROOT),
];
const sources: Source[] = files
  // `npm pack ./emulator` compiles it into a folder that is there while it packs.
  .filter((path) => /\.(ts|tsx|js|mjs)$/.test(path) && !/\.d\.ts$|^emulator\/dist\//.test(path))
  .map((path) => ({ path, text: readFileSync(new URL(path, ROOT), 'utf8') }));

/** Every import and re-export: static, dynamic, `typeof import(…)` and `require(…)`. */
function importsOf({ text }: Source): Import[] {
  const code = codeOf(text);
  const named = [
    ...code.matchAll(/^\s*(?:import|export)\s+(type\s+)?([^'";]*?\s*from\s*)?['"]([^'"]+)['"]/gm),
  ].map(([, type, names = '', specifier = '']) => ({
    specifier,
    isTypeOnly: type !== undefined || /^\{(\s*type\s+[^,}]+,?)+\s*\}\s*from\s*$/.test(names),
  }));
  const called = [
    ...code.matchAll(/(typeof\s+)?\b(?:import|require|resolve)\s*\(\s*['"`]([^'"`]+)['"`]/g),
  ].map(([, type, specifier = '']) => ({ specifier, isTypeOnly: type !== undefined }));
  return [...named, ...called];
}

/** Where an import leads: a path of ours without ending, or the name of a package. */
function targetOf(source: Source, specifier: string): string {
  if (specifier.startsWith('@/')) return specifier.slice(2);
  if (!specifier.startsWith('.')) return specifier;
  return new URL(specifier, `file:///${source.path}`).pathname.slice(1);
}

const targetsOf = (source: Source) =>
  importsOf(source).map(({ specifier, isTypeOnly }) => ({ target: targetOf(source, specifier), isTypeOnly }));
const isIn = (path: string, ...folders: string[]) => folders.some((folder) => path.startsWith(`${folder}/`));
/** Loaded by client components and by the scripts of the instant sign-in pages. */
const CLIENT_MODULES = [
  ...['account-switch', 'flow', 'instant/script', 'session-flags'].map((name) => `app/login/${name}.ts`),
  'gate/browser/script.ts',
];
const isClient = ({ path, text }: Source) =>
  /^\s*['"]use client['"]/.test(codeOf(text)) || CLIENT_MODULES.includes(path);
const wrong = (source: Source, target: string) => `${source.path} imports ${target}`;

// ── The law ───────────────────────────────────────────────────────────────────────────────────────────────────────

/** Packages that one file of the telephone may have besides, each with why. */
const TELEPHONE_PACKAGES: Record<string, string> = {
  // Node has no WebSocket before 22, and its own tells nothing of pings, by which a dead connection is known.
  'lib/dingtalk/stream/socket.ts': 'ws',
  // A tunnel through an HTTP proxy with connections that are kept alive: Node's own agents have that from 24 on.
  'lib/dingtalk/agents.ts': 'https-proxy-agent',
};

const telephoneStandsAlone: Rule = (source) => {
  if (!isIn(source.path, 'lib/dingtalk')) return [];
  const isOwn = (target: string) => TELEPHONE_PACKAGES[source.path] === target;
  return targetsOf(source)
    .filter(({ target }) => !/^node:|^zod$/.test(target) && !isIn(target, 'lib/dingtalk') && !isOwn(target))
    .map(({ target }) => wrong(source, target));
};

const arrowsGoOneWay: Rule = (source) => {
  const { path } = source;
  const isForbidden = (target: string) =>
    (isIn(path, 'lib') && isIn(target, 'app', 'gate', 'proxy', 'instrumentation')) ||
    (isIn(path, 'app') && isIn(target, 'gate')) ||
    (isIn(path, 'gate') && isIn(target, 'app', 'proxy', 'instrumentation')) ||
    (!isIn(path, 'tests') && isIn(target, 'tests')) ||
    (!isIn(path, 'tests', 'emulator') && isIn(target, 'emulator')) ||
    (isIn(path, 'emulator') && isIn(target, 'lib', 'app', 'gate'));
  return targetsOf(source)
    .filter(({ target }) => isForbidden(target))
    .map(({ target }) => wrong(source, target));
};

/** The rooms of `lib/`, lowest first: an import goes left, or stays. Rooms of one entry do not import each other. */
const LIB_ROOMS = [
  ['dingtalk'],
  ['.'],
  ['storage'],
  ['session'],
  ['i18n'],
  ['http'],
  ['directory'],
  ['directory/sync'],
  ['auth', 'events', 'notices'],
  ['dal'],
  ['doctor'],
  ['entry'],
];
const EMULATOR_ROOMS = [
  ['company'],
  ['platform'],
  ['api/endpoints'],
  ['api'],
  ['control'],
  ['workbench'],
  ['.'],
  ['demo'],
];

/** The room of a file: the longest folder that is one, or the folder itself. */
function roomOf(path: string, house: string, rooms: string[][]): { name: string; rank: number } {
  const folder = path.slice(house.length + 1).includes('/')
    ? path.slice(house.length + 1, path.lastIndexOf('/'))
    : '.';
  const names = rooms.flat().filter((name) => folder === name || folder.startsWith(`${name}/`));
  const name = names.sort((a, b) => b.length - a.length)[0] ?? folder;
  return { name, rank: rooms.findIndex((entry) => entry.includes(name)) };
}

const importsGoLeft =
  (house: string, rooms: string[][]): Rule =>
  (source) => {
    if (!isIn(source.path, house)) return [];
    const from = roomOf(source.path, house, rooms);
    if (from.rank < 0) return [`${source.path} is in no room`];
    return targetsOf(source)
      .filter(({ target }) => isIn(target, house))
      .filter(({ target }) => {
        const to = roomOf(target, house, rooms);
        return to.name !== from.name && to.rank >= from.rank;
      })
      .map(({ target }) => wrong(source, target));
  };

/** Files that import each other in a loop, types included: none of them can be understood before the others. */
function circlesOf(all: Source[]): string[] {
  const byPath = new Map(
    all.flatMap((source) => [[source.path.replace(/(\/index)?\.\w+$/, ''), source] as const]),
  );
  const found: string[] = [];
  const done = new Set<string>();
  const visit = (path: string, trail: string[]): void => {
    if (trail.includes(path)) {
      found.push([...trail.slice(trail.indexOf(path)), path].join(' → '));
      return;
    }
    const source = byPath.get(path);
    if (!source || done.has(path)) return;
    for (const { target } of targetsOf(source)) visit(target.replace(/\/index$/, ''), [...trail, path]);
    done.add(path);
  };
  for (const path of byPath.keys()) visit(path, []);
  return found;
}

/** Next sets these two itself; the edge build of the root files needs to see them. */
const ROOT_FILES = ['instrumentation.ts', 'proxy.ts'];

/** What a build is made with, not what it runs with. */
const OF_THE_BUILD = ['lib/base-path.ts', 'next.config.js', 'bundle-commands.mjs'];

const environmentHasOneReader: Rule = ({ path, text }) => {
  // `start.mjs` needs HOST and PORT before there is anything that could check them; Vitest's settings are of the tests.
  if (['lib/config.ts', 'start.mjs', 'vitest.config.ts'].includes(path) || isIn(path, 'emulator', 'tests'))
    return [];
  const reads =
    codeOf(text).match(/process\s*(?:\.\s*env\b(?:\s*\.\s*\w+)?|\[[^\]]*\])|\bimport\.meta\.env\b/g) ?? [];
  const isFine = (read: string) =>
    (ROOT_FILES.includes(path) && /^process\.env\.(NEXT_RUNTIME|NODE_ENV)$/.test(read)) ||
    (OF_THE_BUILD.includes(path) && read === 'process.env.BASE_PATH');
  return reads.filter((read) => !isFine(read)).map((read) => `${path} reads ${read}`);
};

const SOLE_IMPORTERS: Record<string, string> = {
  'iron-session': 'lib/session/seal.ts',
  'dingtalk-jsapi': 'lib/webview.ts',
  jose: 'gate/assertion.ts',
};

const packagesHaveOneImporter: Rule = (source) => {
  if (isIn(source.path, 'emulator', 'tests')) return [];
  return targetsOf(source)
    .filter(({ target }) => {
      const owner = Object.entries(SOLE_IMPORTERS).find(
        ([name]) => target === name || isIn(target, name),
      )?.[1];
      return owner !== undefined && owner !== source.path;
    })
    .map(({ target }) => wrong(source, target));
};

const clientSeesNoServer: Rule = (source) => {
  if (!isClient(source)) return [];
  const mayUse = (target: string) =>
    ['lib/base-path', 'lib/webview', 'lib/i18n', 'lib/session/user-agent'].includes(target) ||
    isIn(target, 'lib/i18n');
  return targetsOf(source)
    .filter(({ target, isTypeOnly }) => isIn(target, 'lib') && !isTypeOnly && !mayUse(target))
    .map(({ target }) => wrong(source, target));
};

/** Next adds the base path to its own links and redirects. Whatever else a browser is given has it from `withBasePath`. */
const addressesHaveTheBasePath: Rule = ({ path, text }) => {
  if (!isIn(path, 'app', 'lib') || isIn(path, 'lib/dingtalk', 'lib/i18n')) return [];
  const code = codeOf(text);
  const found = [
    ...code.matchAll(/<(?:a|form|img|script|link)\s[^>]*?(?:href|action|src)=(?:\{?["'`]\/(?!\/)[^"'`]*)/g),
    ...code.matchAll(/\bfetch\(\s*["'`]\/[^"'`]*/g),
    ...code.matchAll(/\blocation\.(?:assign|replace)\(\s*["'`]\/[^"'`]*/g),
    ...code.matchAll(/\bpublicOrigin\}\/[^`]*/g),
  ];
  return found.map(([text]) => `${path}: ${text}`);
};

/** What a browser, or anybody, may have: each with why it can touch no secret. */
const NOT_SERVER_ONLY: Record<string, string> = {
  'lib/base-path.ts': 'a path, written in by the build, for the browser too',
  'lib/errors.ts': 'a table of problems',
  'lib/http/return-to.ts': 'pure',
  'lib/http/internal-headers.ts': 'the name of a header, for proxy.ts too',
  'lib/session/user-agent.ts': 'pure, for the browser too',
  'lib/jsapi-codes.ts': 'a table of the client’s codes, and errors',
  'lib/signed-page.ts': 'runs in the browser only',
  'lib/webview.ts': 'runs in the browser only',
  'gate/browser/script.ts': 'runs in the browser only',
  'gate/browser/script-text.ts': 'the text of the script, made by the build',
};

const secretsStayOnTheServer: Rule = ({ path, text }) => {
  if (!isIn(path, 'lib', 'gate') || isIn(path, 'lib/dingtalk', 'lib/i18n') || path in NOT_SERVER_ONLY)
    return [];
  return /^import 'server-only';\n/.test(text) ? [] : [`${path} does not start with import 'server-only'`];
};

const publicAddresses = publicAddressesIn(
  sources.find(({ path }) => path === 'lib/http/public-addresses.ts')!.text,
);

const everythingAsks: Rule = (source) => findOpenFile(source, publicAddresses);

/** What proxy.ts loads is loaded for every request before anything else is done for it. */
const HEAVY =
  /^lib\/(?:storage|directory|auth|events|dal|entry|dingtalk-client|dingtalk\/(?!(?:outgoing-proxy|time-zone)\b))/;

const proxyIsLight: Rule = (source) => {
  if (source.path !== 'proxy.ts') return [];
  const reached = new Map([[source.path, source]]);
  for (const reachedSource of reached.values()) {
    for (const { target, isTypeOnly } of targetsOf(reachedSource)) {
      const found = isTypeOnly ? undefined : sources.find(({ path }) => path === `${target}.ts`);
      if (found) reached.set(found.path, found);
    }
  }
  return [...reached.keys()].filter((path) => HEAVY.test(path)).map((path) => wrong(source, path));
};

/** A layout does not run again on navigation, so it turns nobody away; a loading page makes a redirect a 200. */
const layoutsAreNoGuards: Rule = ({ path, text }) => {
  if (!isIn(path, 'app')) return [];
  if (/^loading\./.test(basename(path))) return [`${path} would answer 200 before the page has asked`];
  const guards = /\b(requireMember|pageMember|pageAdministrator|redirect|notFound)\(/.test(codeOf(text));
  return basename(path) === 'layout.tsx' && guards ? [`${path} turns people away in a layout`] : [];
};

const rules: Record<string, { rule: Rule; broken: Source[]; kept: Source[] }> = {
  'the telephone imports only node, zod and its siblings': {
    rule: telephoneStandsAlone,
    broken: [
      { path: 'lib/dingtalk/x.ts', text: "import { config } from '../config';" },
      { path: 'lib/dingtalk/x.ts', text: "import 'server-only';" },
      { path: 'lib/dingtalk/x.ts', text: "import { headers } from 'next/headers';" },
      { path: 'lib/dingtalk/x.ts', text: "import type { Session } from '@/lib/session/session-cookie';" },
      { path: 'lib/dingtalk/x.ts', text: "export { log } from '../log';" },
      { path: 'lib/dingtalk/x.ts', text: "const { log } = await import('../log');" },
      { path: 'lib/dingtalk/x.ts', text: "import WebSocket from 'ws';" },
      { path: 'lib/dingtalk/stream/socket.ts', text: "import { HttpsProxyAgent } from 'https-proxy-agent';" },
    ],
    kept: [
      { path: 'lib/dingtalk/stream/socket.ts', text: "import WebSocket from 'ws';" },
      {
        path: 'lib/dingtalk/x.ts',
        text: "import { request } from 'node:http';\nimport { z } from 'zod';\nimport { y } from './y';",
      },
      { path: 'lib/dingtalk/x.ts', text: "// import { config } from '../config';" },
    ],
  },
  'arrows go one way': {
    rule: arrowsGoOneWay,
    broken: [
      { path: 'lib/x.ts', text: "import { Page } from '@/app/page';" },
      { path: 'lib/deep/x.ts', text: "import { Page } from '../../app/page';" },
      { path: 'lib/x.ts', text: "import { freePort } from '../tests/support/port';" },
      { path: 'app/x.ts', text: "import { startEmulator } from '@/emulator/server';" },
      { path: 'lib/x.ts', text: "import { judge } from '@/gate/verdict';" },
      { path: 'app/x.ts', text: "import { judge } from '@/gate/verdict';" },
      { path: 'gate/x.ts', text: "import { askForCode } from '@/app/login/flow';" },
      { path: 'proxy.ts', text: "import {\n  startEmulator,\n} from './emulator/server';" },
      { path: 'emulator/x.ts', text: "import { sign } from '../lib/dingtalk/jsapi';" },
      {
        path: 'emulator/workbench/x.ts',
        text: "import type { Session } from '@/lib/session/session-cookie';",
      },
    ],
    kept: [
      { path: 'tests/x.test.ts', text: "import { startEmulator } from '../emulator/server';" },
      { path: 'emulator/x.ts', text: "import { y } from './app-tokens';" },
      { path: 'app/api/x/route.ts', text: "import { route } from '@/lib/http/route';" },
      { path: 'gate/x.ts', text: "import { route } from '@/lib/http/route';" },
    ],
  },
  'the rooms of lib import to the left': {
    rule: importsGoLeft('lib', LIB_ROOMS),
    broken: [
      { path: 'lib/storage/x.ts', text: "import type { Session } from '../session/session-cookie';" },
      { path: 'lib/x.ts', text: "import { database } from './storage/database';" },
      { path: 'lib/directory/x.ts', text: "import { sync } from './sync/sync';" },
      { path: 'lib/auth/x.ts', text: "import { dispatch } from '@/lib/events/dispatch';" },
      { path: 'lib/newroom/x.ts', text: '' },
    ],
    kept: [
      { path: 'lib/entry/x.ts', text: "import { x } from '../dal/viewer';\nimport { y } from './y';" },
      { path: 'lib/directory/sync/x.ts', text: "import { x } from '../store';" },
      { path: 'lib/dingtalk/stream/x.ts', text: "import { x } from '../errors';" },
    ],
  },
  'the rooms of the emulator import to the left': {
    rule: importsGoLeft('emulator', EMULATOR_ROOMS),
    broken: [
      { path: 'emulator/company/x.ts', text: "import { clock } from '../platform/clock';" },
      { path: 'emulator/workbench/x.ts', text: "import type { Emulator } from '../server';" },
    ],
    kept: [{ path: 'emulator/api/x.ts', text: "import { clock } from '../platform/clock';" }],
  },
  'the environment has one reader': {
    rule: environmentHasOneReader,
    broken: [
      { path: 'lib/log.ts', text: 'const level = process.env.LOG_LEVEL;' },
      { path: 'lib/log.ts', text: "const level = process['env'].LOG_LEVEL;" },
      { path: 'app/page.tsx', text: 'const { NODE_ENV } = process.env;' },
      { path: 'proxy.ts', text: 'const id = process.env.DINGTALK_CORP_ID;' },
      { path: 'lib/base-path.ts', text: 'process.env.PUBLIC_ORIGIN' },
      { path: 'lib/x.ts', text: 'process.env.BASE_PATH' },
    ],
    kept: [
      { path: 'lib/config.ts', text: 'parseConfig(process.env)' },
      { path: 'proxy.ts', text: "process.env.NODE_ENV === 'development'" },
      { path: 'lib/x.ts', text: '/** The only reader of process.env. */' },
    ],
  },
  'iron-session, dingtalk-jsapi and jose have one importer each': {
    rule: packagesHaveOneImporter,
    broken: [
      { path: 'lib/auth/auth.ts', text: "import { unsealData } from 'iron-session';" },
      { path: 'app/login/flow.ts', text: "import * as dd from 'dingtalk-jsapi/entry/union';" },
      { path: 'app/login/flow.ts', text: "const dd = await import('dingtalk-jsapi');" },
      { path: 'lib/session/seal.ts', text: "import { SignJWT } from 'jose';" },
    ],
    kept: [
      { path: 'lib/session/seal.ts', text: "import { sealData } from 'iron-session';" },
      { path: 'lib/webview.ts', text: "import * as dd from 'dingtalk-jsapi/entry/union';" },
    ],
  },
  'client code sees nothing of the server': {
    rule: clientSeesNoServer,
    broken: [
      { path: 'app/x.tsx', text: "'use client';\nimport { config } from '@/lib/config';" },
      {
        path: 'app/x.tsx',
        text: "/* why */ 'use client';\nimport { problems, type Problem } from '@/lib/errors';",
      },
      { path: 'app/deep/x.tsx', text: '"use client";\nconst { log } = await import("../../lib/log");' },
      { path: 'app/login/flow.ts', text: "import { mayRetry } from '@/lib/errors';" },
      { path: 'app/login/account-switch.ts', text: "import { sessions } from '@/lib/session/sessions';" },
      { path: 'gate/browser/script.ts', text: "import { config } from '@/lib/config';" },
    ],
    kept: [
      { path: 'app/x.tsx', text: "import { config } from '@/lib/config';" },
      {
        path: 'app/x.tsx',
        text: "'use client';\nimport type { Problem } from '@/lib/errors';\nimport { type A, type B } from '@/lib/http/route';\nimport { errorPage } from '@/lib/i18n/error-page';\nlet w: typeof import('@/lib/webview');",
      },
    ],
  },
  'what can touch a secret starts with server-only': {
    rule: secretsStayOnTheServer,
    broken: [
      { path: 'lib/x.ts', text: 'export const x = 1;' },
      { path: 'lib/directory/x.ts', text: "import { z } from 'zod';\nimport 'server-only';" },
      { path: 'lib/x.ts', text: "// import 'server-only';" },
      { path: 'gate/x.ts', text: 'export const x = 1;' },
    ],
    kept: [
      { path: 'lib/x.ts', text: "import 'server-only';\nexport const x = 1;" },
      { path: 'lib/dingtalk/x.ts', text: '' },
    ],
  },
  'what a browser is given has the base path': {
    rule: addressesHaveTheBasePath,
    broken: [
      { path: 'app/x.tsx', text: '<a className="x" href="/me">x</a>' },
      { path: 'app/x.tsx', text: '<a href={`/me?x`}>x</a>' },
      { path: 'app/x.tsx', text: '<form method="post"\n action="/api/x">' },
      { path: 'app/x/route.ts', text: '`<form action="/api/x">`' },
      { path: 'lib/x.ts', text: "fetch('/api/x')" },
      { path: 'app/x.ts', text: 'location.assign(`/login?x`)' },
      { path: 'lib/x.ts', text: ['`$', '{publicOrigin}/ticket`'].join('') },
    ],
    kept: [
      { path: 'app/x.tsx', text: '<Link href="/me">x</Link>' },
      { path: 'app/x.tsx', text: "<a href={withBasePath('/me')}>x</a>" },
      { path: 'app/x.tsx', text: "<form action={withBasePath('/api/x')}>" },
      { path: 'app/x.ts', text: "fetch(withBasePath('/api/x'))" },
    ],
  },
  'every page and handler asks who is there, or is public': {
    rule: everythingAsks,
    broken: [
      ...[
        'export default async function Page() {\n  return <p />;\n}',
        'export default function Page() {\n  return <p />;\n}',
        'export default async function Page() {\n  const staff = await everybody();\n  await pageMember();\n}',
        'export default async function Page() {\n  // await pageMember();\n  return <p />;\n}',
        'export default async function Page() {\n  pageMember();\n  return <p />;\n}',
        'const Page = async () => { await pageMember(); };\nexport default Page;',
        'export default async function Page() {\n  const x = await other() ?? await pageMember();\n}',
        "export { default } from '../page';",
        '',
      ].map((text) => ({ path: 'app/(internal)/x/page.tsx', text })),
      ...[
        'app/x/page.tsx',
        'app/x/page.jsx',
        'app/x/@side/page.tsx',
        'app/page.mdx',
        'app/login/x/page.tsx',
      ].map((path) => ({ path, text: 'export default async function Page() {}' })),
      {
        path: 'app/api/x/page.tsx',
        text: 'export default async function Page() {\n  await pageMember();\n}',
      },
      ...[
        'export function GET() { return Response.json(everybody()); }',
        'export async function GET() {}',
        'export const GET = () => {};',
        'export const GET = route(undefined, async () => { await requireMember(); });',
        "// methods({\nexport { GET } from '../y/route';",
        "export * from '../y/route';",
        'export const { GET } = methods({ GET: y });',
        "import { methods } from './mine';\nexport const { GET } = methods({});",
        "import { methods } from '@/lib/auth/methods';\nexport const { GET } = methods({});\nexport const POST = () => {};",
        "import { methods } from '@/lib/auth/methods';\nexport const { GET } = other(methods({}));",
        '',
      ].flatMap((text) => [
        { path: 'app/api/x/route.ts', text },
        { path: 'app/(internal)/x.csv/route.ts', text },
      ]),
      { path: 'app/x/act.ts', text: "'use server';\nexport async function act() {}" },
      {
        path: 'app/(internal)/x/page.tsx',
        text: 'export default async function Page() {\n  await pageMember();\n  async function act() {\n    "use server";\n  }\n}',
      },
      { path: 'pages/x.tsx', text: '' },
      { path: 'pages/api/x.ts', text: '' },
      { path: 'src/app/x/page.tsx', text: '' },
    ],
    kept: [
      {
        path: 'app/(internal)/x/page.tsx',
        text: 'export default async function Page() {\n  await pageMember();\n}',
      },
      {
        path: 'app/(internal)/x/page.tsx',
        text: "export default async function Page(props: PageProps<'/x'>) {\n  // Who?\n  const { userId } = await pageMember();\n}",
      },
      {
        path: 'app/(internal)/admin/x/page.tsx',
        text: 'export default async function Page() {\n  await pageAdministrator();\n}',
      },
      { path: 'app/login/page.tsx', text: 'export default async function Page() {}' },
      { path: 'app/(public)/login/page.tsx', text: 'export default async function Page() {}' },
      { path: 'app/unavailable/route.ts', text: 'export function GET() {}' },
      {
        path: 'app/api/x/route.ts',
        text: "import { type Method, methods } from '@/lib/auth/methods';\nexport const dynamic = 'force-dynamic';\nexport const { GET, POST } = methods({\n});\nexport type X = string;",
      },
      { path: 'app/(internal)/x/row.tsx', text: 'export function Row() {}' },
      { path: 'lib/x.ts', text: 'export function GET() {}' },
    ],
  },
  'proxy.ts loads neither the database nor the directory': {
    rule: proxyIsLight,
    broken: [
      { path: 'proxy.ts', text: "import { currentMember } from './lib/auth/auth';" },
      { path: 'proxy.ts', text: "import { methods } from './lib/auth/methods';" },
      { path: 'proxy.ts', text: "import { watchSessions } from '@/lib/auth/refusals';" },
    ],
    kept: [
      {
        path: 'proxy.ts',
        text: "import { sessions } from './lib/session/session-cookie';\nimport type { A } from './lib/auth/auth';",
      },
    ],
  },
  'layouts are no guards': {
    rule: layoutsAreNoGuards,
    broken: [
      {
        path: 'app/(internal)/layout.tsx',
        text: 'export default async function L() { await pageMember(); }',
      },
      { path: 'app/(internal)/loading.tsx', text: 'export default function Loading() { return null; }' },
    ],
    kept: [{ path: 'app/layout.tsx', text: 'export default function L() {}' }],
  },
};

test.each(Object.entries(rules))('%s', (_, { rule }) => {
  expect(sources.flatMap(rule)).toEqual([]);
});

test.each(Object.entries(rules))('the rule that %s can be broken', (_, { rule, broken, kept }) => {
  for (const source of broken) expect(rule(source), source.text).not.toEqual([]);
  for (const source of kept) expect(rule(source), source.text).toEqual([]);
});

test('no files import each other in a loop', () => {
  expect(circlesOf(sources.filter(({ path }) => isIn(path, 'app', 'gate', 'lib', 'emulator')))).toEqual([]);
  const loop = [
    { path: 'lib/a.ts', text: "import type { B } from './deep';" },
    { path: 'lib/deep/index.ts', text: "import { c } from '../c';" },
    { path: 'lib/c.ts', text: "export { a } from './a';" },
  ];
  expect(circlesOf(loop)).toEqual(['lib/a → lib/deep → lib/c → lib/a']);
  expect(circlesOf(loop.slice(1))).toEqual([]);
});

test('the rules see the whole house', () => {
  const paths = sources.map(({ path }) => path);
  for (const path of [
    'lib/session/session-cookie.ts',
    'app/(internal)/page.tsx',
    'gate/server.ts',
    'emulator/server.ts',
    'proxy.ts',
    'instrumentation.ts',
  ]) {
    expect(paths).toContain(path);
  }
  expect(sources.filter(isClient).map(({ path }) => path)).toContain('app/login/sign-in.tsx');
  expect(
    importsOf(sources.find(({ path }) => path === 'lib/session/sealed-sessions.ts')!).map(
      ({ specifier }) => specifier,
    ),
  ).toEqual(expect.arrayContaining(['server-only', 'node:crypto', 'zod', './seal']));
  for (const path of Object.keys(NOT_SERVER_ONLY)) expect(paths).toContain(path);
  expect(publicAddresses).toContain('/login');
});
