import { existsSync } from 'node:fs';
import { cp, mkdir, readdir, readFile } from 'node:fs/promises';
import { createRequire, isBuiltin } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';

/**
 * `node deploy/assemble.mjs <folder>`, after `npm run build`: copies what the app needs to run into an empty folder, and
 * no more. The image is made of it, and it runs on any machine with Node.js: `node start.mjs`.
 *
 * Not Next's `output: 'standalone'`: its server is one of its own, without the drain, the keep-alive and the second
 * listeners of `start.mjs`, and it does not have our commands.
 */

const ROOT = resolve(import.meta.dirname, '..');
/** Copied whole. */
const PARTS = ['public', 'next.config.js', 'package.json', 'start.mjs', 'command.mjs', 'dist', 'LICENSE'];
/** What a file of Next's loads: by `require("…")`, or by a name that it hands on. */
const LOADED = /(?<=\brequire\(["'])[^"']+(?=["']\))|(?<=["'])next\/dist\/[\w./@-]+(?=["'])/g;
const PACKAGES = /^(?:\.next\/)?node_modules\//;
/** Of the build: what only another build, or a person, reads. */
const NOT_OF_BUILD =
  /^(?:cache|trace.*|diagnostics|types|turbopack|node_modules|dev)(?:\/|$)|\.map$|\.nft\.json$/;
/** Traced by Next, and never run here: pictures are not optimised, nothing is compiled. */
const LEFT_OUT =
  /(?:^|\/)node_modules\/(?:@img|sharp|typescript|caniuse-lite|@swc\/core)\/|next\/dist\/compiled\/(?:next-devtools|@vercel\/nft)\/|\.map$/;

const [folder] = process.argv.slice(2);
if (!folder) fail('node deploy/assemble.mjs <folder>');
const target = resolve(folder);
if ((await readdir(target).catch(() => [])).length > 0) fail(`${target} 不是空文件夹 · is not empty`);

const byNext = await tracedByNext();
for (const file of new Set([...byNext, ...(await tracedFromCommands(byNext)), ...(await requiredByStart())]))
  await copy(file);
for (const part of PARTS) await copy(part);
await copyBuild();
await copy('deploy/health.mjs', 'health.mjs');

/** What pages, handlers and Next's own server load. */
async function tracedByNext() {
  const build = join(ROOT, '.next');
  const names = (await readdir(build, { recursive: true })).filter((name) => /\.nft\.json$/.test(name));
  const traced = new Set();
  for (const name of names) {
    if (/^(?:cache|dev)\//.test(name)) continue;
    const from = dirname(join(build, name));
    for (const file of JSON.parse(await readFile(join(build, name), 'utf8')).files)
      traced.add(relative(ROOT, join(from, file)));
  }
  // The build itself is copied whole; other files of the project are data, for all that a trace can tell.
  return new Set([...traced].filter((file) => PACKAGES.test(file) && !LEFT_OUT.test(file)));
}

/** What the commands load besides. What is known was traced with all that it loads: it takes most of the time. */
async function tracedFromCommands(known) {
  const { nodeFileTrace } = createRequire(import.meta.url)('next/dist/compiled/@vercel/nft');
  const commands = (await readdir(join(ROOT, 'dist'))).map((name) => join(ROOT, 'dist', name));
  const { fileList } = await nodeFileTrace([join(ROOT, 'command.mjs'), ...commands], {
    base: ROOT,
    processCwd: ROOT,
    ignore: (path) => known.has(path) || LEFT_OUT.test(path),
  });
  return [...fileList].filter((file) => PACKAGES.test(file));
}

/**
 * What `start.mjs` loads of Next: more than Next's own trace, which is of another server. By the words `require("…")`, of
 * which there are no others in Next's files; a whole trace takes twenty seconds.
 */
async function requiredByStart() {
  const { resolve: find } = createRequire(import.meta.url);
  const found = new Set([
    find('next'),
    find('next/package.json'),
    find('@next/env'),
    find('@next/env/package.json'),
  ]);
  for (const file of found) {
    if (!/\.js$/.test(file) || !file.includes('/node_modules/next/')) continue;
    for (const [name] of (await readFile(file, 'utf8')).matchAll(LOADED)) {
      if (isBuiltin(name)) continue;
      const path = resolved(name, file);
      if (!path || LEFT_OUT.test(path)) continue;
      found.add(path);
      // Which entry of a package it is, its package.json says.
      const owner = /^.*\/compiled\/(?:@[^/]+\/)?[^/]+\//.exec(path)?.[0];
      if (owner && existsSync(`${owner}package.json`)) found.add(`${owner}package.json`);
    }
  }
  return [...found].map((file) => relative(ROOT, file)).filter((file) => PACKAGES.test(file));
}

function resolved(name, from) {
  try {
    return createRequire(from).resolve(name);
  } catch {
    return undefined;
  }
}

async function copyBuild() {
  const build = join(ROOT, '.next');
  await cp(build, join(target, '.next'), {
    recursive: true,
    filter: (from) => !NOT_OF_BUILD.test(relative(build, from)),
  });
}

async function copy(from, to = from) {
  await mkdir(dirname(join(target, to)), { recursive: true });
  await cp(join(ROOT, from), join(target, to), { recursive: true, verbatimSymlinks: true });
}

function fail(text) {
  process.stderr.write(`${text}\n`);
  process.exit(1);
}
