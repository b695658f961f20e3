import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, parse } from 'node:path';
import { createProxyServer } from 'httpxy';

/** What the app needs besides its build. */
const BESIDES = ['public', 'next.config.js', 'package.json', 'start.mjs'];
const TEXT = new Set(['.js', '.css', '.json', '.html', '.rsc', '.meta', '.txt', '']);

/**
 * Makes a second build of the app out of the first, which shares no script and no build id with it: what a build of
 * changed source is to browsers, without the half minute that one takes.
 */
export function makeOtherBuild(directory: string): void {
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  for (const part of BESIDES) cpSync(part, join(directory, part), { recursive: true });
  const build = join(directory, '.next');
  // Under a name of their own, of the same length: texts of React's tell how long they are.
  const renamed = new Map(
    [...new Set(readdirSync('.next/static/chunks').map((file) => parse(file).name))].map((stem) => [
      stem,
      `~${stem.slice(1)}`,
    ]),
  );
  const buildId = readFileSync('.next/BUILD_ID', 'utf8');
  renamed.set(buildId, `~${buildId.slice(1)}`);
  const inText = new RegExp([...renamed.keys()].map((name) => name.replace(/[$]/g, '\\$&')).join('|'), 'g');
  const other = (text: string) => text.replace(inText, (name) => renamed.get(name)!);
  for (const entry of readdirSync('.next', { recursive: true, withFileTypes: true })) {
    const from = join(entry.parentPath, entry.name);
    const to = join(directory, other(from));
    if (/^\.next\/(cache|node_modules|diagnostics|types)\b/.test(from)) continue;
    if (entry.isDirectory()) mkdirSync(to, { recursive: true });
    else {
      mkdirSync(parse(to).dir, { recursive: true });
      if (TEXT.has(extname(entry.name))) writeFileSync(to, other(readFileSync(from, 'utf8')));
      else cpSync(from, to);
    }
  }
  // Links of Next's own to packages, by names that lead out of the build.
  symlinkSync(join(process.cwd(), '.next/node_modules'), join(build, 'node_modules'));
}

export interface Balancer {
  url: string;
  /** Which of the instances is asked, as an index; by default, each in turn. */
  choose(choice: (request: IncomingMessage) => number): void;
  close(): Promise<void>;
}

/** Starts a balancer on loopback that knows nothing of sessions: request by request, another instance. */
export async function startBalancer(targets: () => readonly string[]): Promise<Balancer> {
  const proxy = createProxyServer({});
  let turn = 0;
  const inTurn = () => turn++ % targets().length;
  let choice: (request: IncomingMessage) => number = inTurn;
  const server = createServer((request, response) => {
    const target = targets()[choice(request)]!;
    proxy.web(request, response, { target }).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    choose: (next) => {
      choice = next;
    },
    close: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
