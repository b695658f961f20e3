import { readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import type { App } from './app';

/** One packet of a stranger: as large as Node takes, of one shape, in one place, on one route. */
export interface Packet {
  name: string;
  bytes: Buffer;
}

const FILL_BYTES = 15_000;

/** What parsers stumble over: single characters, and the beginnings of what they look for. */
const FILLS = [
  ...' \t;=%"\'[](){}./\\01a,&?#:-*+<~|@!$^_'.split(''),
  '; ',
  'a;',
  '=;',
  'a=;',
  'a=b;',
  ' ;',
  '\t;',
  ' = ',
  'a b ',
  '%2',
  '%25',
  '%2f',
  '%00',
  '%ff',
  '../',
  './',
  '//',
  'a/',
  '[]',
  '[a]=',
  '&a',
  'a=b&',
  'a[b]=c&',
  '1.',
  '0-,',
  ',;q=',
  'en;q=0.',
  ';q=1',
  '::',
  'ff:',
  '"\\"',
  '""',
  '{"":',
  '["",{"a":',
  'W/"a",',
  'bytes=0-0,',
  'a.b.',
  'Mobile ',
  'DingTalk(',
  'nxtPa=1&',
  '_rsc=1&',
  '.rsc',
  '.json',
  '\xe9',
  '\xff\xfe',
];

const HEADERS = [
  'cookie',
  'accept',
  'accept-language',
  'accept-encoding',
  'user-agent',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'forwarded',
  'content-type',
  'if-none-match',
  'if-modified-since',
  'range',
  'referer',
  'origin',
  'authorization',
  'cache-control',
  'content-security-policy',
  'traceparent',
  'baggage',
  'purpose',
  'sec-purpose',
  'sec-fetch-dest',
  'rsc',
  'next-url',
  'next-action',
  'next-router-state-tree',
  'next-router-prefetch',
  'next-router-segment-prefetch',
  'x-nextjs-data',
  'x-middleware-subrequest',
  'x-prerender-revalidate',
  'x-dingpass-target',
];

export const ROUTES = [
  '/',
  '/login',
  '/api/session',
  '/api/oauth/start',
  '/api/oauth/callback',
  '/nothing/x',
  '/brand/icon.svg',
  '/login/instant',
  '/api/nothing',
  '/_next/static/x.js',
] as const;

/** @param cookie the full name of the session cookie */
export function packets(cookie = 'dingpass'): Packet[] {
  const made: Packet[] = [];
  const add = (name: string, text: string) => made.push({ name, bytes: Buffer.from(text, 'latin1') });
  for (const route of ROUTES) {
    for (const fill of FILLS) {
      const filler = fill.repeat(Math.ceil(FILL_BYTES / fill.length)).slice(0, FILL_BYTES);
      for (const header of HEADERS) {
        add(`${route} ${header} ${fill}`, head(route, { [header]: `a${filler}b` }));
      }
      add(`${route} own cookie ${fill}`, head(route, { cookie: `${cookie}=a${filler}b` }));
      add(`${route} flow cookies ${fill}`, head(route, { cookie: flowCookies(cookie, fill) }));
      const inTarget = filler.replace(/[ \t\xe9\xff\xfe]/g, '');
      add(`${route} query ${fill}`, head(`${route}?${inTarget}`));
      add(`${route} next ${fill}`, head(`${route}?next=/${inTarget.replaceAll('&', '%26')}b`));
      add(`${route} path ${fill}`, head(`${route}/${inTarget.replaceAll('?', '')}`));
    }
    add(`${route} many headers`, head(route, manyHeaders(900)));
    add(`${route} pipeline`, head(route).repeat(400).slice(0, 16_000));
    add(`${route} deep router state`, head(route, { rsc: '1', 'next-router-state-tree': deepState() }));
  }
  return made;
}

/** Every n-th of them, so that each place, fill and route comes up. */
export function sampleOf(all: Packet[], count: number): Packet[] {
  const step = all.length / count;
  return Array.from({ length: count }, (_, at) => all[Math.floor(at * step)]!);
}

function head(target: string, headers: Record<string, string> = {}): string {
  const lines = Object.entries({ host: 'door.example.com', ...headers }).map(([n, v]) => `${n}: ${v}`);
  return `GET ${target} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`;
}

function flowCookies(cookie: string, fill: string): string {
  const names = Array.from({ length: 300 }, (_, at) => `${cookie}-flow-${at.toString(36)}=`).join('; ');
  return `${names}; x=a${fill.repeat(8000)}`.slice(0, FILL_BYTES);
}

function manyHeaders(count: number): Record<string, string> {
  return Object.fromEntries(Array.from({ length: count }, (_, at) => [`x-${at.toString(36)}`, '1']));
}

function deepState(): string {
  return `${'["",{"a":'.repeat(1200)}["",{}]${'}]'.repeat(1200)}`;
}

/**
 * Sends a packet and waits for the first answer, or the end of the connection.
 *
 * @param silentMs after so long without an answer the stranger goes away, as one whose request is not complete must
 * @returns the first line
 */
export function deliver(app: Pick<App, 'url'>, { bytes }: Packet, silentMs = 20_000): Promise<string> {
  const { hostname, port } = new URL(app.url);
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname, () => socket.write(bytes));
    let text = '';
    socket.setTimeout(silentMs, () => socket.destroy());
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      if (text.includes('\r\n\r\n')) socket.destroy();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(text.split('\r\n', 1)[0] ?? ''));
  });
}

/** Milliseconds of processor that a process has used: unlike time, they do not depend on what else the machine does. */
export function processorMs({ process: child }: { process: { pid?: number | undefined } }): number {
  const fields = readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

export function memoryMb({ process: child }: Pick<App, 'process'>): number {
  const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024;
}

/** Sockets that a process has open. */
export function descriptors({ process: child }: Pick<App, 'process'>): number {
  return readdirSync(`/proc/${child.pid}/fd`).length;
}
