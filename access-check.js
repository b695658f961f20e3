import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/**
 * Names every file under app/ that would answer a visitor without asking who is there: `npm run check`, the build, the
 * development server and tests/architecture.test.ts ask the same. It reads sources only, and needs no build.
 */

const SOURCE = /\.(tsx?|jsx?|mjs|cjs|mdx?)$/;
const ADDRESS_LIST = 'lib/http/public-addresses.ts';

/** Without comments, so that nothing that is only talked about counts. Strings stay. */
export function codeOf(text) {
  return text.replace(
    /("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`)|\/\*[\s\S]*?\*\/|\/\/[^\n]*/g,
    '$1',
  );
}

/** The keys of `PUBLIC_ADDRESSES`. */
export function publicAddressesIn(text) {
  return [...codeOf(text).matchAll(/^\s*'(\/[^']*)':/gm)].map(([, address]) => address);
}

/** What is wrong with one file, each with the remedy; nothing for most. */
export function findOpenFile({ path, text }, publicAddresses) {
  if (/^(?:src\/)?pages\/|^src\/app\//.test(path) && SOURCE.test(path))
    return [`${path}: proxy.ts and this check know only app/: move it there`];
  const [, file, extension] = /^app\/(?:.*\/)?([^/]+?)\.(\w+)$/.exec(path) ?? [];
  if (file === undefined || !SOURCE.test(path)) return [];
  const code = codeOf(text);
  if (/^\s*(['"])use server\1/m.test(code))
    return [`${path}: a Server Action can be called by anybody: write a handler with methods() instead`];
  if (publicAddresses.includes(addressOf(path))) return [];
  if (file === 'route') return findOpenHandler(path, code);
  if (file !== 'page') return [];
  if (/^app\/(?:\([^/]*\)\/)*api\//.test(path)) return [`${path}: proxy.ts does not see pages under /api`];
  const body = /^export default async function \w+\([^)]*\)[^{]*\{\s*([^;]+;)/m.exec(code)?.[1];
  if (body !== undefined && /^(const [^=]+ = )?await page(Member|Administrator|Auditor)\(/.test(body))
    return [];
  const mdx = /^mdx?$/.test(extension) ? ' (MDX cannot)' : '';
  return [
    `${path}: does not ask who is there. Begin it with \`await pageMember();\`${mdx}, or add its address to ${ADDRESS_LIST}`,
  ];
}

/** What a route file may export beside its handlers. */
const ROUTE_SETTING =
  /^const (?:dynamic|dynamicParams|revalidate|fetchCache|runtime|preferredRegion|maxDuration) =/;

function findOpenHandler(path, code) {
  const isOurs = /^import \{[^}]*\bmethods\b[^}]*\} from '@\/lib\/auth\/methods';$/m.test(code);
  const exported = [...code.matchAll(/^\s*export\s+([^\n]*)/gm)].map(([, what]) => what);
  const isGuarded = (what) => /^const \{[\w\s,]+\} = methods\(\{/.test(what) && isOurs;
  const open = exported.filter(
    (what) => !isGuarded(what) && !ROUTE_SETTING.test(what) && !/^(?:type|interface) /.test(what),
  );
  if (open.length === 0 && exported.some(isGuarded)) return [];
  return [
    `${path}: does not say who may call. Make its handlers by \`export const { GET, … } = methods({ GET: { access: 'member', handler } })\` of lib/auth/methods, or add its address to ${ADDRESS_LIST}`,
  ];
}

/** `app/(internal)/me/page.tsx` → `/me` */
function addressOf(path) {
  const parts = path.split('/').slice(1, -1);
  return `/${parts.filter((part) => !/^\(.*\)$|^@/.test(part)).join('/')}`;
}

/** Every open file of a project. @param root its folder, with a slash at the end */
export function findOpenFiles(root) {
  const publicAddresses = publicAddressesIn(readFileSync(`${root}${ADDRESS_LIST}`, 'utf8'));
  return ['app', 'pages', 'src'].flatMap((folder) =>
    listIn(`${root}${folder}`).flatMap((path) =>
      findOpenFile({ path: `${folder}/${path}`, text: read(`${root}${folder}/${path}`) }, publicAddresses),
    ),
  );
}

function listIn(folder) {
  try {
    return readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((path) =>
      path.replaceAll('\\', '/'),
    );
  } catch {
    return [];
  }
}

function read(path) {
  return SOURCE.test(path) ? readFileSync(path, 'utf8') : '';
}

/** One message for all of them; undefined where there is none. */
export function describeOpenFiles(root) {
  const open = findOpenFiles(root);
  if (open.length === 0) return undefined;
  return [
    'These files would answer visitors without asking who they are · 以下文件没有校验访问者：',
    ...open,
  ].join('\n  - ');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const message = describeOpenFiles(fileURLToPath(new URL('./', import.meta.url)));
  if (message) {
    process.stderr.write(`${message}\n`);
    process.exitCode = 1;
  }
}
