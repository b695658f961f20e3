import { readFileSync } from 'node:fs';
import { expect } from 'vitest';
import type { App } from './app';
import { isLong } from './figures';
import { send, sendRsc, type WireAnswer, type WireRequest } from './raw-request';

/** Every page that only members may see, and a word of its markup that nobody else may get. */
export const INTERNAL_PAGES: [path: string, mark: string][] = [
  ['/', 'hello-title'],
  ['/me', 'who-name'],
  ['/example/step-up', 'step-up-lead'],
  ['/example/choose', 'jsapi-example'],
];

/** Headers that made one framework or another believe that somebody had checked already. */
const HEADERS: Record<string, string>[] = [
  {},
  ...[
    'middleware',
    'proxy',
    'src/middleware',
    'src/proxy',
    'pages/_middleware',
    'middleware:middleware:middleware:middleware:middleware',
    'src/middleware:src/middleware:src/middleware:src/middleware:src/middleware',
    'proxy:proxy:proxy:proxy:proxy',
    'src/proxy:src/proxy:src/proxy:src/proxy:src/proxy',
  ].map((value) => ({ 'x-middleware-subrequest': value })),
  { rsc: '1' },
  { rsc: '1', 'next-router-prefetch': '1' },
  { rsc: '1', 'next-router-prefetch': '2' },
  { rsc: '1', 'next-router-prefetch': '1', 'next-router-segment-prefetch': '/_tree' },
  { rsc: '1', 'next-router-prefetch': '1', 'next-router-segment-prefetch': '/_full' },
  { rsc: '1', 'next-router-segment-prefetch': '/(internal)/me/__PAGE__' },
  { rsc: '1', 'next-router-segment-prefetch': '/__PAGE__' },
  { rsc: '1', 'next-url': '/me' },
  { 'next-router-prefetch': '1' },
  { 'x-nextjs-data': '1' },
  { 'x-middleware-prefetch': '1' },
  { 'x-middleware-next': '1' },
  { 'x-middleware-rewrite': '/me' },
  { 'x-middleware-override-headers': 'cookie' },
  { 'x-matched-path': '/me' },
  { 'x-invoke-path': '/me', 'x-invoke-status': '200' },
  { 'x-now-route-matches': '1=me' },
  { 'x-original-url': '/login', 'x-rewrite-url': '/login', 'x-forwarded-uri': '/login' },
  { 'x-dingpass-target': '//evil.example', 'x-dingpass-peer': '127.0.0.1' },
  { 'remote-user': 'manager', 'x-user': 'manager', 'x-forwarded-user': 'manager' },
  { authorization: 'Bearer x' },
  { authorization: 'Basic bWFuYWdlcjp4' },
  { purpose: 'prefetch', 'sec-purpose': 'prefetch' },
  { 'user-agent': 'GoogleHC/1.0' },
  { 'x-prerender-revalidate': '1', 'x-prerender-revalidate-if-generated': '1' },
];

/** Other ways to write the address of a page. */
function spellings(path: string, buildId: string): string[] {
  const name = path === '/' ? '/index' : path;
  const encoded = name.replace(/[a-z]/, (letter) => `%${letter.charCodeAt(0).toString(16)}`);
  return [
    `${name}/`,
    `${name}.rsc`,
    `${name}.txt`,
    `${name}.json`,
    `${name}.html`,
    `${name}.prefetch.rsc`,
    `${name}.segments/_tree.segment.rsc`,
    `${name}.segments/_full.segment.rsc`,
    `${name}.segments/(internal)${name}/__PAGE__.segment.rsc`,
    `${name}.segments/!KGludGVybmFsKQ${name}/__PAGE__.segment.rsc`,
    `${path}?_rsc=1`,
    `${path}?_rsc`,
    `${path}?nxtPid=1`,
    `${path}?nxtPslug=me&nxtIslug=me`,
    `${path}?__nextLocale=en&__nextDataReq=1&__nextDefaultLocale=en`,
    `/${path}`,
    `/.${path}`,
    `/login/..${path}`,
    `/login/%2e%2e${path}`,
    `/_next/..${path}`,
    `/_next/static/..%2f..${path}`,
    `/api/health/..${path}`,
    name.toUpperCase(),
    encoded,
    `${name}%00`,
    `${name}%2f`,
    `${name};x=y`,
    `${name}%20`,
    `/en${name}`,
    `/(internal)${name}`,
    `/%28internal%29${name}`,
    `${name}/__PAGE__`,
    `/_next/data/${buildId}${name}.json`,
    `/_next/static/../server/app${name}.html`,
    `/_next/static/%2e%2e/server/app${name}.rsc`,
    `/_next/server/app${name}.html`,
    `/.next/server/app${name}/page.js`,
    `http://elsewhere.example${path}`,
    `\\${name}`,
  ];
}

/** Every way in that we know of: internal pages under hostile headers, and under hostile spellings of their address. In the long form, every page in every way. */
export function waysIn(directory = '.'): WireRequest[] {
  const buildId = readFileSync(`${directory}/.next/BUILD_ID`, 'utf8');
  const ways = INTERNAL_PAGES.map(([page]) => waysTo(page, buildId));
  // The examples are pages like the second: each of their ways leads to one of them.
  return ways.flatMap((all, index) => all.filter((_, at) => isLong || index < 2 || at % 2 === index % 2));
}

function waysTo(page: string, buildId: string): WireRequest[] {
  return [
    ...HEADERS.map((headers) => ({ path: page, headers })),
    { path: page, method: 'HEAD' },
    ...spellings(page, buildId).flatMap((path) => [{ path }, { path, headers: { rsc: '1' } }]),
    { path: page, method: 'POST', headers: { 'next-action': 'x' }, body: '[]' },
    { path: page, method: 'POST', headers: { 'next-action': '0'.repeat(42) }, body: '["$F1"]' },
    {
      path: page,
      method: 'POST',
      headers: { 'content-type': 'multipart/form-data; boundary=x' },
      body: '--x--',
    },
    { path: page, method: 'OPTIONS' },
    { path: page, method: 'PUT', body: '{}' },
  ];
}

/** Does something with all of a list, a few at a time. */
export async function forAll<T>(list: T[], action: (item: T) => Promise<void>): Promise<void> {
  const queue = [...list];
  const worker = async () => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await action(item);
  };
  await Promise.all(Array.from({ length: 6 }, worker));
}

/** Asks in one way, and follows what only Next's own router would have done otherwise. */
export function tryWayIn(app: Pick<App, 'url'>, way: WireRequest): Promise<WireAnswer> {
  return way.headers && 'rsc' in way.headers ? sendRsc(app, way) : send(app, way);
}

/** An answer to somebody without a session: nothing of a page, nothing of a person, and no way to another site. */
export function expectClosed(way: WireRequest, answer: WireAnswer, personal: string[]): void {
  const asked = `${way.method ?? 'GET'} ${way.path} ${JSON.stringify(way.headers ?? {})}`;
  expect(answer.status, asked).toBeGreaterThan(0);
  expect(answer.status, asked).toBeLessThan(500);
  // The style sheet, which every page holds, names classes of all pages.
  const marks = INTERNAL_PAGES.map(([, mark]) => mark).filter((mark) =>
    answer.text.replaceAll(`.${mark}`, '').includes(mark),
  );
  const found = [...marks, ...personal.filter((word) => answer.text.includes(word))];
  expect({ asked, found }).toEqual({ asked, found: [] });
  const { location } = answer.headers;
  if (location !== undefined)
    expect({ asked, location }).toEqual({ asked, location: expect.stringMatching(/^\/(?![/\\])/) });
}
